"""Wirekeep as `wirekeep up` runs it on its own embedded PostgreSQL, for tests that kill any of its processes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from archive.db import connect
from archive.embedded import open_cluster
from archive.errors import ArchiveError
from archive.place import find_place
from demo.server import Newsroom

from .running import Wirekeep


class Embedded(Wirekeep):
    """One installation with a server of its own, which the test may kill: the service brings it back."""

    def __init__(self, folder: Path, dsn: str, newsroom: Newsroom) -> None:
        super().__init__(folder, dsn, newsroom)
        del self.env["WIREKEEP_DATABASE_URL"]

    def pid(self, role: str) -> int:
        """Process number of a role's latest process: ``worker-1``, ``scheduler``; ``postgres`` for the server's."""
        if role == "postgres":
            place = find_place(self.folder)
            assert place is not None, "the server's folder is made with the installation"
            return int((place.data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
        return int([event["pid"] for event in self.events("role_started") if event["role"] == role][-1])

    def is_alive(self, pid: int) -> bool:
        """Whether a role's process runs: one of this installation, not another that was given its number."""
        try:
            return str(self.folder) in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return False

    def kill_role(self, role: str, *, group: bool) -> int:
        """kill -9 a role: its process only, or with all that it started. Returns the process number."""
        pid = self.pid(role)
        if group and role != "postgres":  # PostgreSQL's children have sessions of their own, and notice by themselves
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
        return pid

    def ask(self, query: str) -> object:
        """First value of a query; None while the server is away."""
        try:
            with connect(self.dsn, autocommit=True) as conn:
                row = conn.execute(query.encode()).fetchone()
        except ArchiveError:
            return None
        return None if row is None else next(iter(row.values()))


@contextlib.contextmanager
def install(newsroom: Newsroom) -> Iterator[Embedded]:
    """A fresh installation; what was started is killed at the end, the server stopped and the folder removed."""
    # Not pytest's own folder: as root that is 0700, and the server's user must be able to enter.
    folder = Path(tempfile.mkdtemp(prefix="wirekeep-up-"))
    folder.chmod(0o711)
    try:
        with open_cluster(folder) as dsn:
            installed = Embedded(folder, dsn, newsroom)
            try:
                yield installed
            finally:
                _stop_hard(installed)
    finally:
        shutil.rmtree(folder)


def _stop_hard(installed: Embedded) -> None:
    """First politely: `up` ends its roles. Roles that outlive it would hold the server."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        installed.stop()
    for process in list(installed.roles):
        installed.kill(process)
    for event in installed.events("role_started") if installed.log.exists() else ():
        if installed.is_alive(event["pid"]):
            os.killpg(event["pid"], signal.SIGKILL)
