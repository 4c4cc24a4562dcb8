"""The notary and witness of one node over a `MemoryStore`: the twin of `Witness` and `Forks`.

What is signed and proven comes from `contracts.note` and `contracts.evidence`, as in production; what the named
queries decide there is decided here over dictionaries. One contract suite holds both to the same verdicts.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from operator import itemgetter

from contracts import evidence, note
from contracts.directory import Chain
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events.node import ForkFound
from contracts.evidence import CheckpointFork, Fork
from contracts.hlc import instant
from contracts.merkle import Leaves, leaf_hash
from contracts.note import Checkpoint, Line, NoteKey
from contracts.record import LaterDirectory, agency_of
from contracts.signing import Signer
from services.node.contradiction import record_fork
from services.node.forks import KEPT
from services.node.service import SYSTEM
from services.node.testing.log import MemoryLog
from services.node.testing.tables import Proof, Tables, Told
from services.node.writing import CONTROL, Draft


class MemoryWitness:
    """Signs for one node what it holds of every log, and keeps the proofs of forks."""

    def __init__(self, log: MemoryLog, signer: Callable[[str], Signer], chain: Chain) -> None:
        """`signer` gives the node's keys by purpose, `checkpoint` and `witness` among them."""
        self._log = log
        self._signer = signer
        self._chain = chain
        self._agency = agency_of(log.log)

    @property
    def tables(self) -> Tables:
        """What the node has written down."""
        return self._log.store.tables

    def issue(self) -> None:
        """Sign a checkpoint of our own log if it has grown since the last one."""
        own, size = self._log.log, self.tables.heads[self._log.log].size
        if size <= max((told.size for told in self.tables.checkpoints if told.log == own), default=0):
            return
        told = Checkpoint(own, size, self.tables.roots[own, size])
        signer = self._signer("checkpoint")
        signed = note.sign(told, _named(signer, note.checkpoint_keys(self._chain, own)), signer)
        self.tables.checkpoints.setdefault(told, Told(signed.lines[0].encode()))
        self._compare(own)

    def review(self) -> None:
        """Judge what came before the records that it speaks of."""
        for log in sorted({told.log for told, kept in self.tables.checkpoints.items() if self._due(told, kept)}):
            self._judge(log)

    def take(self, data: bytes) -> None:
        """Keep what a note from anywhere says, and cosign it if our copy bears it out; keep a proof of a fork.

        Raises Rejected if it is no note, or is not signed by the log that it speaks of.
        """
        if data.startswith(b"{"):
            self._keep(evidence.decode(data))
            return
        told = note.read(data)
        keys = note.checkpoint_keys(self._chain, told.checkpoint.log)
        note.check_log(told, *keys)
        known = {key.key_id for key in keys}
        line = next(line for line in told.lines if line.name == told.checkpoint.log and line.key_id in known)
        self.tables.checkpoints.setdefault(told.checkpoint, Told(line.encode()))
        for agency, (_, cosigned) in note.cosignatures(self._chain, told).items():
            self._add_cosignature(told.checkpoint, agency, cosigned)
        self._judge(told.checkpoint.log)

    def gather(self) -> None:
        """Make proofs of what contradicts what we hold."""
        for fork in self._record_forks():
            with suppress(Rejected):  # of a revoked key: it convicts nobody
                self._keep(fork)
        for fork in self._checkpoint_forks():
            self._keep(fork)

    def notes(self, size: int) -> list[bytes]:
        """All that we have to say of each log; of our own, nothing beyond `size`."""
        newest: dict[str, Checkpoint] = {}
        for told, kept in self.tables.checkpoints.items():
            own = told.log == self._log.log
            ours = told.size <= size if own else (told, self._agency) in self.tables.cosignatures
            if kept.agrees and ours and told.size > newest.get(told.log, Checkpoint("", -1, b"")).size:
                newest[told.log] = told
        return [self._note(newest[log]) for log in sorted(newest)]

    def proofs(self) -> list[bytes]:
        """The proofs that we hold, as they travel."""
        return [kept.proof for kept in self.tables.evidence.values()][:KEPT]

    def _judge(self, log: str) -> None:
        self._compare(log)
        if best := self._to_cosign(log):
            signer, seconds = self._signer("witness"), self._log.now_ms() // 1000
            key = _named(signer, note.witness_keys(self._chain, self._agency))
            self._add_cosignature(best, self._agency, note.cosign(best, key, signer, seconds))

    def _due(self, told: Checkpoint, kept: Told) -> bool:
        head = self.tables.heads.get(told.log)
        return kept.agrees is None and head is not None and told.size <= head.size

    def _compare(self, log: str) -> None:
        """Hold the checkpoints of a log that we can judge by now against our own copy."""
        rows = self.tables
        for told, kept in rows.checkpoints.items():
            if told.log == log and kept.agrees is None and (root := rows.roots.get((log, told.size))):
                rows.checkpoints[told] = kept._replace(agrees=root == told.root)

    def _to_cosign(self, log: str) -> Checkpoint | None:
        """The largest checkpoint that agrees with our copy and is beyond what we have cosigned, unless we must stop."""
        rows = self.tables
        judged = {told: kept.agrees for told, kept in rows.checkpoints.items() if told.log == log}
        ours = [told for told, agency in rows.cosignatures if told.log == log and agency == self._agency]
        beyond = max((told.size for told in ours), default=0)
        stopped = False in judged.values() or any(judged[told] is None for told in ours)
        convicted = any(proof.log == log for proof in rows.evidence.values())
        if log == self._log.log or stopped or convicted:
            return None
        good = [told for told, agrees in judged.items() if agrees and told.size > beyond]
        return max(good, key=lambda told: told.size, default=None)

    def _add_cosignature(self, told: Checkpoint, agency: str, line: Line) -> None:
        self.tables.cosignatures.setdefault((told, agency), line.encode())

    def _note(self, told: Checkpoint) -> bytes:
        lines = sorted((agency, line) for (of, agency), line in self.tables.cosignatures.items() if of == told)
        return b"".join((self._bare(told), *(line for _, line in lines)))

    def _bare(self, told: Checkpoint) -> bytes:
        """A checkpoint with the line of its own log alone."""
        return told.encode() + b"\n" + self.tables.checkpoints[told].line

    def _record_forks(self) -> Iterator[Fork]:
        rows = self.tables
        for (log, seq, _), signed in sorted(rows.forks.items(), key=itemgetter(0)):
            if any(proof[:2] in {(log, seq), (log, seq + 1)} for proof in rows.evidence.values()):
                continue
            near = [rows.records.get((log, seq + step)) for step in (0, -1, 1)]
            if fork := record_fork(signed.jws, [one.jws for one in near if one], self._chain):
                yield fork

    def _checkpoint_forks(self) -> Iterator[Fork]:
        rows = self.tables
        proven = {(proof.log, proof.size) for proof in rows.evidence.values()}
        for bad, kept in rows.checkpoints.items():
            agreeing = (told for told, one in rows.checkpoints.items() if told.log == bad.log and one.agrees)
            good = min((told for told in agreeing if told.size >= bad.size), key=lambda told: told.size, default=None)
            if kept.agrees is False and good and (bad.log, bad.size) not in proven:
                yield self._checkpoint_fork(bad, good)

    def _checkpoint_fork(self, bad: Checkpoint, good: Checkpoint) -> CheckpointFork:
        rows = self.tables
        if bad.size == good.size:
            return CheckpointFork(self._bare(bad), self._bare(good))
        leaves = Leaves(leaf_hash(rows.records[good.log, seq].jws) for seq in range(good.size))
        proof = leaves.consistency(bad.size, good.size)
        return CheckpointFork(self._bare(bad), self._bare(good), rows.roots[bad.log, bad.size], proof)

    def _keep(self, fork: Fork) -> None:
        try:
            split = evidence.check(fork, self._chain)
        except LaterDirectory:
            raise Rejected(Code.KEY, "of a later directory") from None
        proof = evidence.encode(fork)
        digest, held = sha256(proof).digest(), self.tables.evidence
        if digest in held or sum(one.log == split.log for one in held.values()) >= KEPT:
            return
        held[digest] = Proof(*split, proof)
        body = ForkFound(log=split.log, size=split.size, digest=b64(digest))
        draft = Draft(body, tuple(sorted(self._chain.logs())), SYSTEM, instant(self._log.now_ms()))
        with suppress(Rejected):  # a log that is behind says nothing; the proof itself is kept and told
            self._log.append("node", CONTROL, [draft])


def _named(signer: Signer, keys: tuple[NoteKey, ...]) -> NoteKey:
    return next(key for key in keys if key.public == signer.public)
