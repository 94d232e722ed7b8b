"""One embedded PostgreSQL server: made, started, asked whether it lives, stopped, and brought back after a crash.

Liveness is an answer at the socket, never a pid.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psycopg
from psycopg.conninfo import make_conninfo

from archive.account import run_as
from archive.binaries import read_major
from archive.datadir import check_major, make_data
from archive.errors import ArchiveUnavailable
from archive.place import DATABASE, PORT, Place, write_atomically
from archive.processes import SERVER_LOCK, Orphans, find_processes, has_processes, read_pid, try_lock

Answer = Literal["ready", "refusing", "none"]

PAUSE = 0.05
START_GRACE = 0.5
STOP_TIMEOUT = 60.0
LARGEST_LOG = 10 * 1024 * 1024
# A peer map's database user may be "all" since 16; before that a socket folder of our own (0700) is the whole guard.
PEER_MAJOR = 16

# Modest: the archive's machine has better use for its memory, and the kernel caches files too.
_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "huge_pages": "off",
    # Parallel queries exchange rows through /dev/shm, which has 64 MB in most containers.
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "cluster_name": "wirekeep",
}
_UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A server's place and programs. Without `fsync` a power cut may ruin it: for tests only."""

    place: Place
    bindir: Path
    fsync: bool = True

    def ask(self) -> Answer:
        """What the socket answers."""
        return ask(self.place)

    def start(self, timeout: float) -> None:
        """Start it, after making it where it was never made; returns once it answers.

        Callers hold the start lock. Recovery after a crash is waited for.

        Raises:
            ConfigError: another major made the data, or the programs do not run.
            ArchiveUnavailable: it ended at once (the log's tail is in the message) or is not ready in time.
        """
        deadline = time.monotonic() + timeout
        handle = self._take_server_lock(deadline)
        if handle is not None:
            try:
                check_major(self.place.data, self.bindir)
                if not self.place.data.is_dir():
                    make_data(self.place, self.bindir, sync=self.fsync)
                self._remove_stale_files()
                self._launch(handle)
            finally:
                os.close(handle)
        self._wait_until_ready(deadline)
        self._make_database()

    def stop(self, timeout: float = STOP_TIMEOUT) -> bool:
        """Stop it cleanly; returns whether it was running. Sessions are ended, their open transactions rolled back.

        Raises:
            ArchiveUnavailable: processes of it are left after `timeout` seconds.
        """
        if not has_processes(self.place):
            return False
        run_as(self.place.account, [self.bindir / "pg_ctl", "stop", "-D", self.place.data, "-m", "fast", "-W"])
        deadline, orphans = time.monotonic() + timeout, Orphans(self.place)
        while has_processes(self.place):
            if time.monotonic() > deadline:
                raise ArchiveUnavailable(
                    f"the embedded PostgreSQL did not stop within {timeout:g} s; {self._log_tail()}"
                )
            if self.ask() == "none":
                orphans.press()
            time.sleep(PAUSE)
        self._remove_socket_dir()
        return True

    # -------------------------------------------------------------------------------------- starting

    def _take_server_lock(self, deadline: float) -> int | None:
        """The server's lock, to be handed to a new server; None where a server holds it and answers, however curtly.

        Held and silent: another program has just launched it, or orphans of a killed one are left.
        """
        orphans = Orphans(self.place)
        while (handle := try_lock(self.place.home / SERVER_LOCK)) is None and self.ask() == "none":
            orphans.press()
            if time.monotonic() > deadline:
                raise ArchiveUnavailable(
                    f"processes of a PostgreSQL in {self.place.home} are left and do not answer; end them: "
                    f"{find_processes(self.place) or 'see ps'}"
                )
            time.sleep(PAUSE)
        return handle

    def _remove_stale_files(self) -> None:
        """Remove the pid and socket files of a server that is gone. We hold its lock: none of its processes is left.

        A server started by hand does not hold that lock: it is told by its pid file, and refused here as by PostgreSQL.
        """
        pid = read_pid(self.place)
        if pid is not None and pid in find_processes(self.place):
            raise ArchiveUnavailable(
                f"a PostgreSQL that Wirekeep did not start (pid {pid}) runs on {self.place.data}; stop that one first"
            )
        (self.place.data / "postmaster.pid").unlink(missing_ok=True)
        folder = self.place.find_socket_dir()
        for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            if folder is not None:
                (folder / name).unlink(missing_ok=True)

    def _launch(self, handle: int) -> None:
        home, account = self.place.home, self.place.account
        if self.place.log.exists() and self.place.log.stat().st_size > LARGEST_LOG:
            self.place.log.replace(self.place.log.with_suffix(".log.1"))
        self._write_access_rules()
        sockets = str(self.place.make_socket_dir()).replace('"', '""')
        settings = {
            **_SETTINGS,
            **({} if self.fsync else _UNSAFE),
            "unix_socket_directories": f'"{sockets}"',
            "hba_file": str(home / "pg_hba.conf"),
            "ident_file": str(home / "pg_ident.conf"),
        }
        server: list[str | Path] = [self.bindir / "postgres", "-D", self.place.data]
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        # A shell that ends at once leaves the server to init: it outlives us, and is nobody's zombie but init's.
        script = 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 &'
        run_as(account, ["/bin/sh", "-c", script, "sh", self.place.log, *server, *options], pass_fds=(handle,))

    def _write_access_rules(self) -> None:
        account = self.place.account
        method = "peer map=wirekeep" if read_major(self.bindir) >= PEER_MAJOR else "trust"
        write_atomically(self.place.home / "pg_hba.conf", f"local all all {method}\n", account)
        names = "".join(f'wirekeep "{name}" all\n' for name in account.client_names)
        write_atomically(self.place.home / "pg_ident.conf", names, account)

    def _wait_until_ready(self, deadline: float) -> None:
        began = time.monotonic()
        while (answer := self.ask()) != "ready":
            # Where no lock is passed on, a server is seen only once it has entered its folder.
            if answer == "none" and time.monotonic() - began > START_GRACE and not has_processes(self.place):
                raise ArchiveUnavailable(f"the embedded PostgreSQL ended while starting; {self._log_tail()}")
            if time.monotonic() > deadline:
                raise ArchiveUnavailable(f"the embedded PostgreSQL is still recovering; try again; {self._log_tail()}")
            time.sleep(PAUSE)

    def _make_database(self) -> None:
        dsn = self.place.make_dsn("postgres")
        assert dsn is not None  # it has just answered there
        try:
            with psycopg.connect(dsn, autocommit=True) as conn:
                if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
                    conn.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.Error as error:
            raise ArchiveUnavailable(f"the embedded PostgreSQL refuses: {str(error).strip()}") from error

    # -------------------------------------------------------------------------------------- what is left

    def _remove_socket_dir(self) -> None:
        folder = self.place.find_socket_dir()
        if folder is None or folder == self.place.home:
            return
        try:
            folder.rmdir()
        except OSError:
            return  # something lies in it, or it is gone: the next start makes another where it has to
        self.place.socket_note.unlink(missing_ok=True)

    def _log_tail(self, lines: int = 12) -> str:
        try:
            said = self.place.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        except OSError as error:
            return f"it left no log ({error})"
        return "\n".join([f"the end of {self.place.log}:", *said])


def ask(place: Place) -> Answer:
    """What the socket of a cluster answers: ready, refusing (it starts or stops), none."""
    dsn = place.make_dsn("postgres")
    if dsn is None:
        return "none"
    found = psycopg.pq.PGconn.ping(make_conninfo(dsn, connect_timeout=5).encode())
    if found == psycopg.pq.Ping.OK:
        return "ready"
    return "refusing" if found == psycopg.pq.Ping.REJECT else "none"
