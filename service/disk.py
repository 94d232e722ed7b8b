"""How much room is left, and whether fetching may go on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """Free and whole size of the disk under a folder, in bytes."""

    path: Path
    free: int
    total: int

    @property
    def percent(self) -> float:
        """Free share, 0…100."""
        return 100.0 * self.free / self.total if self.total else 0.0


def measure_room(path: Path) -> Room:
    """Room on the disk under `path`, or under the nearest folder above it that exists."""
    where = path
    while not where.exists():
        where = where.parent
    stat = os.statvfs(where)
    return Room(path=path, free=stat.f_bavail * stat.f_frsize, total=stat.f_blocks * stat.f_frsize)


def find_shortage(room: Room, *, min_bytes: int, min_percent: float) -> str | None:
    """Why fetching must stop, in words; None where there is room enough.

    >>> find_shortage(Room(path=Path("/a"), free=2**20, total=2**40), min_bytes=2**30, min_percent=0)
    '/a: 1 MiB free (0.0 %), at least 1024 MiB and 0 % wanted'
    """
    if room.free >= min_bytes and room.percent >= min_percent:
        return None
    return (
        f"{room.path}: {room.free >> 20} MiB free ({room.percent:.1f} %), "
        f"at least {min_bytes >> 20} MiB and {min_percent:g} % wanted"
    )
