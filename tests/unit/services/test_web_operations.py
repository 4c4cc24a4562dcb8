"""The page of operations: what is said on its first line, and how long its bars are."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.node.web.operations import LATE, WIDE, bars, worries

PARTNER = {"agency": "komnas-ham", "silent_s": 10.0, "missing": 0, "unread": 3, "unsigned": 3, "disputed": 0}
WELL: Mapping[str, Any] = {
    "ready": True,
    "problems": [],
    "missing": [],
    "heartbeat_s": 300.0,
    "partners": [PARTNER],
    "backlog": {},
    "checkpoint_due_s": 2.0,
    "disputed": 0,
    "parked": [],
    "ends": [{"name": "k1", "expires": "2027-01-01", "days": 40}],
}
KEPT: Mapping[str, Any] = {"kinds": [{"kind": "TRIASE", "kept": 3, "missed": 0, "open": 1}], "weeks": []}


def test_a_node_in_good_order_worries_nobody() -> None:
    """A few records under way, a key that lasts, a promise that is open: all is well."""
    assert worries(WELL, KEPT) == []


@pytest.mark.parametrize(
    ("changed", "word", "grave"),
    [
        ({"ready": False, "problems": ["broker: TimeoutError"]}, "not_ready", True),
        ({"disputed": 1}, "disputed", True),
        ({"parked": [{}]}, "parked", True),
        ({"missing": ["SEQUENCE rajut.example/lpsk/1 1-2"]}, "missing", False),
        ({"checkpoint_due_s": 301.0}, "checkpoint", False),
        ({"ends": [{"name": "k1", "expires": "", "days": 29}]}, "ends", False),
        ({"ends": [{"name": "k1", "expires": "", "days": -1}]}, "ended", True),
        ({"partners": [PARTNER | {"silent_s": 601.0}]}, "silent", True),
        ({"partners": [PARTNER | {"silent_s": -1}]}, "silent", True),
        ({"partners": [PARTNER | {"unread": LATE + 1}]}, "behind", False),
        ({"partners": [PARTNER | {"disputed": 1}]}, "partner_disputed", True),
    ],
)
def test_whatever_is_not_as_it_should_be_is_said(changed: Mapping[str, Any], word: str, *, grave: bool) -> None:
    """Each in a line of its own, marked as grave where somebody must act at once."""
    assert [(one.word, one.grave) for one in worries({**WELL, **changed}, KEPT)] == [(word, grave)]


def test_missed_deadlines_are_counted() -> None:
    """Over all kinds; what is grave stands before them."""
    late = {"kinds": [{"missed": 2}, {"missed": 1}]}
    found = worries({**WELL, "parked": [{}, {}]}, late)
    assert [(one.word, one.values) for one in found] == [("parked", {"count": 2}), ("missed", {"count": 3})]


def test_the_parts_of_a_bar_stand_side_by_side() -> None:
    """As wide as their share of the longest one; nothing at all has no width."""
    assert [(one.start, one.width) for one in bars({"kept": 1, "open": 1}, 4)] == [
        (0, WIDE // 4),
        (WIDE // 4, WIDE // 4),
    ]
    assert [one.width for one in bars({"kept": 0}, 0)] == [0]
