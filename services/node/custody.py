"""Where each of an agency's keys stands: in the directory, in this home, in use, and whether it can be destroyed."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from contracts.directory import Chain
from contracts.hlc import instant
from contracts.record import MAX_SEQ, stored
from contracts.roster import SealingKey, SigningKey
from services.node.keys import PURPOSES, SEALING, held, is_held, purpose_of
from services.node.settings import BadSettings
from services.node.sql import Connection, Pool, queries

SQL = queries(Path(__file__).with_name("queries.sql"))


class Standing(NamedTuple):
    """One key, as `rajut keys list` shows it."""

    kid: str
    state: str  # signs, waiting, ready, opens, old, lost, revoked, unlisted
    here: bool
    from_seq: int = 0
    to_seq: int = MAX_SEQ
    expires: str = ""


class Use(NamedTuple):
    """A record that a key has signed."""

    seq: int
    time: str  # as claimed
    type: str  # of the event if we may read it, else the record's kind


def standings(chain: Chain, agency: str, log: str, folder: Path, named: int = 0) -> list[Standing]:
    """Every key of an agency that the version in force lists or that lies in a home's `keys` folder.

    *signs*: the one in use, by the version that our records name: `named`, or else the one in force. *waiting*: it
    signs once all others know of the version that brings it. *ready*: it would sign if the one in use went. *opens*:
    the sealing key in use. *old*: no longer used for what is new. *lost*: listed, but not here. *revoked*. *unlisted*:
    here, and in no version yet.
    """
    entry = chain.latest.agencies.get(agency)
    listed = {key.kid: _signing(chain, log, folder, key, named) for key in entry.keys} if entry else {}
    sealing = {entry.sealing.kid: _sealing(folder, entry.sealing)} if entry else {}
    here = [kid for purpose in (*PURPOSES, SEALING) for kid in held(folder, agency, purpose)]
    known = chain.names(agency)
    others = {kid: Standing(kid, "old" if kid in known else "unlisted", here=True) for kid in here}
    return list((others | listed | sealing).values())


def _signing(chain: Chain, log: str, folder: Path, key: SigningKey, named: int) -> Standing:
    usable = [kid for kid in chain.signers(log, key.purpose, version=named) if is_held(folder, kid)]
    here = is_held(folder, key.kid)
    if key.revoked:
        state = "revoked"
    elif not here:
        state = "lost"
    else:
        good = "ready" if key.kid in usable else "waiting"
        state = "signs" if usable[:1] == [key.kid] else good
    return Standing(key.kid, state, here, key.from_seq, key.to_seq, key.expires)


def _sealing(folder: Path, key: SealingKey) -> Standing:
    here = is_held(folder, key.kid)
    return Standing(key.kid, "opens" if here else "lost", here, expires=key.expires)


def lacking(chain: Chain, agency: str, folder: Path) -> list[str]:
    """Keys that the version in force wants this agency to use, and that are not in its home."""
    entry = chain.latest.agencies.get(agency)
    if entry is None:
        return []
    newest = [kid for purpose in PURPOSES for kid in chain.signers(entry.logs[-1], purpose)[:1]]
    return [kid for kid in (*newest, entry.sealing.kid) if not is_held(folder, kid)]


async def uses(pool: Pool | Connection, chain: Chain, kid: str, first: int) -> list[Use]:
    """The records of its log from a place on that a key has signed, with the types that we may read."""
    log = chain.logs().get(kid.partition(".")[0], "")
    rows = [(stored(row["jws"]), row["type"]) for row in await pool.fetch(SQL["signed_from"], log, first)]
    mine = [(signed.record, type_) for signed, type_ in rows if signed.kid == kid]
    return [Use(record.seq, instant(record.hlc.ms), type_ or record.kind) for record, type_ in mine]


def check_idle(chain: Chain, agency: str, kid: str) -> None:
    """Raise BadSettings if the version in force still lets a key be used."""
    entry = chain.latest.agencies.get(agency)
    if entry and (kid == entry.sealing.kid or kid in chain.signers(entry.logs[-1], purpose_of(kid))):
        raise BadSettings(f"{kid}: the directory lets it be used; replace it, then retire it: rajut keys retire")


async def check_read_out(pool: Pool | Connection, chain: Chain, agency: str, kid: str) -> None:
    """Raise BadSettings while content may still come that only this sealing key opens.

    A log never goes back to an older version of the directory. So once each partner's log, held without a hole,
    names a version with a newer sealing key, nothing for the old one follows; and what went before must be here.
    """
    since = _replaced_in(chain, agency, kid)
    for log in chain.logs().values():
        head = await pool.fetchrow(SQL["head"], log)
        if head is None or head["highest"] > head["size"] or not head["jws"] or stored(head["jws"]).record.dir < since:
            raise BadSettings(f"{kid}: {log} has not come to the version that replaces it; try again later")
        if await pool.fetchval(SQL["count_unreadable"], log, 0):
            raise BadSettings(f"{kid}: content of {log} is still missing; try again later")


def _replaced_in(chain: Chain, agency: str, kid: str) -> int:
    """The first version behind the last one that names this sealing key."""
    return 1 + max((number for number, name in _sealing_names(chain, agency) if name == kid), default=0)


def _sealing_names(chain: Chain, agency: str) -> Iterator[tuple[int, str]]:
    for number in range(1, chain.latest.version + 1):
        entry = chain.version(number).agencies.get(agency)
        if entry:
            yield number, entry.sealing.kid
