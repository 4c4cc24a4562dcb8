"""The mechanism on a node: a version that all agencies signed is taken while the node runs, and said in its log.

The log is the store: who can read the opening of a case can read, further up in the same log, the rules that it
names. So there is no second copy that could say otherwise (docs/adr/0020).
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from contracts.directory import Chain
from contracts.errors import Code, Rejected
from contracts.events.node import MechanismAdopted
from contracts.hlc import instant
from contracts.mechanism import Mechanism, signed
from contracts.mechanism.calendar import office_day
from contracts.mechanism.signed import BEGINNING, check_follows, check_signed, mechanism_of, standing
from services.node.clock import Clock
from services.node.log import Log
from services.node.service import SYSTEM
from services.node.sql import Pool
from services.node.writing import CONTROL, Draft

FOLDER = "mechanism"  # in a home
LOOK_AHEAD = timedelta(days=120)  # longer than any working-day deadline of the first version


class Mechanisms:
    """Adopts what lies in the home's folder, and tells everybody."""

    def __init__(self, pool: Pool, log: Log, clock: Clock, folder: Path) -> None:
        """`pool` connects with the node's role; versions lie in `folder` as `N.json`."""
        self._pool = pool
        self._log = log
        self._clock = clock
        self._folder = folder

    async def adopt(self) -> None:
        """Take the next version once its file is there, and say so; an agency that joined is told of the newest.

        Rejected(MECHANISM | JSON | BODY ...) if the lowest file above the version in force does not hold what follows.
        """
        await self._log.follow_rules(self._pool)
        last = self._log.own_rules
        members = frozenset(self._log.directory.agencies)
        if last and not members <= last.told:
            await self._say(last.said)
        at = standing(last.said) if last else BEGINNING
        versions = {int(path.stem): path for path in self._folder.glob("*.json") if path.stem.isdecimal()}
        if later := [number for number in versions if number > at.version]:
            said = signed.read(versions[min(later)].read_bytes())
            check_adoptable(said, self._log.chain, at)
            await self._say(said)

    def warnings(self) -> list[str]:
        """One line if deadlines may reach into a year whose holidays nobody has listed: no reason not to be ready."""
        rules = self._log.rules.newest(self._log.agency)
        if rules.listed_until >= office_day(_at(self._clock.now_ms()) + LOOK_AHEAD):
            return []
        return [f"mechanism {rules.version}: no holidays are listed after {rules.listed_until}; agree on a new version"]

    async def _say(self, said: MechanismAdopted) -> None:
        to = tuple(sorted(self._log.directory.agencies))
        draft = Draft(said, to, SYSTEM, instant(self._clock.now_ms()))
        async with self._pool.acquire() as connection, connection.transaction():
            await self._log.append(connection, "node", CONTROL, [draft])
        await self._log.follow_rules(self._pool)


def check_calendar(rules: Mechanism, now_ms: int) -> None:
    """Rejected(MECHANISM) for a proposal whose holidays are not listed for this year and the next one."""
    if rules.listed_until.year <= office_day(_at(now_ms)).year:
        raise Rejected(Code.MECHANISM, f"holidays: none listed after {rules.listed_until}")


def check_adoptable(said: MechanismAdopted, chain: Chain, at: signed.Standing) -> None:
    """Rejected(MECHANISM) unless a version follows `at`, is signed by all agencies and can be read here."""
    check_follows(said, at)
    if not chain.knows(said.directory):
        raise Rejected(Code.MECHANISM, "directory")
    directory = chain.version(said.directory)
    check_signed(said, directory)
    mechanism_of(said, directory)


def _at(now_ms: int) -> datetime:
    return datetime.fromtimestamp(now_ms / 1000, UTC)
