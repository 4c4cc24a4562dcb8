"""What every page has in common: the visitor, the language, the templates, and what a browser may do with it.

A page holds no script and no style of its own and loads nothing from elsewhere, so the policy below can forbid both:
what somebody manages to write into a case stays text. Nothing is kept by a cache, and no address that is followed
from here says where it was followed from.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs

from fastapi import FastAPI
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from contracts.codes import LANGUAGES, codes
from contracts.errors import Code, Rejected
from contracts.mechanism import Permission
from services.node.http import status_of
from services.node.service import Desk
from services.node.settings import Web
from services.node.web import inside
from services.node.web.panel import NO_LABELS, Form, Labels, Look, Pages, Typed
from services.node.web.session import Session, Sessions
from services.node.web.words import Speech, Words, catalogues

HERE = Path(__file__).parent
LANGUAGE = "rajut-language"
MAX_FIELDS = 2000
# Where a request comes from, as browsers say (Fetch Metadata). `Origin` says nothing here: a page that sends no
# referrer sends it empty with its forms (Fetch 3.2).
OURS = ("same-origin", "none")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Away(Exception):
    """Nobody is logged in, or no more."""


class Visitor(NamedTuple):
    """Who looks at a page, and how it speaks to them."""

    session: Session
    words: Words

    def __str__(self) -> str:
        """The officer's pseudonym."""
        return self.session.officer.officer


