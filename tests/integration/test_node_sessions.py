"""The desk over HTTP, without a browser: who is let in and for how long, and what their browser is told."""

import re

import pytest

from contracts.errors import Code
from services.node.clock import SystemClock
from services.node.http import MAX_BODY
from services.node.officers import Officer
from services.node.web.lockout import TRIES
from services.node.web.session import Sessions
from services.node.web.shell import HEADERS
from tests.integration.visitors import AUDITOR, OFFICER, Desk, csrf

NOBODY = "0" * 26


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
    assert [answer.status_code for answer in asked] == [200, 200, 404, 404, 404, 403, 200, 404, 303, 422, 422, 422]


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
        "update log.session set begun_at = begun_at + interval '1 day', seen_at = seen_at + interval '1 day'",
    ],
)
async def test_a_session_ends(desk: Desk, ended: str) -> None:
    """Half an hour after the last look, after a shift however busy it was, and if a clock that ran ahead has begun it.

    Then its forms do nothing, either.
    """
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
