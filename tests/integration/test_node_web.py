"""The desk over HTTP, without a browser: who is let in and for how long, what is refused, and that reading is noted."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import httpx2
import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from contracts.encoding import b64
from contracts.errors import Code
from contracts.events.access import CaseRead, Door, Purpose
from contracts.events.plan import PlanProposed
from deploy.dev import cast
from deploy.dev.runner import ThreeNodes
from services.node.clock import SystemClock
from services.node.http import MAX_BODY
from services.node.node import Node
from services.node.officers import Officer
from services.node.web.lockout import TRIES
from services.node.web.session import Sessions
from services.node.web.shell import HEADERS
from tests.e2e.stage import LOGS, ask, events, opened, report, size
from tests.integration.test_node_access import handle

LPSK = "lpsk"
OFFICER, AUDITOR, ADMIN = "lpsk-darurat", "lpsk-auditor", "lpsk-admin"
NOBODY = "0" * 26
WITHOUT_A_CASE = {"/", "/cases", "/login", "/away", "/live", "/audit", "/operations", "/intake"}
# A line that says no more of a case than that something is new there; a form of which nothing is typed already; and the
# question whether to show who somebody is.
TELLS_NOTHING = {"/cases/{case}/live", "/cases/{case}/act/{name}", "/cases/{case}/person"}
PLACES = {"{name}": "protection.emergency.proposed"}


class Desk(NamedTuple):
    """LPSK's node, and a case of it."""

    node: Node
    machines: ThreeNodes
    case: str

    def visitor(self, address: str = "127.0.0.1") -> httpx2.AsyncClient:
        """A browser at an address, without its pages."""
        transport = httpx2.ASGITransport(app=self.node.app, client=(address, 1), raise_app_exceptions=False)
        return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1")

    @asynccontextmanager
    async def entered(self, officer: str = OFFICER) -> AsyncIterator[httpx2.AsyncClient]:
        """A browser in which an officer is logged in."""
        async with self.visitor() as browser:
            answer = await self.login(browser, officer)
            assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
            yield browser

    async def login(self, browser: httpx2.AsyncClient, officer: str = OFFICER, **given: str) -> httpx2.Response:
        """What comes of a login."""
        token = cast.token(self.node.home.path, officer)
        return await browser.post("/desk/login", data={"officer": officer, "token": token, "to": "/desk"} | given)

    def pages(self) -> Iterator[str]:
        """Every page that is asked for by GET, as its route has it."""
        mount = next(route for route in self.node.app.routes if isinstance(route, Mount) and route.path == "/desk")
        for one in iter_route_contexts(mount.routes):
            if "GET" in (one.methods or ()):
                yield one.path or ""

    def sql(self, statement: str) -> None:
        """As the database's owner."""
        self.machines[LPSK].postgres.sql(statement, database="rajut")


@pytest.fixture
async def desk(agencies: ThreeNodes) -> AsyncIterator[Desk]:
    """The desk of LPSK, with nothing of the node running."""
    async with opened(agencies.homes[LPSK]) as node:
        known = await node.pools["node"].fetchval(
            "select case_id from log.event where type like '%case.opened%' and log = $1 limit 1", LOGS[LPSK]
        )
        case = known or await report(node)
        await handle(node, case)
        yield Desk(node, agencies, case)


