"""Connections to PostgreSQL: opened, checked, pooled, retried, and their driver's errors translated in one place."""

from __future__ import annotations

import random
import re
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar

import psycopg
from psycopg import errors
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg.types.numeric import Int8Dumper
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from archive.errors import ArchiveError, ArchiveUnavailable, ConfigError, DiskFull
from archive.schema import check_schema
from archive.statements import statement

__all__ = [
    "Connection", "Pool", "QueueConnection", "borrow", "check_schema", "check_server", "connect", "open_pool",
    "refuse_pooler", "retry_transaction", "single_statement", "split_password", "statement", "translate", "translated",
    "with_password",
]  # fmt: skip

P = ParamSpec("P")
T = TypeVar("T")

OLDEST, NEWEST = 15, 18
DSN_FORM = "expected postgresql://user@host/name"
CONNECT_TIMEOUT = 10
# Connections are renewed now and then, so that a server's memory for one (cached plans, catalogue) cannot only grow.
MAX_LIFETIME = 1800.0
# The pool doubles its pause between attempts without limit; given up after 10 s and begun anew by the next caller, it
# is back within a second or two of the server's return however long the outage was.
RECONNECT_TIMEOUT = 10.0
# A connection that lay idle longer is asked whether it still works. One used a moment ago is only looked at (a server
# that went away has closed the socket): asking at every loan was a seventh of all round trips of a page.
RESTED = 2.0
RETRIES = 5
LISTEN_INTERVAL = 5.0  # seconds; see QueueConnection


class Connection(psycopg.Connection[DictRow]):
    """A connection whose rows are dicts by column name. Left by an error of the driver, `with` raises ours instead."""

    returned_at = 0.0  # monotonic; when the pool last got it back

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        with translated():
            super().__exit__(exc_type, exc_val, exc_tb)
        if isinstance(exc_val, psycopg.Error):
            raise translate(exc_val) from exc_val


Pool = ConnectionPool[Connection]


class QueueConnection(psycopg.AsyncConnection[Any]):
    """A connection of the queue's.

    While one listens, psycopg wakes the loop ten times a second (4 ms of CPU), for nothing: a notification, a deadline
    and a cancellation each wake it by themselves.
    """

    async def wait(self, gen: PQGen[T], interval: float = LISTEN_INTERVAL, timeout: float | None = None) -> T:
        """As psycopg's, with longer intervals."""
        return await super().wait(gen, interval, timeout)


def connect(dsn: str, *, role: str | None = None, autocommit: bool = False) -> Connection:
    """A connection to `dsn`; with `role`, as that role from the first statement on (RESET ROLE returns to it).

    Times come back as aware UTC. Used as a context manager it commits (or rolls back) and closes.

    Raises:
        ConfigError: the DSN cannot be read, or the server's version or encoding is not one we can use.
        ArchiveUnavailable: no server answers, or it refuses.
    """
    try:
        settings = _complete(dsn, role)
    except psycopg.ProgrammingError as error:
        raise ConfigError(f"the database URL cannot be read{_say_safely(error)}; {DSN_FORM}") from error
    _refuse_split_password(settings)
    try:
        conn = Connection.connect(make_conninfo("", **settings), autocommit=True, row_factory=dict_row)
    except psycopg.OperationalError as error:
        raise ArchiveUnavailable(f"PostgreSQL at {_place(settings)} cannot be reached: {_one_line(error)}") from error
    try:
        check_server(conn)
        _prepare(conn)
        conn.autocommit = autocommit
    except BaseException:
        conn.close()
        raise
    return conn


@contextmanager
def open_pool(dsn: str, *, size: int, timeout: float = 10.0) -> Iterator[Pool]:
    """A pool of at most `size` connections for as long as the context lasts; threads borrow from it.

    Raises:
        ConfigError: the server is not one we can use.
        ArchiveUnavailable: no server answers within `timeout` seconds.
    """
    connect(dsn).close()  # says what is wrong at once; the pool itself only knows that time ran out
    pool: Pool = ConnectionPool(
        make_conninfo("", **_complete(dsn, None)),
        connection_class=Connection,
        # Statements come from a closed set, and parsing and planning one costs more than running it.
        kwargs={"row_factory": dict_row, "prepare_threshold": 0},
        min_size=1,
        max_size=size,
        timeout=timeout,
        max_lifetime=MAX_LIFETIME,
        reconnect_timeout=RECONNECT_TIMEOUT,
        check=_check,
        configure=_configure,
        name="wirekeep",
        open=False,
    )
    with translated():
        pool.open(wait=True, timeout=timeout)
    try:
        yield pool
    finally:
        pool.close()


