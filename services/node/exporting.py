"""Where traces, metrics and logs of a process go (`services.node.telemetry` says what is in them).

Apart, since what exports them takes longer to load than many a command to run.
"""

import json
import logging
import sys
from pathlib import Path

import structlog
from opentelemetry import metrics, trace
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter

from services.node.telemetry import reason

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)


def setup(agency: str, traces: str) -> None:
    """Start logging as JSON lines on standard error, metrics for Prometheus, and traces to `traces` if given."""
    _setup_logs(agency)
    resource = Resource.create({"service.name": "rajut", "service.namespace": agency})
    seconds = View(
        instrument_type=Histogram, instrument_unit="s", aggregation=ExplicitBucketHistogramAggregation(SECONDS)
    )
    metrics.set_meter_provider(MeterProvider([PrometheusMetricReader()], resource, views=[seconds]))
    provider = TracerProvider(resource=resource)
    if traces:
        provider.add_span_processor(BatchSpanProcessor(_exporter(traces), schedule_delay_millis=500))
    trace.set_tracer_provider(provider)


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
