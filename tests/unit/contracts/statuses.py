"""What is said about a defender's status, for the tests of determinations and of appeals."""

from hypothesis import strategies as st

from contracts.case import Case
from contracts.content import Actor
from contracts.encoding import b64
from contracts.events.triage import (
    AppealDecided,
    StatusAppealed,
    StatusDetermined,
    StatusDisputed,
    StatusRecognised,
)
from contracts.mechanism import LATEST
from contracts.promises.promise import Promise
from contracts.promises.status import promises
from contracts.timeline import Event
from contracts.workflow.status import overall
from tests.unit.contracts.chronicle import AGENCIES, Chronicle
from tests.unit.contracts.test_case import ids

KH, KP, LPSK = AGENCIES
FIRST, SECOND = Actor("tim_hrd", "o-1"), Actor("komisioner_pengaduan", "o-2")
PIKET = Actor("komisioner_piket", "o-3")
ROLES = ("tim_hrd", "komisioner_pengaduan", "komisioner_piket", "petugas_upr", "tenaga_ahli_telaah", "petugas_darurat")
KINDS = ("PEMBELA", "PPHAM")
STATUSES = ("BELUM_DINILAI", "SEMENTARA", "TERVERIFIKASI", "DITOLAK", "DIBANDING")


def determined(status: str = "TERVERIFIKASI", kind: str = "PEMBELA") -> StatusDetermined:
    return StatusDetermined(defender_kind=kind, status=status, basis=("KERJA_HAM",))


def recognised(of: Event) -> StatusRecognised:
    return StatusRecognised(determination=b64(of.id))


def disputed(of: Event) -> StatusDisputed:
    return StatusDisputed(determination=b64(of.id), basis=("CARA_DAMAI",), reason="PENILAIAN_KELIRU")


def appealed(of: Event) -> StatusAppealed:
    return StatusAppealed(determination=b64(of.id), appealed_by="defender", reason="INFORMASI_BARU")


def decided(of: Event, status: str = "TERVERIFIKASI") -> AppealDecided:
    return AppealDecided(appeal=b64(of.id), status=status, basis=("KERJA_HAM",))


def rejected(*, to: tuple[str, ...] = AGENCIES) -> tuple[Chronicle, Event]:
    """A case in which Komnas HAM's first officer has rejected."""
    case = Chronicle(to=to)
    return case, case.add(KH, determined("DITOLAK"), actor=FIRST)


def under_appeal() -> tuple[Chronicle, Event]:
    """The same after an appeal for the defender, taken in by LPSK."""
    case, rejection = rejected()
    return case, case.add(LPSK, appealed(rejection))


def status(case: Case) -> str:
    return overall(lambda slot: case.slots.get(slot, ()), LATEST)


def counts(case: Chronicle, event: Event) -> bool:
    return event.id not in case.case.unsupported


def owed(case: Chronicle, kind: str) -> list[Promise]:
    return [one for one in promises(case.case, LATEST) if one.kind == kind]


@st.composite
def stories(draw: st.DrawFn) -> Chronicle:
    """Any sequence of things said of the status, by anybody, each knowing any part of what came before."""
    case = Chronicle()
    for _ in range(draw(st.integers(0, 10))):
        names = st.sampled_from([b64(event.id) for event in case.events])
        kind, said = st.sampled_from(KINDS), st.sampled_from(STATUSES)
        body = st.one_of(
            st.builds(StatusDetermined, defender_kind=kind, status=said, basis=st.just(())),
            st.builds(StatusRecognised, determination=names),
            st.builds(StatusAppealed, determination=names, appealed_by=st.just("defender"), reason=st.just("LAINNYA")),
            st.builds(AppealDecided, appeal=names, status=said, basis=st.just(())),
        )
        actor = Actor(draw(st.sampled_from(ROLES)), draw(st.sampled_from(["o-1", "o-2"])))
        known = draw(st.lists(st.sampled_from(ids(case)), max_size=3, unique=True) | st.just(ids(case)))
        case.add(draw(st.sampled_from([KH, KH, KP, LPSK])), draw(body), actor=actor, parents=tuple(known))
    return case
