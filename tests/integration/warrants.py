"""Orders of erasure on three real nodes: a case with something of everything, the order, and what is left after it."""

# ruff: noqa: S608 - the statements are the tests' own
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Any

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events.node import ErasureAsked, ErasureConfirmed
from contracts.record import EventId
from services.cli.fsck import verify
from services.node.bus import SQL as BUS
from services.node.database import owner
from services.node.fsck import Report
from services.node.link import every
from services.node.node import Node
from services.node.writing import Draft
from tests.e2e.stage import AGENCIES, READERS, ask, report, talk, tasks, until
from tests.integration.trio import Trio, agree

NOW = "2026-11-22T01:54:48.123Z"
OFFICER, LEADER = "kp-pdp", "kp-piket"
WISH = {"scope": "CASE", "basis": "SUBJECT_REQUEST"}
KEPT = "type like 'rajut.node.erasure.%'"


def duties(*nodes: Node) -> list[Coroutine[Any, Any, None]]:
    """The recurring work that an erasure needs, in haste."""
    works = [(one.witness.issue, one.witness.review, one.erasure.carry_out, one.duties.acknowledge) for one in nodes]
    return [every(0.05, work) for of_one in works for work in of_one]


async def handle(*nodes: Node) -> None:
    """Let every service of these nodes handle what it has not handled."""
    for node in nodes:
        for plug in node.plugs:
            types = [body.wire_type for body in plug.handlers]
            for row in await node.pools[plug.name].fetch(BUS["unhandled"], types, 0.0, 10**9, 1000, []):
                await node.inboxes[plug.name].handle(EventId(row["id"]))
        for timer in node.plugs[-1].timers[-1:]:  # the last of notify's, which looks at what cases promise
            await timer.work()


async def reported(trio: Trio) -> str:
    """A case that all three hold, with which nobody has done anything yet."""
    case = await report(trio.a)
    await agree(trio)
    return case


async def told(trio: Trio) -> str:
    """A case that all three hold, with an urgency, a proposal, work, notices and a parked event at each."""
    case = await report(trio.a)
    proposal = {"ground": "ANCAMAN_NYATA", "needs": ["EVAKUASI"]}
    assert (await ask(trio.a, "POST", f"/cases/{case}/emergency", "kp-upr", json=proposal)).status_code == 201
    for _ in range(2):
        await agree(trio)
        await handle(*trio)
    for node in trio:
        await node.pools["triage"].execute(
            "insert into parked (event_id, type, reason, attempts) "
            "select id, type, 'Reason', 5 from log.event where case_id = $1 limit 1",
            case,
        )
    await agree(trio)
    return case


async def settled(trio: Trio) -> str:
    """As `told`; leaders have declined the proposal, so that nothing keeps the case from being erased."""
    case = await told(trio)
    await decline(trio, case)
    return case


async def decline(trio: Trio, case: str) -> None:
    """So many leaders refuse emergency protection that it can no longer be approved, and all know."""
    (proposal,) = (await shown(trio.b, case, "/emergency"))["proposals"]
    path, refusal = f"/cases/{case}/emergency/{proposal['proposal']}/refuse", {"reason": "DASAR_TIDAK_TERPENUHI"}
    for number in range(1, 7):
        answer = await ask(trio.b, "POST", path, f"lpsk-pimpinan-{number}", json=refusal)
        assert answer.status_code == 200, answer.text
    await agree(trio)
    assert {(await shown(node, case, "/emergency"))["state"] for node in trio} == {"DECLINED"}


async def order(node: Node, case: str, **wish: str) -> str:
    """Two officers of a node order an erasure; the id of the request."""
    asked = await ask(node, "POST", f"/cases/{case}/erasure", OFFICER, json=WISH | wish)
    assert asked.status_code == 201, asked.text
    name = str(asked.json()["event"])
    confirmed = await ask(node, "POST", f"/cases/{case}/erasure/{name}/confirm", LEADER)
    assert confirmed.status_code == 201, confirmed.text
    return name


