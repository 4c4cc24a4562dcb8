"""Which record that we hold convicts its author when it is put beside a contradicting one. Pure."""

from collections.abc import Iterable

from contracts.directory import Chain
from contracts.evidence import RecordFork
from contracts.record import Signed, stored


def record_fork(other: bytes, near: Iterable[bytes], chain: Chain) -> RecordFork | None:
    """`other` beside the first of its neighbours (JWS of the same log) that cannot be true with it; None if all can.

    A record that we hold may itself be the other one: it came first, and then what stands before it turned out to be
    something else than it names. And some contradictions prove nothing, such as a directory version that goes back, or
    what a stolen key has signed: whatever is void stands in the way of no other neighbour.
    """
    new, beside = stored(other), (stored(one) for one in near)
    sound = (one for one in beside if not chain.is_void(one.kid, one.record))
    return next((RecordFork(one.jws, other) for one in sound if _exclude(one, new)), None)


def _exclude(one: Signed, other: Signed) -> bool:
    first, second = sorted((one, other), key=lambda signed: signed.record.seq)
    if first.record.seq == second.record.seq:
        return first.id != second.id
    return first.record.seq + 1 == second.record.seq and second.record.prev != first.id
