"""Stories of consent, disclosure, breach and possible doubles, as a case tells them."""

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events.breach import BreachFound, BreachTold
from contracts.events.intake import (
    ConsentRecorded,
    ConsentWithdrawn,
    DisclosureMade,
    DuplicateLinked,
    Identity,
    IdentityShared,
    OutsiderConfirmed,
    OutsiderNamed,
    OutsiderTold,
    ReportReceived,
)
from contracts.events.rights import RequestAnswered, RequestReceived
from contracts.report import read_report
from tests.e2e.stage import REPORTS
from tests.unit.contracts.chronicle import AGENCIES, Chronicle, opening

HAM, PEREMPUAN, LPSK = AGENCIES
LONG_AGO = "1970-01-01T00:00:00Z"
REPORT = read_report(REPORTS[PEREMPUAN].read_bytes())
CONSENT = ConsentRecorded.model_validate(REPORT.consent.model_dump() | {"fields": ("identity",), "share_with": (HAM,)})


def reported() -> Chronicle:
    """A case that Komnas Perempuan opened for all, with a consent for Komnas HAM."""
    case = Chronicle(opened=False)
    case.add(PEREMPUAN, opening(PEREMPUAN))
    case.add(PEREMPUAN, ReportReceived(report=REPORT), to=(PEREMPUAN,))
    case.add(PEREMPUAN, CONSENT)
    return case


def shared() -> Chronicle:
    case = reported()
    told = IdentityShared(identity=Identity(name=REPORT.defender.name))
    case.add(PEREMPUAN, told, to=(HAM, PEREMPUAN))
    return case


def withdrawn() -> Chronicle:
    case = shared()
    case.add(HAM, ConsentWithdrawn(given_by="defender", form="spoken", at="2026-11-22T08:54:48+07:00"))
    return case


def disclosed() -> Chronicle:
    case = reported()
    body = DisclosureMade(ground="KEPENTINGAN_VITAL", fields=("identity",), recipients=(LPSK,), reason="bahaya maut")
    case.add(PEREMPUAN, body, actor=Actor("petugas_upr", "o-1"))
    return case


def outside() -> Chronicle:
    """A case in which Komnas Perempuan has named a hospital, agreed to it, and told it."""
    case = reported()
    told = ("identity",)
    named = OutsiderNamed(
        ground="KEPENTINGAN_VITAL", kind="RUMAH_SAKIT", recipient="IGD", fields=told, reason="bahaya maut"
    )
    name = b64(case.add(PEREMPUAN, named, to=(PEREMPUAN,)).id)
    second = Actor("komisioner_piket", "o-2")
    case.add(PEREMPUAN, OutsiderConfirmed(outsider=name), actor=second, to=(PEREMPUAN,))
    call = OutsiderTold(outsider=name, fields=told, way="TELEPON", at="2026-11-22T08:54:48+07:00")
    case.add(PEREMPUAN, call, to=(PEREMPUAN,))
    return case


def asked() -> Chronicle:
    """A case in which the person asked Komnas Perempuan for two things, and was answered on one."""
    case = reported()
    word = {"given_by": "defender", "form": "spoken", "at": LONG_AGO}
    first, _ = (case.add(PEREMPUAN, RequestReceived(right=right, **word)) for right in ("AKSES", "PERBAIKAN"))
    case.add(PEREMPUAN, RequestAnswered(request=b64(first.id), answer="DIPENUHI"))
    return case


def breached() -> Chronicle:
    """A case of which Komnas Perempuan sent something to the wrong person, which that person has been told."""
    case, officer = reported(), Actor("pejabat_pdp", "o-1")
    found = case.add(PEREMPUAN, BreachFound(kind="SALAH_KIRIM", whereabouts="YA", at=LONG_AGO), actor=officer)
    word = BreachTold(breach=b64(found.id), recipient="SUBJEK_DATA", form="written", at=LONG_AGO)
    case.add(PEREMPUAN, word, actor=officer)
    return case


def linked() -> Chronicle:
    case = shared()
    case.add(HAM, DuplicateLinked(other="1" * 26, reason="ORANG_YANG_SAMA"))
    return case
