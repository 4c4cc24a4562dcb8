"""Gathers what this node holds of a case, for a bundle that an outsider can check alone (`contracts.bundle`).

Every record of every log is looked at, not only what is filed under the case: an event that others sealed to
themselves has the case's tag, too, and its record belongs into the bundle. Everything is read in one snapshot.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from contracts import note
from contracts.bundle.archive import unpack
from contracts.bundle.assembly import Dossier, Export, Holding, assemble, last_seen_by
from contracts.bundle.completeness import beginnings, is_of
from contracts.bundle.layout import Erasure, Gap, place
from contracts.bundle.verdict import Scope
from contracts.case import fold
from contracts.content import decode
from contracts.delivery import position
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events import REGISTRY
from contracts.events.access import View
from contracts.merkle import Leaves, leaf_hash
from contracts.note import Checkpoint, Note
from contracts.record import EventId, Record, Signed, stored
from contracts.sealing import Opened, unseal
from contracts.workflow.erasure import ERASURE_ACTS, PERSONAL
from services.node.access import Shown
from services.node.cases import gaps, logs_of
from services.node.log import SQL as LOG, Log, split
from services.node.sql import Connection, queries
from services.node.vault import Vault

SQL = queries(Path(__file__).with_name("audit.sql"))
BATCH = 512  # records
NOT_FOR_COURTS = frozenset(body.wire_type for body in PERSONAL)
ALWAYS = frozenset(body.wire_type for body in ERASURE_ACTS)  # what says why other content is gone


class Wish(NamedTuple):
    """What of a case is to be disclosed; events by id or by place (`lpsk/1/12`)."""

    scope: Scope
    disclose: Collection[str] = ()  # although it is of what is withheld from a court
    withhold: Collection[str] = ()  # whatever it is


class Scanned(NamedTuple):
    """One log: its leaves up to the first hole, and its records of the case."""

    leaves: Leaves
    records: Sequence[Signed]


class Auditor:
    """Gathers one case on one connection, inside a snapshot."""

    def __init__(self, connection: Connection, log: Log, vault: Vault, progress: Callable[[int], None]) -> None:
        """`progress` is told the number of records every now and then."""
        self._connection = connection
        self._log = log
        self._vault = vault
        self._progress = progress
        self._looked_at = 0

    async def bundle(self, case_id: str, wish: Wish, export: Export) -> bytes:
        """The bundle, signed by this node; Rejected(NOT_FOUND) if the case, or an event of the wish, is not here."""
        dossier = await self.dossier(case_id, wish)
        head = dossier.holdings[self._log.log].leaves.size
        return assemble(dossier, export, self._log.signer("node", head))

    async def dossier(self, case_id: str, wish: Wish) -> Dossier:
        """Everything that is held of a case, as far as it is to be disclosed; raises as `bundle`."""
        timeline = await self._log.load(self._connection, case_id)
        heads = await self._connection.fetch(SQL["heads"])
        scanned = {row["log"]: await self._scan(row["log"], row["size"], timeline.key) for row in heads}
        records = [signed for one in scanned.values() for signed in one.records]
        opened = await self._opened(records)
        kept = withheld(records, opened, wish)
        case, chain = fold(timeline.events, self._log.rules), self._log.chain
        firsts = (beginnings(case_id, timeline.key, chain, records) or {}) if wish.scope == "whole" else None
        told = await gaps(self._connection, self._log, case_id, case)
        return Dossier(
            case=case_id,
            chain=chain,
            holdings={log: await self._holding(log, one, firsts) for log, one in scanned.items()},
            records=records,
            anchors=await self._anchors(records),
            opened={id_: one for id_, one in opened.items() if id_ not in kept},
            withheld=kept,
            gaps=[Gap(**gap.model_dump(include=set(Gap.model_fields))) for gap in told],
            erasures=await self._erasures(case_id),
            rules=self._log.document(case.judged_by),
            forks=[row["proof"] for row in await self._connection.fetch(SQL["forks"], logs_of(chain, case))],
        )

    async def _scan(self, log: str, size: int, key: bytes) -> Scanned:
        leaves, records = [], []
        async for row in self._connection.cursor(SQL["whole_log"], log, prefetch=BATCH):
            if row["seq"] < size:
                leaves.append(leaf_hash(row["jws"]))
            signed = stored(row["jws"])
            if is_of(signed, key):
                records.append(signed)
            self._looked_at += 1
            if self._looked_at % BATCH == 0:
                self._progress(self._looked_at)
        return Scanned(Leaves(leaves), records)

    async def _opened(self, records: Iterable[Signed]) -> dict[EventId, Opened]:
        """What is here and opens, whether or not the event has taken effect."""
        found = {}
        for row in await self._connection.fetch(SQL["contents"], [one.id for one in records]):
            signed = stored(row["jws"])
            try:
                key = self._vault.unlock(row["key"], signed.id)
                place_ = position(signed.record)
                found[signed.id] = unseal(row["blob"], key, place_, cm=signed.record.cm, tag=signed.record.tag)
            except Rejected:  # it is missing from the bundle, and the verdict names it
                continue
        return found

    async def _holding(self, log: str, scanned: Scanned, firsts: Mapping[str, int] | None) -> Holding:
        notes = await self._notes(log, scanned.records)
        end = max((one.checkpoint.size for one in notes), default=0)
        if firsts is None:
            return Holding(scanned.leaves, notes)
        first = min(firsts.get(log, 0), end)
        rows = await self._connection.fetch(SQL["stretch"], log, first, end)
        return Holding(scanned.leaves, notes, first, [row["jws"] for row in rows])

    async def _notes(self, log: str, records: Sequence[Signed]) -> list[Note]:
        rows = await self._connection.fetch(SQL["checkpoints"], log, [one.record.seq for one in records])
        told = ((Checkpoint(row["log"], row["size"], row["root"]), row["line"], row["lines"]) for row in rows)
        return [note.read(b"".join((checkpoint.encode(), b"\n", line, *lines))) for checkpoint, line, lines in told]

    async def _anchors(self, records: Sequence[Signed]) -> list[Signed]:
        """The records of others that date these."""
        ids = [one.id for one in records]
        rows = await self._connection.fetch(SQL["first_to_see"], ids)
        places = sorted(last_seen_by(records) | {(row["log"], row["seq"]) for row in rows})
        logs, seqs = [log for log, _ in places], [seq for _, seq in places]
        found = [stored(row["jws"]) for row in await self._connection.fetch(LOG["records_at"], logs, seqs)]
        return [one for one in found if one.id not in set(ids)]

    async def _erasures(self, case_id: str) -> list[Erasure]:
        return [
            Erasure(
                asked=b64(row["asked"]),
                confirmed=b64(row["confirmed"]),
                executed=b64(row["executed"]),
                parents={
                    b64(id_): [b64(parent) for parent in split(parents)]
                    for id_, parents in zip(row["events"], row["parents"], strict=True)
                },
            )
            for row in await self._connection.fetch(SQL["erasures"], case_id)
        ]


def shown_by(case_id: str, data: bytes) -> Iterator[Shown]:
    """What a bundle of ours shows: the case and, apart from it, the person, if it says who that is."""
    files = unpack(data).files
    yield Shown(View.CASE, [case_id], sum(name.startswith("records/") for name in files))
    types = [json.loads(content)["type"] for name, content in files.items() if name.startswith("content/")]
    if personal := sum(type_ in NOT_FOR_COURTS for type_ in types):
        yield Shown(View.PERSON, [case_id], personal)


def withheld(records: Sequence[Signed], opened: Mapping[EventId, Opened], wish: Wish) -> list[EventId]:
    """The events that are here and are not to be disclosed, by what they are or by name.

    Raises Rejected(NOT_FOUND) for a name that is none of theirs.
    """
    types = {one.id: _type_of(opened[one.id].content, one.record) for one in records if one.id in opened}
    names = {name: one.id for one in records for name in (b64(one.id), place(one.record.log, one.record.seq))}
    for name in (*wish.disclose, *wish.withhold):
        if names.get(name) not in types:
            raise Rejected(Code.NOT_FOUND, "event")
    disclose, withhold = ({names[name] for name in chosen} for chosen in (wish.disclose, wish.withhold))
    private = {one.id for one in records if wish.scope == "court" and not _fit_for_courts(one, types.get(one.id, ""))}
    return sorted(id_ for id_ in (private & types.keys() - disclose) | withhold if types[id_] not in ALWAYS)


def _type_of(content: bytes, record: Record) -> str:
    """What an event is; nothing if its content is in a form that is refused: whoever verifies it names it."""
    try:
        return decode(content, record).type
    except Rejected:
        return ""


def _fit_for_courts(signed: Signed, type_: str) -> bool:
    """Not who somebody is, what happened to them, what this version does not know; nor what only we were to read."""
    return len(signed.record.to) > 1 and type_ in REGISTRY and type_ not in NOT_FOR_COURTS
