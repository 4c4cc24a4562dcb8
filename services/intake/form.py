"""The intake form: one question a page, and what was typed becomes a report. Pure.

The report's own schema says what there is to ask (`services.node.web.forms`); here stands in which order it is asked:
first what keeps somebody alive, last what can wait. Nothing is asked twice, and nothing is needed to go on to a
later page: what a report cannot do without is said where it is missing, and again before it is sent.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from contracts.events.body import place
from contracts.events.intake import ReportReceived
from contracts.events.report import Report
from services.node.web import forms
from services.node.web.forms import Field

Typed = Mapping[str, Sequence[str]]
DANGER, YES, NO, UNKNOWN = "danger", "yes", "no", "unknown"  # is life at risk now
_REPORT = "report."


class Step(NamedTuple):
    """One page: its name, and what it asks for, as places in a report."""

    name: str
    asks: tuple[str, ...]

    def holds(self, name: str) -> bool:
        """Whether something that was typed is of this page."""
        named = (f"{_REPORT}{ask}" for ask in self.asks)
        return any(name == one or name.startswith(f"{one}.") for one in named) or name == self.name == DANGER


class Fault(NamedTuple):
    """What a report cannot be sent with: the page, and the name of the field there."""

    step: str
    name: str


def _below(group: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{group}.{name}" for name in names)


STEPS = (
    Step(DANGER, ()),
    Step(
        "contact",
        _below("defender.safe_contact", "channel", "address", "hours", "do_not_contact", "never_mention", "codeword"),
    ),
    Step("person", _below("defender", "name", "aliases", "gender", "birth_date")),
    Step("reporter", ("channel", *_below("reporter", "relation", "name", "contact"))),
    Step("incidents", ("incidents",)),
    Step("consent", _below("consent", "given_by", "form", "share_with", "fields", "expires")),
    Step("work", _below("work", "activities", "issues", "organisation")),
    Step("place", _below("location", "province", "disclose_province", "text")),
    Step("needs", ("requested", "legal_status", "defender.disability_needs", "defender.people_to_protect")),
    Step("rest", ("defender.age_band", "defender.languages", "defender.safe_contact.timezone", "work.peaceful")),
)
BY_NAME: Mapping[str, Step] = {step.name: step for step in STEPS}
_KNOWN = ("consent.recorded_by", "consent.at", "consent.purpose")  # nobody is asked
UNASKED: Mapping[str, str] = {
    "received_by": "the agency whose desk it is",
    "reporter.partner": "a partner's own system says who it is; an officer has no list of partners to choose from",
    "attachments": "a file is given with its hash and size by a system that holds it; the desk holds no files",
}
"""What a report may say and this form leaves out, and why."""

# Whoever takes a report knows these by heart, or sees them; the wire takes more.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "age_band": ("0-4", "5-9", "10-17", "18-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70+"),
    "languages": ("id", "ace", "ban", "bbc", "bug", "jv", "mad", "mak", "min", "pmy", "sas", "su", "inl", "en"),
    "timezone": ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"),
}
_ONE_OF = {"text": "choice", "lines": "choices"}


def begun(role: str, now: str) -> dict[str, list[str]]:
    """What is known before anything is asked: who writes, and when the person said what they allow."""
    known = {"consent.recorded_by": role, "consent.at": now, "consent.purpose": "protection"}
    return {f"{_REPORT}{name}": [value] for name, value in known.items()}


def after(name: str) -> str:
    """The next page; "" after the last one."""
    names = [step.name for step in STEPS]
    return [*names, ""][names.index(name) + 1]


def fields(step: Step, typed: Typed) -> tuple[Field, ...]:
    """What a page asks for."""
    return tuple(_chosen(field) for field in forms.fields(ReportReceived, typed) if step.holds(field.name))


def merged(draft: Typed, step: Step, typed: Typed) -> dict[str, list[str]]:
    """A draft with one page as it was typed now, in place of what stood there."""
    kept = {name: list(values) for name, values in draft.items() if not step.holds(name)}
    new = {name: list(values) for name, values in typed.items() if step.holds(name) and any(values)}
    return kept | new


def report(typed: Typed, zone: str, agency: str) -> dict[str, Any]:
    """What was typed, as a report to this agency."""
    asked = [field for field in forms.fields(ReportReceived, typed) if _asked(field.name)]
    told: dict[str, Any] = forms.read(asked, typed, zone).get("report", {})
    groups = {name: told.get(name, {}) for name in ("reporter", "defender", "work", "location", "consent")}
    groups["defender"].setdefault("safe_contact", {})
    return told | groups | {"received_by": agency}


def faults(typed: Typed, zone: str, agency: str) -> list[Fault]:
    """Everything that keeps this from being a report, in the order of the pages; empty if nothing does."""
    try:
        Report.model_validate(report(typed, zone, agency))
    except ValidationError as error:
        told = error.errors(include_url=False, include_context=False, include_input=False)
        found = dict.fromkeys(fault for one in told if (fault := fault_at(place(one["loc"]), typed)))
        order = list(BY_NAME)
        return sorted(found, key=lambda fault: order.index(fault.step))
    return []


def _chosen(field: Field) -> Field:
    """A field that is chosen here, although other systems may say more in it; in rows, too."""
    kind = _ONE_OF.get(field.kind, field.kind) if field.word in CHOICES else field.kind
    return field._replace(kind=kind, rows=tuple(tuple(map(_chosen, row)) for row in field.rows))


def _asked(name: str) -> bool:
    return any(step.holds(name) for step in STEPS) or name.removeprefix(_REPORT) in _KNOWN


def fault_at(where: str, typed: Typed) -> Fault | None:
    """The field that a place in a report stands for: itself, or the first of the rows that should be there.

    None if nobody is asked for it.
    """
    name = f"{_REPORT}{where}"
    step = next((step for step in STEPS if step.holds(name)), None)
    if step is None:
        return None
    flat = [one for field in fields(step, typed) for one in (field, *(inner for row in field.rows for inner in row))]
    nearest = max((one.name for one in flat if f"{name}.".startswith(f"{one.name}.")), key=len, default=step.name)
    return Fault(step.name, nearest)