@contextmanager
def borrow(pool: Pool) -> Iterator[Connection]:
    """A connection of the pool, in autocommit: a statement outside `conn.transaction()` is a transaction of its own.

    Raises:
        ArchiveUnavailable: none can be had, or the server went away.
        ArchiveError: the statement failed for another reason.
    """
    with translated(), pool.connection() as conn:
        try:
            yield conn
        finally:
            conn.returned_at = time.monotonic()


@contextmanager
def single_statement(conn: Connection) -> Iterator[None]:
    """A transaction around one statement; in autocommit its own, without the trips that BEGIN and COMMIT take."""
    if conn.autocommit:
        yield
    else:
        with conn.transaction():
            yield


def retry_transaction(
    conn: Connection, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """`work(conn, …)` in a transaction of its own, begun anew when PostgreSQL ended it for a conflict with another.

    Only serialization failures and deadlocks are retried: both promise that nothing was done.

    Raises:
        psycopg.OperationalError: the last of five conflicts.
    """
    for attempt in range(RETRIES):
        try:
            with conn.transaction():
                return work(conn, *args, **kwargs)
        except (errors.SerializationFailure, errors.DeadlockDetected):
            if attempt == RETRIES - 1:
                raise
            # 10 ms is several times a transaction of ours (1.8 ms); the jitter keeps two from meeting again.
            time.sleep(0.01 * 2**attempt * random.uniform(0.5, 1.5))
    raise AssertionError("the loop returns or raises")


def with_password(dsn: str, password: str) -> str:
    """`dsn` (a URL or key=value pairs) with a password that was kept apart from it.

    Raises:
        ConfigError: the DSN cannot be read, or carries a password of its own.
    """
    settings, own = _take_password(dsn)
    if own is not None:
        raise ConfigError("the database URL carries a password and another one is given beside it; keep one")
    return make_conninfo("", **settings, password=password)


def split_password(dsn: str) -> tuple[str, str | None]:
    """The DSN without its password, and the password: a program's arguments are read by everyone on the machine.

    Raises:
        ConfigError: the DSN cannot be read.
    """
    settings, own = _take_password(dsn)
    return make_conninfo("", **settings), own


def _take_password(dsn: str) -> tuple[dict[str, Any], str | None]:
    try:
        settings: dict[str, Any] = dict(conninfo_to_dict(dsn))
    except psycopg.ProgrammingError as error:
        raise ConfigError(f"the database URL cannot be read{_say_safely(error)}; {DSN_FORM}") from error
    return settings, settings.pop("password", None)


def translate(error: psycopg.Error) -> ArchiveError:
    """Our error for the driver's."""
    state = error.sqlstate or ""
    if isinstance(error, errors.DiskFull):
        return DiskFull(f"PostgreSQL has no space left: {_one_line(error)}; free some, then try again")
    if isinstance(error, PoolTimeout | PoolClosed):
        return ArchiveUnavailable(f"PostgreSQL: no connection to be had: {_one_line(error)}")
    if isinstance(error, errors.QueryCanceled):
        return ArchiveError(f"PostgreSQL cancelled the statement: {_one_line(error)}")
    conflict = state.startswith("40") or isinstance(error, errors.LockNotAvailable)
    gone = isinstance(error, psycopg.OperationalError) and (not state or state[:2] in {"08", "53", "57"})
    if conflict or gone or state in {"57P01", "57P02", "57P03"}:
        return ArchiveUnavailable(f"PostgreSQL: {_one_line(error)}")
    return ArchiveError(f"PostgreSQL refused a statement ({state or 'no code'}): {_one_line(error)}")


def is_away(error: BaseException | None) -> bool:
    """Whether an error is the driver's, and says that the database cannot be reached now."""
    return isinstance(error, psycopg.Error) and isinstance(translate(error), ArchiveUnavailable)


@contextmanager
def translated() -> Iterator[None]:
    """Let only errors of ours out."""
    try:
        yield
    except psycopg.Error as error:
        raise translate(error) from error


def check_server(conn: psycopg.Connection[Any]) -> None:
    """Refuse a server that the schema was never tried on, or that cannot hold every script's letters.

    Raises:
        ConfigError: version, encoding or string syntax; found against expected.
    """
    major = conn.info.server_version // 10000
    if not OLDEST <= major <= NEWEST:
        raise ConfigError(f"PostgreSQL {major} is not supported: expected {OLDEST} to {NEWEST}")
    encoding = conn.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise ConfigError(
            f"database {conn.info.dbname!r} has encoding {encoding}, expected UTF8; make one with: "
            "CREATE DATABASE wirekeep ENCODING 'UTF8' TEMPLATE template0"
        )
    if conn.info.parameter_status("standard_conforming_strings") != "on":
        raise ConfigError(
            f"database {conn.info.dbname!r} has standard_conforming_strings off, expected on; "
            "set it with: ALTER DATABASE … SET standard_conforming_strings = on"
        )


def refuse_pooler(conn: psycopg.Connection[Any]) -> None:
    """Refuse a DSN through a pooler that hands a server session to another client between transactions.

    A pooler of any kind answers with a cancel key of its own, so a direct connection is told by one statement. Behind
    a pooler, a second client is opened: where it finds the mark that the first has left in its session, sessions are
    shared.

    Raises:
        ConfigError: sessions are shared: LISTEN, advisory locks and prepared statements of ours would break.
    """
    with _autocommit(conn):
        row = conn.execute("SELECT pg_backend_pid() AS pid").fetchone()
        if row is None or _first(row) == conn.info.backend_pid:
            return
        shared = any(_shares_sessions(conn, f"probe-{random.getrandbits(64):x}") for _ in range(5))
    if shared:
        raise ConfigError(
            f"the database URL (host {conn.info.host!r}, port {conn.info.port}) leads through a pooler in transaction "
            "mode (PgBouncer or alike): LISTEN, advisory locks and prepared statements break there; "
            "use PostgreSQL's own port, or the pooler's session mode"
        )


def _shares_sessions(conn: psycopg.Connection[Any], mark: str) -> bool:
    try:
        return _finds_mark(conn, mark)
    except errors.ProtocolViolation:
        return True  # a pooler in statement mode allows no transaction at all


def _finds_mark(conn: psycopg.Connection[Any], mark: str) -> bool:
    with psycopg.connect(**{**conn.info.get_parameters(), "password": conn.info.password or None}) as other:  # type: ignore[arg-type]
        conn.execute("SELECT set_config('wirekeep.probe', %s, false)", (mark,), prepare=False)
        row = other.execute("SELECT current_setting('wirekeep.probe', true)", prepare=False).fetchone()
        # While `other` holds its server session in an open transaction, ours must still have the mark in its own.
        own = conn.execute("SELECT current_setting('wirekeep.probe', true) AS mark", prepare=False).fetchone()
    return (row is not None and row[0] == mark) or own is None or _first(own) != mark


@contextmanager
def _autocommit(conn: psycopg.Connection[Any]) -> Iterator[None]:
    before = conn.autocommit
    conn.autocommit = True
    try:
        yield
    finally:
        conn.autocommit = before


def _first(row: Any) -> Any:
    return next(iter(row.values())) if isinstance(row, dict) else row[0]


def _complete(dsn: str, role: str | None) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "application_name": "wirekeep",
        "connect_timeout": CONNECT_TIMEOUT,
        **conninfo_to_dict(dsn),
        "client_encoding": "UTF8",
    }
    if role is not None:
        settings["options"] = f"{settings.get('options') or ''} -c role={role}".strip()
    return settings


