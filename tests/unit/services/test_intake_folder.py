import json
import os
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from contracts.errors import Code, Rejected
from contracts.report import MAX_BYTES
from services.intake import folder


def test_a_file_that_still_grows_waits() -> None:
    """A half-written report is never taken: each change starts the second of quiet anew."""
    seen = folder.settle({}, {"a.json": (1, 10, 0)}, 0)
    seen = folder.settle(seen, {"a.json": (1, 20, 0)}, 900)
    assert folder.quiet(seen, 1899) == []
    assert folder.quiet(folder.settle(seen, {"a.json": (1, 20, 0)}, 1900), 1900) == ["a.json"]


@given(st.lists(st.tuples(st.integers(1, 2000), st.sampled_from([(1, 1, 1), (1, 2, 1), (2, 1, 1), None])), max_size=30))
def test_only_a_second_without_change_makes_a_file_complete(looks: list[tuple[int, tuple[int, ...] | None]]) -> None:
    """However a file comes, changes and goes between looks, it is taken exactly after a second in one state."""
    seen: dict[str, folder.Seen] = {}
    now, last, since = 0, None, 0
    for pause, state in looks:
        now += pause
        seen = folder.settle(seen, {"a.json": state} if state else {}, now)
        last, since = state, (since if state == last else now)
        assert folder.quiet(seen, now) == (["a.json"] if state and now - since >= folder.QUIET_MS else [])


def test_only_plain_visible_report_files_count(tmp_path: Path) -> None:
    """Links, hidden files, folders and other names in the watched folder are left alone."""
    for name in ("a.json", ".b.json", "c.json.part", "d.txt"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "e.json").mkdir()
    (tmp_path / "f.json").symlink_to(tmp_path / "d.txt")
    assert set(folder.look(tmp_path)) == {"a.json"}


def test_the_watched_folder_is_private(tmp_path: Path) -> None:
    """A folder that does not exist yet is made so that only the node's own user can look inside."""
    assert folder.look(tmp_path / "inbox") == {}
    assert (tmp_path / "inbox").stat().st_mode & 0o077 == 0


def test_a_changed_file_is_in_another_state(tmp_path: Path) -> None:
    """A file that is written further is noticed."""
    file = tmp_path / "a.json"
    file.write_text("{")
    before = folder.look(tmp_path)
    file.write_text("{}")
    assert folder.look(tmp_path) != before


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path) -> None:
    """A file far larger than any report, larger than memory, is refused by its size alone."""
    file = tmp_path / "a.json"
    file.touch()
    os.truncate(file, 1 << 40)
    with pytest.raises(Rejected) as refused:
        folder.read(file)
    assert refused.value.code == Code.SIZE


def test_the_largest_report_is_read(tmp_path: Path) -> None:
    """The bound is what a report may have, not less."""
    (tmp_path / "a.json").write_bytes(b" " * MAX_BYTES)
    assert len(folder.read(tmp_path / "a.json")) == MAX_BYTES


def test_a_file_is_put_away_with_its_answer(tmp_path: Path) -> None:
    """Who dropped a file in finds it again beside its receipt, and it is not taken a second time."""
    file = tmp_path / "a.json"
    file.write_text("report")
    folder.put_away(file, "done", ".receipt.json", b"receipt")
    assert (tmp_path / "done" / "a.json").read_text() == "report"
    assert (tmp_path / "done" / "a.receipt.json").read_text() == "receipt"
    assert folder.look(tmp_path) == {}


def test_nothing_that_was_put_away_is_written_over(tmp_path: Path) -> None:
    """Two reports under one file name are both kept, each with its own receipt."""
    for text in ("one", "two", "three"):
        (tmp_path / "a.json").write_text(text)
        folder.put_away(tmp_path / "a.json", "done", ".receipt.json", text.encode())
    kept = {name: (tmp_path / "done" / f"{name}.json").read_text() for name in ("a", "a-2", "a-3")}
    assert kept == {"a": "one", "a-2": "two", "a-3": "three"}
    assert (tmp_path / "done" / "a-3.receipt.json").read_text() == "three"


def test_a_file_that_lost_its_answer_is_not_written_over(tmp_path: Path) -> None:
    """A report that lies there alone, its receipt removed, is still kept when another of the same name comes."""
    (tmp_path / "done").mkdir()
    (tmp_path / "done" / "a.json").write_text("one")
    (tmp_path / "a.json").write_text("two")
    folder.put_away(tmp_path / "a.json", "done", ".receipt.json", b"")
    assert (tmp_path / "done" / "a.json").read_text() == "one"


def test_an_erased_report_does_not_stay_behind_as_a_file(tmp_path: Path) -> None:
    """The file that it was taken from goes with its receipt; other files and their receipts stay."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text("{}")
        receipt = json.dumps({"case": "x", "events": [name], "receipt": name}).encode()
        folder.put_away(tmp_path / f"{name}.json", "done", ".receipt.json", receipt)
    folder.destroy(tmp_path, {"a", "c"})
    folder.destroy(tmp_path / "not there", {"b"})
    assert sorted(file.name for file in (tmp_path / "done").iterdir()) == ["b.json", "b.receipt.json"]
