from datetime import UTC, datetime
from hashlib import sha256
from itertools import permutations

from contracts.content import Actor, Content
from contracts.directory import Chain
from contracts.events.node import MechanismAdopted
from contracts.hlc import Hlc
from contracts.mechanism import GENESIS_TEXT, signed
from contracts.mechanism.signed import BEGINNING
from contracts.record import EventId
from contracts.timeline import Event
from contracts.vectors import material
from services.node.adoption import Adoption, adoption, newest, rulebook, since

SECOND = GENESIS_TEXT.replace(b"version = 1\n", b"version = 2\n", 1)
OTHER = SECOND.replace(b"approvals = 2", b"approvals = 3", 1)
NOW = "2026-11-22T01:54:48.123Z"


def chain() -> Chain:
    """Three versions of the directory."""
    first, *later = material.chain()
    grown = Chain(first, pin=material.FIRST.digest())
    for version in later:
        grown.adopt(version)
    return grown


CHAIN = chain()


def said(text: bytes = SECOND, agencies: tuple[str, ...] = material.AGENCIES) -> MechanismAdopted:
    """A second version, under the directory's second one, signed by some agencies."""
    last = BEGINNING._replace(directory=2)
    drafted = signed.draft(text, last, CHAIN.version(2))
    return signed.joined(drafted, [signed.signature(drafted, material.root(agency)) for agency in agencies])


def adopted(body: MechanismAdopted, seq: int = 1, *, agency: str = "lpsk", directory: int = 2) -> Adoption:
    """An agency's adoption, at a place of its log, in a record of a directory version."""
    id_ = EventId(sha256(f"{agency} {seq}".encode()).digest())
    content = Content(body.wire_type, "", NOW, Actor("system", "rajut"), material.AGENCIES, (), body.wire(), "")
    return adoption(Event(id_, material.origin(agency), seq, Hlc(0, 0), content), directory, CHAIN)


def test_what_all_signed_is_taken() -> None:
    """An agency that adopts a version has its rules, for the cases that it opens; no other agency has them by that."""
    book = rulebook([adopted(said())])
    assert [mechanism.version for mechanism in book.adopted.values()] == [2]
    assert book.named("lpsk", 2)
    assert book.named("komnas-ham", 2) is None


def test_what_not_all_signed_is_nothing() -> None:
    """Two of three, said to be enough, or a record older than who signed: nothing has been adopted."""
    short, early = adopted(said(agencies=material.AGENCIES[:2])), adopted(said(), directory=1)
    assert not short.signed
    assert not early.signed
    assert not rulebook([short, early]).adopted
    assert rulebook([short, adopted(said(), seq=2)]).named("lpsk", 2)


def test_the_first_text_of_a_number_counts_in_whatever_order_they_come() -> None:
    """Even if all signed two second versions by mistake: each agency means the one that its own log names first."""
    told = [adopted(said(), 3), adopted(said(OTHER), 7), adopted(said(OTHER), 5, agency="komnas-ham")]
    for order in permutations(told):
        book = rulebook(order)
        meant = [book.named(agency, 2) for agency in ("lpsk", "komnas-ham")]
        assert [rules.emergency.approvals for rules in meant if rules] == [2, 3]


def test_a_text_of_later_software_keeps_its_place() -> None:
    """What we cannot read is still what the number means: no other text is taken instead."""
    drafted = said().model_copy(update={"text": SECOND.decode() + "\n[later]\nthing = 1\n", "signatures": ()})
    later = signed.joined(drafted, [signed.signature(drafted, material.root(name)) for name in material.AGENCIES])
    unread = adopted(later)
    assert (unread.signed, unread.mechanism) == (True, None)
    assert rulebook([unread, adopted(said(), 2)]).named("lpsk", 2) is None


def test_the_newest_is_what_an_agency_itself_adopted() -> None:
    """Who has adopted nothing has only the first version, whatever others did."""
    told = [adopted(said()), adopted(said(), 9)]
    last = newest(told, "lpsk")
    assert last
    assert last.place[1] == 9
    assert newest(told, "komnas-ham") is None


def test_what_counts_from_when_is_told_by_the_first_version_that_has_it() -> None:
    """Of all that an agency adopted, the first one of which it holds; what another agency adopted tells nothing."""
    third = adopted(said(OTHER), 7, agency="komnas-ham")._replace(at=datetime(2027, 1, 1, tzinfo=UTC))
    told = [third, adopted(said(), 3), adopted(said(OTHER), 9, agency="komnas-ham")]
    assert since(told, "komnas-ham", lambda rules: rules.emergency.approvals == 3) == third.at
    assert since(told, "lpsk", lambda rules: rules.emergency.approvals == 3) is None