class Shell:
    """The frame around every page of one node's desk."""

    def __init__(self, desk: Desk, api: FastAPI, web: Web, pages: Mapping[str, Pages], sessions: Sessions) -> None:
        """`pages` are what the services have registered, by service."""
        self.desk = desk
        self.web = web
        self.pages = pages
        self.sessions = sessions
        self.forms: Mapping[str, Form] = {form.name: form for one in pages.values() for form in one.forms}
        self._labels = {name: naming for one in pages.values() for name, naming in one.labels.items()}
        self._api = api
        self._words = catalogues([HERE / "locale", *(one.folder / "locale" for one in pages.values())])
        self._templates = _environment({name: one.folder / "templates" for name, one in pages.items()})

    def words(self, request: Request) -> Words:
        """The words of the language that the browser keeps, or of the first one."""
        kept = request.cookies.get(LANGUAGE, "")
        zone = self.desk.mechanism.of(self.desk.agency).zone
        language = kept if kept in LANGUAGES else LANGUAGES[0]
        return Words(language, self._words[language], zone)

    async def visitor(self, request: Request) -> Visitor:
        """As `known`. A form must carry the word of their session: Rejected(FORBIDDEN)."""
        visitor = await self.known(request)
        if request.method == "POST" and not visitor.session.sent((await typed(request)).get("_csrf", [""])[0]):
            raise Rejected(Code.FORBIDDEN, "csrf")
        return visitor

    async def known(self, request: Request) -> Visitor:
        """Who asks; Away if nobody is logged in, Rejected(PACE) if they ask too much.

        Whoever takes a form by this looks at its word themselves.
        """
        session = await self.sessions.of(request.cookies.get(self.sessions.cookie, ""))
        if session is None:
            raise Away
        self.desk.officers.pace.step(session.officer.officer)
        return Visitor(session, self.words(request))

    async def watcher(self, request: Request) -> Visitor:
        """Whose page is open; Away if nobody is logged in any more. It is no look."""
        session = await self.sessions.there(request.cookies.get(self.sessions.cookie, ""))
        if session is None:
            raise Away
        return Visitor(session, self.words(request))

    def may(self, visitor: Visitor, permission: Permission) -> bool:
        """Whether a visitor's role has a permission by the rules that are in force here now."""
        return self.desk.mechanism.may(self.desk.agency, visitor.session.officer.role, permission)

    async def ask(
        self, visitor: Visitor, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> inside.Answer:
        """Ask the API in a visitor's name."""
        return await inside.ask(self._api, visitor.session.officer, method, path, body, headers)

    def now(self) -> datetime:
        """The node's present."""
        return datetime.fromtimestamp(self.desk.clock.now_ms() / 1000, UTC)

    def page(
        self, request: Request, template: str, visitor: Visitor | None = None, status: int = 200, **told: object
    ) -> HTMLResponse:
        """A page from its template; `told` is what it tells beside what all pages do."""
        words = visitor.words if visitor else self.words(request)
        frame = {
            "t": words,
            "now": self.now(),
            "here": request.url.path,
            "visitor": visitor,
            "shell": self,
            "agency": self.desk.agency,
            "agency_name": self.name_of(self.desk.agency, words),
            "codes": codes,
            "Permission": Permission,
            "name_of": lambda agency: self.name_of(agency, words),
        }
        return HTMLResponse(self._templates.get_template(template).render(frame | told), status)

    async def farewell(self, visitor: Visitor, path: str) -> Response:
        """End a visitor's session and lead them away from what it showed."""
        await self.sessions.end(visitor.session)
        answer = RedirectResponse(path, 303)
        self.sessions.drop(answer)
        return answer

    def refusal(self, request: Request, visitor: Visitor | None, code: str, detail: str = "") -> HTMLResponse:
        """The page of an error: what happened, and what to do next."""
        status = status_of(Code(code)) if code in set(Code) else 500
        return self.page(request, "error.html", visitor, status, code=code, detail=detail)

    def speech(self, words: Words) -> Speech:
        """How values are told in these words."""
        return Speech(words, lambda agency: self.name_of(agency, words))

    def labels(self, event: str, look: Look, speech: Speech, told: Typed) -> Labels:
        """What the values of an event of this type are called, by the service that it belongs to."""
        return self._labels[event](look, speech, told) if event in self._labels else NO_LABELS

    def name_of(self, agency: str, words: Words) -> str:
        """What an agency is called: the directory says."""
        entry = self.desk.log.chain.latest.agencies.get(agency)
        return entry.name[words.language] if entry else agency


async def typed(request: Request) -> dict[str, list[str]]:
    """What a form sent: every name with its values. Rejected(SCHEMA) if it is none."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
        raise Rejected(Code.SCHEMA, "form")
    try:
        text = (await request.body()).decode("ascii")
        return parse_qs(
            text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=MAX_FIELDS, errors="strict"
        )
    except ValueError:
        raise Rejected(Code.SCHEMA, "form") from None


async def guarded(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
    """Put the policy on every answer; take a change of language from any page, and a form from none but ours."""
    chosen = request.query_params.get("lang", "")
    if chosen in LANGUAGES and request.method == "GET":
        answer: Response = RedirectResponse(
            str(request.url.remove_query_params("lang").replace(scheme="", netloc="")), 303
        )
        answer.set_cookie(LANGUAGE, chosen, max_age=365 * 86400, samesite="strict", httponly=True, path="/")
    elif request.method == "POST" and request.headers.get("sec-fetch-site", OURS[0]) not in OURS:
        answer = PlainTextResponse(f"{Code.FORBIDDEN}: another site", 403)
    else:
        answer = await call(request)
    return policed(answer)


def home(request: Request) -> Response:
    """Leads to the desk from its name without a slash, whatever host a request names."""
    return policed(RedirectResponse(f"/desk/?{request.url.query}" if request.url.query else "/desk/", 307))


def policed(answer: Response) -> Response:
    """An answer with the policy on it."""
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer


def _environment(folders: Mapping[str, Path]) -> Environment:
    """Templates fail on what is not there: a page that leaves something out in silence is worse than none."""
    of_services = PrefixLoader({name: FileSystemLoader(folder) for name, folder in folders.items()})
    return Environment(
        loader=ChoiceLoader([FileSystemLoader(HERE / "templates"), of_services]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def local(path: str) -> str:
    """A path of this desk to go back to; the desk's first page for anything else."""
    return path if path.startswith("/desk") and "//" not in path and "\\" not in path else "/desk"
