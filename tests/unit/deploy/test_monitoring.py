"""The alarms and the dashboard fit the node that they are for."""

import re
import shutil
import subprocess
import sys

import pytest
import yaml

from tests.monitoring import ALARMS, DEPLOY, TESTED, alarms, asked, told

# Every way in which a node tells something, each walked once; what comes out is what its `/metrics` would hold.
EVERYTHING = """
from prometheus_client import generate_latest
from services.node import exporting, telemetry as t
exporting.setup("lpsk", "")
t.admitted("komnas-ham", 1, ["E_WRAP"])
t.lag("komnas-ham", 0.1)
t.handled("triage", "a.type", 0.1)
t.parked("triage", "a.type", "LookupError")
t.contradicted("a/lpsk/1", 1)
t.forked("a/lpsk/1", 1)
t.erased(1)
t.missing("SILENCE", "a/lpsk/1", 0, 1)
t.key_lasts("lpsk.intake.1", 1)
t.certificate_lasts("node.pem", 1)
t.date_comes("CATAHU_TERBIT", 1)
t.missed("SURAT")
t.link_up("komnas-ham")
labels = {"partner": "", "kind": "", "service": ""}
t.show("all", [t.Reading(gauge, 1.0, labels) for gauge in t._GAUGES])
print(generate_latest().decode())
"""


@pytest.fixture(scope="module")
def everything() -> dict[str, set[str]]:
    """Every series that a node can tell, with its labels."""
    run = subprocess.run([sys.executable, "-c", EVERYTHING], capture_output=True, text=True, check=True)
    return told(run.stdout)


def test_whatever_is_asked_for_is_told(everything: dict[str, set[str]]) -> None:
    """No alarm and no picture waits for a metric or a label that no node has: it would be silent for ever."""
    wanted = asked()
    assert len(wanted) > 15
    assert {name: labels - everything.get(name, {"no such metric"}) for name, labels in wanted.items()} == {
        name: set() for name in wanted
    }


def test_ages_and_ends_are_single_numbers(everything: dict[str, set[str]]) -> None:
    """What shows how long a key lasts is a number that can be compared, and no histogram."""
    assert "rajut_key_lasts_seconds" in everything
    assert "rajut_key_lasts_seconds_bucket" not in everything
    assert "rajut_handler_duration_seconds_bucket" in everything


@pytest.mark.parametrize("rule", alarms(), ids=lambda rule: str(rule["alert"]))
def test_every_alarm_says_what_to_do(rule: dict[str, dict[str, str]]) -> None:
    """It pages somebody or makes a ticket, says in words what is so, and names a page that exists."""
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    assert (DEPLOY.parent / rule["annotations"]["howto"]).is_file()


def test_an_alarm_names_only_labels_that_it_keeps(everything: dict[str, set[str]]) -> None:
    """What stands in the words of an alarm is a label that its metric has, so that no sentence has a hole."""
    for rule in alarms():
        metrics = [labels for name, labels in everything.items() if name in str(rule["expr"])] or [{"instance"}]
        named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert named <= {"instance"}.union(*metrics), rule["alert"]


def test_every_alarm_has_been_heard_and_been_silent() -> None:
    """The tests of the alarms let each go off once, and let none go off at a node in good order."""
    cases = [case for test in yaml.safe_load(TESTED.read_text())["tests"] for case in test["alert_rule_test"]]
    names = {rule["alert"] for rule in alarms()}
    assert {case["alertname"] for case in cases if case.get("exp_alerts")} == names
    assert {case["alertname"] for case in cases if not case.get("exp_alerts")} == names


def test_the_alarms_pass_their_own_tests() -> None:
    """Where Prometheus is installed, its own tool runs them; elsewhere only what it would run has been looked at."""
    promtool = shutil.which("promtool")
    for verb, file in (("check", ALARMS), ("test", TESTED)) if promtool else ():
        done = subprocess.run([str(promtool), verb, "rules", file], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
