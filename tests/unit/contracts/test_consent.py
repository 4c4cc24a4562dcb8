"""Nothing is shared without the person's word, or a ground, two officers and a trace."""

from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events.intake import (
    ConsentRecorded,
    ConsentWithdrawn,
    DisclosureConfirmed,
    DisclosureMade,
    Identity,
    IdentityShared,
)
from contracts.timeline import Event
from tests.unit.contracts.chronicle import AGENCIES
from tests.unit.contracts.relay import HAM, LPSK, PEREMPUAN, Relay
from tests.unit.contracts.test_referral import consent

NAME = IdentityShared(identity=Identity(name="Seseorang"))
ENDED = ConsentWithdrawn(given_by="defender", form="spoken", at="2026-11-22T09:00:00+07:00")

SECOND = Actor("komisioner_pengaduan", "o-2")


class Desk(Relay):
    """A case in which identities go to and fro."""

    def share(
        self, agency: str = HAM, to: Sequence[str] = (HAM, LPSK), *, knows: tuple[Event, ...] | None = None
    ) -> Event:
        """A name goes to some agencies."""
        parents = None if knows is None else tuple(event.id for event in knows)
        return self.add(agency, NAME, to=tuple(to), parents=parents)

    def disclose(self, agency: str = HAM, ground: str = "KEPENTINGAN_VITAL", to: Sequence[str] = (LPSK,)) -> Event:
        body = DisclosureMade(ground=ground, fields=("identity",), recipients=tuple(to), reason="Ancaman pembunuhan.")
        return self.say(agency, body)

    def confirm(self, made: Event, agency: str = HAM, actor: Actor = SECOND) -> Event:
        return self.add(agency, DisclosureConfirmed(disclosure=b64(made.id)), actor=actor)


def allowed(**fields: object) -> Desk:
    """A case with a consent."""
    case = Desk()
    case.say(HAM, consent(**fields))
    return case


def test_a_name_goes_where_consent_says() -> None:
    """To those it names, of the fields it names, while it lasts."""
    case = allowed(expires="2036-01-01")
    assert case.counts(case.share())
    assert case.counts(case.share(LPSK, (HAM, LPSK))), "who opened the case knows already"


def test_who_was_told_nothing_says_nothing_of_the_person() -> None:
    """Also to the agency that opened the case, which needs no consent: it would show a partner's invention as known."""
    case = allowed(fields=["identity", "safe_contact"])
    contact = IdentityShared.model_validate({"safe_contact": {"channel": "phone", "address": "1"}})
    for author in (LPSK, PEREMPUAN):
        assert not case.counts(case.add(author, contact, to=(HAM, author)))
    told = case.share()
    assert case.counts(case.share(LPSK)), "the name, which it was told"
    assert not case.counts(case.add(LPSK, contact, to=(HAM, LPSK))), "a contact, which it was not"
    named = case.share(PEREMPUAN, (HAM, PEREMPUAN), knows=(told,))
    assert not case.counts(named), "the third agency names an event that it cannot read"
    told = case.add(HAM, contact, to=(HAM, LPSK))
    unaware = case.add(LPSK, contact, to=(HAM, LPSK), parents=(case.events[1].id,))
    assert case.counts(told)
    assert not case.counts(unaware), "what one is told later bears out nothing said before"


def test_a_disclosure_is_for_what_its_agency_was_told() -> None:
    """Two officers of an agency that knows nothing of the person make up none."""
    case = Desk()
    made = case.disclose(PEREMPUAN)
    case.confirm(made, PEREMPUAN, Actor("komisioner_piket", "o-2"))
    assert case.case.in_force(f"disclosure/{PEREMPUAN}") == b64(made.id)
    assert not case.counts(case.share(PEREMPUAN, (LPSK, PEREMPUAN)))


@pytest.mark.parametrize(
    "fields",
    [{"share_with": [PEREMPUAN]}, {"fields": ["safe_contact"]}, {"purpose": "referral"}, {"expires": "2026-11-21"}],
)
def test_a_name_does_not_go_where_consent_does_not_say(fields: dict[str, object]) -> None:
    """Another recipient, other fields, another purpose, a day that is over."""
    case = allowed(**fields)
    assert not case.counts(case.share())


def test_a_name_does_not_go_without_any_consent() -> None:
    """Nobody was asked."""
    case = Desk()
    assert not case.counts(case.share())


def test_nobody_escapes_expiry_by_an_early_date() -> None:
    """The later of the claimed and the recorded time counts; the last day ends where consent was given."""
    case = allowed(expires="2026-11-22")
    assert not case.counts(case.say(HAM, NAME, at="2026-11-22T02:00:00.000Z")), "recorded in 2027"
    case = allowed(expires="2036-01-01")
    assert case.counts(case.say(HAM, NAME, at="2036-01-01T16:59:59.999Z"))
    assert not case.counts(case.say(HAM, NAME, at="2036-01-01T17:00:00.000Z"))


def test_a_withdrawal_ends_sharing_whoever_heard_it() -> None:
    """Told to any participant, it ends sharing by all; a new consent, which knows of it, begins again."""
    case = allowed()
    case.say(LPSK, ENDED)
    assert case.case.in_force("consent") == "WITHDRAWN"
    assert not case.counts(case.share())
    assert not case.counts(case.share(LPSK, (HAM, LPSK, PEREMPUAN)))
    case.say(HAM, consent())
    assert case.counts(case.share())


