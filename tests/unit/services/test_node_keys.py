"""The keys of a home: which files a process reads, what it signs with, and how an agency asks for new ones."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.roster import AgencyEntry, Directory, sign
from contracts.vectors import material
from services.cli import app
from services.node import enrolment, keys
from services.node.custody import standings
from services.node.enrolment import Request, Revocation, Signature
from services.node.expiry import endings
from services.node.keys import Keyring
from services.node.settings import BadSettings
from tests.unit.contracts.test_directory_keys import LOG, chain, following

AGENCY = "lpsk"
DAY_MS = 86_400_000
NOW_MS = 1_795_312_488_123


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with all first keys."""
    keys.generate(tmp_path, AGENCY)
    return tmp_path


def test_keys_are_made_once_and_for_their_owner_alone(home: Path) -> None:
    """What is there is not made anew, and nobody else on the machine can read it."""
    before = {path: path.read_text() for path in (home / "keys").iterdir()}
    assert len(before) == len(keys.PURPOSES) + 3
    assert {path.stat().st_mode & 0o777 for path in before} == {0o600}
    assert keys.generate(home, AGENCY) == []
    assert {path: path.read_text() for path in (home / "keys").iterdir()} == before
    with pytest.raises(FileExistsError):
        keys.make(home / "keys", "lpsk.node.1")


def test_a_lost_key_gets_a_name_that_was_never_used(home: Path) -> None:
    """Names mean one key for ever, so a home that lost its keys does not begin again at one."""
    for name in ("node.seed", "sealing.key"):
        (home / "keys" / name).unlink()
    assert keys.generate(home, AGENCY, ["lpsk.node.1", "lpsk.node.4", "lpsk.sealing.1"]) == [
        "lpsk.node.5",
        "lpsk.sealing.2",
    ]


def test_the_first_of_the_wanted_keys_that_is_here_signs(home: Path) -> None:
    """Also one that came after the start: a rotation needs no restart."""
    ring = Keyring(home, AGENCY)
    wanted = ["lpsk.triage.2", "lpsk.triage.1"]
    assert ring.signer("triage", wanted).kid == "lpsk.triage.1"
    keys.make(home / "keys", "lpsk.triage.2")
    assert ring.signer("triage", wanted).kid == "lpsk.triage.2"
    assert ring.signer("triage", ["lpsk.triage.1"]).kid == "lpsk.triage.1"
    assert Keyring(home, AGENCY).signer("triage").kid == "lpsk.triage.2"
    with pytest.raises(Rejected) as caught:
        ring.signer("triage", ["lpsk.triage.3"])
    assert caught.value.code == Code.UNAVAILABLE


def test_sealing_keys_come_in_the_order_that_was_asked_for(home: Path) -> None:
    """What is not here is left out; one that came later is found."""
    ring = Keyring(home, AGENCY)
    assert len(ring.sealing_keys(["lpsk.sealing.2", "lpsk.sealing.1"])) == 1
    keys.make(home / "keys", "lpsk.sealing.2")
    new, old = ring.sealing_keys(["lpsk.sealing.2", "lpsk.sealing.1"])
    assert [new, old] == ring.sealing_keys(["lpsk.sealing.2", "lpsk.sealing.1"])
    assert ring.sealing_keys(["lpsk.sealing.1"]) == [old]


def test_a_part_holds_its_own_keys_only(home: Path) -> None:
    """Whoever takes over one service has no other's key, however new."""
    ring = Keyring(home, AGENCY, ("triage",))
    keys.make(home / "keys", "lpsk.node.2")
    for purpose in ("node", "checkpoint", "witness", "intake"):
        with pytest.raises(KeyError):
            ring.signer(purpose, [f"lpsk.{purpose}.1"])
    assert list(ring.sealing_keys()) == []


