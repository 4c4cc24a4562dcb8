"""The one small file without which stored content of a case stays shut: a key for each case, outside the database.

Content keys lie in the database, each locked under the key of its case. That key lies here, locked under the storage
key, in a file that no backup of the database holds. So an order of erasure also reaches the backups that were made
before it: when the case's key is destroyed, what they hold of the case is noise. What is left of a case is locked anew
under a next key first.

The file is a row of entries of one size. New ones are written at its end and flushed to the disk before anybody uses
them; a destroyed one is overwritten in its place, and a stone at the end tells the other processes of this node to
forget it too. They all use the same file: whoever makes or destroys a key holds the lock on it.
"""

import errno
import fcntl
import os
import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import Struct
from typing import NamedTuple

from contracts.errors import Code, Rejected
from services.node.storage import StorageKey

_ENTRY = Struct(">26s8s60s")  # case, name of the key, the key locked under the storage key
_NAME_BYTES, _KEY_BYTES = 8, 32
_NO_NAME, _GONE = bytes(_NAME_BYTES), bytes(60)


class Entry(NamedTuple):
    """A key of a case, as it lies in the file."""

    place: int
    case: str
    name: bytes
    locked: bytes


class Vault:
    """The keys of all cases of a node."""

    def __init__(self, path: Path, storage: StorageKey) -> None:
        """The file is made when the first case is. OSError if it is there and cannot be read."""
        self._path = path
        self._storage = storage
        self._guard = threading.Lock()  # content is opened in threads, too
        self._end = 0
        self._by_case: dict[str, list[Entry]] = {}
        self._by_name: dict[bytes, Entry] = {}
        self._open: dict[bytes, StorageKey] = {}
        self._read()

    def lock(self, key: bytes, event: bytes, case: str = "") -> bytes:
        """A content key as it is stored: the name of what it is locked under, then nonce and ciphertext; 68 bytes."""
        if not case:  # control content is of no case, and never erased
            return _NO_NAME + self._storage.lock(key, event)
        with self._guard:
            self._read()
            if case not in self._by_case:
                self._make([case])
            entry = self._by_case[case][-1]
            return entry.name + self._opened(entry).lock(key, event)

    def unlock(self, locked: bytes, event: bytes) -> bytes:
        """The content key; Rejected(WRAP) if it was not stored for this event, or the key of its case is destroyed."""
        if len(locked) == len(_GONE):  # locked before there was a vault
            return self._storage.unlock(locked, event)
        name, locked = locked[:_NAME_BYTES], locked[_NAME_BYTES:]
        if name == _NO_NAME:
            return self._storage.unlock(locked, event)
        with self._guard:
            self._read()
            if name not in self._by_name:
                raise Rejected(Code.WRAP, "key of the case")
            return self._opened(self._by_name[name]).unlock(locked, event)

    def prepare(self, cases: Iterable[str]) -> None:
        """Make the keys of new cases with one flush: whoever takes in many at once need not wait for each."""
        with self._guard:
            self._read()
            if new := sorted({case for case in cases if case} - self._by_case.keys()):
                self._make(new)

    def renew(self, case: str) -> bytes:
        """Make the next key of a case, for what is to be left of it; its name. The ones before it still open."""
        with self._guard:
            self._make([case], again=True)
            return self._by_case[case][-1].name

    def destroy(self, case: str, before: bytes) -> None:
        """Destroy the keys of a case that are older than the one of this name; again is no harm."""
        with self._guard:
            self._read()
            old = self._older(case, before)
            if not old:
                return
            with self._locked() as file:
                for entry in old:
                    os.pwrite(file, _ENTRY.pack(case.encode(), entry.name, _GONE), entry.place)
                os.fsync(file)  # first they go, then the others are told: nobody forgets one that is still there
                os.pwrite(file, _ENTRY.pack(case.encode(), before, _GONE), _end_of(file))
                os.fsync(file)
            self._read()

    def check_writable(self) -> None:
        """OSError if the key of another case could not be kept: the file is closed to us, or its disk is full.

        While there is no case yet, neither file nor folder need be there.
        """
        path = next(path for path in (self._path, *self._path.parents) if path.exists())
        if path == self._path:
            os.close(os.open(path, os.O_RDWR))
        elif not os.access(path, os.W_OK | os.X_OK, effective_ids=True):
            raise PermissionError(errno.EACCES, "folder of the vault")
        disk = os.statvfs(path)
        if disk.f_blocks and not disk.f_bavail:
            raise OSError(errno.ENOSPC, "disk of the vault")

    def _make(self, cases: Iterable[str], *, again: bool = False) -> None:
        with self._locked() as file:
            self._read()
            new = [case for case in cases if again or case not in self._by_case]
            os.pwrite(file, b"".join(map(self._new, new)), end := _end_of(file))
            os.fsync(file)
            if end == 0:
                os.fchmod(file, 0o660)  # the parts of a node may run as users of their own, of one group
                _flush_folder(self._path.parent)
            self._read()

    def _new(self, case: str) -> bytes:
        key = self._storage.lock(secrets.token_bytes(_KEY_BYTES), case.encode())
        return _ENTRY.pack(case.encode(), secrets.token_bytes(_NAME_BYTES), key)

    def _opened(self, entry: Entry) -> StorageKey:
        if entry.name not in self._open:
            self._open[entry.name] = StorageKey(self._storage.unlock(entry.locked, entry.case.encode()))
        return self._open[entry.name]

    def _read(self) -> None:
        """Take in what has been written since we looked last, by us or by another process of this node."""
        try:
            size = _whole(os.stat(self._path).st_size)  # noqa: PTH116  asked for at every content, and twice as fast
        except FileNotFoundError:
            return  # no case yet
        if size <= self._end:
            return
        with self._path.open("rb") as file:
            file.seek(self._end)
            data = file.read(size - self._end)
        for number, (case, name, locked) in enumerate(_ENTRY.iter_unpack(data)):
            self._take(Entry(self._end + number * _ENTRY.size, case.decode("ascii", "replace"), name, locked))
        self._end = size

    def _take(self, entry: Entry) -> None:
        if entry.locked != _GONE:
            self._by_case.setdefault(entry.case, []).append(entry)
            self._by_name[entry.name] = entry
            return
        for old in self._older(entry.case, entry.name):
            self._by_case[entry.case].remove(old)
            del self._by_name[old.name]
            self._open.pop(old.name, None)

    def _older(self, case: str, name: bytes) -> list[Entry]:
        """The keys of a case before the one of this name; none if there is no such key."""
        entries = self._by_case.get(case, [])
        names = [entry.name for entry in entries]
        return entries[: names.index(name)] if name in names else []

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The file, made if need be, while no other process of this node writes in it."""
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o660)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)


def _end_of(file: int) -> int:
    """Where the next entry goes: what a crash left half-written at the end is written over."""
    return _whole(os.fstat(file).st_size)


def _whole(size: int) -> int:
    return size // _ENTRY.size * _ENTRY.size


def _flush_folder(folder: Path) -> None:
    """Make a new file's name last."""
    opened = os.open(folder, os.O_RDONLY)
    os.fsync(opened)
    os.close(opened)
