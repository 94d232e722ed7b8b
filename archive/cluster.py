"""One embedded PostgreSQL server: made, started, asked whether it lives, stopped, and brought back after a crash.

Liveness is an answer at the socket, never a pid. Whether any process of a server is left is told by a lock: the
server is started with an open, locked file that all its processes inherit, and the kernel drops the lock with the
last of them. That holds across pid reuse, zombies and containers, where a pid file does not.
"""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
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

Answer = Literal["ready", "refusing", "none"]

SERVER_LOCK = "server.lock"
PAUSE = 0.05
# What the processes of a killed postmaster get to notice it: idle ones do at once, one in a long query may not.
ORPHANS_PATIENCE = 5.0
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
        """What the socket answers: ready, refusing (it starts or stops), none."""
        dsn = self.place.make_dsn("postgres")
        if dsn is None:
            return "none"
        found = psycopg.pq.PGconn.ping(make_conninfo(dsn, connect_timeout=5).encode())
        if found == psycopg.pq.Ping.OK:
            return "ready"
        return "refusing" if found == psycopg.pq.Ping.REJECT else "none"

    def start(self, timeout: float) -> None:
        """Start it, after making it where it was never made; returns once it answers.

        Callers hold the start lock. Recovery after a crash is waited for.

        Raises:
            ConfigError: another major made the data, or the programs do not run.
            ArchiveUnavailable: it ended at once (the log's tail is in the message) or is not ready in time.
        """
        deadline = time.monotonic() + timeout
        # Not answering, yet alive: another program began to start it, or it is stopping. The lock tells when it ended.
        with self._server_lock(deadline) as handle:
            if handle is not None:
                check_major(self.place.data, self.bindir)
                if not self.place.data.is_dir():
                    make_data(self.place, self.bindir, sync=self.fsync)
                self._remove_stale_files()
                self._launch(handle)
        self._wait_until_ready(deadline)
        self._make_database()

    def stop(self, timeout: float = STOP_TIMEOUT) -> bool:
        """Stop it cleanly; returns whether it was running. Sessions are ended, their open transactions rolled back.

        Raises:
            ArchiveUnavailable: processes of it are left after `timeout` seconds.
        """
        if not self.has_processes():
            return False
        run_as(self.place.account, [self.bindir / "pg_ctl", "stop", "-D", self.place.data, "-m", "fast", "-W"])
        deadline = time.monotonic() + timeout
        while self.has_processes():
            if time.monotonic() > deadline:
                raise ArchiveUnavailable(
                    f"the embedded PostgreSQL did not stop within {timeout:g} s; {self._log_tail()}"
                )
            time.sleep(PAUSE)
        self._remove_socket_dir()
        return True

    def has_processes(self) -> bool:
        """Whether any process of the server is left, orphans of a killed postmaster included."""
        handle = self._try_server_lock()
        if handle is None:
            return True
        os.close(handle)
        return False

    # -------------------------------------------------------------------------------------- starting

    @contextmanager
    def _server_lock(self, deadline: float) -> Iterator[int | None]:
        """The server's lock, held for a new server; None where a server holds it and answers, however curtly."""
        began, asked_to_end = time.monotonic(), 0
        handle = self._try_server_lock()
        while handle is None:
            if self.ask() != "none":
                break
            waited = time.monotonic() - began
            if waited > ORPHANS_PATIENCE * (asked_to_end + 1) and asked_to_end < 2:
                self._end_orphans(signal.SIGQUIT if asked_to_end == 0 else signal.SIGKILL)
                asked_to_end += 1
            if time.monotonic() > deadline:
                raise ArchiveUnavailable(
                    f"processes of a PostgreSQL in {self.place.home} are left and do not answer; end them: "
                    f"{self._find_processes() or 'see ps'}"
                )
            time.sleep(PAUSE)
            handle = self._try_server_lock()
        try:
            yield handle
        finally:
            if handle is not None:
                os.close(handle)

    def _try_server_lock(self) -> int | None:
        handle = open_lock(self.place.home / SERVER_LOCK)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        return handle

    def _remove_stale_files(self) -> None:
        """Remove the pid and socket files of a server that is gone. We hold its lock: none of its processes is left.

        A server started by hand does not hold that lock; its pid file stays, and PostgreSQL itself refuses to start.
        """
        pid = self._read_pid()
        if pid is not None and not (_exists(pid) and pid in self._find_processes()):
            (self.place.data / "postmaster.pid").unlink(missing_ok=True)
        elif pid is not None:
            return
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
        while (answer := self.ask()) != "ready":
            if answer == "none" and not self.has_processes():
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

    def _read_pid(self) -> int | None:
        try:
            return int((self.place.data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _find_processes(self) -> list[int]:
        """Processes whose working directory is the data directory: the server's own (on Linux; else none is found)."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if Path(os.readlink(entry / "cwd")) == self.place.data.resolve():
                    found.append(int(entry.name))
            except OSError:
                continue  # ended meanwhile, or another user's
        return found

    def _end_orphans(self, number: signal.Signals) -> None:
        pid = self._read_pid()
        for orphan in self._find_processes():
            if orphan != pid:
                run_as(self.place.account, ["/bin/sh", "-c", 'kill -s "$1" "$2"', "sh", number.name[3:], str(orphan)])

    def _log_tail(self, lines: int = 12) -> str:
        try:
            said = self.place.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        except OSError as error:
            return f"it left no log ({error})"
        return "\n".join([f"the end of {self.place.log}:", *said])


def open_lock(path: Path) -> int:
    """An open handle on a lock file, made where it is missing, owned as its folder is; links are not followed."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    folder = path.parent.stat()
    if os.geteuid() == 0 and os.fstat(handle).st_uid != folder.st_uid:
        os.fchown(handle, folder.st_uid, folder.st_gid)
    return handle


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
