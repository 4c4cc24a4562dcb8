"""What the alarms and the dashboard of `deploy` ask for, and what a node's metrics hold."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser
import yaml
from prometheus_client.parser import text_string_to_metric_families

DEPLOY = Path(__file__).parents[1] / "deploy"
ALARMS = DEPLOY / "prometheus" / "rajut.rules.yml"
TESTED = DEPLOY / "prometheus" / "rajut.test.yml"
_DASHBOARD = DEPLOY / "grafana" / "operations.json"
_OF_PROMETHEUS = {"up"}  # what it says of its own scrapes


@cache
def alarms() -> list[dict[str, Any]]:
    """The alarms, as they stand in the file."""
    return [rule for group in yaml.safe_load(ALARMS.read_text())["groups"] for rule in group["rules"]]


def pictures() -> list[str]:
    """The queries of the dashboard, with an interval in the place of Grafana's own."""
    panels = json.loads(_DASHBOARD.read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    return [query.replace("$__rate_interval", "5m") for query in queries]


def asked() -> dict[str, set[str]]:
    """Every metric that an alarm or a picture asks for, with its labels; ValueError if one is no PromQL."""
    found: dict[str, set[str]] = {}
    for query in (*(rule["expr"] for rule in alarms()), *pictures()):
        tree = promql_parser.parse(query)
        grouped = {label for node in _nodes(tree) for label in _grouping(node)}
        for node in _nodes(tree):
            if isinstance(node, promql_parser.VectorSelector) and node.name not in _OF_PROMETHEUS:
                by = {matcher.name for matcher in node.matchers.matchers}
                found.setdefault(str(node.name), set()).update(by | grouped)
    return {name: labels - {"instance", "job", "le"} for name, labels in found.items()}


def told(metrics: str) -> dict[str, set[str]]:
    """Every series that `/metrics` holds, with its labels."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def _nodes(tree: promql_parser.Expr) -> list[Any]:
    nodes: list[Any] = []
    promql_parser.walk(tree, nodes.append)
    return nodes


def _grouping(node: object) -> Iterator[str]:
    if isinstance(node, promql_parser.AggregateExpr) and node.modifier:
        yield from node.modifier.labels
