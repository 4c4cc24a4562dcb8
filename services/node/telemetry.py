"""Traces, metrics and logs. None of them ever carries personal data: ids, codes, counts and times only.

A trace starts at an agency's door, travels inside the sealed content as W3C `traceparent`, and goes on
in the handlers of the other agencies.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import NamedTuple

import structlog
from opentelemetry import metrics, trace
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.node.repeats import Trouble

log = structlog.get_logger("rajut")
_context = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("rajut")
_meter = metrics.get_meter("rajut")
_admitted = _meter.create_counter("rajut.admission.records", "1", "Records admitted from a partner")
_refused = _meter.create_counter("rajut.admission.refused", "1", "Deliveries refused, by code")
_lag = _meter.create_histogram("rajut.admission.lag", "s", "From the author's clock to our admission")
_handled = _meter.create_histogram("rajut.handler.duration", "s", "Time in an event handler")
_parked = _meter.create_counter("rajut.handler.parked", "1", "Events set aside after repeated failure")
_contradicted = _meter.create_counter("rajut.witness.contradicted", "1", "Checkpoints that contradict our copy")
_forked = _meter.create_counter("rajut.witness.forked", "1", "Proofs that a log has two histories")
_erased = _meter.create_counter("rajut.erasure.events", "1", "Events whose content was destroyed by order")
_missing = _meter.create_gauge("rajut.gap.open", "1", "What is missing now, by kind and log")
_key_lasts = _meter.create_gauge("rajut.key.lasts", "s", "Until a key should have been replaced; negative when overdue")
_certificate_lasts = _meter.create_gauge("rajut.certificate.lasts", "s", "Until a certificate ends")
_date_comes = _meter.create_gauge("rajut.date.comes", "s", "Until a yearly date of this agency is over, by code")
_missed = _meter.create_counter("rajut.promise.missed", "1", "Promises of any agency that we said were missed, by kind")
_links = _meter.create_up_down_counter("rajut.link.up", "1", "1 while a partner's server answers us")
_GAUGES = {
    "rajut.ready": ("1", "1 if this process may serve, else 0"),
    "rajut.partner.silent": ("s", "Since the last record of a partner's log came, from whomever"),
    "rajut.partner.missing": ("1", "Records of a partner's log that somebody has seen and we lack"),
    "rajut.partner.unread": ("1", "Records of our log that a partner has not said it holds"),
    "rajut.witness.behind": ("1", "Records of our log that an agency has not cosigned"),
    "rajut.witness.disputed": ("1", "What others signed of an agency's log and our copy contradicts"),
    "rajut.checkpoint.due": ("s", "Since the first record of our log that no checkpoint of ours covers"),
    "rajut.backlog": ("1", "What the node has before it, by kind"),
    "rajut.service.parked": ("1", "Events that wait for a person"),
    "rajut.service.unhandled": ("1", "Events that a service has neither handled nor parked"),
    "rajut.promise.open": ("1", "What this agency owes and has not done yet, by kind"),
    "rajut.promise.overdue": ("1", "What of it is late"),
}


class Reading(NamedTuple):
    """What one of the gauges above shows now."""

    gauge: str
    value: float
    labels: Mapping[str, str] = {}


_shown: dict[str, Sequence[Reading]] = {}
_troubles: defaultdict[tuple[str, str], Trouble] = defaultdict(Trouble)


def _observe(gauge: str) -> Callable[[CallbackOptions], Iterator[Observation]]:
    def observe(_options: CallbackOptions) -> Iterator[Observation]:
        for readings in list(_shown.values()):
            yield from (Observation(one.value, one.labels) for one in readings if one.gauge == gauge)

    return observe


for _name, (_unit, _what) in _GAUGES.items():
    _meter.create_observable_gauge(_name, [_observe(_name)], _unit, _what)


def traceparent() -> str:
    """The current trace, as content carries it; empty outside of one."""
    carrier: dict[str, str] = {}
    _context.inject(carrier)
    return carrier.get("traceparent", "")


@contextmanager
def span(name: str, parent: str = "") -> Iterator[trace.Span]:
    """Work under a name, as part of the trace that `parent` belongs to."""
    context = _context.extract({"traceparent": parent}) if parent else None
    with _tracer.start_as_current_span(name, context, record_exception=False, set_status_on_exception=False) as work:
        yield work


def admitted(source: str, records: int, refused: Sequence[str]) -> None:
    """A batch from a partner is in."""
    _admitted.add(records, {"partner": source})
    for code in refused:
        _refused.add(1, {"partner": source, "code": code})
        log.warning("refused", partner=source, code=code)


def lag(source: str, seconds: float) -> None:
    """How old a record was, by its author's clock, when we admitted it."""
    _lag.record(seconds, {"partner": source})


