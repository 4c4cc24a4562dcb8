from collections.abc import Iterable
from hashlib import sha256

import pytest

from contracts.errors import Code, Rejected
from contracts.events.node import MechanismAdopted
from contracts.mechanism import GENESIS, GENESIS_TEXT, Mechanism, signed
from contracts.mechanism.rulebook import Rulebook
from contracts.mechanism.signed import BEGINNING, check_follows, check_signed, mechanism_of, standing
from contracts.vectors import material

DIRECTORY = material.FIRST
SECOND = GENESIS_TEXT.replace(b"version = 1\n", b"version = 2\n", 1)


def version(text: bytes = SECOND, agencies: Iterable[str] = material.AGENCIES) -> MechanismAdopted:
    """The second version, signed by some agencies."""
    said = signed.draft(text, BEGINNING, DIRECTORY)
    return signed.joined(said, [signed.signature(said, material.root(agency)) for agency in agencies])


def refused(said: MechanismAdopted) -> bool:
    """Whether its signatures do not make it a version."""
    try:
        check_signed(said, DIRECTORY)
    except Rejected as rejected:
        return rejected.code is Code.MECHANISM
    return False


def test_a_version_is_in_force_when_all_have_signed() -> None:
    """Three of three, and the file holds all that is needed to see it; each one less is nothing."""
    whole = signed.read(signed.write(version()))
    assert not refused(whole)
    assert mechanism_of(whole, DIRECTORY).version == 2
    for missing in material.AGENCIES:
        assert refused(version(agencies=set(material.AGENCIES) - {missing}))


@pytest.mark.parametrize(
    "change",
    [
        {"text": SECOND.decode().replace("approvals = 2", "approvals = 3", 1)},
        {"previous": sha256(b"another").hexdigest()},
        {"version": 3},
    ],
)
def test_signatures_are_of_this_version_alone(change: dict[str, object]) -> None:
    """Whatever is changed of a signed version, nobody has signed it any more."""
    assert refused(version().model_copy(update=change))


def test_who_all_are_is_said_by_the_directory_that_it_names() -> None:
    """A version cannot be held against another directory than the one that was signed with it."""
    with pytest.raises(Rejected) as refusal:
        check_signed(version().model_copy(update={"directory": 2}), DIRECTORY)
    assert refusal.value.detail == "directory"


def test_versions_follow_one_by_one() -> None:
    """The same number again, one left out, another past or an older directory do not follow."""
    said = version()
    check_follows(said, BEGINNING)
    for at, place in (
        (standing(said), "version"),
        (BEGINNING._replace(version=3), "version"),
        (BEGINNING._replace(text=sha256(b"another").hexdigest()), "previous"),
        (BEGINNING._replace(directory=2), "directory"),
    ):
        with pytest.raises(Rejected) as refusal:
            check_follows(said, at)
        assert (refusal.value.code, refusal.value.detail) == (Code.MECHANISM, place)


def test_a_text_that_leaves_out_an_agency_is_no_version() -> None:
    """No agency can be left without roles by what it signed."""
    fourth = material.entry("mitra", [material.signing_key("mitra.node.1")])
    wider = DIRECTORY.model_copy(update={"agencies": {**DIRECTORY.agencies, "mitra": fourth}})
    with pytest.raises(Rejected) as refusal:
        mechanism_of(version(), wider)
    assert refusal.value.detail == "agencies"


def test_a_number_means_what_its_own_agency_adopted() -> None:
    """What others adopted under a number decides nothing; the first version everybody has."""
    second = Mechanism.read(SECOND)
    book = Rulebook({("lpsk", 2): second})
    assert book.named("lpsk", 2) is second
    assert book.named("komnas-ham", 2) is None
    assert book.named("komnas-ham", 1) is GENESIS
    assert (book.newest("lpsk"), book.newest("komnas-ham")) == (second, GENESIS)
