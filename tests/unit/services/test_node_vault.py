import asyncio
import errno
import multiprocessing
import os
import shutil
from pathlib import Path

import pytest

from contracts.errors import Code, Rejected
from services.node.storage import StorageKey
from services.node.vault import Vault
from tests.integration.hostile import ordinary

CASE, OTHER, EVENT, KEY = "c" * 26, "d" * 26, bytes(32), bytes(range(32))


def vault(folder: Path) -> Vault:
    """A process's view of the vault in a folder."""
    return Vault(folder / "vault" / "cases", StorageKey(bytes(32)))


def opens(locked: bytes, *vaults: Vault) -> list[bool]:
    """Which of them open a locked key."""
    found = []
    for one in vaults:
        try:
            found.append(one.unlock(locked, EVENT) == KEY)
        except Rejected as rejected:
            found.append(rejected.code is not Code.WRAP)
    return found


def test_what_is_locked_opens_in_every_process(tmp_path: Path) -> None:
    """Whoever has the storage key and the file opens it, at once and after a restart; for its own event alone."""
    one, other = vault(tmp_path), vault(tmp_path)
    locked = [one.lock(KEY, EVENT, CASE), other.lock(KEY, EVENT, OTHER), one.lock(KEY, EVENT)]
    assert all(opens(key, one, other, vault(tmp_path)) == [True, True, True] for key in locked)
    with pytest.raises(Rejected):
        one.unlock(locked[0], b"another")
    assert opens(locked[0], Vault(tmp_path / "vault" / "cases", StorageKey(b"x" * 32))) == [False]


def test_a_destroyed_key_opens_nothing_anywhere(tmp_path: Path) -> None:
    """What was locked before is shut in every process and after a restart; what was locked anew opens."""
    one, other = vault(tmp_path), vault(tmp_path)
    old, foreign = one.lock(KEY, EVENT, CASE), other.lock(KEY, EVENT, OTHER)
    assert opens(old, other) == [True]
    name = one.renew(CASE)
    new = other.lock(KEY, EVENT, CASE)
    assert opens(old, one, other) == [True, True]
    one.destroy(CASE, name)
    assert opens(old, one, other, vault(tmp_path)) == [False, False, False]
    assert opens(new, one, other, vault(tmp_path)) == [True, True, True]
    assert opens(foreign, one, other, vault(tmp_path)) == [True, True, True]


def test_destroying_again_and_again_harms_nothing_that_is_left(tmp_path: Path) -> None:
    """A second order in a case, a repeated one, and one that was interrupted leave exactly the newest key."""
    one, kept = vault(tmp_path), []
    for _ in range(3):
        kept.append(one.lock(KEY, EVENT, CASE))
        name = one.renew(CASE)
        one.destroy(CASE, name)
        one.destroy(CASE, name)
        vault(tmp_path).destroy(CASE, name)
    last = one.lock(KEY, EVENT, CASE)
    assert [opens(locked, one, vault(tmp_path)) for locked in (*kept, last)] == [[False] * 2] * 3 + [[True] * 2]
    one.destroy(CASE, b"no such ")
    assert opens(last, one, vault(tmp_path)) == [True, True]


def test_a_destroyed_key_is_not_in_the_file_any_more(tmp_path: Path) -> None:
    """It is written over in its place, not only forgotten."""
    one = vault(tmp_path)
    one.prepare([CASE, OTHER])
    file = tmp_path / "vault" / "cases"
    entry = file.read_bytes()[:94]
    one.destroy(CASE, one.renew(CASE))
    assert entry[34:] not in file.read_bytes()
    assert file.stat().st_mode & 0o007 == 0


def test_content_from_before_there_was_a_vault_opens(tmp_path: Path) -> None:
    """What an earlier version locked under the storage key itself is not lost."""
    assert opens(StorageKey(bytes(32)).lock(KEY, EVENT), vault(tmp_path)) == [True]


def test_a_half_written_entry_is_written_over(tmp_path: Path) -> None:
    """A crash in the middle of a new key loses that key and no other."""
    first = vault(tmp_path)
    locked = first.lock(KEY, EVENT, CASE)
    with (tmp_path / "vault" / "cases").open("ab") as file:
        file.write(b"torn")
    later = vault(tmp_path)
    assert opens(locked, later) == [True]
    assert opens(later.lock(KEY, EVENT, OTHER), first, later, vault(tmp_path)) == [True, True, True]


def test_two_processes_make_one_key_for_a_case(tmp_path: Path) -> None:
    """Whoever comes second takes the first one's, so that destroying the one key is enough."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=lock_many, args=(tmp_path,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert (tmp_path / "vault" / "cases").stat().st_size == 20 * 94


def lock_many(folder: Path) -> None:
    """Lock something in each of twenty cases."""
    own = vault(folder)
    for number in range(20):
        own.lock(KEY, EVENT, f"{number:026}")


async def test_content_is_opened_in_threads_meanwhile(tmp_path: Path) -> None:
    """The relay opens in threads what the event loop locks."""
    one = vault(tmp_path)
    locked = [one.lock(KEY, EVENT, f"{number:026}") for number in range(50)]
    work = [asyncio.to_thread(opens, key, one) for key in locked]
    more = [one.lock(KEY, EVENT, f"{number:026}") for number in range(50, 100)]
    assert [await one for one in work] == [[True]] * 50
    assert all(opens(key, one, vault(tmp_path)) == [True, True] for key in more)


@pytest.mark.parametrize("begun", [True, False])
def test_a_vault_that_can_take_a_key_is_said_to(tmp_path: Path, begun: bool) -> None:  # noqa: FBT001
    """Before the first case and after it; looking makes and changes nothing."""
    one = vault(tmp_path)
    if begun:
        one.prepare([CASE])
    before = {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")}
    one.check_writable()
    assert {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("begun", [True, False])
def test_a_vault_that_is_closed_to_the_node_is_said_to_be(server_folder: Path, begun: bool) -> None:  # noqa: FBT001
    """A file that may only be read, or a folder in which none may be made, would take no key."""
    home = server_folder / f"closed-{begun}"
    one, shut = vault(home), home / "vault"
    shut.mkdir(parents=True)
    if begun:
        one.prepare([CASE])
        (shut / "cases").chmod(0o444)
    else:
        shut.chmod(0o555)
    with ordinary(), pytest.raises(PermissionError):
        one.check_writable()
    shut.chmod(0o755)
    shutil.rmtree(home)


@pytest.mark.parametrize("begun", [True, False])
def test_a_full_disk_takes_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bool) -> None:  # noqa: FBT001
    """It opens every file for writing and then has no room: that counts as closed, too."""
    one = vault(tmp_path)
    if begun:
        one.prepare([CASE])
    free = list(os.statvfs(tmp_path))
    free[4] = 0  # blocks that are free to us
    monkeypatch.setattr(os, "statvfs", lambda _path: os.statvfs_result(free))
    with pytest.raises(OSError, match="disk") as full:
        one.check_writable()
    assert full.value.errno == errno.ENOSPC
