"""Which neighbour of a contradicting record convicts its author."""

from contracts.evidence import RecordFork, Split, check
from contracts.hlc import Hlc
from contracts.record import Record, Signed, sign
from contracts.signing import SeedSigner
from services.node.contradiction import record_fork
from tests.simulation.charter import robbed

CHAIN, MEMBER = robbed().chain, robbed().members["lpsk"]


def record(signer: SeedSigner, seq: int, prev: bytes = bytes(32)) -> Signed:
    """A record of LPSK's log."""
    blank = Record(log=MEMBER.log, seq=seq, prev=prev, hlc=Hlc(1, seq), dir=1, kind="hb", to=(), seen={})
    return sign(blank, signer)


def test_what_a_stolen_key_wrote_hides_no_fork_and_makes_none() -> None:
    """Beside a void record at its place, a record convicts its author only of what another sound one shows."""
    good = MEMBER.signers["node"]
    before = record(good, 4)
    void = record(MEMBER.stolen, 5, before.id)
    true, false = record(good, 5, before.id), record(good, 5)
    assert record_fork(true.jws, [void.jws, before.jws], CHAIN) is None
    fork = record_fork(false.jws, [void.jws, before.jws], CHAIN)
    assert fork == RecordFork(before.jws, false.jws)
    assert check(fork, CHAIN) == Split(MEMBER.log, 5)