async def shown(node: Node, case: str, what: str = "") -> Any:
    """What a desk shows of a case."""
    answer = await ask(node, "GET", f"/cases/{case}{what}", READERS[node.log.agency])
    assert answer.status_code == 200, answer.text
    return answer.json()


async def carried_out(node: Node, case: str) -> bool:
    """Whether a desk shows that all agencies have carried out every order in a case."""
    orders = (await shown(node, case, "/erasure"))["orders"]
    return all(one["executed"] == sorted(AGENCIES) and not one["open"] for one in orders)


async def erase(trio: Trio, case: str, **wish: str) -> None:
    """Order an erasure and wait until all three say and show that it was carried out."""
    await order(trio.a, case, **wish)
    async with talk(*trio), tasks(*duties(*trio)):
        for node in trio:
            await until(partial(carried_out, node, case))
    await agree(trio)
    await handle(*trio)


async def held(node: Node, case: str) -> int:
    """How many contents of a case a node holds, beyond what orders and their execution say."""
    sql = f"select count(*) from log.content join log.event using (id) where case_id = $1 and not {KEPT}"
    return int(await node.pools["node"].fetchval(sql, case))


async def nothing_held(node: Node, case: str) -> bool:
    """Whether a node holds nothing of a case any more."""
    return await held(node, case) == 0


async def rows(node: Node, case: str) -> dict[str, int]:
    """How many rows of each table of a node name a case, or an event of it that is no order."""
    of_case = f"select id from log.event where case_id = '{case}' and not {KEPT}"
    counts = {
        "triage.work_item": f"case_id = '{case}'",
        "triage.parked": f"event_id in ({of_case})",
        "triage.inbox": f"event_id in ({of_case})",
        "notify.notice": f"case_id = '{case}'",
        "notify.mail": f"notice in ({of_case})",
        "notify.look": f"case_id = '{case}'",
        "notify.inbox": f"event_id in ({of_case})",
        "intake.person_key": f"case_id = '{case}'",
        "intake.duplicate": f"'{case}' in (case_id, other_case_id)",
        "log.pointer": f"id in ({of_case})",
    }
    return {table: await count(node, f"select count(*) from {table} where {where}") for table, where in counts.items()}


async def times(node: Node, case: str) -> int:
    """How often a node has carried out an order in a case."""
    return await count(node, f"select count(*) from log.erasure where case_id = '{case}'")


async def count(node: Node, sql: str) -> int:
    """One number, as the database's owner sees it."""
    connection = await owner(node.home)
    try:
        return int(await connection.fetchval(sql))
    finally:
        await connection.close()


async def fsck(node: Node) -> Report:
    """The verification of a node's store."""
    return await verify(node.home.path, node)


async def dictate(
    node: Node, case: str, asking: Actor, confirming: Actor, basis: str = "COURT_ORDER", events: Sequence[EventId] = ()
) -> None:
    """Say an order in a case as a node's own software would not."""
    async with node.pools["node"].acquire() as connection, connection.transaction():
        timeline = await node.log.lock(connection, case)
        names = events or tuple(event.id for event in timeline.events)
        to = next(event.content.to for event in timeline.events if len(event.content.to) > 1)
        asked = ErasureAsked(basis=basis, mechanism=1, events=tuple(sorted(b64(name) for name in names)))
        timeline = await node.log.append(connection, "node", timeline, [Draft(asked, to, asking, NOW)])
        body = ErasureConfirmed(asked=b64(timeline.events[-1].id))
        await node.log.append(connection, "node", timeline, [Draft(body, to, confirming, NOW)])


async def lose(node: Node, event: EventId) -> None:
    """Make a node one that has the record of an event, and never got its content."""
    connection = await owner(node.home)
    await connection.execute("delete from log.content where id = $1", event)
    await connection.execute("delete from log.event where id = $1", event)
    await connection.execute(
        "insert into log.unreadable (id, log, seq) select id, log, seq from log.record where id = $1", event
    )
    await connection.close()
