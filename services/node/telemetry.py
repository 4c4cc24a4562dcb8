"""Traces, metrics and logs. None of them ever carries personal data: ids, codes, counts and times only.

A trace starts at an agency's door, travels inside the sealed content as W3C `traceparent`, and goes on
in the handlers of the other agencies.
"""

import json
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog
from opentelemetry import metrics, trace
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)

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
_links = _meter.create_up_down_counter("rajut.link.up", "1", "1 while a partner's server answers us")


def setup(agency: str, traces: str) -> None:
    """Start logging as JSON lines on standard error, metrics for Prometheus, and traces to `traces` if given."""
    _setup_logs(agency)
    resource = Resource.create({"service.name": "rajut", "service.namespace": agency})
    seconds = View(instrument_unit="s", aggregation=ExplicitBucketHistogramAggregation(SECONDS))
    metrics.set_meter_provider(MeterProvider([PrometheusMetricReader()], resource, views=[seconds]))
    provider = TracerProvider(resource=resource)
    if traces:
        provider.add_span_processor(BatchSpanProcessor(_exporter(traces), schedule_delay_millis=500))
    trace.set_tracer_provider(provider)


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
    """Recurring work failed and will be tried again."""
    log.warning("stumbled", work=work, reason=reason(error))


def reason(error: BaseException) -> str:
    """What may be said of an error outside this process: its kind and code, never its text."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    code = getattr(error, "code", None) or getattr(error, "sqlstate", None)
    return f"{type(error).__name__}: {code}" if code else type(error).__name__


class _Wordless(logging.Formatter):
    """What libraries log: who, how grave, which kind of exception. Their texts and tracebacks quote data."""

    def format(self, record: logging.LogRecord) -> str:
        """One JSON line."""
        told = {"event": record.name, "level": record.levelname}
        if record.exc_info and record.exc_info[1]:
            told["reason"] = reason(record.exc_info[1])
        return json.dumps(told)


def _setup_logs(agency: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Wordless())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of every TLS connection that nats-py closes
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(agency=agency)


def _exporter(traces: str) -> SpanExporter:
    if traces.endswith(".jsonl"):
        return ConsoleSpanExporter(out=Path(traces).open("a", encoding="utf-8"), formatter=_line)
    # Only who sends traces waits for what sends them: a tenth of a second in every start of the command.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

    return OTLPSpanExporter(endpoint=traces)


def _line(span: ReadableSpan) -> str:
    return str(span.to_json(indent=None)) + "\n"