def handled(service: str, event_type: str, seconds: float) -> None:
    """A handler has done its work."""
    _handled.record(seconds, {"service": service, "type": event_type})
    log.info("handled", service=service, type=event_type, ms=round(seconds * 1000, 1))


def parked(service: str, event_type: str, reason: str) -> None:
    """A handler gave up on an event; people must look."""
    _parked.add(1, {"service": service})
    log.error("parked", service=service, type=event_type, reason=reason)


def contradicted(log_name: str, size: int) -> None:
    """A log's own key has signed something that our copy of the log contradicts; people must look."""
    _contradicted.add(1, {"log": log_name})
    log.error("contradicted", log=log_name, size=size)


def forked(log_name: str, size: int) -> None:
    """There is a proof that a log has two histories; people must look."""
    _forked.add(1, {"log": log_name})
    log.error("forked", log=log_name, size=size)


def erased(events: int) -> None:
    """Count what an order has destroyed here."""
    _erased.add(events)
    log.info("erased", events=events)


def missing(kind: str, log_name: str, before: int, now: int) -> None:
    """How much of a kind is missing of a log: records, content, parents of events, or any news at all."""
    _missing.set(now, {"kind": kind, "log": log_name})
    if now > before:
        log.warning("missing", kind=kind, log=log_name, open=now)
    elif now < before:
        log.info("no longer missing", kind=kind, log=log_name, open=now)


def key_lasts(kid: str, seconds: int) -> None:
    """How long it is until a key's expiry date."""
    _key_lasts.set(seconds, {"kid": kid})


def certificate_lasts(name: str, seconds: int) -> None:
    """How long it is until a certificate's end."""
    _certificate_lasts.set(seconds, {"certificate": name})


def date_comes(code: str, seconds: int) -> None:
    """How long it is until the day of a yearly date is over that is to be kept; negative if it was missed."""
    _date_comes.set(seconds, {"date": code})


def show(source: str, readings: Sequence[Reading]) -> None:
    """What a part of this process sees now, in the place of what it saw before."""
    _shown[source] = readings


def missed(kind: str) -> None:
    """A promise was not kept in time, and we have said so."""
    _missed.add(1, {"kind": kind})


def link_up(partner: str) -> None:
    """A partner's server answers us."""
    _links.add(1, {"partner": partner})
    log.info("link up", partner=partner)


def link_down(partner: str, reason: str, *, was_up: bool) -> None:
    """It does not any more."""
    if was_up:
        _links.add(-1, {"partner": partner})
        log.warning("link down", partner=partner, reason=reason)


def stumbled(work: str, error: BaseException) -> None:
    """Recurring work failed and will be tried again; for as long as it goes on, ever fewer lines say so."""
    why = reason(error)
    if times := _troubles[work, why].count(monotonic()):
        log.warning("stumbled", work=work, reason=why, times=times)


def reason(error: BaseException) -> str:
    """What may be said of an error outside this process: its kind and code, never its text."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    code = getattr(error, "code", None) or getattr(error, "sqlstate", None)
    return f"{type(error).__name__}: {code}" if code else type(error).__name__
