"""Reports that are still being written: each officer's own, sealed in the database, and gone after a day."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest

from deploy.dev.runner import ThreeNodes
from services.intake import drafts, form
from services.node.node import Node, desk_of, officers_of
from tests.e2e.stage import ask, opened
from tests.integration.visitors import Desk, hidden

DRAFT = "a-draft-of-22-letters-"
MINE, OTHERS = "lpsk-hotline", "lpsk-darurat"
WRITTEN = {"typed": {"report.defender.name": ["Melati Anggraini"], "report.work.issues": ["JURNALIS"]}}


@pytest.fixture
async def node(machines: ThreeNodes) -> AsyncIterator[Node]:
    """LPSK's node, in the test's own event loop, where nobody is writing anything."""
    async with opened(machines.homes["lpsk"]) as node:
        await node.pools["intake"].execute("delete from draft")
        yield node


async def save(node: Node, officer: str = MINE, draft: str = DRAFT, body: object = WRITTEN) -> httpx2.Response:
    return await ask(node, "PUT", f"/drafts/{draft}", officer, json=body)


async def test_a_draft_is_there_for_whoever_writes_it_and_for_nobody_else(node: Node) -> None:
    """A colleague neither reads nor lists nor overwrites nor throws away what I am writing; I do."""
    assert (await save(node)).status_code == 200
    mine = await ask(node, "GET", f"/drafts/{DRAFT}", MINE)
    assert (mine.json()["typed"], mine.json()["case"]) == (WRITTEN["typed"], "")
    assert (await ask(node, "GET", f"/drafts/{DRAFT}", OTHERS)).status_code == 404
    assert (await save(node, OTHERS)).status_code == 404
    await ask(node, "DELETE", f"/drafts/{DRAFT}", OTHERS)
    listed = [await ask(node, "GET", "/drafts", officer) for officer in (MINE, OTHERS)]
    assert [[one["draft"] for one in answer.json()] for answer in listed] == [[DRAFT], []]
    await ask(node, "DELETE", f"/drafts/{DRAFT}", MINE)
    assert (await ask(node, "GET", f"/drafts/{DRAFT}", MINE)).status_code == 404


async def test_what_is_typed_cannot_be_read_in_the_database(node: Node) -> None:
    """A stolen table tells that somebody is writing, and nothing of whom; no other service may read even that."""
    await save(node)
    sealed = await node.pools["intake"].fetchval("select sealed from draft where id = $1", DRAFT)
    assert b"Melati" not in sealed
    for service in ("node", "triage", "protection", "notify"):
        with pytest.raises(Exception, match="permission denied"):
            await node.pools[service].fetch("select * from intake.draft")


async def test_what_was_sent_is_a_number_and_keeps_nobody_from_writing(node: Node) -> None:
    """Of a sent report only its case stays, whatever is sent along, and it makes room for what is still written."""
    case = "0" * 26
    names = [f"number-{at:02}-of-a-few-drafts" for at in range(drafts.MOST)]
    assert {(await save(node, OTHERS, name)).status_code for name in names} == {200}
    refused = await save(node, OTHERS, DRAFT + "one-more")
    assert (refused.status_code, refused.json()["code"]) == (409, "E_STATE")
    assert (await save(node, OTHERS, DRAFT + "sent", {"typed": {}, "case": case})).status_code == 409
    assert (await save(node, OTHERS, names[0], WRITTEN | {"case": case})).status_code == 200
    sent = (await ask(node, "GET", f"/drafts/{names[0]}", OTHERS)).json()
    assert (sent["case"], sent["typed"]) == (case, {})
    assert (await save(node, OTHERS, DRAFT + "one-more")).status_code == 200


async def test_what_the_node_refuses_leads_to_its_field(node: Node, machines: ThreeNodes) -> None:
    """A year that was mistyped is found when the report is sent: the officer is led to it, and nothing is lost."""
    typed = form.begun("Petugas permohonan", "2026-11-20T09:00") | {
        "report.defender.safe_contact.channel": ["phone"],
        "report.defender.safe_contact.address": ["+62 815-0000-0402"],
        "report.defender.name": ["Melati"],
        "report.channel": ["walk_in"],
        "report.reporter.relation": ["self"],
        "report.incidents.0.occurred_at": ["2099-11-20T21:30"],
        "report.consent.given_by": ["defender"],
        "report.consent.form": ["spoken"],
    }
    assert (await save(node, body={"typed": typed})).status_code == 200
    async with Desk(node, machines, "").entered(MINE) as browser:
        page = (await browser.get(f"/desk/intake/{DRAFT}/check")).text
        refused = await browser.post(f"/desk/intake/{DRAFT}/send", data=hidden(page))
    assert refused.status_code == 422
    assert f'href="/desk/intake/{DRAFT}/incidents#f-report.incidents.0.occurred_at"' in refused.text
    assert (await ask(node, "GET", f"/drafts/{DRAFT}", MINE)).json()["typed"] == typed


async def test_one_officer_fills_no_table_with_what_was_sent(node: Node) -> None:
    """What was sent counts as what is written does: of more than so many the oldest goes, and what is written stays."""
    sent = {"typed": {}, "case": "0" * 26}
    assert (await save(node, OTHERS, DRAFT + "mine")).status_code == 200
    for at in range(drafts.MOST + 2):
        assert (await save(node, OTHERS, f"number-{at:02}-of-those-sent", sent)).status_code == 200
    rows = await node.pools["intake"].fetch("select id from draft where officer = (select officer from draft limit 1)")
    kept = {row["id"] for row in rows}
    assert kept == {DRAFT + "mine", *(f"number-{at:02}-of-those-sent" for at in range(3, drafts.MOST + 2))}


async def test_after_a_day_it_is_gone(node: Node) -> None:
    """What nobody has written on for 24 hours is erased; what somebody has stays."""
    await asyncio.gather(save(node, draft=DRAFT + "old"), save(node, draft=DRAFT + "new"))
    pool = node.pools["intake"]
    old = "update draft set saved_at = saved_at - $2::interval where id = $1"
    await pool.execute(old, DRAFT + "old", drafts.KEPT_FOR + timedelta(minutes=1))
    officers = officers_of(node.home, node.log)
    await drafts.forget(desk_of("intake", node.home, node.log, pool, officers, node.home.clock(), node.keyring))
    kept = {row["id"] for row in await pool.fetch("select id from draft where officer = $1", MINE)}
    assert (DRAFT + "old" in kept, DRAFT + "new" in kept) == (False, True)
