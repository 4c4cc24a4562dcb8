"""When an event was made, as a bundle proves it: by the clocks of others, whatever its author says."""

import pytest

from contracts import record as records
from contracts.bundle import Line, verify_archive
from contracts.bundle.verdict import Dated, Witness
from contracts.directory import sign
from contracts.encoding import b64
from contracts.events.triage import UrgencyOverridden
from contracts.hlc import Hlc, instant
from contracts.record import Record, Signed
from contracts.vectors import material
from tests.unit.contracts.dossiers import AGENCIES, HAM, LPSK, PEREMPUAN, STEP_MS, Three, bundle, dossier, told

BODY = UrgencyOverridden(level="TINGGI", reason="lagi")


def line_of(three: Three, signed: Signed) -> Line:
    """What the bundle says of one event; nothing else may be wrong with it."""
    verdict = verify_archive(bundle(dossier(three)), material.FIRST.digest())
    assert verdict.findings == ()
    return next(line for line in verdict.lines if line.event == b64(signed.id))


def parent(three: Three) -> Signed:
    return three.logs[material.origin(LPSK)][1]


def time(signed: Signed) -> str:
    return instant(signed.record.hlc.ms)


def test_after_is_the_last_record_that_was_seen_and_before_the_first_that_saw() -> None:
    """The bounds are the nearest ones that the logs have, each by the clock of another agency."""
    three = told()
    early = three.beat(HAM)
    late = three.beat(PEREMPUAN)
    said = three.say(LPSK, BODY, [parent(three)])
    saw = three.beat(HAM)
    three.beat(PEREMPUAN)
    three.cosign(LPSK, HAM)
    line = line_of(three, said)
    assert (line.after, line.before) == (Dated(time(late), PEREMPUAN), Dated(time(saw), HAM))
    assert time(early) < line.after.at


def test_a_cosignature_dates_what_no_record_has_seen() -> None:
    """The first cosignature over an event bounds it; later ones and those over earlier trees do not."""
    three = told()
    three.blind = set(AGENCIES)
    said = three.say(LPSK, BODY, [parent(three)])
    three.cosign(LPSK, HAM)
    first = instant((three.now // 1000 + 1) * 1000)
    three.now += 10 * STEP_MS
    three.beat(LPSK)
    three.cosign(LPSK, HAM, PEREMPUAN)
    later = instant((three.now // 1000 + 1) * 1000)
    line = line_of(three, said)
    assert (line.before, line.after) == (Dated(first, HAM), Dated())
    assert line.witnesses == (Witness(HAM, first), Witness(PEREMPUAN, later))


def test_what_nobody_else_has_seen_is_not_dated() -> None:
    """The newest event of a log, in no checkpoint yet: authentic, bounded on one side alone, and said to be so."""
    three = told()
    said = three.say(LPSK, BODY, [parent(three)])
    line = line_of(three, said)
    assert (line.authentic, line.before, line.witnesses) == ("yes", Dated(), ())
    assert line.after.at
    assert line.remarks == ("stands in no checkpoint that is here",)


@pytest.mark.parametrize("days", [-30, 30])
def test_an_author_who_claims_another_time_is_flagged(days: int) -> None:
    """A record back-dated or post-dated by its own agency is shown beside what is proven; both claims are named."""
    three = told()
    right = three.now
    three.now += days * 86_400_000
    claimed = instant(three.now)
    said = three.say(LPSK, BODY, [parent(three)], time=claimed)
    three.now = right + STEP_MS
    three.beat(HAM)
    three.cosign(LPSK, HAM)
    line = line_of(three, said)
    assert instant(right) <= line.before.at <= instant(right + 3 * STEP_MS)
    assert line.remarks == (
        "claims another time than is proven",
        f"says that it happened at {claimed}, another time than is proven",
    )


def test_clocks_may_differ_by_minutes() -> None:
    """Five minutes are a wrong clock and no accusation."""
    three = told()
    three.now -= 250_000
    said = three.say(LPSK, BODY, [parent(three)], time=instant(three.now))
    three.now += 250_000
    three.cosign(LPSK, HAM)
    assert line_of(three, said).remarks == ()


def test_an_agency_does_not_date_itself_by_another_log_of_its_own() -> None:
    """What the log of its next epoch had seen of its last one is its own word, and bounds nothing."""
    three, log = told(), f"rajut.example/{LPSK}/2"
    entries = material.THIRD.agencies
    keys = [*entries[LPSK].keys, material.signing_key(f"{LPSK}.node.2", log=log)]
    entry = entries[LPSK].model_copy(update={"logs": [material.origin(LPSK), log], "keys": keys})
    more = {"version": 4, "previous": b64(material.THIRD.digest()), "agencies": {**entries, LPSK: entry}}
    roots = [material.root(agency) for agency in AGENCIES]
    three.chain.adopt(sign(material.THIRD.model_copy(update=more), roots))
    said = three.say(LPSK, BODY, [parent(three)])
    seen = {material.origin(LPSK): three.seen(material.origin(LPSK))}
    begun = Record(log, 0, three.chain.opened_by(log), Hlc(three.now, 0), 4, "hb", (), seen)
    three.logs[log], three.notes[log] = [records.sign(begun, material.signer(f"{LPSK}.node.2"))], []
    verdict = verify_archive(bundle(dossier(three), "court"), material.FIRST.digest())
    assert verdict.findings == ()
    assert [line.before for line in verdict.lines if line.event == b64(said.id)] == [Dated()]


def test_a_time_beyond_all_calendars_is_no_accident() -> None:
    """A cosigner that claims the end of time breaks nothing."""
    three = told()
    right = three.now
    three.now = 2**62
    three.cosign(LPSK, HAM)
    three.now = right
    assert instant(2**80) == "9999-12-31T23:59:59.999Z"
    assert verify_archive(bundle(dossier(three))).findings == ()
