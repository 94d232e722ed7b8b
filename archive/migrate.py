"""Brings a database to the schema this program expects: our revisions by Alembic, then Procrastinate's own files.

One advisory lock makes it safe for any number of programs to begin at once. A new database is made in one transaction:
it has either no schema or all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors

from archive.db import check_server, connect, refuse_pooler, translate
from archive.errors import ArchiveUnavailable, ConfigError, SchemaMismatch
from archive.schema import expected_version, migrations_path, queue_files, queue_schema, read_state

if TYPE_CHECKING:
    import sqlalchemy

__all__ = ["Migrated", "expected_version", "is_empty", "migrate"]

# "wirekeep" in ASCII: an advisory lock is a number, and this one must not meet another program's.
LOCK = 0x776972656B656570
# A whole migration from empty takes about a second; another program's may rewrite tables.
WAIT_FOR_OTHERS = 300.0
LOCK_TIMEOUT = 30.0

# Procrastinate's functions use unqualified names: without this, a session with a plain search_path cannot call them.
_PIN_SEARCH_PATH = """
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN SELECT oid FROM pg_catalog.pg_proc WHERE pronamespace = 'queue'::regnamespace LOOP
        EXECUTE format('ALTER ROUTINE %s SET search_path = queue, pg_temp', routine);
    END LOOP;
END
$$
"""


@dataclass(frozen=True, kw_only=True)
class Migrated:
    """What a migration did: version before (None: empty) and after, and the queue files applied."""

    before: str | None
    after: str
    queue_files: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was done."""
        return self.before != self.after or bool(self.queue_files)


def migrate(dsn: str, *, lock_timeout: float = LOCK_TIMEOUT) -> Migrated:
    """Bring the database at `dsn` to the expected schema; a no-op where it is there already.

    Waits at most `lock_timeout` seconds for each table that others hold, and 300 for another migration. Needs no right
    beyond owning the three schemas (or creating them), and makes no roles.

    Raises:
        SchemaMismatch: the database is newer than this program.
        ConfigError: the server cannot be used, or the schemas belong to a role that we are not a member of.
        ArchiveUnavailable: no server answers, or a lock was not to be had in time.
    """
    with _connect(dsn) as conn:
        try:
            return _migrate(conn, lock_timeout)
        except errors.LockNotAvailable as error:
            raise ArchiveUnavailable(
                f"migration gave up after waiting {lock_timeout:g} s for a lock on a table; nothing of that step was "
                "done; end long transactions (see pg_stat_activity) or stop the workers, then run: wirekeep db migrate"
            ) from error
        except psycopg.Error as error:
            raise translate(error) from error


def is_empty(dsn: str) -> bool:
    """Whether the database has no Wirekeep schema yet. A migration under way is waited for: never half an answer.

    Raises:
        ArchiveUnavailable: no server answers.
    """
    with connect(dsn, autocommit=True) as conn, _locked(conn, shared=True):
        return read_state(conn).version is None


@contextmanager
def _connect(dsn: str) -> Iterator[psycopg.Connection[Any]]:
    # SQLAlchemy reads rows by place, so this is the driver's plain connection, not ours with dicts.
    connect(dsn).close()
    with psycopg.connect(dsn, autocommit=True, application_name="wirekeep-migrate") as conn:
        check_server(conn)
        refuse_pooler(conn)
        yield conn


@contextmanager
def _locked(conn: psycopg.Connection[Any], *, shared: bool = False) -> Iterator[None]:
    """Hold the migrations' lock; `conn` is in autocommit mode."""
    suffix = "_shared" if shared else ""
    conn.execute("SELECT set_config('lock_timeout', %s, false)", (f"{int(WAIT_FOR_OTHERS * 1000)}ms",))
    try:
        conn.execute(f"SELECT pg_advisory_lock{suffix}(%s)", (LOCK,))
    except errors.LockNotAvailable as error:
        raise ArchiveUnavailable(
            f"another migration has held its lock for {WAIT_FOR_OTHERS:g} s; look at it in pg_stat_activity"
        ) from error
    try:
        yield
    finally:
        if not conn.broken:
            conn.execute(f"SELECT pg_advisory_unlock{suffix}(%s)", (LOCK,))


