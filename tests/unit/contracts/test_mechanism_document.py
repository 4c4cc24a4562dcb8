from datetime import UTC, date, datetime
from typing import Any

import pytest

from contracts.codes import codes
from contracts.errors import Code, Rejected
from contracts.mechanism import GENESIS, GENESIS_TEXT, MAX_MECHANISM, Mechanism, Permission
from contracts.mechanism.difference import changes

TEXT = GENESIS_TEXT.decode()


def bent(old: str, new: str) -> bytes:
    """The text of version 1 with one place changed."""
    assert old in TEXT
    return TEXT.replace(old, new, 1).encode()


def refusal(data: bytes) -> tuple[Code, str]:
    """Why a text is no document, and where."""
    with pytest.raises(Rejected) as refused:
        Mechanism.read(data)
    return refused.value.code, refused.value.detail


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b" " * (MAX_MECHANISM + 1), Code.SIZE, ""),
        (b"\xff", Code.ENCODING, ""),
        ('standing = "e\u0301"'.encode(), Code.ENCODING, "NFC"),
        (b"version = 1\nversion = 2\n", Code.MECHANISM, "line 2"),
        (b"x = " + b"[" * 60_000, Code.MECHANISM, ""),
        (bent("version = 1", "version = 1.5"), Code.MECHANISM, "version"),
        (bent("approvals = 2", "approvals = 0"), Code.MECHANISM, "emergency.approvals"),
        (bent("approvals = 2", "approvals = 7"), Code.MECHANISM, "emergency"),
        (bent("target_hours = 3\n", ""), Code.MECHANISM, "emergency.target_hours"),
        (bent("target_hours = 3", "target_hours = 3.5"), Code.MECHANISM, "emergency.target_hours"),
        (bent("target_hours = 3", "target_hours = true"), Code.MECHANISM, "emergency.target_hours"),
        (bent("target_hours = 3", "target_hours = 10001"), Code.MECHANISM, "emergency.target_hours"),
        (bent("target_hours = 3", "target_hours = 3\nbest_hours = 1"), Code.MECHANISM, "emergency.best_hours"),
        (bent("[letters]", "[letter]"), Code.MECHANISM, "letters"),
        (bent("{ KRITIS = 24, MENDESAK = 24, TINGGI = 168, BIASA = 168 }", "{}"), Code.MECHANISM, "risk.initial_hours"),
        (bent('zone = "WIB"', 'zone = "UTC"'), Code.MECHANISM, "agencies.komnas-ham.zone"),
        (bent('decided_by = "lpsk"', 'decided_by = "nobody"'), Code.MECHANISM, "the whole"),
        (bent('AMICUS = "komnas-ham"', 'AMICUS = "komnas-x"'), Code.MECHANISM, "the whole"),
        (bent('role = "pimpinan"', 'role = "medis"'), Code.MECHANISM, "the whole"),
        (bent("day = 2026-01-16", "day = 2026-01-01"), Code.MECHANISM, "the whole"),
        (bent("day = 2026-01-16", "day = 1026-01-16"), Code.MECHANISM, "holidays.1.day"),
        (bent("day = 28", "day = 29"), Code.MECHANISM, "dates.1"),
        (bent("month = 2", "month = 1000000000000000000"), Code.MECHANISM, "dates.1.month"),
        (bent("CATAHU_BEKU", "CATAHU_TERBIT"), Code.MECHANISM, "the whole"),
        (bent('["komnas-perempuan"]\nmonth', '["komnas-x"]\nmonth'), Code.MECHANISM, "the whole"),
    ],
)
def test_a_text_with_a_fault_is_refused_and_says_where(data: bytes, code: Code, place: str) -> None:
    """Whoever writes a version learns of a slip before anybody signs it, by a code and a place; no text breaks us."""
    found, where = refusal(data)
    assert found is code
    assert place in where


def test_a_fault_repeats_nothing_but_names() -> None:
    """What stands where a name should be is not repeated in an error."""
    assert refusal(b'"a secret, with spaces" = 1\n' + GENESIS_TEXT) == (Code.MECHANISM, "?")


def test_permissions_are_open() -> None:
    """A permission of later software is kept; one that a document lacks nobody has, and nothing breaks."""
    renamed = bent("take_step = [", "later_thing = [")
    later = Mechanism.read(renamed.replace(b'decide_emergency = ["pimpinan"]\n', b""))
    assert "later_thing" in later.agencies["komnas-ham"].permissions
    assert not later.may("komnas-ham", "petugas_pengaduan", Permission.TAKE_STEP)
    assert GENESIS.may("lpsk", "pimpinan", Permission.DECIDE_EMERGENCY)
    assert not later.may("lpsk", "pimpinan", Permission.DECIDE_EMERGENCY)