def hidden(page: str) -> dict[str, str]:
    """What a form carries unseen."""
    return dict(re.findall('<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


def csrf(page: str) -> str:
    """The word that the forms of a page carry."""
    found = re.search('name="_csrf" value="([^"]+)"', page)
    assert found
    return found[1]


async def test_every_answer_carries_the_policy(desk: Desk) -> None:
    """Pages, redirects, refusals, static files and what is not there: no script of others, no frame, no cache."""
    async with desk.entered() as browser:
        asked = [
            await browser.get(f"/desk{path}")
            for path in (
                "/",
                "/cases",
                "/nowhere",
                "/cases/not-a-case",
                f"/cases/{NOBODY}",
                "/operations",
                "/static/desk.css",
                "/static/none",
                "/?lang=en",
            )
        ]
        asked += [
            await browser.post("/desk/logout"),
            await browser.put("/desk/cases"),
            await browser.post("/desk/logout", content=b"x" * (MAX_BODY + 1)),
        ]
    for answer in asked:
        style = {"Cache-Control": "no-cache"} if answer.url.path.endswith(".css") else {}  # nobody is in it
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS | style, answer.url
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert [answer.status_code for answer in asked] == [200, 200, 404, 422, 404, 403, 200, 404, 303, 422, 422, 422]


async def test_a_cookie_is_out_of_reach(desk: Desk) -> None:
    """Of scripts, of other sites, and after the browser is closed; the page itself does not say it."""
    async with desk.visitor() as browser:
        kept = (await desk.login(browser)).headers["set-cookie"]
        assert kept.startswith("rajut=")
        assert {"HttpOnly", "Path=/", "SameSite=strict"} <= {one.strip() for one in kept.split(";")}
        assert "expires" not in kept.lower()
        assert "max-age" not in kept.lower()
        secret = kept.partition("=")[2].partition(";")[0]
        assert secret not in (await browser.get("/desk/cases")).text
    assert not [
        row
        for row in await desk.node.pools["node"].fetch("select secret from log.session")
        if row[0] == secret.encode()
    ]


@pytest.mark.parametrize(
    "ended",
    [
        "update log.session set seen_at = seen_at - interval '31 minutes'",
        "update log.session set begun_at = begun_at - interval '13 hours'",
    ],
)
async def test_a_session_ends(desk: Desk, ended: str) -> None:
    """Half an hour after the last look, and after a shift however busy it was; then its forms do nothing, either."""
    async with desk.entered() as browser:
        word = csrf((await browser.get("/desk/cases")).text)
        desk.sql(f"{ended};")
        for answer in (await browser.get("/desk/cases"), await browser.post("/desk/logout", data={"_csrf": word})):
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/desk/login?to=/desk/")


async def test_logging_out_ends_it_here_and_in_every_copy(desk: Desk) -> None:
    """Whoever has copied the cookie is out, too."""
    async with desk.entered() as browser, desk.visitor() as copy:
        copy.cookies.update(browser.cookies)
        assert (await copy.get("/desk/cases")).status_code == 200
        left = await browser.post("/desk/logout", data={"_csrf": csrf((await browser.get("/desk/cases")).text)})
        assert left.headers["location"] == "/desk/login"
        assert (await copy.get("/desk/cases")).status_code == 303


async def test_a_form_of_another_site_is_refused(desk: Desk) -> None:
    """Without the word of the session, with somebody else's, or from a page that is not ours, nothing happens."""
    async with desk.entered() as browser, desk.entered(AUDITOR) as other:
        theirs, ours = [csrf((await one.get("/desk/cases")).text) for one in (other, browser)]
        for word in ({}, {"_csrf": theirs}, {"_csrf": ""}):
            assert (await browser.post("/desk/logout", data=word)).status_code in {403, 422}
        for site in ("cross-site", "same-site"):
            refused = await browser.post("/desk/logout", data={"_csrf": ours}, headers={"Sec-Fetch-Site": site})
            assert (refused.status_code, refused.text) == (403, f"{Code.FORBIDDEN}: another site")
        uploaded = await other.post("/desk/audit", data={"_csrf": ours}, files={"bundle": ("a.zip", b"x")})
        assert uploaded.status_code == 403
        assert (await browser.get("/desk/cases")).status_code == 200


async def test_a_login_keeps_where_one_wanted_to_go_and_leads_nowhere_else(desk: Desk) -> None:
    """Whoever is not logged in comes back to the page that they asked for; no address leads out of the desk."""
    async with desk.visitor() as browser:
        away = await browser.get(f"/desk/cases/{desk.case}")
        assert away.headers["location"] == f"/desk/login?to=/desk/cases/{desk.case}"
        asked = (await browser.get(away.headers["location"])).text
        assert f'name="to" value="/desk/cases/{desk.case}"' in asked
        for to in (
            "https://elsewhere.example",
            "//elsewhere.example",
            "/desk//elsewhere.example",
            "/\\elsewhere.example",
            "/desk\\@elsewhere.example",
            "javascript:1",
            "desk",
            "",
        ):
            assert 'name="to" value="/desk"' in (await browser.get("/desk/login", params={"to": to})).text, to
            assert (await desk.login(browser, to=to)).headers["location"] == "/desk", to
        there = await browser.get("/desk//elsewhere.example/?lang=en")
        assert there.headers.get("location", "/desk").startswith("/desk")


async def test_whoever_guesses_waits(desk: Desk) -> None:
    """After a few wrong tries an address gets no further one, not with the right word either; another address does."""
    async with desk.visitor("192.0.2.7") as guesser, desk.visitor("192.0.2.8") as officer:
        for _ in range(TRIES):
            wrong = await desk.login(guesser, token="a guess")
            assert wrong.status_code == 401
            assert "a guess" not in wrong.text
        assert (await desk.login(guesser)).status_code == 429
        assert (await desk.login(officer)).status_code == 303


async def test_the_desk_is_found_whatever_host_a_request_names(desk: Desk) -> None:
    """Nobody who names another host is led there, and the way to the desk carries the policy, too."""
    async with desk.visitor() as browser:
        answer = await browser.get("/desk?mine=1", headers={"Host": "elsewhere.example"})
    assert (answer.status_code, answer.headers["location"]) == (307, "/desk/?mine=1")
    assert answer.headers["Cache-Control"] == "no-store"


async def test_an_open_page_keeps_nobody_logged_in(desk: Desk) -> None:
    """What a page asks for by itself is no look: half an hour after the last one the session is over."""
    sessions = Sessions(desk.node.pools["node"], SystemClock(), secure=False)
    session = await sessions.begin(Officer(OFFICER, "petugas_darurat", "nobody@lpsk.example"))
    desk.sql("update log.session set seen_at = seen_at - interval '29 minutes';")
    seen = await desk.node.pools["node"].fetchval("select max(seen_at) from log.session")
    assert await sessions.there(session.secret) == session
    assert await desk.node.pools["node"].fetchval("select max(seen_at) from log.session") == seen
    assert await sessions.of(session.secret) == session
    assert await desk.node.pools["node"].fetchval("select max(seen_at) from log.session") > seen


async def test_an_address_hides_nothing_under_what_is_typed(desk: Desk) -> None:
    """Anybody can send an officer an address: what it gives is seen as settled, or is not taken."""
    asked = f"/desk/cases/{desk.case}/act/triage.risk.assessed"
    async with desk.entered("lpsk-telaah") as browser:
        shown = (await browser.get(f"{asked}?threats.0.score=0&_key=theirs&_more=1&level=RENDAH&other=1")).text
    assert re.findall('name="_fixed" value="([^"]+)"', shown) == ["level"]
    assert shown.count('name="threats.0.score"') == 1
    assert "theirs" not in shown


async def test_what_a_form_is_about_is_asked_of_who_may_say_it(desk: Desk) -> None:
    """An address that leaves it open leads to a choice, or says that there is none; who may not act learns nothing."""
    asked = f"/desk/cases/{desk.case}/act/protection.emergency.approved"
    async with desk.entered("lpsk-pimpinan-1") as leader, desk.entered(ADMIN) as admin:
        shown = (await leader.get(asked)).text
        assert 'name="proposal"' not in shown
        assert "<textarea" not in shown
        word = csrf((await admin.get("/desk/operations")).text)
        forged = {"_csrf": word, "_more": "1", "_fixed": "proposal", "proposal": "A" * 43}
        assert (await admin.post(asked, data=forged)).status_code == 403


async def test_a_form_that_came_too_late_names_what_stands_there_now(desk: Desk) -> None:
    """Who proposes a plan beside a colleague's is told so; sent again, theirs stands in place of that one."""
    asked, now = f"/desk/cases/{desk.case}/act/{PlanProposed.type}", datetime.now(UTC)
    measure = {"code": "PENGAWALAN", "owner": LPSK, "responsible": LPSK, "risk_answer": "TIDAK_ADA"}
    measure |= {"due_by": f"{now + timedelta(30):%Y-%m-%dT%H:%M}", "agreement.given_by": "defender"}
    typed = {f"measures.0.{name}": text for name, text in (measure | {"agreement.on": str(now.date())}).items()}
    async with desk.entered("lpsk-telaah") as late, desk.entered() as early:
        old, first = hidden((await late.get(asked)).text), hidden((await early.get(asked)).text)
        assert (await early.post(asked, data=first | typed)).status_code == 303
        refused = await late.post(asked, data=old | typed)
        assert (refused.status_code, refused.text.count("E_STALE")) == (412, 1)
        assert (await late.post(asked, data=hidden(refused.text) | typed)).status_code == 303
    before, last = (await events(desk.node, LOGS[LPSK], PlanProposed.wire_type))[-2:]
    assert PlanProposed.model_validate(last.content.body).replaces == (b64(before.id),)


async def test_an_event_says_who_read_since_it_is_here(desk: Desk) -> None:
    """To who may see that: the looks at its case that the access log holds since, and none from before."""
    of_case, incident = f"/cases/{desk.case}", {"forms": ["DOXING"], "gendered_forms": [], "sphere": "DIGITAL"}
    async with desk.entered() as officer, desk.entered(AUDITOR) as auditor:
        await officer.get(f"/desk{of_case}")
        said = await ask(desk.node, "POST", f"{of_case}/incidents", OFFICER, json=incident | {"happened": "SEHARI"})
        event = said.json()["events"][0]
        since = f"{of_case}/access?since={event}"
        assert (await ask(desk.node, "GET", since, AUDITOR)).json()["entries"] == []
        assert 'id="read"' not in (await officer.get(f"/desk{of_case}/events/{event}")).text
        shown = (await auditor.get(f"/desk{of_case}/events/{event}")).text.partition('id="read"')[2]
        assert shown.count(OFFICER) == 1
        assert f'href="/desk{of_case}/access"' in shown
    told = (await ask(desk.node, "GET", since, AUDITOR)).json()
    assert [one["officer"] for one in told["entries"]][:2] == [AUDITOR, OFFICER]
    assert told["total"] == len(told["entries"])
    assert len((await ask(desk.node, "GET", f"{since}&most=1", AUDITOR)).json()["entries"]) == 1
    assert (await ask(desk.node, "GET", f"{of_case}/access?since={'A' * 43}", AUDITOR)).status_code == 404


async def test_what_is_too_much_or_no_form_is_refused(desk: Desk) -> None:
    """Before it is in memory; a file to be checked may be larger, and only for who is logged in."""
    async with desk.entered(AUDITOR) as auditor, desk.visitor() as nobody:
        word = csrf((await auditor.get("/desk/audit")).text)
        large = b"_csrf=" + word.encode() + b"&a=" + b"x" * MAX_BODY
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert (await auditor.post("/desk/logout", content=large, headers=form)).status_code == 413
        assert (await auditor.post("/desk/logout", json={"_csrf": word})).status_code == 422
        file = {"bundle": ("a.zip", b"x" * (MAX_BODY + 1))}
        assert (await auditor.post("/desk/audit", data={"_csrf": word}, files=file)).status_code == 200
        assert (await nobody.post("/desk/audit", data={"_csrf": word}, files=file)).status_code == 303


async def test_every_page_of_a_case_is_noted(desk: Desk) -> None:
    """Whoever adds a page that shows something of a case must have it noted, with the case and the door."""
    folded = await desk.node.pools["node"].fetchval(
        "select id from log.event where case_id = $1 order by seq limit 1", desk.case
    )
    event = b64(folded)
    found, unnoted = set(desk.pages()), []
    async with desk.entered("lpsk-pimpinan-1") as browser:
        for path in sorted(one for one in found if "{case}" in one):
            before = await size(desk.node, LOGS[LPSK])
            filled = path.replace("{case}", desk.case).replace("{event}", event)
            for place, value in PLACES.items():
                filled = filled.replace(place, value)
            answer = await browser.get(f"/desk{filled}") if path not in TELLS_NOTHING else None
            if answer is not None and answer.status_code == 200:
                after = await size(desk.node, LOGS[LPSK])
                unnoted += [path] if after == before else []
    assert unnoted == []
    assert {one for one in found if "{" not in one} <= WITHOUT_A_CASE


async def test_auditors_and_operators_see_no_more_than_theirs(desk: Desk) -> None:
    """Who looks after the machine sees no case; who audits sees all and does nothing, and is noted as auditing."""
    of_case = [f"/desk/cases/{desk.case}{rest}" for rest in ("", "/timeline", "/access")]
    async with desk.entered(ADMIN) as admin:
        assert {(await admin.get(path)).status_code for path in ("/desk/cases", "/desk/audit", *of_case)} == {403}
        assert (await admin.get("/desk/")).headers["location"] == "/desk/operations"
        shown = (await admin.get("/desk/operations")).text
        assert desk.case not in shown
        assert "/desk/cases" not in shown
    async with desk.entered(AUDITOR) as auditor:
        assert [(await auditor.get(path)).status_code for path in (*of_case, "/desk/audit", "/desk/operations")] == [
            200
        ] * 5
        await auditor.get(of_case[1])
        entry = (await events(desk.node, LOGS[LPSK], CaseRead.wire_type))[-1]
        read = CaseRead.read(entry.content.body)
        assert (entry.content.actor.officer, read.door, read.purpose) == (AUDITOR, Door.PAGE, Purpose.AUDIT)
        assert "/act/" not in (await auditor.get(of_case[0])).text.replace("/act/notify", "")
    async with desk.entered(OFFICER) as officer:
        assert {(await officer.get(path)).status_code for path in ("/desk/operations", "/desk/audit", of_case[2])} == {
            403
        }


async def test_what_is_parked_is_tried_again_or_left_be_by_who_may(desk: Desk) -> None:
    """An event that a service gave up on stands on the page; the administrator sends it back or lets it be."""
    await desk.node.pools["triage"].execute(
        "insert into parked (event_id, type, reason, attempts) select id, type, 'KeyError', 5 from log.event "
        "where case_id = $1 order by seq limit 2 on conflict do nothing",
        desk.case,
    )
    async with desk.entered(ADMIN) as admin, desk.entered(AUDITOR) as auditor:
        shown = (await admin.get("/desk/operations")).text
        ids = re.findall('name="event" value="([^"]+)"', shown)
        first, second = dict.fromkeys(ids)
        word, theirs = csrf(shown), csrf((await auditor.get("/desk/audit")).text)
        deeds = [(admin, word, first, {"deed": "replay"}, 303), (admin, word, second, {"deed": "discard"}, 422)]
        deeds += [
            (auditor, theirs, second, {"deed": "replay"}, 403),
            (admin, word, second, {"deed": "discard", "sure": "1"}, 303),
        ]
        deeds += [(admin, word, second, {"deed": "replay"}, 404)]
        for browser, csrf_, event, deed, status in deeds:
            answer = await browser.post(
                "/desk/operations/parked", data={"_csrf": csrf_, "service": "triage", "event": event} | deed
            )
            assert answer.status_code == status, deed
        assert 'name="event"' not in (await admin.get("/desk/operations")).text
    assert (await ask(desk.node, "GET", "/operations", ADMIN)).json()["parked"] == []
