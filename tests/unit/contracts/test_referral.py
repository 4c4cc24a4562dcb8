"""A referral rests on consent, is answered by who was asked, and is not forgotten when it fails."""

from datetime import datetime

import pytest

from contracts.encoding import b64
from contracts.events import Body
from contracts.events.intake import ConsentRecorded, ConsentWithdrawn
from contracts.events.referral import (
    ReferralAccepted,
    ReferralCompleted,
    ReferralDeclined,
    ReferralEscalated,
    ReferralReported,
    ReferralSent,
    ReferralUnanswered,
    ReferralWithdrawn,
)
from contracts.mechanism import LATEST
from contracts.promises.referral import ANSWER, ELSEWHERE, REPORT, promises
from contracts.timeline import Event
from contracts.workflow.referral import partner, slot
from tests.unit.contracts.relay import HAM, LPSK, PEREMPUAN, SILENT, Relay

SERVICE = "PENGADA_LAYANAN"
ANSWER_BY = "2026-11-23T00:00:00.000Z"
NEED = "BANTUAN_HUKUM"


def consent(**fields: object) -> ConsentRecorded:
    """What the person allows: all three agencies and service providers, unless said otherwise."""
    told: dict[str, object] = {
        "given_by": "defender",
        "form": "spoken",
        "recorded_by": "petugas",
        "at": "2026-11-20T09:00:00+07:00",
        "share_with": [HAM, LPSK, PEREMPUAN, partner(SERVICE)],
        "fields": ["identity"],
        "purpose": "protection",
    }
    return ConsentRecorded.model_validate(told | fields)


class Story(Relay):
    """A case that Komnas HAM opened with consent, and the referrals in it."""

    def __init__(self, **fields: object) -> None:
        super().__init__()
        self.consent = self.say(HAM, consent(**fields))

    def send(self, sender: str = HAM, to: str = LPSK, **fields: object) -> Event:
        told: dict[str, object] = {"needs": [NEED], "urgent": True, "answer_by": ANSWER_BY}
        told |= {"consent": b64(self.consent.id)} | ({"to": to} if to.islower() else {"partner": to})
        return self.say(sender, ReferralSent.model_validate(told | fields))

    def state(self, sent: Event) -> str:
        return self.case.in_force(slot(b64(sent.id)))


def answer(kind: type[Body], sent: Event, **fields: object) -> Body:
    """What is said about a referral."""
    return kind.model_validate({"referral": b64(sent.id)} | fields)


def test_from_sending_to_the_outcome() -> None:
    """Sent, taken on, reported on, completed: each step is one state, and nothing of it is in conflict."""
    case = Story()
    sent = case.send()
    assert case.state(sent) == "SENT"
    case.say(LPSK, answer(ReferralAccepted, sent))
    assert case.state(sent) == "ACCEPTED"
    case.say(LPSK, answer(ReferralReported, sent, progress="BERJALAN"))
    case.say(LPSK, answer(ReferralCompleted, sent))
    assert case.state(sent) == "COMPLETED"
    assert not case.case.unsupported
    assert not case.case.conflicts


@pytest.mark.parametrize(
    "fields",
    [
        {"share_with": [PEREMPUAN]},
        {"purpose": "statistics"},
        {"expires": "2026-11-21"},
    ],
)
def test_nobody_is_referred_without_consent_that_names_the_recipient(fields: dict[str, object]) -> None:
    """Another recipient, another purpose, a day that is over: the referral is shown and changes nothing."""
    case = Story(**fields)
    sent = case.send()
    assert not case.counts(sent)
    assert case.state(sent) == ""


def test_consent_to_one_kind_of_partner_is_not_consent_to_another() -> None:
    """A partner is asked for by its kind, as the person was asked."""
    case = Story()
    assert case.counts(case.send(to=SERVICE))
    assert not case.counts(case.send(to="CATAHU"))


def test_a_referral_rests_on_the_consent_in_force() -> None:
    """One that was replaced, or that somebody else invented, carries nothing; nor does any after a withdrawal."""
    case = Story()
    old = case.consent
    case.consent = case.say(HAM, consent(share_with=[HAM, LPSK]))
    assert not case.counts(case.send(consent=b64(old.id)))
    assert not case.counts(case.send(consent=b64(case.events[0].id)))
    assert case.counts(case.send())
    case.say(PEREMPUAN, ConsentWithdrawn(given_by="defender", form="spoken", at="2026-11-22T09:00:00+07:00"))
    assert not case.counts(case.send())


def test_nobody_refers_to_themselves_or_outside_of_the_case() -> None:
    """Who does not take part could not even read it."""
    case = Story(share_with=[HAM, LPSK, "komnas-anak"])
    assert not case.counts(case.send(to=HAM))
    assert not case.counts(case.send(to="komnas-anak"))


