"""What one version of the directory adds to another, and what it takes back: the one can wait, the other cannot."""

from collections.abc import Iterator

from contracts.directory import Chain
from contracts.roster import Directory

Power = tuple[str | int, ...]


def may_wait(chain: Chain, named: int, version: int) -> bool:
    """Whether an agency whose log names `named` goes on with it until all others know of `version`.

    Not if nobody may do anything by it that they may not by the one named. And not if it, or one in between, takes a
    stolen key back: that goes before everything else, and with it whatever else stands there.
    """
    before = chain.version(named)
    later = (chain.version(number) for number in range(named + 1, version + 1))
    if any(_revoked(directory) - _revoked(before) for directory in later):
        return False
    return bool(_powers(chain.version(version)) - _powers(before))


def must_know(chain: Chain, named: int, version: int) -> frozenset[str]:
    """The agencies whose cosignatures are waited for, oneself among them: who was there before and still is after."""
    return frozenset(chain.version(named).agencies) & frozenset(chain.version(version).agencies)


def _powers(directory: Directory) -> frozenset[Power]:
    """What a version lets be done, by whom: a new one of these is a key or a member that others should hear of."""
    return frozenset(power for agency in directory.agencies for power in _of(directory, agency))


def _of(directory: Directory, agency: str) -> Iterator[Power]:
    entry = directory.agencies[agency]
    yield "root", agency, entry.root.public
    yield "reader", agency, entry.sealing.public
    for log in entry.logs:
        yield "log", agency, log
    for key in entry.keys:
        for grant in key.grants:
            yield "key", key.public, key.log, key.from_seq, key.to_seq, grant


def _revoked(directory: Directory) -> frozenset[tuple[str, int]]:
    keys = (key for entry in directory.agencies.values() for key in entry.keys)
    return frozenset((key.kid, key.to_seq) for key in keys if key.revoked)
