"""The two doors of a process: the API for officers, and health with metrics for those who look after the machine.

They are two listeners, so that no rule of a proxy decides who sees counts, partners and what is out of order.
"""

import asyncio
from collections.abc import Callable, Sequence

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.node import http, telemetry
from services.node.health import Health


def api(agency: str, routers: Sequence[APIRouter]) -> FastAPI:
    """The API of an agency, as far as these routers go."""
    app = _app(f"The node of {agency}", routers)

    @app.middleware("http")
    async def traced(request: Request, call: Callable[[Request], "asyncio.Future[Response]"]) -> Response:
        with telemetry.span(request.method, request.headers.get("traceparent", "")) as work:
            answer = await call(request)
            # The route's pattern, never the path: a path may carry whatever a caller put there.
            work.update_name(f"{request.method} {getattr(request.scope.get('route'), 'path', 'no route')}")
            return answer

    return app


def ops(health: Health) -> FastAPI:
    """Whether this process lives, whether it may serve, and what it counts. Asks for no token."""
    app = _app("Health and metrics")

    @app.get("/health/live", include_in_schema=False)
    async def live() -> Response:
        return JSONResponse({"live": True})

    @app.get("/health/ready", include_in_schema=False)
    async def ready() -> Response:
        problems, missing = await health.problems(), await health.missing()
        lines = {"problems": [*map(str, problems)], "missing": [*map(str, missing)]}
        told = {"ready": not problems, **lines, "expiring": health.expiring()}
        return JSONResponse(told, 503 if problems else 200)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app


def _app(summary: str, routers: Sequence[APIRouter] = ()) -> FastAPI:
    app = FastAPI(
        routes=[route for router in routers for route in router.routes],
        title="Rajut",
        version="1",
        summary=summary,
        docs_url=None,
        redoc_url=None,
        # Its own spans and log records carry paths, queries and exception texts: whatever a caller put there.
        telemetry={"tracing": False, "logs": False, "auto_configure": False},
    )
    http.install(app)
    return app
