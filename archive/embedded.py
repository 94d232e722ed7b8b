"""The embedded PostgreSQL of a data directory: there while somebody uses it, stopped by the last who leaves.

Who uses it is told by shared locks on one file: a process that is killed lets go of its lock, so it is never counted.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from archive.binaries import find_bindir, find_psql, make_runnable
from archive.cluster import PAUSE, Cluster, ask
from archive.errors import ArchiveError, ArchiveUnavailable
from archive.place import STATE_ROOT, Place, find_place, make_place, write_atomically
from archive.processes import open_lock, try_lock

__all__ = ["ClusterStatus", "ensure_running", "find_psql", "open_cluster", "start", "status", "stop"]

# Starting is one process's work at a time. A crash recovery may take minutes; the others wait for it.
START_LOCK, START_TIMEOUT = "start.lock", 120.0
USERS_LOCK = "users.lock"
KEEP_MARK = "keep"


@dataclass(frozen=True, kw_only=True)
class ClusterStatus:
    """What is known of a data directory's cluster. `kept`: it runs until `wirekeep db stop`."""

    state: Literal["absent", "stopped", "starting", "running"]
    home: Path | None = None
    dsn: str | None = None
    kept: bool = False
    log: Path | None = None


@contextmanager
def open_cluster(
    data_dir: Path,
    *,
    bindir: Path | None = None,
    fsync: bool = True,
    state_root: Path = STATE_ROOT,
    timeout: float = START_TIMEOUT,
) -> Iterator[str]:
    """A DSN of the cluster of `data_dir` for as long as the context lasts; made and started where it has to be.

    Leaving it stops the server where nobody else uses it, unless `start` was asked to keep it running.

    Raises:
        ConfigError: it cannot run here (no wheel, another major's data, root without an unprivileged user).
        ArchiveUnavailable: it did not start; the message has the tail of its log.
    """
    cluster = _make_cluster(data_dir, bindir, fsync, state_root)
    handle = _enter(cluster, timeout)
    try:
        yield _dsn(cluster)
    finally:
        _leave(cluster, handle, timeout)


def start(
    data_dir: Path, *, bindir: Path | None = None, fsync: bool = True, state_root: Path = STATE_ROOT
) -> str:  # fmt: skip
    """Start the cluster and leave it running until `stop`; returns its DSN.

    Raises:
        ConfigError, ArchiveUnavailable: as `open_cluster`.
    """
    cluster = _make_cluster(data_dir, bindir, fsync, state_root)
    with _start_locked(cluster.place, START_TIMEOUT):
        if cluster.ask() != "ready":
            cluster.start(START_TIMEOUT)
        write_atomically(cluster.place.home / KEEP_MARK, "started by: wirekeep db start\n", cluster.place.account)
    return _dsn(cluster)


def stop(data_dir: Path, *, bindir: Path | None = None, state_root: Path = STATE_ROOT) -> bool:
    """Stop the cluster; returns whether it was running.

    Raises:
        ArchiveError: other processes use it (`wirekeep up`, mostly); it then stops when the last of them ends.
        ArchiveUnavailable: it did not stop within a minute.
    """
    place = find_place(data_dir)
    if place is None:
        return False
    cluster = Cluster(place=place, bindir=make_runnable(bindir or find_bindir(), place.account, state_root))
    with _start_locked(place, START_TIMEOUT):
        (place.home / KEEP_MARK).unlink(missing_ok=True)
        if not _is_unused(place):
            raise ArchiveError(
                f"the embedded PostgreSQL in {place.home} is in use by another Wirekeep process; end that first "
                "(wirekeep up, scheduler, worker, or a command under way): it stops with the last of them"
            )
        return cluster.stop()


def ensure_running(
    data_dir: Path, *, bindir: Path | None = None, fsync: bool = True, state_root: Path = STATE_ROOT
) -> bool:  # fmt: skip
    """Bring a server back that died under its users; returns whether that was needed. Cheap where it lives.

    Raises:
        ConfigError, ArchiveUnavailable: as `open_cluster`.
    """
    place = find_place(data_dir)
    if place is not None and ask(place) == "ready":
        return False
    cluster = _make_cluster(data_dir, bindir, fsync, state_root)
    with _start_locked(cluster.place, START_TIMEOUT):
        if cluster.ask() == "ready":
            return False
        cluster.start(START_TIMEOUT)
    return True


def status(data_dir: Path) -> ClusterStatus:
    """What is there, without starting anything.

    Raises:
        ConfigError: the cluster belongs to another user.
    """
    place = find_place(data_dir)
    if place is None:
        return ClusterStatus(state="absent")
    answer = ask(place)
    running = answer == "ready"
    return ClusterStatus(
        state="running" if running else "starting" if answer == "refusing" else "stopped",
        home=place.home,
        dsn=place.make_dsn() if running else None,
        kept=(place.home / KEEP_MARK).exists(),
        log=place.log,
    )


def _make_cluster(data_dir: Path, bindir: Path | None, fsync: bool, state_root: Path) -> Cluster:
    found = bindir or find_bindir()
    place = make_place(data_dir, state_root=state_root)
    return Cluster(place=place, bindir=make_runnable(found, place.account, state_root), fsync=fsync)


def _dsn(cluster: Cluster) -> str:
    dsn = cluster.place.make_dsn()
    if dsn is None:
        raise ArchiveUnavailable(
            f"the embedded PostgreSQL in {cluster.place.home} has lost its socket folder; try again"
        )
    return dsn


def _enter(cluster: Cluster, timeout: float) -> int:
    """Be counted among the users, with the server up. Returns the handle that counts us."""
    with _start_locked(cluster.place, timeout):
        handle = open_lock(cluster.place.home / USERS_LOCK)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
            if cluster.ask() != "ready":
                # A mark that an earlier server left (the machine went down) does not bind this one.
                (cluster.place.home / KEEP_MARK).unlink(missing_ok=True)
                cluster.start(timeout)
        except BaseException:
            os.close(handle)
            raise
    return handle


def _leave(cluster: Cluster, handle: int, timeout: float) -> None:
    with _start_locked(cluster.place, timeout):
        os.close(handle)
        if _is_unused(cluster.place) and not (cluster.place.home / KEEP_MARK).exists():
            cluster.stop()


def _is_unused(place: Place) -> bool:
    """Whether no process uses the cluster; asked under the start lock, so that none can begin to meanwhile."""
    handle = try_lock(place.home / USERS_LOCK)
    if handle is None:
        return False
    os.close(handle)
    return True


@contextmanager
def _start_locked(place: Place, timeout: float) -> Iterator[None]:
    deadline = time.monotonic() + timeout
    while (handle := try_lock(place.home / START_LOCK)) is None:
        if time.monotonic() > deadline:
            raise ArchiveUnavailable(
                f"another Wirekeep process has been starting or stopping the PostgreSQL in {place.home} for "
                f"{timeout:g} s; see {place.log}"
            )
        time.sleep(PAUSE)
    try:
        yield
    finally:
        os.close(handle)
