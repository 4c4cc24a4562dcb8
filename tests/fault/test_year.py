"""A rehearsal: a synthetic month through three real nodes whose clocks are set back."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.mark.timeout(300)
def test_a_month_of_made_up_cases_ends_in_one_story() -> None:
    """No desk refuses, promises of the shared case and of the own mechanisms are counted, all nodes tell the same."""
    command = [sys.executable, "-m", "deploy.dev.year", "--cases=6", "--days=20", "--pause=0.1", "--seed=3", "--json"]
    played = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=300)
    assert played.returncode == 0, played.stdout + played.stderr[-2000:]
    told = json.loads(played.stdout)
    assert (told["cases"], told["differing"], told["refused"]) == (6, 0, {})
    assert told["kinds"]["TRIASE"]["kept"] > 0
    assert told["kinds"]["LANGKAH"]["missed"] > 0  # nobody takes a step in the agencies' own mechanisms
    assert sum(sum(count.values()) for count in told["kinds"].values()) > 6
