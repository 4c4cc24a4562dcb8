"""What our own officers say is in codes that the lists know, wherever in a body a code stands."""

from itertools import chain

import pytest

from contracts.codes import codes
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.intake import ConsentWithdrawn, DisclosureMade, IdentityShared
from contracts.events.lead import Attempt, LeadClaimed
from contracts.events.plan import PlanProposed
from contracts.events.protection import EmergencyProposed, RequirementFulfilled
from contracts.events.triage import UrgencyOverridden
from services.intake import consent, duplicates
from services.node import vocabulary
from services.node.web.forms import fields
from services.protection import closure, ending, lead, plan, referral, session
from services.protection.handlers import APPROVE, PROPOSE, REFUSE
from services.protection.mechanisms import desk
from services.triage import api as triage, risk
from tests.unit.contracts.assessments import assessment
from tests.unit.contracts.plans import OURS
from tests.unit.contracts.test_consent import ENDED
from tests.unit.contracts.test_referral import consent as given

NAME = b64(bytes(32))
DISCLOSED = DisclosureMade(ground="KEPENTINGAN_VITAL", fields=("identity",), recipients=("lpsk",), reason="Genting.")


def measured(**changes: object) -> PlanProposed:
    """A plan whose only measure is changed."""
    return PlanProposed(measures=(OURS.model_copy(update=changes),), replaces=())


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (UrgencyOverridden(level="GAWAT", reason="x"), "level"),
        (measured(code="BARU"), "measures"),
        (measured(agreement=OURS.agreement and OURS.agreement.model_copy(update={"given_by": "dia"})), "measures"),
        (LeadClaimed(replaces="lpsk", tried=(Attempt(channel="pigeon", at="2026-11-22T00:00:00.000Z"),)), "tried"),
        (given(purpose="marketing"), "purpose"),
        (given(fields=("identity", "diary")), "fields"),
        (ConsentWithdrawn(given_by="neighbour", form="spoken", at=ENDED.at), "given_by"),
        (DISCLOSED.model_copy(update={"ground": "BARU"}), "ground"),
    ],
)
def test_a_code_that_no_list_has_is_named_by_its_field(body: Body, field: str) -> None:
    """At the top, in a list, in a row and below a row; never the code itself, which could be anything."""
    with pytest.raises(Rejected) as refused:
        vocabulary.check(body)
    assert (refused.value.code, refused.value.detail) == (Code.SCHEMA, field)


@pytest.mark.parametrize("body", [measured(), measured(agreement=None), given(), ENDED, DISCLOSED, assessment()])
def test_what_the_lists_know_passes(body: Body) -> None:
    """Also where an optional part is absent, and where people write in their own words."""
    vocabulary.check(body)


def test_a_reason_in_words_is_no_code() -> None:
    """Whatever is written there, also in capitals."""
    vocabulary.check(UrgencyOverridden(level=codes("urgency")[0], reason="GAWAT"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (UrgencyOverridden(level=codes("urgency")[0], reason="   "), "reason"),
        (UrgencyOverridden(level=codes("urgency")[0], reason="\u200b\u202e"), "reason"),
        (given(recorded_by="\u00a0"), "recorded_by"),
        (DISCLOSED.model_copy(update={"reason": "\n"}), "reason"),
    ],
)
def test_a_reason_that_nobody_can_read_is_none(body: Body, field: str) -> None:
    """Blanks, and characters that are not seen: nothing is signed, and the field is named."""
    with pytest.raises(Rejected) as refused:
        vocabulary.check(body)
    assert (refused.value.code, refused.value.detail) == (Code.SCHEMA, field)


def test_only_these_acts_are_not_held_to_the_lists() -> None:
    """An emergency, a paper of the mechanism's own list, what a report said, and the own mechanism's declared codes."""
    acts = (
        *(PROPOSE, APPROVE, REFUSE, consent.SHARE, risk.ASSESS, triage.OVERRIDE),
        *chain(consent.ACTS, duplicates.ACTS, plan.ACTS, closure.ACTS, ending.ACTS, session.ACTS),
        *chain(referral.ACTS, lead.ACTS, triage.ACTS, desk.ACTS),
    )
    free = {act.body for act in acts if not act.coded}
    assert free == {act.body for act in (PROPOSE, APPROVE, REFUSE, consent.SHARE, *desk.ACTS)} | {RequirementFulfilled}
    assert EmergencyProposed in free
    words = {act.body for act in acts if any(field.most for field in fields(act.body, {}))}
    assert {UrgencyOverridden, DisclosureMade} < words
    assert words & free == {IdentityShared}, "what a report said is passed on as it was taken"
