"""A bundle made after an erasure: what is gone was ordered, and everything else still holds."""

from collections.abc import Mapping

import pytest

from contracts.bundle import Line, Verdict, layout, verify, verify_archive
from contracts.bundle.archive import unpack
from contracts.bundle.layout import Erasure
from contracts.directory import Chain, sign
from contracts.encoding import b64
from contracts.events.triage import UrgencyOverridden
from contracts.vectors import material
from tests.unit.contracts.dossiers import HAM, LPSK, Three, bundle, dossier, erase, told
from tests.unit.contracts.tampering import signed_again

PIN = material.FIRST.digest()
THREE = told()
ENTRIES, GONE = erase(THREE)
DATA = bundle(dossier(THREE, without=GONE, erasures=ENTRIES))
FILES = dict(unpack(DATA).files)


def erased(verdict: Verdict) -> list[Line]:
    return [line for line in verdict.lines if line.content == "erased"]


def with_entries(entries: list[Erasure]) -> dict[str, bytes]:
    return signed_again(FILES | {layout.ERASURES: layout.write(layout.ERASURE_LIST, entries)})


def test_what_was_erased_by_order_is_told_from_what_is_missing() -> None:
    """The record stays authentic, dated, witnessed and in its place in the case; its content is gone, with reason."""
    verdict = verify_archive(DATA, PIN)
    assert verdict.findings == ()
    (line,) = erased(verdict)
    assert (line.event, line.type, line.authentic, line.complete) == (b64(*GONE), "", "yes", "yes")
    assert line.after.at < line.claimed < line.before.at
    assert len(line.witnesses) == 2
    assert b"Nama Rahasia" not in DATA
    assert THREE.opened[next(iter(GONE))].salt.hex().encode() not in DATA


def test_content_that_is_gone_without_order_is_missing() -> None:
    """Without the exporter's signed word that it carried out an order, what is not here is named as missing."""
    found = dict(verify(with_entries([]), PIN).findings)
    assert found == {"content/lpsk/1/2.json": "is missing, and nothing says why"}


FORGED: dict[str, Mapping[str, object]] = {
    "an order that does not name it": {"asked": b64(THREE.logs[material.origin(LPSK)][1].id)},
    "a confirmation of something else": {"confirmed": ENTRIES[0].asked},
    "a word that was never said": {"executed": ENTRIES[0].confirmed},
    "other parents": {"parents": {b64(*GONE): []}},
    "one event more": {"parents": {**ENTRIES[0].parents, "A" * 43: []}},
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_erasure_excuses_nothing(how: str) -> None:
    """Order, confirmation and execution must be here, name each other and these events, and fit what was signed."""
    found = dict(verify(with_entries([ENTRIES[0].model_copy(update=FORGED[how])]), PIN).findings)
    assert found.keys() == {"erasures.json", "content/lpsk/1/2.json"}


def test_the_word_of_another_agency_excuses_nothing() -> None:
    """That LPSK destroyed its copy is no reason why Komnas HAM has none to show."""
    verdict = verify_archive(bundle(dossier(THREE, agency=HAM, without=GONE, erasures=ENTRIES), agency=HAM), PIN)
    assert {finding.file for finding in verdict.findings} == {"erasures.json", "content/lpsk/1/2.json"}


def test_what_an_erased_event_referred_to_must_be_here() -> None:
    """The parents that the exporter signed for are looked for as those of any event."""
    kept = {name: data for name, data in FILES.items() if name != "records/lpsk/1/1.jws"}
    found = verify(signed_again(kept), PIN).findings
    assert any(one.file == "records/lpsk/1/2.jws" and "not here" in one.what for one in found)


def revoked_at(three: Three, place: int) -> Chain:
    """The directory with LPSK's key for triage revoked after a place."""
    entries = material.THIRD.agencies
    key = material.signing_key(f"{LPSK}.triage.2", to_seq=place, revoked=True)
    keys = [key if one.kid == key.kid else one for one in entries[LPSK].keys]
    directory = material.THIRD.model_copy(
        update={
            "version": 4,
            "previous": b64(material.THIRD.digest()),
            "agencies": {**entries, LPSK: entries[LPSK].model_copy(update={"keys": keys})},
        }
    )
    three.chain.adopt(sign(directory, [material.root(agency) for agency in material.AGENCIES]))
    return three.chain


def test_a_record_by_a_key_that_was_revoked_before_is_called_so() -> None:
    """It stays in the bundle as evidence, and is not said to be authentic without more."""
    three = told()
    first = three.logs[material.origin(LPSK)][1]
    said = three.say(LPSK, UrgencyOverridden(level="TINGGI", reason="lagi"), [first], kid=f"{LPSK}.triage.2")
    three.cosign(LPSK, "komnas-ham")
    revoked_at(three, said.record.seq - 1)
    verdict = verify_archive(bundle(dossier(three)), PIN)
    assert verdict.findings == ()
    assert [line.authentic for line in verdict.lines if line.event == b64(said.id)] == ["E_REVOKED"]
