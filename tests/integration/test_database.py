"""Connections: refused where they cannot serve, back after an outage, and their errors are ours."""

from __future__ import annotations

import contextlib
import datetime
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from archive.db import Pool, borrow, check_server, connect, open_pool, refuse_pooler, retry_transaction, translated
from archive.errors import ArchiveError, ArchiveUnavailable, ConfigError, DiskFull

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")


def test_rows_come_by_name_and_times_as_aware_utc(database: str) -> None:
    with connect(database) as conn:
        row = conn.execute("SELECT timestamptz '2026-03-29 02:30+03' AS at, 1 AS one").fetchone()
    assert row == {"at": datetime.datetime(2026, 3, 28, 23, 30, tzinfo=datetime.UTC), "one": 1}


def test_leaving_a_connection_commits_and_an_error_rolls_back_and_is_ours(database: str) -> None:
    with connect(database) as conn:
        conn.execute("INSERT INTO store.source (name) VALUES ('kept')")

    def insert() -> None:
        with connect(database) as conn:
            conn.execute("INSERT INTO store.source (name) VALUES ('lost')")
            conn.execute("INSERT INTO store.source (name) VALUES ('kept')")

    with pytest.raises(ArchiveError, match="23505") as caught:
        insert()
    assert isinstance(caught.value.__cause__, errors.UniqueViolation)
    with connect(database) as conn:
        assert [row["name"] for row in conn.execute("SELECT name FROM store.source")] == ["kept"]


def test_a_connection_as_another_role_stays_that_role_after_reset(conn: psycopg.Connection[dict[str, str]]) -> None:
    with connect(_dsn(conn), role="pg_monitor") as other:
        other.execute("RESET ROLE")
        assert other.execute("SELECT current_user AS name").fetchone() == {"name": "pg_monitor"}


@pytest.mark.parametrize("dsn", ["postgresql://[", "hots=localhost", "no dsn"])
def test_a_dsn_that_cannot_be_read_is_a_setting_to_mend(dsn: str) -> None:
    with pytest.raises(ConfigError, match="the database URL cannot be read"):
        connect(dsn)


def test_no_server_is_said_with_its_place_and_without_the_password() -> None:
    dsn = "postgresql://someone:hunter2@/wirekeep?host=/nonexistent"
    with pytest.raises(ArchiveUnavailable, match="PostgreSQL at /nonexistent:5432, database wirekeep") as caught:
        connect(dsn)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ArchiveUnavailable), open_pool(dsn, size=1, timeout=0.5):
        pass


def test_a_server_is_judged_by_version_and_encoding(conn: psycopg.Connection[dict[str, str]]) -> None:
    check_server(conn)
    assert 15 <= conn.info.server_version // 10000 <= 18
    assert conn.info.parameter_status("server_encoding") == "UTF8"


def test_a_pool_lends_connections_and_translates_errors(database: str) -> None:
    with open_pool(database, size=2) as pool:
        with borrow(pool) as conn:
            conn.execute("INSERT INTO store.source (name) VALUES ('one')")
            row = conn.execute("SELECT current_setting('application_name') AS n, current_setting('timezone') AS z")
            assert row.fetchone() == {"n": "wirekeep", "z": "UTC"}
        with pytest.raises(ArchiveError, match="42P01"), borrow(pool) as conn:
            conn.execute("SELECT * FROM nowhere")
        with borrow(pool) as conn:
            assert conn.execute("SELECT name FROM store.source").fetchall() == [{"name": "one"}]


def test_a_pool_outlives_the_death_of_its_sessions(database: str) -> None:
    with open_pool(database, size=2) as pool:
        with borrow(pool) as conn:
            conn.execute("SELECT 1")
        with connect(database, autocommit=True) as killer:
            killer.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with borrow(pool) as conn:
            assert conn.execute("SELECT 1 AS one").fetchone() == {"one": 1}


def test_a_session_that_is_ended_under_way_is_unavailable_not_a_fault(database: str) -> None:
    def work(pool: Pool) -> None:
        with borrow(pool) as conn:
            with connect(database, autocommit=True) as killer:
                killer.execute("SELECT pg_terminate_backend(%s)", (conn.info.backend_pid,))
            conn.execute("SELECT 1")

    with open_pool(database, size=1) as pool, pytest.raises(ArchiveUnavailable):
        work(pool)


