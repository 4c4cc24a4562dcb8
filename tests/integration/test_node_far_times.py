"""Times at the ends of the calendar, and beyond, from an agency that means harm: nobody's work stops."""

import pytest

from contracts import note
from contracts.note import Checkpoint, Note
from services.node.node import Node
from tests.e2e.stage import READERS, ask, report
from tests.integration.test_node_threats import in_force, override, refused, say
from tests.integration.trio import B, C, Trio, agree

END = 2**63 - 1  # seconds, the most that C2SP lets a cosigner claim


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"])
async def test_an_event_that_happened_in_no_year_of_ours_is_refused_alone(trio: Trio, time: str) -> None:
    """Content with such a time is unreadable like any that is ill-formed; what its author says next counts."""
    case, other, before = await report(trio.a), await report(trio.a), len(await refused(trio.b))
    await say(trio.a, case, override("TINGGI", time))
    await say(trio.a, other, override("KRITIS"))
    await agree(trio)
    assert await refused(trio.b, before) == ["E_SCHEMA"]
    told, digest = await in_force(trio.b, other)
    assert (told, digest) == ("KRITIS", (await in_force(trio.c, other))[1])
    assert (await ask(trio.b, "GET", f"/cases/{case}", READERS[B])).status_code == 200


async def test_a_cosigner_at_the_end_of_time_takes_no_page_away(trio: Trio) -> None:
    """A line may claim any second that C2SP knows; where one is shown the calendar's last day stands for it."""
    case = await report(trio.a)
    await agree(trio)
    await say(trio.b, case, override("KRITIS"))
    await agree(trio)
    await trio.b.witness.issue()
    await trio.b.admission.admit(C, [await far_cosigned(trio.b, trio.c)])
    shown = await ask(trio.b, "GET", f"/cases/{case}", READERS[B])
    assert shown.status_code == 200
    assert "9999-12-31T23:59:59.999Z" in shown.text


async def far_cosigned(own: Node, witness: Node) -> bytes:
    """The last checkpoint of a node, cosigned by another at the end of time."""
    row = await own.pools["node"].fetchrow(
        "select log, size, root, line from log.checkpoint where log = $1 order by size desc limit 1", own.log.log
    )
    assert row
    checkpoint, signer = Checkpoint(row["log"], row["size"], row["root"]), witness.log.signer("witness")
    (key,) = [one for one in note.witness_keys(witness.log.chain, C) if one.public == signer.public]
    lines = note.read(checkpoint.encode() + b"\n" + row["line"]).lines
    return Note(checkpoint, (*lines, note.cosign(checkpoint, key, signer, END))).encode()