def _migrate(conn: psycopg.Connection[Any], lock_timeout: float) -> Migrated:
    with _locked(conn):
        conn.execute("SELECT set_config('lock_timeout', %s, false)", (f"{int(lock_timeout * 1000)}ms",))
        state, expected = read_state(conn), expected_version()
        if state.version is not None and state.version > expected:
            raise SchemaMismatch(
                f"database {conn.info.dbname!r}: schema is newer than this program: current={state.version} "
                f"expected={expected}; use the Wirekeep that made it, or a newer one"
            )
        _become_owner(conn)
        missing = [path for path in queue_files() if path.name not in state.queue_files]
        if state.version is None:
            with _upgrading(conn):
                _make_queue(conn)
        else:
            _bring_forward(conn, state.version, expected, missing)
    return Migrated(before=state.version, after=expected, queue_files=tuple(path.name for path in missing))


def _bring_forward(conn: psycopg.Connection[Any], before: str, expected: str, missing: list[Path]) -> None:
    if before != expected:
        with _upgrading(conn):
            pass
    for path in missing:
        # A transaction a file: a value added to an enumeration can be used only after its commit.
        with conn.transaction():
            _apply_queue_file(conn, path)


def _become_owner(conn: psycopg.Connection[Any]) -> None:
    """Act as the role that the schemas belong to, so that what is made now belongs to it too."""
    row = conn.execute(
        "SELECT pg_get_userbyid(nspowner), pg_get_userbyid(nspowner) = current_user FROM pg_namespace "
        "WHERE nspname = 'store'"
    ).fetchone()
    if row is None or row[1]:
        return
    try:
        conn.execute(psycopg.sql.SQL("SET ROLE {}").format(psycopg.sql.Identifier(row[0])))
    except errors.InsufficientPrivilege as error:
        raise ConfigError(
            f"schema store belongs to role {row[0]!r} and {conn.info.user!r} is not a member of it; "
            f"connect as a member, or run: GRANT {row[0]} TO {conn.info.user}"
        ) from error


@contextmanager
def _upgrading(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """A transaction in which Alembic has gone to the newest revision; what the block does on `conn` belongs to it."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_path()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with _as_sqlalchemy(conn) as connection, connection.begin():
        # Alembic makes its version table before our first revision makes the schema that the table lies in.
        if conn.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'store'").fetchone() is None:
            conn.execute("CREATE SCHEMA store")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        yield


@contextmanager
def _as_sqlalchemy(conn: psycopg.Connection[Any]) -> Iterator[sqlalchemy.Connection]:
    """The same connection as Alembic wants it; session settings, role and advisory lock stay."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import StaticPool

    engine = create_engine("postgresql+psycopg://", creator=lambda: conn, poolclass=StaticPool)
    conn.autocommit = False
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise error.orig or error from error  # the driver's error, as everywhere else
    finally:
        if not conn.closed:
            conn.rollback()
            conn.autocommit = True


def _make_queue(conn: psycopg.Connection[Any]) -> None:
    """A new queue, from the one file that the numbered ones come to.

    Before PostgreSQL 17 those cannot run in one transaction (a value added to an enumeration is used before its
    commit, error 55P04, measured on 15), and a new database is made in one.
    """
    _run_in_queue(conn, queue_schema())
    names = [path.name for path in queue_files()]
    conn.execute("INSERT INTO store.queue_migration (name) SELECT unnest(%s::text[])", (names,))
    conn.execute(_PIN_SEARCH_PATH)


def _apply_queue_file(conn: psycopg.Connection[Any], path: Path) -> None:
    _run_in_queue(conn, path)
    conn.execute("INSERT INTO store.queue_migration (name) VALUES (%s)", (path.name,))
    conn.execute(_PIN_SEARCH_PATH)


def _run_in_queue(conn: psycopg.Connection[Any], path: Path) -> None:
    conn.execute("SET LOCAL search_path = queue")
    conn.execute(path.read_text(encoding="utf-8"))
    conn.execute("SET LOCAL search_path = DEFAULT")