def test_who_takes_no_part_withdraws_nothing() -> None:
    """Nor does a role that may not record consent."""
    case = allowed()
    case.add(LPSK, ENDED, actor=Actor("auditor", "o-1"))
    case.add("komnas-anak", ENDED, actor=Actor("petugas", "o-1"))
    assert case.counts(case.share())


@pytest.mark.parametrize("withdrawal_first", [True, False])
def test_a_withdrawal_that_crosses_with_a_consent_is_in_force(withdrawal_first: bool) -> None:  # noqa: FBT001
    """Until the person has been asked again, nothing is shared."""
    case = allowed()
    start = (case.events[-1],)
    steps: list[tuple[str, ConsentRecorded | ConsentWithdrawn]] = [(LPSK, ENDED), (HAM, consent(share_with=[LPSK]))]
    steps += [(HAM, consent(recorded_by=f"petugas {number}")) for number in range(8)]
    for agency, body in steps if withdrawal_first else steps[::-1]:
        case.say(agency, body, knows=start)
    assert case.case.in_force("consent") == "WITHDRAWN"
    assert "consent" in case.case.conflicts
    assert not case.counts(case.share())


@pytest.mark.parametrize("withdrawal_first", [True, False])
def test_what_was_shared_in_ignorance_was_shared(withdrawal_first: bool) -> None:  # noqa: FBT001
    """A name that crosses with a withdrawal shows and counts; the next one, knowing of it, does not."""
    case = allowed()
    start = (case.events[-1],)
    if withdrawal_first:
        case.say(LPSK, ENDED, knows=start)
    shared = case.share(knows=start)
    if not withdrawal_first:
        case.say(LPSK, ENDED, knows=start)
    assert case.counts(shared)
    assert case.case.in_force("consent") == "WITHDRAWN"
    assert not case.counts(case.share(to=AGENCIES))


def test_consents_that_cross_must_both_allow() -> None:
    """Two desks recorded different words: only what both allow is shared until people have settled it."""
    case = allowed()
    start = (case.events[-1],)
    case.say(HAM, consent(share_with=[LPSK]), knows=start)
    case.say(HAM, consent(share_with=[LPSK, PEREMPUAN]), knows=start)
    assert case.counts(case.share())
    assert not case.counts(case.share(to=AGENCIES))


def test_a_disclosure_needs_a_second_officer() -> None:
    """The first one's word shares nothing, nor does the same person's twice, nor a colleague's in the same role."""
    case = Desk()
    made = case.disclose()
    assert not case.counts(case.share())
    role, officer = made.content.actor
    refused = [
        case.confirm(made, actor=Actor("komisioner_pengaduan", officer)),
        case.confirm(made, actor=Actor(role, "o-2")),
        case.confirm(made, LPSK, Actor("pimpinan", "o-2")),
    ]
    assert not any(case.counts(event) for event in refused)
    assert not case.counts(case.share())
    case.confirm(made)
    assert case.counts(case.share())


def test_a_disclosure_is_for_its_fields_its_recipients_and_its_agency() -> None:
    """It opens no more than it says."""
    case = Desk()
    case.confirm(case.disclose())
    assert not case.counts(case.share(to=AGENCIES))
    assert not case.counts(case.share(PEREMPUAN, (LPSK, PEREMPUAN)))
    full = IdentityShared.model_validate(
        {"identity": {"name": "Seseorang"}, "safe_contact": {"channel": "phone", "address": "1"}}
    )
    assert not case.counts(case.add(HAM, full, to=(HAM, LPSK)))


def test_a_disclosure_needs_a_ground() -> None:
    """Consent is none, since there is none; nor is a ground that the mechanism does not name."""
    case = Desk()
    assert not case.counts(case.disclose(ground="PERSETUJUAN"))
    assert not case.counts(case.disclose(ground="KEPENTINGAN_SAH"))
    assert not case.counts(case.disclose(to=("komnas-anak",)))


@pytest.mark.parametrize("withdrawal_first", [True, False])
def test_a_withdrawal_ends_a_disclosure_too(withdrawal_first: bool) -> None:  # noqa: FBT001
    """Also one that it crossed with: against the person's known will one discloses anew, knowing it."""
    case = allowed(share_with=[PEREMPUAN])
    made = case.disclose()
    confirmed = DisclosureConfirmed(disclosure=b64(made.id))
    steps: list[tuple[str, ConsentWithdrawn | DisclosureConfirmed]] = [(LPSK, ENDED), (HAM, confirmed)]
    for agency, body in steps if withdrawal_first else steps[::-1]:
        actor = Actor("komisioner_pengaduan", "o-2") if agency == HAM else Actor("petugas_darurat", "o-1")
        assert case.counts(case.add(agency, body, actor=actor, parents=(made.id,)))
    assert not case.counts(case.share())
    case.confirm(case.disclose())
    assert case.counts(case.share())


@given(st.sets(st.sampled_from(AGENCIES)), st.sets(st.sampled_from(["identity", "safe_contact"])), st.booleans())
def test_nothing_leaves_beyond_what_was_allowed(named: set[str], fields: set[str], withdrawn: bool) -> None:  # noqa: FBT001
    """Whatever consent says: a name counts exactly if every reader and the field are in it, and it was not ended."""
    case = allowed(share_with=sorted(named), fields=sorted(fields))
    if withdrawn:
        case.say(PEREMPUAN, ENDED)
    for other in (LPSK, PEREMPUAN):
        expected = other in named and "identity" in fields and not withdrawn
        assert case.counts(case.share(to=(HAM, other))) is expected
