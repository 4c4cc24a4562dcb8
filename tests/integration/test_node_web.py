"""The desk over HTTP, without a browser: what is shown to whom and refused to whom, and that reading is noted."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx2
from starlette.types import Message

from contracts.bundle.archive import pack
from contracts.encoding import b64
from contracts.events.access import CaseRead, Door, Purpose
from contracts.events.plan import PlanProposed
from contracts.events.triage import OfficerRecused
from services.node.http import MAX_BODY
from services.node.web.live import LOOK_EVERY_S
from services.node.web.shell import LANGUAGE
from tests.e2e.stage import LOGS, ask, events, report, size
from tests.integration.visitors import ADMIN, AUDITOR, LPSK, OFFICER, Desk, csrf, hidden
from tests.unit.contracts.tampering import headless

WITHOUT_A_CASE = {"/", "/cases", "/login", "/away", "/live", "/audit", "/operations", "/dates", "/intake"}
# A line that says no more of a case than that something is new there; a form of which nothing is typed already; and the
# question whether to show who somebody is.
TELLS_NOTHING = {"/cases/{case}/live", "/cases/{case}/act/{name}", "/cases/{case}/person"}
PLACES = {"{name}": "protection.emergency.proposed"}


async def test_what_a_form_is_about_is_asked_of_who_may_say_it(desk: Desk) -> None:
    """An address that leaves it open leads to a choice, or says that there is none; who may not act learns nothing."""
    asked = f"/desk/cases/{await report(desk.node)}/act/protection.emergency.approved"
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


async def test_a_link_tells_nobody_that_they_have_said_something(desk: Desk) -> None:
    """Only after an officer has said it the page of the case says so, wherever its address came from."""
    proposed, approved = "protection.emergency.proposed", "protection.emergency.approved"
    case = await report(desk.node)  # in which nobody else has said anything
    answer = await ask(
        desk.node, "POST", f"/cases/{case}/emergency", OFFICER, json={"ground": "ANCAMAN_NYATA", "needs": []}
    )
    assert answer.status_code == 201, answer.text
    async with desk.entered() as officer:
        shown = [await officer.get(f"/desk/cases/{case}?said={name}") for name in (proposed, approved)]
    assert [(page.status_code, 'class="said"' in page.text) for page in shown] == [(200, True), (200, False)]


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


async def test_a_case_that_is_none_is_said_to_be_none_with_the_way_back(desk: Desk) -> None:
    """A mistyped number and one that nobody gave look the same, in both languages; who reads no cases gets no list."""
    said = {"id": "Kasus ini tidak ada", "en": "There is no such case"}
    async with desk.entered() as officer, desk.entered(ADMIN) as admin:
        for language, title in said.items():
            officer.cookies.set(LANGUAGE, language)
            for number in ("0QH-PAJ", "0" * 26):
                for path in (f"cases/{number}", f"cases/{number}/timeline", f"cases/{number}/act/{PlanProposed.type}"):
                    answer = await officer.get(f"/desk/{path}")
                    assert (answer.status_code, f"<h1>{title}</h1>" in answer.text) == (404, True), path
                    assert '<a href="/desk/cases">' in answer.text.partition("<main")[2]
        assert '<a href="/desk/cases">' not in (await admin.get("/desk/cases/0QH-PAJ")).text
        assert (await officer.get(f"/desk/cases/{desk.case}/events/{'A' * 43}")).status_code == 404
        assert (await officer.get(f"/desk/cases/{desk.case}/events/none")).status_code == 404


async def test_who_steps_back_at_the_desk_is_shown_nothing_more_of_the_case(desk: Desk) -> None:
    """No page of it, whatever it shows, nor its line in any list; a colleague sees who has stepped back."""
    case, name = await report(desk.node), OfficerRecused.type
    told = [path for path in desk.pages() if "{case}" in path and path not in TELLS_NOTHING and "{" not in path[14:]]
    async with desk.entered("lpsk-pimpinan-7") as out, desk.entered() as colleague:
        asked = await out.get(f"/desk/cases/{case}/act/{name}?officer=lpsk-pimpinan-7")
        said = await out.post(f"/desk/cases/{case}/act/{name}", data=hidden(asked.text) | {"reason": "KERABAT"})
        assert said.status_code == 303
        for path in told:
            shown = await out.get(f"/desk{path.replace('{case}', case)}")
            assert (shown.status_code, "Anda mundur dari kasus ini" in shown.text) == (403, True), path
        assert case not in (await out.get("/desk")).text + (await out.get("/desk/cases")).text
        assert case in (await colleague.get("/desk/cases")).text
        assert "lpsk-pimpinan-7" in (await colleague.get(f"/desk/cases/{case}")).text.partition('id="p-recusal"')[2]


async def test_an_open_page_tells_no_news_of_a_case_to_who_stepped_back(desk: Desk) -> None:
    """A colleague hears that the case has moved, and of its emergency; who is out hears of other cases alone."""
    case, out = await report(desk.node), "lpsk-pimpinan-7"
    since = quote(datetime.now(UTC).isoformat())
    said = await ask(desk.node, "POST", f"/cases/{case}/recusals", out, json={"reason": "KERABAT"})
    proposal = {"ground": "ANCAMAN_NYATA", "needs": []}
    asked = await ask(desk.node, "POST", f"/cases/{case}/emergency", OFFICER, json=proposal)
    assert (said.status_code, asked.status_code) == (201, 201)
    page, queue = f"/cases/{case}/live?version={said.json()['version']}", f"/live?since={since}"
    async with desk.entered(out) as kept_out, desk.entered() as colleague:
        assert f'href="/desk/cases/{case}"' in await heard(desk, colleague, page)
        assert 'role="alert"' in await heard(desk, colleague, queue)
        assert await heard(desk, kept_out, page) == await heard(desk, kept_out, queue) == ""
        await report(desk.node)
        assert 'href="/desk"' in (news := await heard(desk, kept_out, queue))
        assert 'role="alert"' not in news


async def heard(desk: Desk, browser: httpx2.AsyncClient, path: str) -> str:
    """What an open page is told in two or three looks; then the browser leaves."""
    request = browser.build_request("GET", f"/desk{path}")
    headers = [(name.lower(), value) for name, value in request.headers.raw]
    scope: dict[str, object] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
    }
    scope |= {"method": "GET", "path": request.url.path, "query_string": request.url.query, "headers": headers}
    scope |= {"scheme": "http", "root_path": "", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1)}
    told, left = b"", asyncio.Event()
    messages = iter([{"type": "http.request", "body": b""}])

    async def receive() -> Message:
        for message in messages:
            return message
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal told
        assert message.get("status", 200) == 200
        if message["type"] == "http.response.start":
            asyncio.get_running_loop().call_later(2.5 * LOOK_EVERY_S, left.set)
        told += message.get("body", b"")

    async with asyncio.timeout(30):
        await desk.node.app(scope, receive, send)
    return told.decode()


async def test_the_list_of_cases_says_how_urgent_each_is(desk: Desk) -> None:
    """In a word beside its mark, also where nobody knows; what a person judges otherwise is there at the next look.

    What presses stands at the head of the case's own page, too.
    """
    case = await report(desk.node)
    async with desk.entered() as officer:
        assert "○</span> Belum diketahui" in row(await officer.get("/desk/cases"), case)
        for level, shown in (("MENDESAK", "▲</span> Mendesak"), ("BIASA", "●</span> Biasa")):
            said = await ask(
                desk.node, "POST", f"/cases/{case}/urgency", OFFICER, json={"level": level, "reason": "uji"}
            )
            assert said.status_code == 201, said.text
            for _ in range(2):  # worked out, and kept
                assert shown in row(await officer.get("/desk/cases"), case)
            head = (await officer.get(f"/desk/cases/{case}")).text.partition("case-head")[2].partition("</header>")[0]
            assert (shown in head) is (level == "MENDESAK")
        assert (await officer.get("/desk/cases?page=9")).text.count("<tr>") > 1


def row(page: httpx2.Response, case: str) -> str:
    """What a list says of a case."""
    return page.text.partition(f"/desk/cases/{case}")[2].partition("</tr>")[0]


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


async def test_a_file_that_hides_something_gets_no_check_marks(desk: Desk) -> None:
    """Of each event the page says whether its content is here, and what of it cannot be seen."""
    async with desk.entered(AUDITOR) as auditor:
        before = await auditor.get("/desk/audit")
        assert before.status_code == 200
        word = csrf(before.text)
        file = {"bundle": ("a.zip", pack(headless()))}
        shown = (await auditor.post("/desk/audit", data={"_csrf": word}, files=file)).text
        for pin in ("0" * 63, "0" * 200_000, "g" * 64):
            assert (await auditor.post("/desk/audit", data={"_csrf": word, "pin": pin}, files=file)).status_code == 422
    events = shown.partition("<details>")[2].partition("</details>")[0]
    assert (events.count("✓"), events.count("○"), events.count("tidak dibuka")) == (1, 1, 1)
    assert "tidak ada bukti bahwa kasus dimulai dengannya" in shown
    assert "Apa yang dirujuk oleh peristiwa yang tidak dibuka tidak terlihat." in shown


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
        offered = re.findall(r"/act/([a-z.]+)", (await auditor.get(of_case[0])).text)
        assert {name for name in offered if not name.startswith("notify.")} == {OfficerRecused.type}
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
