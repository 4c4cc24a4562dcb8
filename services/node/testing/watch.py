"""What `services.node.silence` writes down of logs that say nothing and of parents that nobody gives, in dictionaries.

How long somebody is given before it is called missing is counted by production code (`counted`, `overdue`); here are
the rows alone: what is lacking, opening a row for it, and closing the row when it has come.
"""

from collections.abc import Iterable

from services.node.silence import Absent, Lack
from services.node.testing.store import MemoryStore
from services.node.testing.tables import Gap


class MemoryWatch:
    """The rows of one node's store."""

    def __init__(self, store: MemoryStore) -> None:
        """What `store` lacks."""
        self._store = store

    def absent(self) -> dict[Lack, Absent]:
        """The next record of every log that others write, and the parents that nobody has given us."""
        rows = self._store.tables
        others = {log: head.highest for log, head in rows.heads.items() if log != self._store.own}
        found = {Lack("SILENCE", log, seq): Absent(seq) for log, seq in others.items()}
        first: dict[tuple[str, bytes], int] = {}
        for event, parent in rows.waiting:
            if parent and parent not in rows.events:
                record = rows.events[event].signed.record
                place = record.log, parent
                first[place] = min(first.get(place, record.seq), record.seq)
        return found | {Lack("PARENT", log, seq, parent): Absent(seq) for (log, parent), seq in first.items()}

    def note(self, late: Iterable[Lack]) -> None:
        """Open rows for what is lacking still; an open row tells how far it reaches by now."""
        absent, rows = self.absent(), self._store.tables
        for lack in late:
            if lack in absent:
                place, last = (lack.kind, lack.log, lack.id), absent[lack].last
                gap = rows.lacking.get(place, Gap(lack.log, lack.seq, last))
                rows.lacking[place] = gap._replace(last=max(gap.last, last))

    def close_come(self) -> None:
        """Close the rows of what has come, or is waited for no more."""
        rows = self._store.tables
        for place, gap in list(rows.lacking.items()):
            if not self._is_lacking(*place, gap):
                rows.come.append((*place, rows.lacking.pop(place)))

    def _is_lacking(self, kind: str, log: str, parent: bytes, gap: Gap) -> bool:
        rows = self._store.tables
        if kind == "SILENCE":
            return log in rows.heads and rows.heads[log].highest <= gap.first
        waiting = (event for event, named in rows.waiting if named == parent)
        return any(rows.events[event].signed.record.log == log for event in waiting)
