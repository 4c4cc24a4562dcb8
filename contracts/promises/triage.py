"""A person of the agency that took the report looks at the case, the sooner the more urgent it is."""

from collections.abc import Iterator

from contracts.events.intake import CaseOpened
from contracts.events.triage import CaseTriaged, UrgencyOverridden
from contracts.mechanism import Mechanism
from contracts.promises.promise import Promise
from contracts.state import Case
from contracts.timeline import claimed

HUMAN_TRIAGE = "TRIASE"


def promises(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """One for each report; kept by whoever there judges the urgency, or says that it may stay as it is."""
    looked = {event.agency for event, _ in (*case.of_type(UrgencyOverridden), *case.of_type(CaseTriaged))}
    within = rules.triage.human_within(case.in_force("urgency"))
    for event, _ in case.of_type(CaseOpened):
        yield Promise(HUMAN_TRIAGE, "", event.id, event.agency, claimed(event) + within, event.agency in looked)