def _configure(conn: psycopg.Connection[Any]) -> None:
    conn.autocommit = True
    _prepare(conn)
    # By default a small and a large number have different types, and so different plans.
    conn.adapters.register_dumper(int, Int8Dumper)


def _check(conn: Connection) -> None:
    """Let the pool find out whether a connection is still good; the driver's error says that it is not."""
    socket = select.poll()
    socket.register(conn.fileno(), select.POLLIN)
    # An idle session has nothing to read but its end.
    if time.monotonic() - conn.returned_at > RESTED or socket.poll(0):
        ConnectionPool.check_connection(conn)


def _prepare(conn: psycopg.Connection[Any]) -> None:
    # By statement, not in the start-up packet: poolers refuse "options" there before they can be recognised as poolers.
    conn.execute("SET TimeZone = 'UTC'", prepare=False)


def _say_safely(error: psycopg.ProgrammingError) -> str:
    """libpq's words on a DSN, where they name a parameter: its other words quote the DSN, password and all."""
    found = re.match(
        r"invalid (?:connection option|URI query parameter): ?\"\w+\"|invalid connection option \"\w+\"", str(error)
    )
    return f" ({found.group()})" if found else ""


def _refuse_split_password(settings: dict[str, Any]) -> None:
    """A password with a plain @ ends there, and its rest would stand in every message as the host."""
    hosts = str(settings.get("host") or "").split(",")
    if any("@" in host and not host.startswith(("/", "@")) for host in hosts):
        raise ConfigError(f"the database URL has an @ in its host: write that of a password as %40; {DSN_FORM}")


def _place(settings: dict[str, Any]) -> str:
    host, port = settings.get("host") or "the default socket", settings.get("port") or 5432
    return f"{host}:{port}, database {settings.get('dbname') or '(default)'}"


def _one_line(error: BaseException) -> str:
    return "; ".join(line.strip() for line in str(error).splitlines() if line.strip()) or type(error).__name__
