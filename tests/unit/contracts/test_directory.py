from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, strategies as st

from contracts import canonical
from contracts.directory import HEARTBEAT, Chain, Directory, SigningKey, sign
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.record import MAX_SEQ, Key, Record, header, parse_payload
from contracts.signing import SeedSigner
from contracts.vectors import material
from contracts.vectors.deliveries import payload
from contracts.vectors.directories import signed_document

FIRST, SECOND, THIRD = material.chain()
ROOTS = [material.root(agency) for agency in material.AGENCIES]
RECORD = parse_payload(payload())
HEARTBEAT_RECORD = parse_payload(payload(kind="hb", to=[], tag=None, cm=None, ct=None))


def chain() -> Chain:
    """A chain that holds the first version."""
    return Chain(FIRST, pin=material.FIRST.digest())


def second(**changes: Any) -> Directory:
    """A second version with some members replaced."""
    members = {name: getattr(material.SECOND, name) for name in Directory.model_fields}
    return Directory.model_validate(members | changes)


def with_key(key: SigningKey, agency: str = "lpsk") -> Directory:
    """A second version in which an agency has one key only."""
    entry = material.SECOND.agencies[agency].model_copy(update={"keys": [key]})
    return second(agencies={**material.SECOND.agencies, agency: entry})


def refusal(held: Chain, data: bytes) -> Code | None:
    """Why a version is refused; None if it is adopted."""
    try:
        held.adopt(data)
    except Rejected as refused:
        return refused.code
    return None


def test_a_chain_starts_at_its_pin_and_nowhere_else() -> None:
    """Whoever has the right 32 bytes cannot be given another directory."""
    assert chain().latest == material.FIRST
    for pin in (bytes(32), b"", material.SECOND.digest()):
        with pytest.raises(Rejected) as caught:
            Chain(FIRST, pin=pin)
        assert caught.value.code == Code.DIRECTORY


def test_the_next_version_is_adopted_once() -> None:
    """Versions follow one by one; the same one twice, or an older one, is refused."""
    held = chain()
    assert held.adopt(SECOND) == held.latest == held.version(2) == material.SECOND
    assert held.signed == [FIRST, SECOND]
    assert refusal(held, SECOND) == refusal(held, FIRST) == Code.DIRECTORY
    assert held.latest == material.SECOND
    assert [held.knows(number) for number in range(4)] == [False, True, True, False]


def test_a_directory_has_as_many_agencies_as_a_record_can_name() -> None:
    """A content goes to eight agencies at most, so a ninth is none that anybody could work with."""
    strangers = [f"mitra-{number}" for number in range(6)]
    entries = {name: material.entry(name, [material.signing_key(f"{name}.node.1")]) for name in strangers}
    document = material.SECOND.model_dump(mode="json")
    many = {name: entry.model_dump(mode="json") for name, entry in entries.items()} | document["agencies"]
    eight = dict(sorted(many.items(), reverse=True)[:8])
    assert refusal(chain(), signed_document(document | {"agencies": eight})) is None
    assert refusal(chain(), signed_document(document | {"agencies": many})) == Code.DIRECTORY


@pytest.mark.parametrize("signers", [[0], [1], [2], []])
def test_one_agency_decides_nothing(signers: list[int]) -> None:
    """Fewer than two agencies cannot change who is trusted."""
    assert refusal(chain(), sign(material.SECOND, [ROOTS[number] for number in signers])) == Code.DIRECTORY


@pytest.mark.parametrize("signers", [[0, 1], [0, 2], [1, 2], [0, 1, 2]])
def test_any_two_agencies_are_enough(signers: list[int]) -> None:
    """No single agency can block a change either: an absent one is not waited for."""
    assert refusal(chain(), sign(material.SECOND, [ROOTS[number] for number in signers])) is None


def test_a_signature_under_another_name_counts_for_nobody() -> None:
    """One root that signs in everybody's name is still one root."""
    posing = [SeedSigner(root.kid, material.secret(ROOTS[0].kid)) for root in ROOTS]
    assert refusal(chain(), sign(material.SECOND, posing)) == Code.DIRECTORY


def test_a_refused_version_leaves_no_trace() -> None:
    """A version with one bad key enrols none of its others, so the corrected one is adopted afterwards."""
    held = chain()
    unproven = material.signing_key("lpsk.triage.9", proof=b64(bytes(64)))
    entry = material.SECOND.agencies["lpsk"]
    new = material.signing_key("lpsk.intake.9")
    other = SeedSigner("lpsk.intake.9", material.secret("corrected"))
    bad = second(agencies={**material.SECOND.agencies, "lpsk": entry.model_copy(update={"keys": [new, unproven]})})
    assert refusal(held, sign(bad, ROOTS)) == Code.KEY
    assert not held.knows(2)
    with pytest.raises(Rejected):
        held.key(header("lpsk.intake.9"))
    possession = b"rajut/possession/v1\0" + other.kid.encode() + b"\0" + other.public
    corrected = new.model_copy(update={"public": b64(other.public), "proof": b64(other.sign(possession))})
    assert refusal(held, sign(with_key(corrected), ROOTS)) is None
    assert held.key(header(other.kid)) == Key(other.kid, other.public)


