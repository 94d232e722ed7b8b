"""Makes whole what a dead writer left: its open file is cut at the last whole record and sealed.

A WARC file is never appended to after a crash. Whoever gets the lock of an open file owns it; a live writer's file is
left alone.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from archive.errors import WarcDamaged
from archive.warc_reader import iter_members, parse_record
from archive.warc_writer import OPEN, is_at, sync_directories

_CAPTURES = frozenset({"response", "revisit", "resource"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovered:
    """A file that was sealed: its path without ``.open``, its size, and what was found at its end.

    `cut` bytes were no whole record. `orphans` whole exchanges lie past the last committed one: kept, not indexed.
    `size` 0: nothing was whole, the file is gone. `damaged` says (in words) that records which rows point at are not
    whole; nothing was cut then.
    """

    path: str
    size: int
    cut: int
    orphans: int
    damaged: str | None = None


def recover(root: Path, *, committed_end: Callable[[str], int]) -> list[Recovered]:
    """Seal every open file whose writer is gone.

    `committed_end(path)` is the offset past the last record of a file (relative path, without ``.open``) that a row
    points at, 0 for none.
    """
    found = (_recover_one(root, path, committed_end) for path in sorted(root.glob(f"**/*.warc.gz{OPEN}")))
    return [one for one in found if one is not None]


def _recover_one(root: Path, opened: Path, committed_end: Callable[[str], int]) -> Recovered | None:
    try:
        fd = os.open(opened, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:  # sealed by its writer or another recovery since it was listed
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if is_at(fd, opened):
            path = opened.relative_to(root).as_posix().removesuffix(OPEN)
            return _seal(fd, opened, path, committed_end(path))
    except BlockingIOError:
        pass  # its writer lives
    finally:
        os.close(fd)
    return None


def _seal(fd: int, opened: Path, path: str, committed: int) -> Recovered:
    whole, orphans, problem = _measure(fd, path, committed)
    found = os.fstat(fd).st_size
    damaged = None
    if whole < committed:
        damaged = f"{problem or 'the file ends'}; rows point at records up to {committed}, whole ones end at {whole}"
        whole = found
    if whole == 0:
        opened.unlink()
        sync_directories(opened.parent, opened.parent)
        return Recovered(path=path, size=0, cut=found, orphans=0)
    os.ftruncate(fd, whole)
    os.fsync(fd)
    os.rename(opened, opened.with_name(opened.name.removesuffix(OPEN)))
    sync_directories(opened.parent, opened.parent)
    return Recovered(path=path, size=whole, cut=found - whole, orphans=orphans, damaged=damaged)


def _measure(fd: int, path: str, committed: int) -> tuple[int, int, str | None]:
    """(end of the last whole record, exchanges past `committed`, what stands in the way after it)."""
    end = orphans = 0
    with open(os.dup(fd), "rb") as file:
        try:
            for offset, length, data in iter_members(file):
                record = parse_record(data, f"{path} at {offset}")
                end = offset + length
                orphans += offset >= committed and record.record_type in _CAPTURES
        except WarcDamaged as error:
            return end, orphans, str(error)
    return end, orphans, None