def test_the_first_version_lists_every_permission() -> None:
    """Nobody is left without a permission by a slip of ours."""
    assert all(set(rules.permissions) == {*Permission} for rules in GENESIS.agencies.values())


def test_a_day_ends_at_the_office_that_owes() -> None:
    """In Jayapura it is tomorrow two hours earlier than in Jakarta; the zone of an agency is data."""
    east = Mechanism.read(bent('zone = "WIB"', 'zone = "WIT"'))
    late = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
    assert east.office_day(late, "komnas-ham") == date(2026, 11, 23)
    assert east.office_day(late, "lpsk") == date(2026, 11, 22)
    ends = [east.end_of(date(2026, 11, 22), agency).astimezone(UTC) for agency in ("komnas-ham", "lpsk")]
    assert [end.hour for end in ends] == [14, 16]


def test_the_calendar_knows_where_it_ends() -> None:
    """After the last year without a gap nobody has listed holidays, and that can be asked."""
    assert GENESIS.listed_until == date(2027, 12, 31)
    assert Mechanism.read(bent("day = 2026-01-01", "day = 2030-01-01")).listed_until == date(2027, 12, 31)


@pytest.mark.parametrize(
    ("today", "comes"),
    [
        (date(2026, 11, 22), date(2027, 3, 8)),
        (date(2027, 3, 8), date(2027, 3, 8)),
        (date(2027, 3, 9), date(2028, 3, 8)),
    ],
)
def test_a_yearly_date_comes_again(today: date, comes: date) -> None:
    """The day itself still counts; the day after it is next year's that comes."""
    assert {one.code: one.next(today) for one in GENESIS.dates_of("komnas-perempuan")}["CATAHU_TERBIT"] == comes


@pytest.mark.parametrize(
    ("today", "before"),
    [(date(2027, 3, 8), date(2026, 3, 8)), (date(2027, 3, 9), date(2027, 3, 8)), (date(2027, 1, 1), date(2026, 3, 8))],
)
def test_a_yearly_date_is_past_the_day_after(today: date, before: date) -> None:
    """On the day itself the last one is still that of the year before."""
    assert {one.code: one.last(today) for one in GENESIS.dates_of("komnas-perempuan")}["CATAHU_TERBIT"] == before


def test_a_yearly_date_that_a_version_moves_is_another_one() -> None:
    """Another basis for the same day changes nothing; another day does."""
    first, *_ = GENESIS.dates
    assert first.falls_with(first.model_copy(update={"basis": "Kesepakatan."}))
    assert not first.falls_with(first.model_copy(update={"day": first.day - 1}))


def test_yearly_dates_have_names_and_are_of_some_agency() -> None:
    """Each has words to be shown by; an agency to which none belongs is reminded of nothing."""
    assert [one.code for one in GENESIS.dates] == [*codes("agency_date")]
    assert GENESIS.dates_of("lpsk") == ()


def test_a_difference_names_each_value_with_both_bases() -> None:
    """Whoever is to sign sees which number changes, from what to what, and why it was and will be so."""
    after = bent("deadline_working_days = 30", "deadline_working_days = 20").replace(
        b"Praktik LPSK: 30 hari kerja", b"Sepakat: 20 hari kerja"
    )
    found = {change.place: change for change in changes(GENESIS_TEXT, after)}
    number = found.pop("requirements.deadline_working_days")
    assert (number.before, number.after) == ("30", "20")
    assert number.basis_before.startswith("Praktik LPSK: 30")
    assert number.basis_after.startswith("Sepakat: 20")
    assert list(found) == ["requirements.basis.deadline_working_days"]


def test_a_difference_tells_of_what_comes_and_goes() -> None:
    """A holiday, a paper or a role that is added or left out is a change of its own."""
    after = TEXT.replace('{ code = "KRONOLOGI", owner = "lpsk" },', "").replace('"pimpinan"]', '"pimpinan", "medis"]')
    after += '\n[[holidays]]\nday = 2028-01-01\nname = "Tahun Baru"\n'
    found: dict[str, Any] = {change.place: change for change in changes(GENESIS_TEXT, after.encode())}
    assert (found["requirements.items.KRONOLOGI"].before, found["requirements.items.KRONOLOGI"].after) == (
        "owner lpsk",
        "",
    )
    assert found["holidays.2028-01-01"].after == "name Tahun Baru"
    assert found["agencies.lpsk.ladder"].after.endswith("medis")
    assert changes(GENESIS_TEXT, GENESIS_TEXT) == []