def test_a_name_of_a_key_is_never_given_away() -> None:
    """Even after a key was removed its name cannot mean another key, or old records would change their verdict."""
    held = chain()
    held.adopt(SECOND)  # removes RETIRED_KID
    other = SeedSigner(material.RETIRED_KID, material.secret("another seed"))
    possession = b"rajut/possession/v1\0" + other.kid.encode() + b"\0" + other.public
    key = material.signing_key(other.kid, public=b64(other.public), proof=b64(other.sign(possession)))
    entry = material.SECOND.agencies["lpsk"].model_copy(update={"keys": [key]})
    third = second(version=3, previous=b64(material.SECOND.digest()), agencies={"lpsk": entry, **others()})
    assert refusal(held, sign(third, ROOTS)) == Code.KEY


def others() -> Mapping[str, Any]:
    return {name: entry for name, entry in material.SECOND.agencies.items() if name != "lpsk"}


def test_a_record_is_judged_by_the_version_it_names() -> None:
    """Adopting a directory changes no verdict that was given before."""
    held = chain()
    held.check_range(material.RETIRED_KID, RECORD)
    held.adopt(SECOND)
    held.check_range(material.RETIRED_KID, RECORD)
    with pytest.raises(Rejected) as caught:
        held.check_range(material.RETIRED_KID, RECORD._replace(dir=2))
    assert caught.value.code == Code.KEY


@pytest.mark.parametrize(
    ("seq", "allowed"),
    [(0, False), (material.FIRST_SEQ - 1, False), (material.FIRST_SEQ, True), (material.LAST_SEQ, True), (21, False)],
)
def test_a_key_writes_its_part_of_the_log(*, seq: int, allowed: bool) -> None:
    """First and last place of a key's range are its own; the places beside them are not."""
    assert permits(material.RANGED_KID, RECORD._replace(seq=seq)) == allowed
    assert permits(material.KID, RECORD._replace(seq=MAX_SEQ))


def permits(kid: str, record: Record) -> bool:
    try:
        chain().check_range(kid, record)
    except Rejected:
        return False
    return True


def test_only_the_node_speaks_for_the_node() -> None:
    """A heartbeat by any other service's key is refused: it would vouch for logs it never read."""
    assert permits("lpsk.node.1", HEARTBEAT_RECORD)
    for service in ("intake", "triage", "protection", "notify"):
        assert not permits(f"lpsk.{service}.1", HEARTBEAT_RECORD)


@pytest.mark.parametrize(
    ("grants", "name", "allowed"),
    [
        (["protection.*"], "protection.emergency.activated", True),
        (["protection.*"], "protectionx.emergency.activated", False),
        (["protection.*"], "intake.case.opened", False),
        (["protection.emergency.activated"], "protection.emergency.activated", True),
        (["protection.emergency.activated"], "protection.emergency.declined", False),
        (["protection.emergency.activated"], "protection.emergency.activated.later", False),
        (["node.*"], HEARTBEAT, True),
        ([], "protection.emergency.activated", False),
        (["protection"], "protection.emergency.activated", False),
    ],
)
def test_a_grant_means_what_it_says(*, grants: list[str], name: str, allowed: bool) -> None:
    """A key signs the events that it was granted, by exact name or by family, and no other."""
    assert material.signing_key("lpsk.protection.1", grants=grants).may_sign(name) == allowed


def test_the_internet_facing_key_cannot_decide_an_emergency() -> None:
    """Every agency refuses an emergency decision signed with the intake key."""
    held = chain()
    held.check_grant("lpsk.protection.1", RECORD, "rajut.protection.emergency.activated.v1")
    with pytest.raises(Rejected) as caught:
        held.check_grant("lpsk.intake.1", RECORD, "rajut.protection.emergency.activated.v1")
    assert caught.value.code == Code.GRANT


def test_a_log_opens_with_the_version_that_first_listed_it() -> None:
    """The first record of a log has one possible predecessor, whatever came later."""
    held = chain()
    held.adopt(SECOND)
    assert held.opened_by(material.origin("lpsk")) == material.FIRST.digest()
    assert held.logs() == {agency: material.origin(agency) for agency in material.AGENCIES}
    with pytest.raises(Rejected) as caught:
        held.opened_by("rajut.example/mitra/1")
    assert caught.value.code == Code.KEY


def test_a_log_belongs_to_the_agency_in_its_name() -> None:
    """An agency has at least one log, and none that carries another agency's name."""
    entry = material.SECOND.agencies["lpsk"]
    for logs in ([], [material.origin("komnas-ham")], [*entry.logs, material.origin("komnas-ham")]):
        bent = second(agencies={**others(), "lpsk": entry.model_copy(update={"logs": logs})})
        assert refusal(chain(), sign(bent, ROOTS)) == Code.DIRECTORY


def test_the_signed_bytes_are_the_document() -> None:
    """What is signed and pinned is the canonical document; reading and writing it changes nothing."""
    document = canonical.loads(FIRST, max_bytes=len(FIRST))
    assert isinstance(document, dict)
    assert canonical.dumps(document["document"]) == material.FIRST.encode()
    assert Directory.model_validate(document["document"]) == material.FIRST


@pytest.mark.parametrize("step", range(16))
def test_every_byte_of_a_directory_counts(step: int) -> None:
    """A directory with a byte changed anywhere is refused, except inside a signature that is not needed."""
    needed = sign(material.SECOND, ROOTS[:2])
    for position in range(step, len(needed), 97):
        bent = bytearray(needed)
        bent[position] ^= 1
        assert refusal(chain(), bytes(bent)) is not None, position


@given(st.binary(max_size=80))
def test_any_bytes_get_a_verdict(data: bytes) -> None:
    """Whatever is offered as a directory is refused with a code, and never an accident."""
    for offered in (data, b'{"document":%s,"signatures":{}}' % data):
        assert refusal(chain(), offered) in {Code.JSON, Code.CANONICAL, Code.DIRECTORY}
