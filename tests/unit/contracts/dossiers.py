"""A case of three agencies, written, cosigned and exported without any node: what bundles are made of."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from contracts import note, record as records, sealing
from contracts.bundle.assembly import Dossier, Export, Holding, assemble, last_seen_by
from contracts.bundle.completeness import beginnings, is_of
from contracts.bundle.layout import Erasure, Gap
from contracts.bundle.verdict import Scope
from contracts.content import Actor, Content, case_name, encode, type_name
from contracts.directory import Chain
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.intake import Identity, IdentityShared
from contracts.events.node import ErasureAsked, ErasureConfirmed, ErasureExecuted
from contracts.events.protection import EmergencyProposed
from contracts.events.triage import UrgencyOverridden
from contracts.hlc import Hlc
from contracts.merkle import Leaves, leaf_hash
from contracts.note import Checkpoint, Note
from contracts.record import EventId, Record, Seen, Signed
from contracts.sealing import Opened, Position
from contracts.vectors import material
from contracts.workflow.erasure import graph
from tests.unit.contracts.chronicle import opening

HAM, PEREMPUAN, LPSK = AGENCIES = material.AGENCIES
KEY = b"\x05" * 32
CASE = case_name(KEY, material.origin(LPSK))
OTHER_KEY = b"\x06" * 32
OTHER_CASE = case_name(OTHER_KEY, material.origin(LPSK))
START_MS, STEP_MS = 1_795_312_488_000, 1_000
EXPORTED = "2026-11-23T00:00:00.000Z"
GAP = Gap(kind="SEQUENCE", log=material.origin(HAM), first=1, last=2, opened=EXPORTED, closed="")


def chain() -> Chain:
    """All versions of the directory."""
    first, *later = material.chain()
    made = Chain(first, pin=material.FIRST.digest())
    for version in later:
        made.adopt(version)
    return made


class Three:
    """The logs of three agencies that see everything at once, and the checkpoints over them."""

    def __init__(self) -> None:
        self.chain = chain()
        self.logs: dict[str, list[Signed]] = {material.origin(agency): [] for agency in AGENCIES}
        self.notes: dict[str, list[Note]] = {log: [] for log in self.logs}
        self.opened: dict[EventId, Opened] = {}
        self.parents: dict[EventId, tuple[EventId, ...]] = {}
        self.now = START_MS
        self.blind: set[str] = set()  # agencies that see nothing of others meanwhile

    def beat(self, agency: str) -> Signed:
        """A heartbeat."""
        return self._append(self._next(agency), "node")

    def say(
        self,
        agency: str,
        body: Body,
        parents: Iterable[Signed] = (),
        to: tuple[str, ...] = AGENCIES,
        *,
        key: bytes = KEY,
        actor: Actor | None = None,
        time: str = "",
        kid: str = "",
    ) -> Signed:
        """An event of the case, or of the one with another key."""
        place, cited = self._next(agency), tuple(sorted(parent.id for parent in parents))
        case, when = case_name(key, material.origin(LPSK)), time or f"2026-11-22T01:54:{place.seq:02d}.000Z"
        content = Content(body.wire_type, case, when, actor or Actor("petugas", "o-1"), to, cited, body.wire())
        encoded = encode(content, place.log, place.seq)
        sealed = sealing.seal(encoded, key, Position(place.log, place.seq, place.prev), _entropy(place))
        made = place._replace(kind="case", to=to, tag=sealed.tag, cm=sealed.cm, ct=sealed.ct)
        signed = self._append(made, type_name(body.wire_type).partition(".")[0], kid)
        self.opened[signed.id] = Opened(encoded, key, _entropy(place)(32))
        self.parents[signed.id] = cited
        return signed

    def cosign(self, agency: str, *witnesses: str) -> Note:
        """A checkpoint over all that an agency has written, cosigned by others."""
        log = material.origin(agency)
        leaves = Leaves(leaf_hash(one.jws) for one in self.logs[log])
        checkpoint = Checkpoint(log, leaves.size, leaves.root(leaves.size))
        (key,) = note.checkpoint_keys(self.chain, log)
        made = note.sign(checkpoint, key, material.signer(f"{agency}.checkpoint.1"))
        for witness in witnesses:
            (eyes,) = note.witness_keys(self.chain, witness)
            line = note.cosign(checkpoint, eyes, material.signer(f"{witness}.witness.1"), self.now // 1000)
            made = note.merge(made, Note(checkpoint, (*made.lines, line)))
        self.notes[log].append(made)
        return made

    def _next(self, agency: str) -> Record:
        log = material.origin(agency)
        written = self.logs[log]
        self.now += STEP_MS
        return Record(
            log=log,
            seq=len(written),
            prev=written[-1].id if written else self.chain.opened_by(log),
            hlc=Hlc(self.now, 0),
            dir=3,
            kind="hb",
            to=(),
            seen={} if agency in self.blind else {name: self.seen(name) for name in self.logs if name != log},
        )

    def seen(self, log: str) -> Seen:
        """What there is to see of a log."""
        leaves = Leaves(leaf_hash(one.jws) for one in self.logs[log])
        return Seen(leaves.size, leaves.root(leaves.size))

    def _append(self, made: Record, service: str, kid: str = "") -> Signed:
        signed = records.sign(made, material.signer(kid or f"{made.agency}.{service}.1"))
        self.logs[made.log].append(signed)
        return signed


def _entropy(place: Record) -> sealing.Entropy:
    return lambda size: sha256(f"{place.log} {place.seq}".encode()).digest()[:size]


def told() -> Three:
    """The case: opened by LPSK after a while, gone on with by all three, beside another case, cosigned at the end."""
    three = Three()
    for agency in (*AGENCIES, HAM):
        three.beat(agency)
    three.cosign(LPSK, HAM)
    opened = three.say(LPSK, opening(LPSK))
    three.say(LPSK, IdentityShared(identity=Identity(name="Nama Rahasia")), [opened])
    three.say(LPSK, UrgencyOverridden(level="TINGGI", reason="lain"), key=OTHER_KEY)
    urgent = three.say(HAM, UrgencyOverridden(level="KRITIS", reason="dilihat"), [opened])
    three.say(HAM, UrgencyOverridden(level="BIASA", reason="catatan sendiri"), [urgent], (HAM,))
    three.cosign(LPSK, HAM, PEREMPUAN)
    three.say(PEREMPUAN, EmergencyProposed(ground="ANCAMAN_NYATA", needs=()), [urgent])
    for agency in AGENCIES:
        three.beat(agency)
    for agency in AGENCIES:
        three.cosign(agency, *(set(AGENCIES) - {agency}))
    return three


def erase(three: Three) -> tuple[list[Erasure], set[EventId]]:
    """LPSK orders and carries out the erasure of what has personal data; what became of it, and what is gone."""
    (gone,) = [id_ for id_, opened in three.opened.items() if b"Nama Rahasia" in opened.content]
    first = next(one for one in three.logs[material.origin(LPSK)] if one.record.kind == "case")
    names = {"basis": "CONSENT_WITHDRAWN", "mechanism": 1, "events": (b64(gone),)}
    asked = three.say(LPSK, ErasureAsked.model_validate(names), [first], actor=Actor("hukum", "o-2"))
    confirmed = three.say(LPSK, ErasureConfirmed(asked=b64(asked.id)), [asked], actor=Actor("pimpinan", "o-3"))
    parents = {gone: three.parents[gone]}
    body = ErasureExecuted(confirmed=b64(confirmed.id), events=1, graph=b64(graph(parents.items())))
    executed = three.say(LPSK, body, [confirmed], actor=Actor("system", "node"))
    for agency in AGENCIES:
        three.cosign(agency, *(set(AGENCIES) - {agency}))
    entry = Erasure(
        asked=b64(asked.id),
        confirmed=b64(confirmed.id),
        executed=b64(executed.id),
        parents={b64(gone): [b64(parent) for parent in three.parents[gone]]},
    )
    return [entry], {gone}


def dossier(
    three: Three,
    *,
    agency: str = LPSK,
    withheld: Sequence[EventId] = (),
    without: Iterable[EventId] = (),
    denied: Iterable[EventId] = (),
    erasures: Sequence[Erasure] = (),
    forks: Sequence[bytes] = (),
) -> Dossier:
    """What an agency holds of the case; `without` some contents, as if it had never seen the `denied` records."""
    everything = [one for log in three.logs.values() for one in log]
    ours = [one for one in everything if is_of(one, KEY) and one.id not in set(denied)]
    places = last_seen_by(ours) | set(_first_to_see(ours, everything))
    known = {one.id for one in ours}
    anchors = [one for one in everything if (one.record.log, one.record.seq) in places and one.id not in known]
    readable = {one.id for one in ours if agency in one.record.to} - set(withheld) - set(without)
    firsts = beginnings(CASE, KEY, three.chain, ours) or {}
    return Dossier(
        case=CASE,
        chain=three.chain,
        holdings={log: _holding(three, log, firsts[log]) for log in three.logs},
        records=ours,
        anchors=anchors,
        opened={id_: three.opened[id_] for id_ in three.opened if id_ in readable},
        withheld=withheld,
        gaps=[GAP],
        erasures=erasures,
        forks=forks,
    )


def _first_to_see(ours: Sequence[Signed], everything: Sequence[Signed]) -> Iterable[tuple[str, int]]:
    for one in ours:
        for log in {other.record.log for other in everything}:
            sees = (o.record for o in everything if o.record.log == log and one.record.log in o.record.seen)
            first = next((r for r in sees if r.seen[one.record.log].size > one.record.seq), None)
            if first:
                yield first.log, first.seq


def _holding(three: Three, log: str, first: int) -> Holding:
    written = [one.jws for one in three.logs[log]]
    notes = three.notes[log]
    end = max((one.checkpoint.size for one in notes), default=0)
    return Holding(Leaves(map(leaf_hash, written)), notes, min(first, end), written[first:end])


def export(scope: Scope = "whole", agency: str = LPSK) -> Export:
    """Who exports it, and what for."""
    return Export(scope, agency, Actor("operator", "root"), "AUDIT", EXPORTED)


def bundle(held: Dossier, scope: Scope = "whole", agency: str = LPSK) -> bytes:
    """The bundle as an honest exporter makes it."""
    return assemble(held, export(scope, agency), material.signer(f"{agency}.node.1"))
