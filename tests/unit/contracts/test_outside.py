"""Somebody outside the case is told only on a ground, by two officers, and with a trace; nothing travels by it."""

from collections.abc import Callable

import pytest

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.intake import OutsiderConfirmed, OutsiderNamed, OutsiderTold
from contracts.timeline import Event
from tests.unit.contracts.relay import HAM, LPSK, PEREMPUAN, Relay, speaker
from tests.unit.contracts.test_consent import ENDED

SECOND = Actor("komisioner_pengaduan", "o-2")
FIELDS = ("identity", "safe_contact")


class Outside(Relay):
    """A case in which an agency tells somebody who takes no part in it."""

    def within(self, agency: str, body: Body, actor: Actor | None = None, to: tuple[str, ...] = ()) -> Event:
        """Said to the own agency alone, as it has to be."""
        return self.add(agency, body, actor=actor or speaker(agency, type(body)), to=to or (agency,))

    def name(self, agency: str = HAM, *, ground: str = "KEPENTINGAN_VITAL", to: tuple[str, ...] = ()) -> Event:
        body = OutsiderNamed(
            ground=ground, kind="RUMAH_SAKIT", recipient="Instalasi gawat darurat", fields=FIELDS, reason="Luka parah."
        )
        return self.within(agency, body, to=to)

    def second(self, named: Event, agency: str = HAM, actor: Actor = SECOND, *, to: tuple[str, ...] = ()) -> Event:
        return self.within(agency, OutsiderConfirmed(outsider=b64(named.id)), actor, to)

    def tell(
        self, named: Event, agency: str = HAM, *, fields: tuple[str, ...] = FIELDS, to: tuple[str, ...] = ()
    ) -> Event:
        body = OutsiderTold(outsider=b64(named.id), fields=fields, way="TELEPON", at="2026-11-22T08:54:48+07:00")
        return self.within(agency, body, to=to)


def test_somebody_outside_is_told_once_a_second_officer_has_agreed() -> None:
    """The first officer's word lets nobody tell anything; with the second one's what was told is on record."""
    case = Outside()
    named = case.name()
    assert case.counts(named)
    assert not case.counts(case.tell(named))
    assert case.counts(case.second(named))
    assert case.counts(case.tell(named))
    assert case.counts(case.tell(named, fields=("identity",))), "by another way, or to the next shift"


def by_the_same_person(case: Outside, named: Event) -> Event:
    return case.second(named, actor=SECOND._replace(officer=named.content.actor.officer))


def in_the_same_role(case: Outside, named: Event) -> Event:
    return case.second(named, actor=named.content.actor._replace(officer="o-2"))


def by_another_agency(case: Outside, named: Event) -> Event:
    return case.second(named, LPSK, Actor("pimpinan", "o-2"), to=(HAM, LPSK))


def before_everybody(case: Outside, named: Event) -> Event:
    return case.second(named, to=case.to)


@pytest.mark.parametrize("agreed", [by_the_same_person, in_the_same_role, by_another_agency, before_everybody])
def test_the_second_officer_is_another_one_of_the_agency(agreed: Callable[[Outside, Event], Event]) -> None:
    """Neither the same person, nor a colleague in the same role, nor somebody elsewhere, nor for all to read."""
    case = Outside()
    named = case.name()
    assert not case.counts(agreed(case, named))
    assert not case.counts(case.tell(named))


@pytest.mark.parametrize("ground", ["PERSETUJUAN", "KEPENTINGAN_SAH"])
def test_it_takes_a_ground(ground: str) -> None:
    """Consent is none, since there is none; nor is what the mechanism does not name."""
    case = Outside()
    assert not case.counts(case.name(ground=ground))


def test_no_more_is_told_than_was_agreed_and_by_nobody_else() -> None:
    """Not another group of data, and not by another agency on this one's word."""
    case = Outside()
    named = case.name()
    case.second(named)
    assert not case.counts(case.tell(named, fields=("identity", "incidents")))
    assert not case.counts(case.tell(named, LPSK, to=(HAM, LPSK)))
    assert not case.counts(case.tell(named, to=case.to)), "where a person is looked after is not for all"


def test_which_office_looks_after_somebody_is_for_the_own_agency() -> None:
    """What is said for all to read decides nothing; who takes no part names nobody."""
    case = Outside()
    assert not case.counts(case.name(to=case.to))
    apart = Outside(to=(HAM, LPSK))
    assert apart.counts(apart.name())
    assert not apart.counts(apart.name(PEREMPUAN))


def test_a_withdrawal_of_consent_ends_it() -> None:
    """Against the person's known will one begins anew, knowing it, with a second officer again."""
    case = Outside()
    named = case.name()
    case.second(named)
    case.say(LPSK, ENDED)
    assert not case.counts(case.tell(named))
    again = case.name()
    assert not case.counts(case.tell(again))
    case.second(again)
    assert case.counts(case.tell(again))
