"""What `rajut audit verify` says to people, about bundles that may be hostile."""

from contracts.bundle import verify, verify_archive
from contracts.events.triage import UrgencyOverridden
from contracts.vectors import material
from services.cli.audit import describe, harmless
from tests.unit.contracts.dossiers import LPSK, PEREMPUAN, bundle, dossier, told
from tests.unit.contracts.tampering import COURT_FILES, FILES


def test_the_verdict_says_whose_bundle_it_is_and_by_which_directory() -> None:
    """Exporter, purpose, scope; the pin with what to do about it; and what completeness rests on."""
    pin = material.FIRST.digest()
    lines = describe(verify(FILES, pin)).splitlines()
    assert lines[0].endswith("whole, exported by lpsk (operator root) at 2026-11-23T00:00:00.000Z for AUDIT")
    assert lines[1] == f"directory {pin.hex()}, versions 1 to 3: the one that you gave"
    assert "compare it with the published one" in describe(verify(FILES))
    assert "GAP at the exporter: " in "\n".join(lines)
    assert lines[-1].startswith("Not searched is what stood in the logs before")
    assert "nobody searched them" in describe(verify(COURT_FILES))


def test_a_witness_who_stands_alone_is_called_the_only_one() -> None:
    """Cosigned by one of two, by both, by nobody yet: three different words."""
    three = told()
    first = three.logs[material.origin(LPSK)][1]
    three.say(LPSK, UrgencyOverridden(level="TINGGI", reason="lagi"), [first])
    three.cosign(LPSK, PEREMPUAN)
    three.say(LPSK, UrgencyOverridden(level="BIASA", reason="lagi"), [first])
    text = describe(verify_archive(bundle(dossier(three))))
    assert text.count("witnessed only by komnas-perempuan at ") == 1
    assert text.count("witnessed by nobody yet") == 1
    assert text.count("witnessed by komnas-ham at ") == 3


def test_a_hostile_bundle_cannot_write_over_what_was_found() -> None:
    """Names in a bundle are somebody's who may want a finding unseen: nothing in them reaches the terminal as it is."""
    escape = "\x1b[2J\r"
    hidden = verify(FILES | {f"more{escape}": b""})
    assert [harmless(finding.file) for finding in hidden.findings] == ["more?[2J?", "more?[2J?"]
    role = FILES["manifest.json"].replace(b'"role":"operator"', b'"role":"\\u001b"')
    assert ("manifest.json", "E_SCHEMA: role") in verify(FILES | {"manifest.json": role}).findings
