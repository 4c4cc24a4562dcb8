"""Writes `operations.json` beside this file: the dashboard of one agency's node, for its own Grafana (10 or newer).

Rows go from what stops protection to what only needs a date in the calendar. Queries are over counts, ages and kinds;
there is nothing to click through to a case. Import it, and choose the Prometheus that scrapes the node's `[ops]` doors
as job `rajut`.
"""

import json
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

DASHBOARD = Path(__file__).with_name("operations.json")
_SOURCE = {"type": "prometheus", "uid": "${source}"}
_COLUMNS, _WIDTH, _HEIGHT = 24, 8, 7
_HERE = 'instance=~"$instance"'


class Panel(NamedTuple):
    """One picture: what it asks, and from where on it is worth a look."""

    title: str
    query: str
    legend: str
    kind: str = "timeseries"
    unit: str = "short"
    worry: float | None = None  # red from here on; with `below`, up to here
    below: bool = False


ROWS: dict[str, tuple[Panel, ...]] = {
    "Serving": (
        Panel("Ready", f"rajut_ready{{{_HERE}}}", "{{instance}}", "stat", worry=1, below=True),
        Panel("Links up", f"rajut_link_up{{{_HERE}}}", "{{partner}}", "stat", worry=1, below=True),
        Panel("Last sign of life", f"rajut_partner_silent_seconds{{{_HERE}}}", "{{partner}}", "stat", "s", worry=660),
    ),
    "Partners": (
        Panel("Records that we lack", f"rajut_partner_missing{{{_HERE}}}", "{{partner}}", worry=1),
        Panel("Records that they have not read", f"rajut_partner_unread{{{_HERE}}}", "{{partner}}", worry=20),
        Panel(
            "What is missing, by kind", f"sum by (kind, log) (rajut_gap_open{{{_HERE}}})", "{{kind}} {{log}}", worry=1
        ),
        Panel(
            "From their decision to our admission, 95 of 100",
            "histogram_quantile(0.95, sum by (partner, le) (rate("
            f"rajut_admission_lag_seconds_bucket{{{_HERE}}}[$__rate_interval])))",
            "{{partner}}",
            unit="s",
            worry=60,
        ),
        Panel(
            "Records admitted",
            f"sum by (partner) (rate(rajut_admission_records_total{{{_HERE}}}[$__rate_interval]))",
            "{{partner}}",
            unit="ops",
        ),
        Panel(
            "Refused in an hour",
            f"sum by (partner, code) (increase(rajut_admission_refused_total{{{_HERE}}}[1h]))",
            "{{partner}} {{code}}",
            worry=1,
        ),
    ),
    "Work": (
        Panel("Parked, for a person", f"rajut_service_parked{{{_HERE}}}", "{{service}}", "stat", worry=1),
        Panel("Not yet handled", f"rajut_service_unhandled{{{_HERE}}}", "{{service}}", worry=100),
        Panel("Before the node", f"rajut_backlog{{{_HERE}}}", "{{kind}}", worry=1000),
        Panel(
            "Time in handlers, 95 of 100",
            "histogram_quantile(0.95, sum by (service, le) (rate("
            f"rajut_handler_duration_seconds_bucket{{{_HERE}}}[$__rate_interval])))",
            "{{service}}",
            unit="s",
            worry=1,
        ),
        Panel("Owed, by kind", f"sum by (kind) (rajut_promise_open{{{_HERE}}})", "{{kind}}"),
        Panel("Late, by kind", f"sum by (kind) (rajut_promise_overdue{{{_HERE}}})", "{{kind}}", worry=1),
        Panel(
            "Missed in a day, by kind",
            f"sum by (kind) (increase(rajut_promise_missed_total{{{_HERE}}}[1d]))",
            "{{kind}}",
            worry=1,
        ),
    ),
    "Proof": (
        Panel("Contradictions", f"rajut_witness_disputed{{{_HERE}}}", "{{partner}}", "stat", worry=1),
        Panel(
            "Waiting for a checkpoint", f"rajut_checkpoint_due_seconds{{{_HERE}}}", "{{instance}}", unit="s", worry=60
        ),
        Panel("Not cosigned by", f"rajut_witness_behind{{{_HERE}}}", "{{partner}}", worry=20),
    ),
    "Endings": (
        Panel("Keys", f"rajut_key_lasts_seconds{{{_HERE}}}", "{{kid}}", "stat", "s", 30 * 86400, below=True),
        Panel(
            "Certificates",
            f"rajut_certificate_lasts_seconds{{{_HERE}}}",
            "{{certificate}}",
            "stat",
            "s",
            30 * 86400,
            below=True,
        ),
        Panel("Yearly dates", f"rajut_date_comes_seconds{{{_HERE}}}", "{{date}}", "stat", "s", 30 * 86400, below=True),
    ),
}


def dashboard() -> dict[str, Any]:
    """The dashboard, as Grafana imports it."""
    return {
        "uid": "rajut-operations",
        "title": "Rajut: operations",
        "tags": ["rajut"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_source(), _instance()]},
        "panels": _panels(),
    }


def _source() -> dict[str, Any]:
    return {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _instance() -> dict[str, Any]:
    query = "label_values(rajut_ready, instance)"
    shared = {"name": "instance", "label": "Node", "type": "query", "datasource": _SOURCE, "refresh": 2}
    return shared | {"query": query, "includeAll": True, "multi": True, "allValue": ".*"}


def _panels() -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = []
    ids, top = count(1), 0
    for title, row in ROWS.items():
        panels.append(
            {
                "id": next(ids),
                "type": "row",
                "title": title,
                "collapsed": False,
                "panels": [],
                "gridPos": _at(top, 0, _COLUMNS, 1),
            }
        )
        top += 1
        for place, panel in enumerate(row):
            down, across = divmod(place * _WIDTH, _COLUMNS)
            panels.append(
                _panel(panel) | {"id": next(ids), "gridPos": _at(top + down * _HEIGHT, across, _WIDTH, _HEIGHT)}
            )
        top += _HEIGHT * -(-len(row) * _WIDTH // _COLUMNS)
    return panels


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "type": panel.kind,
        "title": panel.title,
        "datasource": _SOURCE,
        "targets": [{"refId": "A", "datasource": _SOURCE, "expr": panel.query, "legendFormat": panel.legend}],
        "fieldConfig": {"defaults": {"unit": panel.unit, "thresholds": _thresholds(panel)}, "overrides": []},
    }


def _thresholds(panel: Panel) -> dict[str, Any]:
    calm, alarm = ("red", "green") if panel.below else ("green", "red")
    steps: list[dict[str, Any]] = [{"color": calm if panel.worry is not None else "green", "value": None}]
    if panel.worry is not None:
        steps.append({"color": alarm, "value": panel.worry})
    return {"mode": "absolute", "steps": steps}


def _at(y: int, x: int, w: int, h: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": w, "h": h}


def main() -> None:
    """Write the file."""
    DASHBOARD.write_text(json.dumps(dashboard(), indent=2) + "\n")


if __name__ == "__main__":
    main()
