"""Whoever guesses waits: after a few wrong tries for a name, an address gets no further one for a while.

A name alone is never shut: else anybody could keep an officer from the desk at two in the morning. Kept in memory: a
restart forgives, and whoever can restart the node needs no password.
"""

from collections import OrderedDict

TRIES = 5  # for one name from one address
TRIES_IN_ALL = 20  # from one address
WAIT_MS = 15 * 60 * 1000
MAX_KNOWN = 10_000  # whoever makes up names pushes out the oldest


class Lockout:
    """Wrong tries, by address and name."""

    def __init__(self) -> None:
        self._failed: OrderedDict[tuple[str, ...], list[int]] = OrderedDict()

    def shut(self, address: str, name: str, now_ms: int) -> bool:
        """Whether the tries are used up."""
        here, in_all = self._recent((address, name), now_ms), self._recent((address,), now_ms)
        return len(here) >= TRIES or len(in_all) >= TRIES_IN_ALL

    def failed(self, address: str, name: str, now_ms: int) -> None:
        """One more wrong try."""
        for key in ((address, name), (address,)):
            self._failed[key] = [*self._recent(key, now_ms), now_ms][-TRIES_IN_ALL:]
            self._failed.move_to_end(key)
        while len(self._failed) > MAX_KNOWN:
            self._failed.popitem(last=False)

    def _recent(self, key: tuple[str, ...], now_ms: int) -> list[int]:
        return [at for at in self._failed.get(key, ()) if abs(now_ms - at) < WAIT_MS]  # also by a clock put right
