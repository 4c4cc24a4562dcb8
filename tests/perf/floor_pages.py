"""The floor of a page: the rows that our page reads, by the same statements, and a template of the same size.

The same framework and server answer; nobody is asked who they are, nothing is opened, verified, folded or noted.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from jinja2 import Environment
from starlette.responses import HTMLResponse, Response

from services.node.database import pool
from services.node.log import SQL
from services.node.settings import Home
from services.node.sql import Pool
from services.node.web.queue import SQL as QUEUE
from services.node.witness import SQL as WITNESSED
from services.notify.handlers import SQL as NOTICES
from services.triage.handlers import MAX_ITEMS, SQL as WORK

LINE = "what a row of a page says, in as many characters as it takes"
TEMPLATE = Environment(autoescape=True).from_string(
    '<!doctype html><html lang="id"><title>{{ title }}</title>{% for line in lines %}<p>{{ line }}</p>{% endfor %}'
)


def app(home: Home) -> FastAPI:
    """The three pages."""
    pools: dict[str, Pool] = {}

    @asynccontextmanager
    async def connected(_: FastAPI) -> AsyncIterator[None]:
        for role in ("node", "triage", "notify"):
            pools[role] = await pool(home, role)
        yield
        for one in pools.values():
            await one.close()

    made = FastAPI(lifespan=connected, openapi_url=None)

    @made.get("/ready")
    async def ready() -> Response:
        return Response()

    @made.get("/queue")
    async def queue(size: int, case: str = "") -> HTMLResponse:
        await pools["node"].fetchval(QUEUE["last"])
        work = await pools["triage"].fetch(WORK["open_items"], MAX_ITEMS, None)
        return _page(case, size, len(work) + len(await pools["notify"].fetch(NOTICES["open"])))

    @made.get("/case")
    @made.get("/timeline")
    async def case(case: str, size: int) -> HTMLResponse:
        async with pools["node"].acquire() as connection, connection.transaction():
            events = await connection.fetch(SQL["timeline"], case)
            ids, logs = [row["id"] for row in events], sorted({row["log"] for row in events})
            found = [await connection.fetch(SQL[name], ids) for name in ("records_of", "dated_before", "erased_by")]
            found += [await connection.fetch(WITNESSED["cosigned"], ids)]
            found += [await connection.fetch(SQL["gaps_of_case"], case, ids, logs)]
        return _page(case, size, len(events) + sum(map(len, found)))

    return made


def _page(title: str, size: int, rows: int) -> HTMLResponse:
    lines = [LINE] * (size // (len(LINE) + len("<p></p>")))
    return HTMLResponse(TEMPLATE.render(title=f"{title} {rows}", lines=lines))


def main() -> None:
    """Serve: the home, and the port."""
    uvicorn.run(app(Home(Path(sys.argv[1]))), port=int(sys.argv[2]), log_config=None, access_log=False)


if __name__ == "__main__":
    main()
