"""A node's store and log in dictionaries: the twins of `PostgresStore` and `Log` for tests and simulations.

What decides is the production code itself (`write`, `examine`, `decide`, `fits`, `heads`); only the tables
are replaced. One contract suite holds both stores to the same promises, so what a simulation shows of
this one is true of the other. Nothing here waits for I/O: `settled` runs its coroutines without a loop.
"""

from services.node.testing.log import MemoryLog
from services.node.testing.store import MemoryStore, settled
from services.node.testing.tables import Gap, Kept, Tables
from services.node.testing.watch import MemoryWatch
from services.node.testing.witness import MemoryWitness

__all__ = ["Gap", "Kept", "MemoryLog", "MemoryStore", "MemoryWatch", "MemoryWitness", "Tables", "settled"]