def test_a_deadlock_is_retried_and_both_transactions_happen(database: str) -> None:
    with connect(database) as setup:
        setup.execute("INSERT INTO store.source (name) VALUES ('a'), ('b')")
    met = threading.Barrier(2)
    attempts: list[str] = []

    def swap(first: str, second: str) -> None:
        def work(conn: psycopg.Connection[dict[str, str]]) -> None:
            attempts.append(first)
            conn.execute("UPDATE store.source SET failures = failures + 1 WHERE name = %s", (first,))
            with contextlib.suppress(threading.BrokenBarrierError):
                met.wait(timeout=5)
            conn.execute("UPDATE store.source SET failures = failures + 1 WHERE name = %s", (second,))
            met.abort()  # the loser of the deadlock has nobody to wait for

        with connect(database) as conn:
            conn.execute("SET deadlock_timeout = '50ms'")
            conn.commit()
            retry_transaction(conn, work)

    threads = [threading.Thread(target=swap, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    with connect(database) as conn:
        rows = conn.execute("SELECT name, failures FROM store.source ORDER BY name").fetchall()
    assert rows == [{"name": "a", "failures": 2}, {"name": "b", "failures": 2}]
    assert len(attempts) == 3


def test_what_the_driver_says_becomes_what_to_do_next() -> None:
    for raised, ours in (
        (errors.DiskFull("could not extend file"), DiskFull),
        (errors.AdminShutdown("terminating"), ArchiveUnavailable),
        (errors.CannotConnectNow("starting up"), ArchiveUnavailable),
        (errors.TooManyConnections("too many"), ArchiveUnavailable),
        (errors.DeadlockDetected("deadlock"), ArchiveUnavailable),
        (errors.LockNotAvailable("lock"), ArchiveUnavailable),
        (psycopg.OperationalError("the connection is lost"), ArchiveUnavailable),
        (errors.NotNullViolation("null value"), ArchiveError),
    ):
        with pytest.raises(ours) as caught, translated():
            raise raised
        assert type(caught.value) is ours


# ------------------------------------------------------------------------------------------ poolers


@contextlib.contextmanager
def _pooler(database: str, mode: str) -> Iterator[str]:
    """PgBouncer before the test server, on a socket of its own; yields the DSN through it."""
    if PGBOUNCER is None:
        pytest.skip("pgbouncer is not installed (Debian: apt-get install pgbouncer)")
    target = conninfo_to_dict(database)
    sockets = Path(str(target.get("host")))
    if not sockets.is_dir():
        pytest.skip("the test server has no socket folder here for pgbouncer to go to")
    owner = pwd.getpwuid(sockets.stat().st_uid)
    folder = Path(tempfile.mkdtemp(prefix="wirekeep-bouncer-"))
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n* = host={sockets} port={target.get('port', 5432)} user={target['user']}\n[pgbouncer]\n"
        f"listen_addr =\nlisten_port = 6432\nunix_socket_dir = {folder}\nauth_type = any\npool_mode = {mode}\n"
        "ignore_startup_parameters = extra_float_digits\n",
        encoding="utf-8",
    )
    config.chmod(0o644)
    change = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    with _let_in(database, owner.pw_name), (folder / "log").open("wb") as log:
        process = subprocess.Popen([PGBOUNCER, config], stdout=log, stderr=log, cwd="/", **change)  # type: ignore[call-overload]
        try:
            dsn = make_conninfo(database, host=str(folder), port=6432)
            _wait_for(dsn, process, folder / "log")
            yield dsn
        finally:
            process.terminate()
            process.wait(timeout=120)
    shutil.rmtree(folder)


@contextlib.contextmanager
def _let_in(database: str, name: str) -> Iterator[None]:
    """Let the operating-system user that PgBouncer runs as in at the server's socket (as root it is not ours)."""
    with psycopg.connect(database, autocommit=True) as conn:
        row = conn.execute("SELECT current_setting('ident_file')").fetchone()
        assert row is not None
        ident = Path(row[0])
        before = ident.read_text(encoding="utf-8")
        ident.write_text(f'{before}wirekeep "{name}" all\n', encoding="utf-8")
        conn.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            ident.write_text(before, encoding="utf-8")
            conn.execute("SELECT pg_reload_conf()")


def _wait_for(dsn: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            psycopg.connect(dsn).close()
            return
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.05)


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_dsn_through_a_transaction_pooler_is_refused_with_the_reason(database: str, mode: str) -> None:
    message = r"leads through a pooler in transaction mode .* use PostgreSQL's own port"
    with (
        _pooler(database, mode) as dsn,
        connect(dsn, autocommit=True) as conn,
        pytest.raises(ConfigError, match=message),
    ):
        refuse_pooler(conn)


def test_a_pooler_in_session_mode_serves(database: str) -> None:
    with _pooler(database, "session") as dsn, connect(dsn) as conn:
        refuse_pooler(conn)
        assert conn.execute("SELECT 1 AS one").fetchone() == {"one": 1}


def test_a_direct_connection_is_no_pooler(conn: psycopg.Connection[dict[str, str]]) -> None:
    refuse_pooler(conn)
    assert conn.autocommit is False


def _dsn(conn: psycopg.Connection[dict[str, str]]) -> str:
    return make_conninfo(conn.info.dsn, password=conn.info.password or None)
