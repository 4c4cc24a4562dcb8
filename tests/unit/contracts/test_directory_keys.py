"""Which key signs, which one is void, and which names are taken: what the chain of directories says of keys."""

import pytest

from contracts import evidence, note
from contracts.directory import Chain, Directory, SigningKey, sign
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.evidence import RecordFork
from contracts.record import MAX_SEQ, parse_payload
from contracts.vectors import material
from contracts.vectors.deliveries import compact, payload

LOG = material.origin(material.AUTHOR)
RECORD = parse_payload(payload())


def chain(versions: int = 3) -> Chain:
    """The shared directories, as many as wanted."""
    first, *later = material.chain()[:versions]
    held = Chain(first, pin=material.FIRST.digest())
    for version in later:
        held.adopt(version)
    return held


def following(held: Chain, *keys: SigningKey) -> bytes:
    """A next version in which LPSK has these keys."""
    last = held.latest
    entry = last.agencies["lpsk"].model_copy(update={"keys": list(keys)})
    members = {
        "version": last.version + 1,
        "previous": b64(last.digest()),
        "agencies": {**last.agencies, "lpsk": entry},
    }
    directory = Directory.model_validate(last.model_dump() | members)
    return sign(directory, [material.root(agency) for agency in material.AGENCIES])


def test_the_newest_key_that_may_write_there_signs() -> None:
    """During a rotation both keys are good; the higher number goes first, where its range lets it."""
    held = chain()
    assert held.signers(LOG, "triage", 7) == ["lpsk.triage.2", "lpsk.triage.1"]
    assert held.signers(LOG, "intake", material.FIRST_SEQ - 1) == ["lpsk.intake.1"]
    assert held.signers(LOG, "intake", material.FIRST_SEQ, material.LAST_SEQ) == ["lpsk.intake.2", "lpsk.intake.1"]
    assert held.signers(LOG, "intake", material.LAST_SEQ, material.LAST_SEQ + 1) == ["lpsk.intake.1"]
    tenth = [material.signing_key(f"lpsk.triage.{number}") for number in (9, 10)]
    held.adopt(following(held, *tenth))
    assert held.signers(LOG, "triage") == ["lpsk.triage.10", "lpsk.triage.9"]


def test_nobody_signs_with_a_key_that_is_revoked_or_of_another_log() -> None:
    """Not even at a place where it was good; and not in the name of an agency that is not listed."""
    assert chain(2).signers(LOG, "notify") == ["lpsk.notify.2"]
    assert chain(3).signers(LOG, "notify", 0) == []
    assert chain().signers("rajut.example/lpsk/2", "triage") == []
    assert chain().signers("rajut.example/nobody/1", "triage") == []


@pytest.mark.parametrize(("seq", "void"), [(0, False), (material.LAST_GOOD, False), (material.LAST_GOOD + 1, True)])
@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_revoked_key_is_void_behind_its_last_good_place(*, version: int, seq: int, void: bool) -> None:
    """Whatever version the record names, and not before the revocation is known."""
    record = RECORD._replace(seq=seq, dir=version)
    assert chain(3).is_void(material.REVOKED_KID, record) == void
    assert not chain(2).is_void(material.REVOKED_KID, record)
    assert not chain(3).is_void(material.KID, record)


def test_a_revocation_outlives_the_entry_of_the_key() -> None:
    """A later version may drop the key; what it signed after the theft stays void, and it signs nothing new."""
    held = chain()
    held.adopt(following(held, material.signing_key(material.KID)))
    assert held.is_void(material.REVOKED_KID, RECORD._replace(seq=material.LAST_GOOD + 1))
    with pytest.raises(Rejected) as caught:
        held.adopt(following(held, material.signing_key(material.REVOKED_KID)))
    assert caught.value.code == Code.KEY


def test_the_last_good_place_only_moves_down() -> None:
    """Later knowledge can be worse, not better: otherwise a thief with two roots' help would get the key back."""
    held = chain()
    bad = material.LAST_GOOD - 5
    held.adopt(following(held, material.signing_key(material.REVOKED_KID, to_seq=bad, revoked=True)))
    assert held.is_void(material.REVOKED_KID, RECORD._replace(seq=bad + 1))
    with pytest.raises(Rejected) as caught:
        held.adopt(following(held, material.signing_key(material.REVOKED_KID, to_seq=bad + 1, revoked=True)))
    assert caught.value.code == Code.KEY


def test_a_revoked_notary_is_nobodys_notary() -> None:
    """What it signed cannot be dated, so none of it counts; the other agencies' notaries stay."""
    held = chain()
    assert len({key.kid for key in held.granted("checkpoint")}) == 3
    gone = material.signing_key("lpsk.checkpoint.1", to_seq=0, revoked=True)
    held.adopt(following(held, material.signing_key(material.KID), gone))
    assert {key.kid for key in held.granted("checkpoint")} == {
        "komnas-ham.checkpoint.1",
        "komnas-perempuan.checkpoint.1",
    }
    assert [key.name for key in note.revoked_keys(held)] == [LOG]


def test_a_stolen_key_convicts_nobody() -> None:
    """Two records of one place prove a fork, until it is said that one of them may be a thief's."""
    place = material.LAST_GOOD + 1
    mine = compact(payload(seq=place, dir=2))
    thiefs = compact(payload(seq=place, dir=2, cm=b64(material.digest("another"))), material.REVOKED_KID)
    assert evidence.check(RecordFork(mine, thiefs), chain(2)).size == place + 1
    with pytest.raises(Rejected) as caught:
        evidence.check(RecordFork(mine, thiefs), chain(3))
    assert caught.value.code == Code.REVOKED


def test_names_of_keys_are_remembered_for_ever() -> None:
    """Whoever makes a new key can see which names are taken, also by keys that are gone."""
    held = chain()
    assert {material.RETIRED_KID, material.LATER_KID, "lpsk.sealing.1"} <= set(held.names("lpsk"))
    assert not [kid for kid in held.names("lpsk") if not kid.startswith("lpsk.")]


def test_sealing_keys_are_tried_from_the_newest_on() -> None:
    """Content for any key that an agency ever had can be opened, as long as it holds it."""
    held = chain()
    new = held.latest.agencies["lpsk"].sealing.model_copy(
        update={"kid": "lpsk.sealing.2", "public": held.latest.agencies["komnas-ham"].sealing.public}
    )
    last = held.latest
    entry = last.agencies["lpsk"].model_copy(update={"sealing": new})
    members = {"version": 4, "previous": b64(last.digest()), "agencies": {**last.agencies, "lpsk": entry}}
    held.adopt(
        sign(Directory.model_validate(last.model_dump() | members), [material.root(name) for name in material.AGENCIES])
    )
    assert held.sealing_kids("lpsk") == ["lpsk.sealing.2", "lpsk.sealing.1"]
    assert held.sealing_kids("nobody") == []


def test_an_expiry_date_decides_nothing() -> None:
    """A key whose date has long passed signs as before, until a version ends it: clocks give no verdicts."""
    held = chain()
    held.adopt(following(held, material.signing_key(material.KID, expires="2001-01-01T00:00:00.000Z")))
    held.check_range(material.KID, RECORD._replace(dir=4, seq=MAX_SEQ))
    assert held.signers(LOG, "protection", MAX_SEQ) == [material.KID]