@pytest.mark.parametrize(("to", "by", "counts"), [
    (LPSK, LPSK, True), (LPSK, HAM, False), (LPSK, PEREMPUAN, False),
    (SERVICE, PEREMPUAN, True), (SERVICE, HAM, True), (SERVICE, LPSK, False),
])  # fmt: skip
def test_who_enters_an_answer(to: str, by: str, counts: bool) -> None:  # noqa: FBT001 (a table of expectations)
    """The agency asked answers for itself; for a partner the one that manages it, or the one that sent it."""
    case = Story()
    assert case.counts(case.say(by, answer(ReferralAccepted, case.send(to=to)))) is counts


def test_silence_is_said_by_the_sender_when_the_time_is_over() -> None:
    """Not before, not by another, and a late yes still counts."""
    case = Story()
    sent = case.send()
    assert not case.counts(case.say(HAM, answer(ReferralUnanswered, sent), at=SILENT))
    assert not case.counts(case.say(LPSK, answer(ReferralUnanswered, sent), at=ANSWER_BY))
    case.say(HAM, answer(ReferralUnanswered, sent), at=ANSWER_BY)
    assert case.state(sent) == "UNANSWERED"
    case.say(LPSK, answer(ReferralAccepted, sent), at=ANSWER_BY)
    assert case.state(sent) == "ACCEPTED"


def test_what_is_over_stays_over() -> None:
    """A withdrawn referral is not taken on, a completed one is not withdrawn, and only the sender takes it back."""
    case = Story()
    one, two = case.send(), case.send()
    withdrawn = answer(ReferralWithdrawn, one, reason="KELIRU")
    assert not case.counts(case.say(LPSK, withdrawn))
    case.say(HAM, withdrawn)
    assert not case.counts(case.say(LPSK, answer(ReferralAccepted, one)))
    case.say(LPSK, answer(ReferralAccepted, two))
    case.say(LPSK, answer(ReferralCompleted, two))
    assert not case.counts(case.say(HAM, answer(ReferralWithdrawn, two, reason="KELIRU")))
    assert [case.state(one), case.state(two)] == ["WITHDRAWN", "COMPLETED"]


Said = tuple[type[Body], dict[str, str]]
YES: Said = (ReferralAccepted, {})
SILENCE: Said = (ReferralUnanswered, {})
NO: Said = (ReferralDeclined, {"reason": "LAINNYA"})
BACK: Said = (ReferralWithdrawn, {"reason": "KELIRU"})


@pytest.mark.parametrize("one_first", [True, False])
@pytest.mark.parametrize(
    ("to", "by", "said", "crossed", "expected"),
    [
        (LPSK, LPSK, YES, SILENCE, "ACCEPTED"),
        (LPSK, LPSK, YES, BACK, "WITHDRAWN"),
        (LPSK, LPSK, NO, BACK, "WITHDRAWN"),
        (LPSK, LPSK, NO, SILENCE, "DECLINED"),
        (SERVICE, PEREMPUAN, YES, NO, "DECLINED"),
    ],
)
def test_answers_that_cross(to: str, by: str, said: Said, crossed: Said, expected: str, *, one_first: bool) -> None:
    """Both stand in sight, and in whichever order they arrive the same one is in force."""
    case = Story()
    sent = case.send(to=to)
    steps = [(by, said), (HAM, crossed)]
    for agency, (kind, fields) in steps if one_first else steps[::-1]:
        assert case.counts(case.say(agency, answer(kind, sent, **fields), at=ANSWER_BY, knows=(sent,)))
    assert case.state(sent) == expected
    assert slot(b64(sent.id)) in case.case.conflicts


@pytest.mark.parametrize("one_first", [True, False])
def test_a_referral_that_crosses_with_a_withdrawal_of_consent(one_first: bool) -> None:  # noqa: FBT001
    """Who did not know could not but send: it shows, and everybody sees that the consent has ended."""
    case = Story()
    start = (case.consent,)
    ended = ConsentWithdrawn(given_by="defender", form="spoken", at="2026-11-22T09:00:00+07:00")
    body = ReferralSent(to=LPSK, needs=(NEED,), urgent=True, answer_by=ANSWER_BY, consent=b64(case.consent.id))
    steps: list[tuple[str, Body]] = [(PEREMPUAN, ended), (HAM, body)]
    for agency, said in steps if one_first else steps[::-1]:
        assert case.counts(case.say(agency, said, knows=start))
    assert case.case.in_force("consent") == "WITHDRAWN"
    assert not case.counts(case.send())


