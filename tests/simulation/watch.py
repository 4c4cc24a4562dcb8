"""What must hold of every node: after each step, and once the network is whole and nothing moves any more.

Nothing here asks the code under test. What each agency committed is read off its own tables as it grows,
prefix trees, readers, parents and standing decisions are derived from that anew, and nodes are held
against it. `Broken` names the first promise that does not hold.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from contracts.case import Case, digest
from contracts.delivery import Delivery
from contracts.encoding import b64, unb64
from contracts.events import Body
from contracts.events.protection import EmergencyActivated, EmergencyApproved, EmergencyProposed
from contracts.events.triage import StatusDetermined, UrgencyOverridden
from contracts.mechanism import LATEST, Permission
from contracts.merkle import Tree
from contracts.record import EventId, Signed
from contracts.timeline import Event
from services.node.admission import Head
from services.node.admit import is_record
from tests.simulation.node import Node


class Broken(AssertionError):
    """A promise that does not hold; the first word names it."""


class Watch:
    """Follows all honest nodes, looking only at what is new since the last time.

    Where an agency is a traitor, nothing is promised of its log; and once it writes two of them, nothing of the cases
    in which it takes part.
    """

    def __init__(self, nodes: Mapping[str, Node], traitor: str = "") -> None:
        self._nodes = {agency: node for agency, node in nodes.items() if agency != traitor}
        self._traitor = traitor
        self.forked = False  # whether the traitor has begun to write two logs
        self._truth: dict[str, list[Signed]] = {node.log.log: [] for node in self._nodes.values()}
        self.trees: dict[str, list[Tree]] = {log: [Tree()] for log in self._truth}
        self._held: dict[tuple[str, str], Head] = {}
        self._applied: dict[str, set[EventId]] = {agency: set() for agency in nodes}
        self._contents: dict[str, int] = dict.fromkeys(nodes, 0)
        self._records: dict[str, int] = dict.fromkeys(nodes, 0)
        self._readers: dict[bytes, tuple[str, ...]] = {}  # by the record's id, and by its bytes
        self._sent: dict[tuple[str, str, int], int] = {}
        self.acknowledged: dict[EventId, Signed] = {}
        self.rogue: set[EventId] = set()
        self.gone: set[EventId] = set()  # whose content nobody has any more

    def said(self, node: Node, events: Iterable[EventId], rogue: Iterable[EventId]) -> None:
        """An officer was told that this is on record."""
        if node.agency != self._traitor:
            self.acknowledged |= {id_: node.store.tables.events[id_].signed for id_ in events}
        self.rogue |= set(rogue)

    def restored(self, node: Node) -> None:
        """A node lost its machine: what no partner holds of its log is lost with it, and it starts on a backup."""
        log = node.log.log
        others = [other.store.tables for other in self._nodes.values() if other is not node]
        backup = node.store.tables
        truth, size = self._truth[log], max(rows.heads[log].size for rows in (backup, *(others)))
        contents = set(backup.contents).union(*(rows.contents for rows in others))
        lost = {signed.id for signed in truth[size:]} | {s.id for s in truth if s.record.to and s.id not in contents}
        self.gone |= lost
        self.acknowledged = {id_: signed for id_, signed in self.acknowledged.items() if id_ not in lost}
        del truth[size:], self.trees[log][size + 1 :]
        self._held = {place: head for place, head in self._held.items() if place[0] != node.agency}
        self._applied[node.agency] = set(backup.pointers)
        self._contents[node.agency] = self._records[node.agency] = 0

    def after_step(self) -> None:
        """Raise Broken unless everything that changed is as promised."""
        for node in self._nodes.values():
            self._learn(node)
            self._learn_readers(node)
        for node in self._nodes.values():
            for log in self._truth:
                self._check_head(node, log)
            self._check_applied(node)
            self._check_contents(node)
            self._check_said(node)

    def at_rest(self) -> None:
        """Raise Broken unless all nodes tell the same, and nothing is missing."""
        for node in self._nodes.values():
            self._check_complete(node)
        for case in sorted({case for node in self._nodes.values() for case in node.cases}):
            told = {node.agency: node.case(case) for node in self._nodes.values() if case in node.cases}
            self._check_case(told)

    def _learn(self, node: Node) -> None:
        """What an agency committed to its own log since the last step is the truth about that log."""
        log, records = node.log.log, node.store.tables.records
        truth, trees = self._truth[log], self.trees[log]
        while signed := records.get((log, len(truth))):
            for other, seen in signed.record.seen.items():
                if (known := self.trees.get(other)) is None:
                    continue
                if seen.size >= len(known) or known[seen.size].root() != seen.root:
                    raise Broken(f"seen: {log} {signed.record.seq} names a tree that {other} never had")
            truth.append(signed)
            trees.append(trees[-1].append(signed.jws))

    def _learn_readers(self, node: Node) -> None:
        records = node.store.tables.records
        for signed in islice(records.values(), self._records[node.agency], None):
            self._readers[signed.id] = self._readers[signed.jws] = signed.record.to
        self._records[node.agency] = len(records)

    def _check_head(self, node: Node, log: str) -> None:
        head, truth = node.store.tables.heads[log], self._truth[log]
        held = self._held.get((node.agency, log))
        if head is held:
            return
        before = held.size if held else 0
        if not before <= head.size < len(self.trees[log]) or head.tree != self.trees[log][head.size]:
            raise Broken(f"prefix: {node.agency} holds a head of {log} that is no prefix of it")
        if head.size and (head.last, head.hlc) != (truth[head.size - 1].id, truth[head.size - 1].record.hlc):
            raise Broken(f"prefix: {node.agency} holds a head of {log} with another last record")
        for seq in range(before, head.size):
            if node.store.tables.records.get((log, seq)) != truth[seq]:
                raise Broken(f"prefix: {node.agency} lacks {log} {seq} below its head")
        self._held[node.agency, log] = head

    def _check_applied(self, node: Node) -> None:
        done, tables = self._applied[node.agency], node.store.tables
        fresh = tables.pointers[len(done) :]
        beside = set(fresh) if self._traitor else set()  # who dates back is pointed to before what it refers to
        for id_ in fresh:
            kept = tables.events[id_]
            if id_ in done:
                raise Broken(f"twice: {node.agency} applied an event again")
            if not (done | beside).issuperset(kept.content.parents):
                raise Broken(f"parents: {node.agency} applied an event before what it refers to")
            if id_ in self.rogue:
                raise Broken(f"rogue: {node.agency} applied what breaks the rules")
            done.add(id_)

    def _check_contents(self, node: Node) -> None:
        contents = node.store.tables.contents
        for id_ in islice(contents, self._contents[node.agency], None):
            if node.agency not in self._readers[id_]:
                raise Broken(f"reader: {node.agency} holds content that is not for it")
        self._contents[node.agency] = len(contents)

    def _check_said(self, node: Node) -> None:
        """What lies in a partner's stream carries content only for that partner's eyes."""
        for partner, stream in node.streams.items():
            place = (node.agency, partner, stream.created)
            for message in islice(stream.messages, self._sent.get(place, 0), None):
                self.check_delivery(node, partner, message)
            self._sent[place] = len(stream.messages)

    def check_delivery(self, node: Node, partner: str, message: bytes) -> None:
        """Raise Broken if a message shows a partner what is not for it."""
        if node.agency == self._traitor or not is_record(message):
            return
        self._learn_readers(node)
        delivery = Delivery.decode(message)
        if delivery.blob and partner not in self._readers[delivery.jws]:
            raise Broken(f"reader: {node.agency} sent {partner} content that is not for it")

    def _check_complete(self, node: Node) -> None:
        tables = node.store.tables
        for log, truth in self._truth.items():
            if tables.heads[log].size != len(truth):
                raise Broken(f"lost: {node.agency} holds {tables.heads[log].size} of {len(truth)} records of {log}")
        for id_, signed in self.acknowledged.items():
            if tables.records.get((signed.record.log, signed.record.seq)) != signed:
                raise Broken(f"lost: {node.agency} lacks an act that was acknowledged")
            owed = node.agency in signed.record.to and id_ not in self._applied[node.agency]
            if owed and not self._betrayed(id_, signed):
                raise Broken(f"lost: {node.agency} may read an act and did not apply it")
        excused = self.rogue | self.gone
        missing = [one for id_, one in tables.unreadable.items() if not one.found and id_ not in excused]
        waiting = [id_ for id_, one in tables.events.items() if one.state == "waiting" and id_ not in self.rogue]
        if self._traitor:
            return
        forks = [signed for (log, seq, _), signed in tables.forks.items() if tables.records.get((log, seq)) != signed]
        if tables.gaps or missing or waiting or forks or node.store.unanswered():
            raise Broken(f"rest: {node.agency} still has a gap, or something waits")

    def _betrayed(self, id_: EventId, signed: Signed) -> bool:
        """Whether an event belongs to a case in which the traitor takes part: it may build on one of two stories."""
        author = self._nodes[signed.record.agency]
        case = author.store.tables.events[id_].content.case
        return self.forked and self._traitor in author.case(case).participants

    def _check_case(self, told: Mapping[str, Case]) -> None:
        common = {agency: case for agency, case in told.items() if agency in case.participants}
        betrayed = self.forked and any(self._traitor in case.participants for case in told.values())
        if not betrayed and len({digest(case, LATEST) for case in common.values()}) > 1:
            raise Broken("digest: nodes tell the same case differently")
        for agency, case in told.items():
            self._check_standing(agency, case)
            _check_emergency(agency, case)

    def _check_standing(self, agency: str, case: Case) -> None:
        """A decision stands exactly as long as nobody who knew of it decided the same matter."""
        decided = [(event, slot) for event, body in _of(case, Body) if (slot := _decides(event, body))]
        for slot in {"urgency", *(slot for _, slot in decided)}:
            writers = [event for event, matter in decided if matter == slot]
            replaced = set().union(*(past(event, case.timeline) for event in writers)) if writers else set()
            standing = {event.id for event in writers if event.id not in replaced}
            if {claim.event for claim in case.slots.get(slot, ())} != standing:
                raise Broken(f"conflict: {agency} lost a decision on {slot}")


def _of(case: Case, kind: type) -> list[tuple[Event, Body]]:
    return [(event, body) for event in case.timeline if (body := case.bodies.get(event.id)) and isinstance(body, kind)]


def _decides(event: Event, body: Body) -> str:
    """The matter that this decides; "" if none, or if the mechanism document does not let this role of this agency."""
    role, rules = event.content.actor.role, LATEST
    match body:
        case StatusDetermined(defender_kind=kind):
            owner = event.agency == rules.status.owners.get(kind)
            return f"status/{kind}" if owner and rules.may(event.agency, role, Permission.DETERMINE_STATUS) else ""
        case UrgencyOverridden():
            return "urgency" if rules.may(event.agency, role, Permission.OVERRIDE_URGENCY) else ""
        case _:
            return ""


def past(event: Event, timeline: Sequence[Event]) -> set[EventId]:
    """All events that the author of this one knew of, by walking its parents."""
    by_id = {one.id: one for one in timeline}
    known: set[EventId] = set()
    todo = list(event.content.parents)
    while todo:
        id_ = todo.pop()
        if id_ not in known:
            known.add(id_)
            todo += by_id[id_].content.parents
    return known


def _check_emergency(agency: str, case: Case) -> None:
    """Protection is in force only where two different leaders approved a proposal that neither of them made."""
    if case.in_force("emergency") != "ACTIVE":
        return
    claims = [claim.event for claim in case.slots["emergency"] if claim.value == "ACTIVE"]
    by_id = {event.id: event for event in case.timeline}
    for claim in claims:
        body = case.bodies[claim]
        assert isinstance(body, EmergencyActivated)
        leaders = {_leader(by_id, case, EventId(unb64(vote)), body.proposal) for vote in body.approvals}
        if len(leaders - {""}) < 2 or by_id[claim].agency != "lpsk":
            raise Broken(f"leaders: {agency} has protection in force without two leaders")


def _leader(by_id: Mapping[EventId, Event], case: Case, vote: EventId, proposal: str) -> str:
    event, body = by_id.get(vote), case.bodies.get(vote)
    if event is None or not isinstance(body, EmergencyApproved) or body.proposal != proposal:
        return ""
    actor = event.content.actor
    asked = next((e for e in case.timeline if b64(e.id) == proposal), None)
    if asked is None or not isinstance(case.bodies.get(asked.id), EmergencyProposed) or actor.role != "pimpinan":
        return ""
    own = asked.agency == event.agency and asked.content.actor.officer == actor.officer
    return "" if own or event.agency != "lpsk" else actor.officer
