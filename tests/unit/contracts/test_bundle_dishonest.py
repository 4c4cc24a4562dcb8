"""An exporter that leaves out or changes something and signs the list of files again: what gives it away."""

import pytest

from contracts import evidence, note
from contracts.bundle import Verdict, layout, verify
from contracts.bundle.archive import unpack
from contracts.bundle.completeness import COURT, WITHHELD
from contracts.encoding import b64
from contracts.events.triage import UrgencyOverridden
from contracts.evidence import CheckpointFork, RecordFork
from contracts.note import Checkpoint
from contracts.record import sign
from contracts.vectors import material
from tests.unit.contracts.chronicle import opening
from tests.unit.contracts.dossiers import AGENCIES, HAM, LPSK, PEREMPUAN, Three, bundle, chain, dossier, told
from tests.unit.contracts.tampering import (
    ATTACKS,
    COURT_FILES,
    EVENTS,
    FILES,
    THREE,
    Files,
    headless,
    signed_again,
    without,
)

PIN = material.FIRST.digest()
UNBEGUN = "is the first of the case here, and nothing shows that the case begins with it"


def judged(files: Files) -> Verdict:
    """The verdict on what a dishonest exporter stands for."""
    return verify(signed_again(files), PIN)


def found(files: Files) -> dict[str, str]:
    return dict(judged(files).findings)


def test_an_honest_list_signed_again_holds() -> None:
    """The attacks below fail for what they change, not for being signed again."""
    assert found(FILES) == {}
    assert found(COURT_FILES) == {}


@pytest.mark.parametrize("place", EVENTS)
def test_an_event_that_is_left_out_is_found_in_the_logs(place: str) -> None:
    """Whoever has logs and case key misses every record of the case by its tag, also those sealed to others."""
    assert f"records/{place}.jws" in found(without(FILES, place)), place


@pytest.mark.parametrize("agency", AGENCIES)
def test_a_case_without_its_beginning_is_not_whole(agency: str) -> None:
    """Who leaves out all that came before an event, and withholds that one, is found: no case begins with it."""
    verdict = verify(headless(agency), PIN)
    assert verdict.findings == (("records/lpsk/1/5.jws", UNBEGUN),)
    assert WITHHELD in verdict.completeness
    honest = dossier(THREE, withheld=[THREE.logs[material.origin(LPSK)][1].id])
    assert ("records/lpsk/1/1.jws", UNBEGUN) in verify(dict(unpack(bundle(honest)).files), PIN).findings


@pytest.mark.parametrize("agency", AGENCIES)
def test_a_report_that_only_the_opener_reads_comes_before_the_beginning(agency: str) -> None:
    """What the opener wrote down for itself before it opened the case for all hides no beginning from them."""
    three = Three()
    three.say(LPSK, UrgencyOverridden(level="TINGGI", reason="catatan sendiri"), to=(LPSK,))
    three.say(LPSK, opening(LPSK))
    three.cosign(LPSK, HAM)
    verdict = verify(dict(unpack(bundle(dossier(three, agency=agency), agency=agency)).files), PIN)
    assert {finding.what for finding in verdict.findings if finding.file.startswith("records/")} == set()


def test_for_a_court_an_event_that_others_refer_to_cannot_be_left_out() -> None:
    """Without the logs, a disclosed event still names the ones before it."""
    for place, named in (("komnas-ham/1/2", "komnas-perempuan/1/1"), ("lpsk/1/1", "komnas-ham/1/2")):
        assert "which is not here" in found(without(COURT_FILES, place))[f"records/{named}.jws"]


def test_for_a_court_the_last_event_rests_on_the_exporters_word() -> None:
    """What nobody refers to can be left out of a bundle without logs: the verdict says so instead of hiding it."""
    verdict = judged(without(COURT_FILES, "komnas-perempuan/1/1"))
    assert verdict.findings == ()
    assert verdict.completeness == (COURT,)
    assert "signed that these are all" in COURT


@pytest.mark.parametrize("how", ATTACKS)
def test_what_a_dishonest_exporter_changes_is_named(how: str) -> None:
    """What does not hold by itself is named, although the list of files was signed again."""
    name, change = ATTACKS[how]
    assert name in found(change(FILES))


def test_a_signature_by_another_agency_or_service_is_refused() -> None:
    """Only the exporter's own node stands for its bundle: no other agency, and no service that faces the internet."""
    for kid in (f"{HAM}.node.1", f"{LPSK}.intake.1", f"{LPSK}.checkpoint.1", f"{LPSK}.node.9"):
        manifest = layout.read(layout.A_MANIFEST, FILES[layout.MANIFEST]).model_copy(update={"kid": kid})
        data = layout.write(layout.A_MANIFEST, manifest)
        signature = material.signer(kid).sign(layout.signed_bytes(data))
        files = FILES | {layout.MANIFEST: data, layout.SIGNATURE: signature}
        assert dict(verify(files, PIN).findings).keys() == {layout.MANIFEST}


def test_the_signature_of_a_record_stands_for_no_bundle() -> None:
    """What a node signs when it writes its log can never pass for its word about a bundle, and the other way round."""
    record = next(one for one in THREE.logs[material.origin(LPSK)] if one.kid == f"{LPSK}.node.1")
    assert not layout.signed_bytes(b"{").startswith(record.jws[:1])
    forged = FILES | {layout.SIGNATURE: material.signer(f"{LPSK}.node.1").sign(FILES[layout.MANIFEST])}
    assert dict(verify(forged, PIN).findings).keys() == {layout.SIGNATURE}


def test_whoever_signed_two_histories_is_named() -> None:
    """Proofs of forks are verified like everything else, and the verdict says of which log, from where on."""
    (first, *_), log = THREE.logs[material.origin(HAM)], material.origin(HAM)
    twin = sign(first.record._replace(hlc=first.record.hlc.next(0)), material.signer(f"{HAM}.node.1"))
    records = evidence.encode(RecordFork(first.jws, twin.jws))
    (key,) = note.checkpoint_keys(chain(), log)
    true = THREE.notes[log][-1]
    lie = note.sign(Checkpoint(log, true.checkpoint.size, b"\x01" * 32), key, material.signer(f"{HAM}.checkpoint.1"))
    roots = evidence.encode(CheckpointFork(true.encode(), lie.encode()))
    files = dict(unpack(bundle(dossier(THREE, forks=[records, roots]))).files)
    verdict = verify(files, PIN)
    assert verdict.findings == ()
    assert set(verdict.forks) == {(log, 1), (log, true.checkpoint.size)}
    elsewhere = f"forks/{'1' * 64}.json"
    assert found(files | {elsewhere: records}) == {elsewhere: "is another proof than its name says"}


def test_only_colluders_are_called_only_colluders() -> None:
    """A record that one partner alone has cosigned is not shown as if all had."""
    three = told()
    late = three.say(LPSK, UrgencyOverridden(level="TINGGI", reason="lagi"), [three.logs[material.origin(LPSK)][1]])
    three.cosign(LPSK, PEREMPUAN)
    line = judged(dict(unpack(bundle(dossier(three))).files)).lines[-1]
    assert (line.event, [one.agency for one in line.witnesses], line.others) == (b64(late.id), [PEREMPUAN], 2)