def fail_twice(case: Story) -> list[Event]:
    """The same need declined by an agency and by a partner."""
    sent = [case.send(), case.send(to=SERVICE)]
    case.say(LPSK, answer(ReferralDeclined, sent[0], reason="TANPA_KAPASITAS"))
    case.say(PEREMPUAN, answer(ReferralDeclined, sent[1], reason="TAK_TERHUBUNGI_LEMBAGA"))
    return sent


def escalated(*failed: Event, need: str = NEED) -> ReferralEscalated:
    return ReferralEscalated(failed=tuple(b64(one.id) for one in failed), needs=(need,), untried=(PEREMPUAN,))


def test_the_second_failure_climbs() -> None:
    """Said by the sender of both; not of one failure, not by another agency, not for another need."""
    case = Story()
    first, second = fail_twice(case)
    assert not case.counts(case.say(HAM, escalated(first)))
    assert not case.counts(case.say(LPSK, escalated(first, second)))
    assert not case.counts(case.say(HAM, escalated(first, second, need="EVAKUASI")))
    assert case.counts(case.say(HAM, escalated(first, second)))


def test_what_is_promised() -> None:
    """An answer in a day or three working days, a report every fourteen days, another way after a failure."""
    case = Story()
    sent = case.send(urgent=False, answer_by="2026-12-24T00:00:00.000Z")
    (waiting,) = promises(case.case, LATEST)
    assert (waiting.kind, waiting.agency, waiting.kept) == (ANSWER, LPSK, False)
    assert waiting.due == datetime.fromisoformat("2026-11-25T23:59:59+07:00")  # the third working day after a Sunday
    case.say(LPSK, answer(ReferralAccepted, sent))
    owed = [one for one in promises(case.case, LATEST) if not one.kept]
    assert [(one.kind, one.due.isoformat()) for one in owed] == [(REPORT, "2026-12-06T02:00:00+00:00")]
    case.say(LPSK, answer(ReferralReported, sent, progress="BERJALAN"), at="2026-12-01T02:00:00.000Z")
    owed = [one for one in promises(case.case, LATEST) if not one.kept]
    assert [(one.kind, one.due.isoformat()) for one in owed] == [(REPORT, "2026-12-15T02:00:00+00:00")]
    case.say(LPSK, answer(ReferralCompleted, sent))
    assert all(one.kept for one in promises(case.case, LATEST))


def test_an_urgent_answer_is_due_in_a_day_even_if_more_time_was_given() -> None:
    """What is agreed limits what the sender asks."""
    case = Story()
    case.send(answer_by="2026-12-24T00:00:00.000Z")
    (waiting,) = promises(case.case, LATEST)
    assert waiting.due == datetime.fromisoformat("2026-11-23T02:00:00+00:00")


@pytest.mark.parametrize(
    ("reason", "owed"),
    [("TANPA_KAPASITAS", [ELSEWHERE]), ("ALASAN_BARU", [ELSEWHERE]), ("MENOLAK_LAYANAN", []), ("TIDAK_DIPERLUKAN", [])],
)
def test_after_the_first_failure_too_somebody_else_is_asked(reason: str, owed: list[str]) -> None:
    """Nobody is left with a letter to somebody without room for them, nor asked again for what they do not want."""
    case = Story()
    case.say(LPSK, answer(ReferralDeclined, case.send(), reason=reason))
    assert [one.kind for one in promises(case.case, LATEST) if not one.kept] == owed


def test_who_is_looked_after_elsewhere_is_owed_no_other_referral() -> None:
    """Of two that were asked at once one has no room: the other may still take the person on, or has."""
    case = Story()
    sent = [case.send(), case.send(to=SERVICE)]
    case.say(LPSK, answer(ReferralDeclined, sent[0], reason="TANPA_KAPASITAS"))
    assert [one.kind for one in promises(case.case, LATEST) if not one.kept] == [ANSWER]
    case.say(PEREMPUAN, answer(ReferralAccepted, sent[1]))
    assert [one.kind for one in promises(case.case, LATEST) if not one.kept] == [REPORT]


def test_after_the_second_failure_somebody_else_is_asked_within_a_day() -> None:
    """The promise is the sender's, and a new referral keeps it."""
    case = Story()
    fail_twice(case)
    (owed,) = [one for one in promises(case.case, LATEST) if not one.kept]
    assert (owed.kind, owed.agency, owed.subject) == (ELSEWHERE, HAM, NEED)
    assert owed.due == datetime.fromisoformat("2026-11-23T02:00:00+00:00")
    case.send(to=PEREMPUAN)
    assert [one.kind for one in promises(case.case, LATEST) if not one.kept] == [ANSWER]
