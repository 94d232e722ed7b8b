"""Appends exchanges to WARC files so that they survive a crash: flushed and synced before the caller goes on.

A writer holds a lock on its open file (``….warc.gz.open``), rolls to a new one past a size, and seals a file by
syncing and renaming it. Appends of several threads share one fdatasync.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from archive.errors import ArchiveError, DiskFull
from archive.records import WarcPlace
from archive.warc_format import Members, PriorRecord, RecordType, WarcExchange, make_members, make_warcinfo

OPEN = ".open"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, kw_only=True, slots=True)
class WarcWritten:
    """Where an exchange was kept (`place` is its response or revisit record), and as what."""

    place: WarcPlace
    record_type: RecordType
    payload_digest: str | None


@dataclass(slots=True, eq=False)
class _OpenFile:
    """The file in writing. `end` is past the last whole record, `synced` past the last one on disk.

    `lost` counts the times that written but unsynced records were cut off again; `doubtful` is set from a failed sync
    until then.
    """

    id: UUID
    path: str  # relative, without .open
    fd: int
    warcinfo_id: str
    end: int = 0
    synced: int = 0
    lost: int = 0
    doubtful: bool = False
    sealed: bool = False


class WarcWriter:
    """Thread-safe; one for each process. `append` returns when the bytes are on disk.

    `software` and `writer` go into each file's warcinfo. `on_open(file_id, path)` is called before the first record
    of a file is acknowledged, `on_seal(path, size)` after it was sealed; paths are relative to `root`, without
    ``.open``. No file is made before the first append.
    """

    def __init__(
        self,
        root: Path,
        *,
        roll_size: int,
        software: str,
        writer: str,
        on_open: Callable[[UUID, str], None],
        on_seal: Callable[[str, int], None],
    ) -> None:
        self._root = root
        self._roll_size = roll_size
        self._software = software
        self._writer = writer
        self._on_open = on_open
        self._on_seal = on_seal
        self._write_lock = threading.RLock()  # taken before the sync lock where both are held
        self._sync_lock = threading.Lock()
        self._file: _OpenFile | None = None

    def append(self, exchange: WarcExchange, *, prior: PriorRecord | None = None) -> WarcWritten:
        """Keep one exchange.

        Raises:
            DiskFull: there was no room; nothing of it is kept, and the writer stays usable.
            ArchiveError: the exchange cannot be written as WARC (a URL with white space, say).
        """
        return self.append_many([(exchange, prior)])[0]

    def append_many(self, exchanges: Sequence[tuple[WarcExchange, PriorRecord | None]]) -> list[WarcWritten]:
        """Keep several with one sync: all of them or, where an error is raised, none. Errors as `append`."""
        with self._write_lock:
            file = self._ready()
        # Compressed outside the lock: it is most of the work, and threads share the processors.
        members = [make_members(exchange, prior, file.warcinfo_id) for exchange, prior in exchanges]
        with self._write_lock:
            if file.sealed:  # rolled by another thread in between; the warcinfo named is the former file's
                file = self._ready()
                members = [make_members(exchange, prior, file.warcinfo_id) for exchange, prior in exchanges]
            written = self._write(file, members)
            end, lost = file.end, file.lost
        self._sync(file, end, lost)
        self._roll(file)
        return written

    def close(self) -> None:
        """Seal the file in writing, if there is one."""
        with self._write_lock:
            if self._file is not None:
                self._seal(self._file)

    def _ready(self) -> _OpenFile:
        if self._file is None:
            self._file = self._open()
        return self._file

    def _open(self) -> _OpenFile:
        """A new file, locked before anyone else can take it for a dead writer's."""
        while True:
            file = self._create()
            try:
                fcntl.flock(file.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not is_at(file.fd, self._root / (file.path + OPEN)):
                    raise BlockingIOError
                break
            except BlockingIOError:  # a recovery was quicker: the empty file is its
                os.close(file.fd)
        try:
            at = datetime.now(UTC)
            warcinfo = make_warcinfo(file.warcinfo_id, file.path, at, self._software, self._writer)
            self._write_bytes(file, warcinfo)
            self._sync(file, file.end, file.lost)
            sync_directories(self._root, (self._root / file.path).parent)
            self._on_open(file.id, file.path)
        except BaseException:
            (self._root / (file.path + OPEN)).unlink(missing_ok=True)
            os.close(file.fd)
            raise
        return file

    def _create(self) -> _OpenFile:
        file_id, now = uuid4(), datetime.now(UTC)
        host = re.sub(r"[^a-z0-9]+", "-", self._writer.partition(":")[0].lower()).strip("-") or "host"
        name = f"wirekeep-{now:%Y%m%d%H%M%S}-{host[:40]}-{os.getpid()}-{file_id.hex[:8]}.warc.gz"
        path = f"{now:%Y}/{now:%m}/{name}"
        full = self._root / (path + OPEN)
        try:
            full.parent.mkdir(parents=True, exist_ok=True)
            fd = os.open(full, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise _explained(error, full) from error
        return _OpenFile(file_id, path, fd, f"<urn:uuid:{file_id}>")

    def _write(self, file: _OpenFile, members: Sequence[Members]) -> list[WarcWritten]:
        """Write all members at the end of the file, or none; under the write lock."""
        written, offset = [], file.end
        for one in members:
            offset += len(one.before)
            place = WarcPlace(
                file_id=file.id, path=file.path, offset=offset, length=len(one.main), record_id=one.record_id
            )
            written.append(WarcWritten(place=place, record_type=one.record_type, payload_digest=one.payload_digest))
            offset += len(one.main)
        self._write_bytes(file, b"".join(one.before + one.main for one in members))
        return written

    def _write_bytes(self, file: _OpenFile, data: bytes) -> None:
        try:
            view, offset = memoryview(data), file.end
            while view:
                count = os.pwrite(file.fd, view, offset)
                view, offset = view[count:], offset + count
        except OSError as error:
            os.ftruncate(file.fd, file.end)
            raise _explained(error, self._root / file.path) from error
        file.end += len(data)

    def _sync(self, file: _OpenFile, end: int, lost: int) -> None:
        """Return when the file is on disk up to `end`; whoever comes first syncs for all who wait."""
        try:
            with self._sync_lock:
                if file.lost == lost and file.synced >= end:
                    return
                if file.lost != lost or file.doubtful:
                    raise OSError(errno.ENOSPC, "records written together with this one could not be synced")
                target = file.end
                file.doubtful = True
                os.fdatasync(file.fd)
                file.synced, file.doubtful = target, False
        except OSError as error:
            self._cut_unsynced(file)
            raise _explained(error, self._root / file.path) from error

    def _cut_unsynced(self, file: _OpenFile) -> None:
        """After a failed sync nobody knows what is on disk past the last good one: cut there, so all who wrote fail."""
        with self._write_lock, self._sync_lock:
            if file.doubtful:
                file.lost += 1
                file.end, file.doubtful = file.synced, False
                os.ftruncate(file.fd, file.synced)

    def _roll(self, file: _OpenFile) -> None:
        if file.end < self._roll_size:
            return
        with self._write_lock:
            if file.sealed or self._file is not file:
                return
            self._seal(file)

    def _seal(self, file: _OpenFile) -> None:
        """Sync, rename, sync the directory; under the write lock, so that nobody writes to it any more."""
        self._sync(file, file.end, file.lost)
        full = self._root / file.path
        os.fsync(file.fd)
        os.rename(self._root / (file.path + OPEN), full)
        file.sealed, self._file = True, None
        sync_directories(full.parent, full.parent)
        os.close(file.fd)
        self._on_seal(file.path, file.end)


def sync_directories(top: Path, bottom: Path) -> None:
    """Sync `bottom` and the directories above it up to `top`, so that new names in them survive."""
    for directory in (bottom, *bottom.parents):
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        if directory == top:
            return


def is_at(fd: int, path: Path) -> bool:
    """Whether the open file is still the one of that name (a recovery may have taken it)."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(fd), path.stat())
    return False


def _explained(error: OSError, path: Path) -> ArchiveError:
    if error.errno in _FULL:
        return DiskFull(f"{path}: no space left ({error.strerror}); free some, writing resumes by itself")
    return ArchiveError(f"{path}: cannot be written ({error.strerror}); check the WARC directory")
