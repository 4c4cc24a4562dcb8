"""The courier between nodes, and everything that it does wrong: all of it drawn from the seed."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

MAX_LOSS = 0.3


class Faults(NamedTuple):
    """How bad a network is: chances between 0 and 1, per message or per step."""

    loss: float = 0.0
    twice: float = 0.0
    shuffle: float = 0.0
    damage: float = 0.0
    crash: float = 0.0

    @classmethod
    def drawn(cls, rng: Random) -> "Faults":
        """Some seeds get a calm network, most a bad one."""
        return cls(*(rng.choice((0.0, rng.random() * MAX_LOSS)) for _ in cls._fields))


class Network:
    """Who reaches whom, and in what state messages arrive."""

    def __init__(self, rng: Random, faults: Faults) -> None:
        self._rng = rng
        self.faults = faults
        self._cut: set[frozenset[str]] = set()

    def reaches(self, one: str, other: str) -> bool:
        """Whether two agencies hear each other now."""
        return frozenset((one, other)) not in self._cut

    def cut(self, one: str, other: str) -> None:
        """Separate two agencies until `heal`."""
        self._cut.add(frozenset((one, other)))

    def heal(self) -> None:
        """Everybody hears everybody."""
        self._cut.clear()

    def calm(self) -> None:
        """From here on nothing goes wrong any more."""
        self.heal()
        self.faults = Faults()

    def carry(self, messages: Sequence[bytes]) -> list[bytes]:
        """What arrives of these messages: fewer, doubled, in another order, damaged."""
        arrived: list[bytes] = []
        for message in messages:
            if self._happens(self.faults.loss):
                continue
            arrived.append(self._damaged(message) if self._happens(self.faults.damage) else message)
            if self._happens(self.faults.twice):
                arrived.append(message)
        if self._happens(self.faults.shuffle):
            self._rng.shuffle(arrived)
        return arrived

    def crashes(self) -> bool:
        """Whether a node dies before its transaction commits."""
        return self._happens(self.faults.crash)

    def _happens(self, chance: float) -> bool:
        return self._rng.random() < chance

    def _damaged(self, message: bytes) -> bytes:
        """One bit wrong, or cut short.

        A damaged record comes without content: what is refused is named by a hash of its bytes, and the wrapped
        key in them is no function of the seed.
        """
        record, newline, sealed = message.partition(b"\n")
        if not newline or self._rng.random() < 0.5:
            return self._flipped(record)
        if self._rng.random() < 0.3:
            return record
        return record + newline + self._flipped(sealed)

    def _flipped(self, data: bytes) -> bytes:
        if not data:
            return data
        at = self._rng.randrange(len(data))
        return data[:at] + bytes([data[at] ^ 1 << self._rng.randrange(7)]) + data[at + 1 :]
