"""Which processes of an embedded server are left, and how orphans of a killed one are ended.

The server is started with an open, locked file that all its processes inherit, and the kernel drops the lock with the
last of them. That holds across pid reuse, zombies and containers, where a pid file does not. (File systems that lend
locks to single processes, such as NFS, pass none on: there the processes themselves are looked for as well.)
"""

from __future__ import annotations

import fcntl
import os
import signal
import time
from pathlib import Path

from archive.account import run_as
from archive.place import Place

SERVER_LOCK = "server.lock"
# What the processes of a killed postmaster get to notice it: idle ones do at once, one in a long query does not.
PATIENCE = 5.0


def open_lock(path: Path) -> int:
    """An open handle on a lock file, made where it is missing, owned as its folder is; links are not followed."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    folder = path.parent.stat()
    if os.geteuid() == 0 and os.fstat(handle).st_uid != folder.st_uid:
        os.fchown(handle, folder.st_uid, folder.st_gid)
    return handle


def try_lock(path: Path) -> int | None:
    """The handle of a lock file that we hold alone, or None where somebody holds it."""
    handle = open_lock(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def has_processes(place: Place) -> bool:
    """Whether any process of the server is left, orphans of a killed postmaster included."""
    handle = try_lock(place.home / SERVER_LOCK)
    if handle is None:
        return True
    os.close(handle)
    return bool(find_processes(place))


def find_processes(place: Place) -> list[int]:
    """Processes whose working directory is the data directory: the server's own (on Linux; else none is found)."""
    data, found = place.data.resolve(), []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(entry / "cwd")) == data:
                found.append(int(entry.name))
        except OSError:
            continue  # ended meanwhile, a zombie, or another user's
    return found


def read_pid(place: Place) -> int | None:
    """The pid that the server's pid file names; it may be long gone, or another process's by now."""
    try:
        return int((place.data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
    except (OSError, ValueError):
        return None


class Orphans:
    """Ends sessions that outlive their postmaster: asked first, then made to, never while the postmaster lives."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._began = time.monotonic()
        self._signals = [signal.SIGQUIT, signal.SIGKILL]

    def press(self) -> None:
        """Called again and again while they are waited for."""
        if not self._signals or time.monotonic() - self._began < PATIENCE:
            return
        self._began = time.monotonic()
        number, orphans = self._signals.pop(0), find_processes(self._place)
        if read_pid(self._place) in orphans:
            return  # not orphans: their postmaster is there, only silent
        for orphan in orphans:
            # As the server's own user: a pid that has become another's meanwhile is out of reach.
            run_as(self._place.account, ["/bin/sh", "-c", 'kill -s "$1" "$2"', "sh", number.name[3:], str(orphan)])
