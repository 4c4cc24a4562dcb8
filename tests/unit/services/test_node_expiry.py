"""The dates of certificates are told before they come."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.node.expiry import certificates

pytestmark = pytest.mark.enable_socket  # looking for free ports opens sockets

LIFETIME = timedelta(days=825)


def test_every_certificate_of_a_home_has_its_date(homes: dict[str, Path]) -> None:
    """Ours, our authority's and both partners' authorities', the next one to end first, counted in seconds from now."""
    now = datetime.now(UTC)
    ends = certificates(homes["lpsk"] / "nats", int(now.timestamp() * 1000))
    authorities = {"ca.pem", "komnas-ham.ca.pem", "komnas-perempuan.ca.pem"}
    assert {one.kid for one in ends} == authorities | {"clients-ca.pem", "server.pem", "node.pem", "systems.pem"}
    assert ends == sorted(ends, key=lambda one: (one.seconds, one.kid))
    assert all(one.days in {LIFETIME.days, LIFETIME.days - 1} for one in ends)
    assert {one.expires for one in ends} <= {
        str((now + LIFETIME).date()),
        str((now + LIFETIME - timedelta(days=1)).date()),
    }


def test_a_certificate_that_has_ended_counts_below_zero(homes: dict[str, Path]) -> None:
    """Once its date has passed the number is negative, and goes on falling."""
    later = datetime.now(UTC) + LIFETIME + timedelta(days=2)
    assert all(one.days in {-2, -3} for one in certificates(homes["lpsk"] / "nats", int(later.timestamp() * 1000)))
