"""How urgent a case is, who says what a defender is, and which work follows: pure, from the case alone.

Work items are a view of the case: what the agency has promised in it, whatever order events arrive in.
"""

from datetime import date, datetime
from typing import NamedTuple

from contracts.case import Case
from contracts.codes import label
from contracts.errors import Code, Rejected
from contracts.events.fields import MAX_CODES
from contracts.events.intake import CaseOpened
from contracts.events.triage import UrgencyAssessed
from contracts.mechanism import Mechanism
from contracts.promises import promises
from contracts.promises.triage import HUMAN_TRIAGE
from contracts.record import EventId
from contracts.timeline import Event, claimed
from services.triage.rules import LISTS, TABLES, Facts, Table

BY_HAND = (HUMAN_TRIAGE,)  # the others are done by saying so in the case
PHRASES = {
    "id": (
        "Aturan {rule}: {why}",
        "; karena {codes}",
        "Aturan {rule} dari tabel {version}, yang belum dikenal di sini",
    ),
    "en": ("Rule {rule}: {why}", "; because of {codes}", "Rule {rule} of table {version}, which is not known here"),
}


class Item(NamedTuple):
    """Something that an agency's officers have to do; `settled` once the case shows that it is done."""

    source: EventId
    kind: str
    subject: str
    due_at: datetime
    settled: bool


def assess(opened: Event, body: CaseOpened, table: Table, rules: Mechanism) -> UrgencyAssessed:
    """What the table says of a case as it was opened, on the day that it then was at the office that opened it."""
    facts = facts_of(body, rules.office_day(claimed(opened), opened.agency))
    rule = table.first(facts)
    because = tuple(dict.fromkeys(code for _, code in rule.because(facts)))[:MAX_CODES]
    return UrgencyAssessed(level=rule.level, rules=table.version, rule=rule.number, because=because)


def facts_of(body: CaseOpened, day: date) -> Facts:
    """What the table may look at; `day` is the day of the report."""
    fields = {field: getattr(body, field) or () for field in LISTS}
    listed = {field: (some,) if isinstance(some, str) else some for field, some in fields.items()}
    return Facts(listed, (day - date.fromisoformat(body.latest_incident_on)).days)


def explain(assessed: UrgencyAssessed, language: str) -> str:
    """Which row decided and why, in words; a row of a later table is named, with the codes as they are."""
    known, because, unknown = PHRASES[language]
    table = TABLES.get(assessed.rules)
    rule = next((rule for rule in table.rules if rule.number == assessed.rule), None) if table else None
    if rule is None:
        text, names = unknown.format(rule=assessed.rule, version=assessed.rules), list(assessed.because)
    else:
        text = known.format(rule=rule.number, why=rule.id if language == "id" else rule.en)
        names = [label(LISTS[rule.field_of(code) or "forms"], code, language) for code in assessed.because]
    return text + (because.format(codes=", ".join(names)) if names else "")


def check_done(kind: str) -> None:
    """Raise Rejected(STATE) for work that is done by an event in the case, not by ticking it off."""
    if kind not in BY_HAND:
        raise Rejected(Code.STATE, "kind")


def work(case: Case, mechanism: Mechanism, agency: str) -> list[Item]:
    """All that one agency has to do in a case, done or not: what it has promised."""
    ours = (one for one in promises(case, mechanism) if one.agency == agency)
    return [Item(one.source, one.kind, one.subject, one.due, one.kept) for one in ours]