def test_what_systemd_hands_over_goes_before_the_home(
    home: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer key among the credentials is found, though the home cannot be read."""
    given = tmp_path_factory.mktemp("credentials")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    for path in (home / "keys").iterdir():
        path.rename(given / f"keys_{path.name}")
    (given / "keys_triage.2.seed").write_text("07" * 32)
    assert Keyring(home, AGENCY, ("triage",)).signer("triage").kid == "lpsk.triage.2"


@pytest.mark.parametrize("text", ["", "zz" * 32, "07" * 31])
def test_a_broken_newer_key_stops_the_start(home: Path, text: str) -> None:
    """It is named; nobody finds out later that it could not have signed."""
    (home / "keys" / "triage.2.seed").write_text(text)
    with pytest.raises(BadSettings, match=re.escape("keys/triage.2.seed")):
        Keyring(home, AGENCY)


def test_requests_for_one_agency_add_up(home: Path) -> None:
    """A stolen key is revoked and its successor enrolled in one version; all else stays as it was."""
    held = chain(2)
    keys.make(home / "keys", "lpsk.notify.3")
    asked = [
        Request(agency="lpsk", revoke=[Revocation(kid=material.REVOKED_KID, last_good=9)]),
        enrolment.next_key(home / "keys", "lpsk.notify.3", material.origin("lpsk")),
        Request(agency="lpsk", end=["lpsk.triage.1"]),
    ]
    read_back = [enrolment.read(Request, one.encode()) for one in asked]
    assert read_back == asked
    drafted = enrolment.draft(held.latest, read_back, material.ISSUED)
    assert enrolment.changes(held.latest, drafted) == [
        "lpsk: key lpsk.triage.1 ends",
        "lpsk: key lpsk.notify.2 REVOKED, last good place 9",
        "lpsk: key lpsk.notify.3 may sign notify.*",
    ]
    made = [enrolment.signature(drafted, material.root(agency)) for agency in material.AGENCIES[:2]]
    held.adopt(enrolment.finished(drafted, made))
    assert held.signers(material.origin("lpsk"), "notify") == ["lpsk.notify.3"]


@pytest.mark.parametrize("field", AgencyEntry.model_fields)
def test_roots_see_whatever_changes_of_an_agency(field: str) -> None:
    """Nothing of an entry can give way to what another agency has there without a line."""
    before = chain(2).latest
    other = {field: getattr(before.agencies["komnas-ham"], field)}
    false = before.agencies["lpsk"].model_copy(update=other)
    after = before.model_copy(update={"agencies": {**before.agencies, "lpsk": false}})
    assert enrolment.changes(before, after)


def test_roots_see_the_name_of_an_agency_letter_by_letter() -> None:
    """When it joins and when its name changes; no letter looks like another one, and no name like a line of its own."""
    before = chain(2).latest
    false = before.agencies["lpsk"].model_copy(update={"name": {"id": "Komnas H\u0410M\n  lpsk: joins"}})
    after = before.model_copy(update={"agencies": {**before.agencies, "lpsk": false}})
    line = r"lpsk: is called 'Komnas H\u0410M\n  lpsk: joins' (id)"
    assert enrolment.changes(before, after) == [line]
    assert line in enrolment.changes(None, after)


def test_a_key_waits_until_the_others_know_of_its_version(home: Path) -> None:
    """The one in use until then is called so, and not the one that the newest version would have."""
    held, kids = chain(), ("lpsk.triage.2", "lpsk.triage.10")
    named = held.latest.version
    held.adopt(following(held, *map(material.signing_key, kids)))
    for kid in kids:
        keys.make(home / "keys", kid)

    def states(version: int) -> list[str]:
        found = {one.kid: one.state for one in standings(held, AGENCY, LOG, home / "keys", version)}
        return [found[kid] for kid in kids]

    assert states(named) == ["signs", "waiting"]
    assert states(0) == ["ready", "signs"]


def test_the_next_log_is_written_by_new_keys_alone(home: Path) -> None:
    """The keys of the one before end with it; one that was revoked stays so, and the old log stays listed."""
    held = chain()
    revoked = {key.kid for key in held.latest.agencies[AGENCY].keys if key.revoked}
    kids = [keys.next_name(home / "keys", AGENCY, purpose, held.names(AGENCY)) for purpose in keys.PURPOSES]
    for kid in kids:
        keys.make(home / "keys", kid)
    asked = enrolment.next_log(home / "keys", held.latest.agencies[AGENCY], kids)
    directory = enrolment.draft(held.latest, [asked], "2026-11-22T10:00:00.000Z")
    held.adopt(sign(directory, [material.root(agency) for agency in material.AGENCIES]))
    assert held.latest.agencies[AGENCY].logs == [LOG, f"{LOG[:-1]}2"]
    assert revoked
    assert {key.kid for key in held.latest.agencies[AGENCY].keys} == {*kids, *revoked}
    assert [held.signers(LOG, "triage"), held.signers(f"{LOG[:-1]}2", "triage")] == [[], [kids[2]]]


def test_a_signature_of_another_draft_is_not_taken() -> None:
    """Two drafts that were made at once cannot be mixed up on the way."""
    held = chain(2)
    one, other = (enrolment.draft(held.latest, [], issued) for issued in (material.ISSUED, "2026-11-22T01:54:48.124Z"))
    with pytest.raises(Rejected) as caught:
        enrolment.finished(one, [enrolment.signature(other, material.root("lpsk"))])
    assert caught.value.code == Code.DIRECTORY


@pytest.mark.parametrize("kind", [Request, Signature, Directory])
@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"agency":1}', b'{"kid": ""}', b"\xff"])
def test_what_is_no_such_document_is_refused(kind: type[Request], data: bytes) -> None:
    """With a code, whatever a file holds."""
    with pytest.raises(Rejected) as caught:
        enrolment.read(kind, data)
    assert caught.value.code in {Code.JSON, Code.CANONICAL, Code.DIRECTORY}


def test_what_needs_replacing_is_said_in_time() -> None:
    """Keys with a date, the next one first; those without, and revoked ones, are not spoken of."""
    held, in_ten_days = chain(), "2026-12-02T01:54:48.000Z"
    dated = [
        material.signing_key("lpsk.node.1", expires=in_ten_days),
        material.signing_key("lpsk.triage.1", expires="2026-11-21T01:54:48.000Z"),
        material.signing_key("lpsk.intake.1"),
        material.signing_key(material.REVOKED_KID, to_seq=1, revoked=True, expires=in_ten_days),
    ]
    held.adopt(following(held, *dated))
    assert [(one.kid, one.days) for one in endings(held, AGENCY, NOW_MS)] == [
        ("lpsk.triage.1", -1),
        ("lpsk.node.1", 10),
    ]
    assert endings(held, AGENCY, NOW_MS + 10 * DAY_MS)[1].days == 0


def run(*arguments: object) -> str:
    """What a command prints; it must succeed."""
    done = CliRunner().invoke(app, ["keys", *map(str, arguments)])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def test_a_root_is_shown_what_it_signs_and_asked(tmp_path: Path) -> None:
    """It sees every change, may say no, and then nothing is written; what it writes is for its owner alone."""
    draft, after, out = tmp_path / "draft.json", tmp_path / "2.json", tmp_path / "signature.json"
    held = chain(2)
    entry = Request(agency="lpsk", end=["lpsk.triage.1"])
    draft.write_bytes(enrolment.draft(held.latest, [entry], material.ISSUED).encode())
    after.write_bytes(held.signed[-1])
    run("init-root", tmp_path / "root", "--agency", "lpsk")
    command = ["keys", "sign", str(draft), str(tmp_path / "root"), "--after", str(after), "--out", str(out)]
    no = CliRunner().invoke(app, command, input="n\n")
    assert (no.exit_code, out.exists()) == (1, False)
    yes = CliRunner().invoke(app, command, input="y\n")
    assert "lpsk: key lpsk.triage.1 ends\n" in yes.output
    assert (yes.exit_code, out.stat().st_mode & 0o777) == (0, 0o600)
    made = enrolment.read(Signature, out.read_bytes())
    assert (made.kid, made.digest) == ("lpsk.root.1", b64(enrolment.read(Directory, draft.read_bytes()).digest()))


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A root that is there stays, and so does a file that somebody made before."""
    run("init-root", tmp_path, "--agency", "lpsk")
    before = (tmp_path / "root.seed").read_text()
    assert CliRunner().invoke(app, ["keys", "init-root", str(tmp_path), "--agency", "lpsk"]).exit_code == 1
    assert (tmp_path / "root.seed").read_text() == before
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
