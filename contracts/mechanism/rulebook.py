"""The versions of the mechanism that a node holds, and which of them a case means.

A number means what the log of the agency that opened the case says it means: that agency adopted the version in its
own log before it opened a case under it. So what others adopted, and when we heard of it, decides nothing.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from contracts.mechanism import GENESIS, Mechanism

_NONE: Mapping[tuple[str, int], Mechanism] = MappingProxyType({})


class Rulebook(NamedTuple):
    """What each agency has adopted, as far as it is here and can be read; version 1 everybody has."""

    adopted: Mapping[tuple[str, int], Mechanism] = _NONE  # by agency and version

    def named(self, agency: str, version: int) -> Mechanism | None:
        """The rules that an agency means by a number; None if they are not here."""
        return GENESIS if version == GENESIS.version else self.adopted.get((agency, version))

    def newest(self, agency: str) -> Mechanism:
        """The last version that an agency has adopted."""
        theirs = (mechanism for (adopter, _), mechanism in self.adopted.items() if adopter == agency)
        return max(theirs, key=lambda mechanism: mechanism.version, default=GENESIS)
