"""What a revocation takes from what came before it was known: a stolen key accuses, stops and confirms nobody any more.

What comes in later is judged by the directory as it stands. What is here already is judged once more, when a node
starts and with each version: records that contradict ours, the proofs made of them, checkpoints and cosignatures. All
rows stay. `log.void` names those that do not count, and whoever judges by them reads the sound ones.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from contracts import evidence, note
from contracts.directory import Chain
from contracts.errors import Rejected
from contracts.record import stored
from services.node.sql import Connection, Row, queries

SQL = queries(Path(__file__).with_name("voiding.sql"))


async def set_aside(connection: Connection, chain: Chain) -> None:
    """Name what counts no more by the directory as it stands, in the caller's transaction, with the node's role."""
    records = _void(chain, await connection.fetch(SQL["contradictions"]))
    proofs = _disproved(chain, await connection.fetch(SQL["proofs"]))
    await connection.execute(SQL["void"], [*records, *proofs])
    if keys := note.revoked_keys(chain):
        await connection.execute(SQL["void_lines"], [key.name for key in keys], [key.key_id for key in keys])


def _void(chain: Chain, rows: Iterable[Row]) -> Iterator[bytes]:
    """The ids of the records that lie behind the last good place of their key."""
    for row in rows:
        signed = stored(row["jws"])
        if chain.is_void(signed.kid, signed.record):
            yield row["id"]


def _disproved(chain: Chain, rows: Iterable[Row]) -> Iterator[bytes]:
    """The digests of the proofs that prove nothing any more."""
    for row in rows:
        try:
            evidence.check(evidence.decode(row["proof"]), chain)
        except Rejected:
            yield row["digest"]
