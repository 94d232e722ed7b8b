"""Runs one SQL statement of a person's with a reader's rights and streams its rows.

What protects, from the outside in:

1. the words: one statement that begins with SELECT, WITH, VALUES, TABLE, SHOW or EXPLAIN, and that names no function
   which changes the session's role or runs text as SQL;
2. the wire: it is sent by the extended protocol, which takes one statement only, inside DECLARE … CURSOR, whose grammar
   takes nothing but a query without data-modifying parts;
3. the transaction: read-only (PostgreSQL lets nobody undo that once a query runs), and rolled back at the end;
4. the rights: those of the reader role. Where the server lets us in by its socket without a password (the embedded
   one), we connect *as* that role: there is nothing to go back to. Elsewhere it is SET ROLE, from which only the
   functions of 1. lead back; a superuser without a reader role is refused;
5. the clock: `statement_timeout`, set anew before each batch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.abc import Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import tuple_row
from psycopg.types.datetime import (
    DateLoader,
    IntervalLoader,
    TimeLoader,
    TimestampLoader,
    TimestamptzLoader,
    TimetzLoader,
)
from psycopg.types.string import TextLoader

from archive.db import Connection, connect, translate
from archive.errors import ArchiveError, ArchiveUnavailable, ConfigError, QueryRefused
from archive.sql_words import OddStatement, read_words

# A batch is one FETCH: small enough to show the first rows at once, large enough that the round trips do not count.
BATCH = 500

_QUERIES = frozenset({"select", "with", "values", "table"})
_UTILITIES = frozenset({"show", "explain"})
# Functions that set a role or another setting, or that run a text as SQL: after `set_config('role', 'none', true)` such
# a text runs with the rights of whoever connected (measured with ts_stat).
_REFUSED = frozenset(
    {
        "set_config",
        "query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema",
        "cursor_to_xml", "cursor_to_xmlschema",
        "table_to_xml", "table_to_xmlschema", "table_to_xml_and_xmlschema",
        "schema_to_xml", "schema_to_xmlschema", "schema_to_xml_and_xmlschema",
        "database_to_xml", "database_to_xmlschema", "database_to_xml_and_xmlschema",
        "ts_stat", "ts_rewrite",
        "crosstab", "crosstab2", "crosstab3", "crosstab4", "crosstabn", "connectby", "xpath_table",
    }
)  # fmt: skip
# … or that read files, end or wake other sessions, write to the server's log of changes, or hold locks: with one of
# `pg_advisory_xact_lock` a reader who takes its rows slowly would keep every crawl waiting (measured).
_REFUSED_PREFIXES = (
    "dblink", "lo_", "pg_read_", "pg_ls_",
    "pg_advisory_", "pg_try_advisory_", "pg_terminate_", "pg_cancel_", "pg_notify", "pg_logical_",
)  # fmt: skip
# PostgreSQL holds its limit for a statement in 32 bits of milliseconds.
LONGEST_TIMEOUT = 2_147_483.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Column names and rows, streamed; `role` is whose rights the statement ran with."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]
    role: str


class _AnyDate(DateLoader):  # infinity and years before 1 or beyond 9999 are given as PostgreSQL writes them
    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except psycopg.DataError:
            return bytes(data).decode()


class _AnyTimestamp(TimestampLoader):
    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except psycopg.DataError:
            return bytes(data).decode()


class _AnyTimestamptz(TimestamptzLoader):
    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except psycopg.DataError:
            return bytes(data).decode()


class _AnyTime(TimeLoader):  # 24:00 is a time there
    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except psycopg.DataError:
            return bytes(data).decode()


class _AnyTimetz(TimetzLoader):
    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except psycopg.DataError:
            return bytes(data).decode()


class _AnyInterval(IntervalLoader):  # the driver takes a month for 30 days, and infinity for nothing
    def load(self, data: Any) -> Any:
        written = bytes(data).decode()
        if re.search("mon|year|infinity", written):
            return written
        try:
            return super().load(data)
        except (psycopg.DataError, OverflowError):
            return written


_RANGED = ("int4", "int8", "num", "date", "ts", "tstz")
_LOADERS: tuple[tuple[str, type[Loader]], ...] = (
    ("date", _AnyDate),
    ("timestamp", _AnyTimestamp),
    ("timestamptz", _AnyTimestamptz),
    ("time", _AnyTime),
    ("timetz", _AnyTimetz),
    ("interval", _AnyInterval),
    # The driver writes a range as Python would: `(None, 5)`.
    *((f"{kind}{span}", TextLoader) for kind in _RANGED for span in ("range", "multirange")),
)


@contextmanager
def run_sql(
    dsn: str, statement: str, *, role: str | None, timeout: float, zone: str = "UTC", batch: int = BATCH
) -> Iterator[Answer]:
    """Run one query with the rights of `role` (the reader), at most `timeout` seconds a batch of rows.

    Times come back in `zone` (an IANA name), which also says what `current_date` and a day's bounds are.

    The rows are fetched as they are asked for, while the context lasts. Without `role`, or where there is no such role,
    the rights are those of the DSN's user, unless that is a superuser.

    Raises:
        ConfigError: `timeout` is none that PostgreSQL can keep.
        QueryRefused: it is not one query, or the reader may not run it, or it is wrong; says why.
        ArchiveUnavailable: the server cannot be reached, or the time was up.
    """
    if not 0 < timeout <= LONGEST_TIMEOUT:
        raise ConfigError(
            f"a limit of {timeout:g} s cannot be kept; expected more than 0, at most {LONGEST_TIMEOUT:.0f}"
        )
    is_utility = check_statement(statement)
    with (
        _connect_as(dsn, role) as conn,
        _explained(timeout),
        conn.transaction(force_rollback=True),
        conn.cursor(row_factory=tuple_row) as cursor,
    ):
        conn.execute("SET TRANSACTION READ ONLY")
        conn.execute(sql.SQL("SET LOCAL TIME ZONE {}").format(sql.Literal(zone)))
        _become(conn, role)
        conn.execute("SET LOCAL search_path = archive")
        _limit(conn, timeout)
        yield _answer(conn, cursor, statement, is_utility=is_utility, timeout=timeout, batch=batch)


def check_statement(statement: str) -> bool:
    """Refuse by its words what is not one query; whether it is SHOW or EXPLAIN.

    Raises:
        QueryRefused: what was found, and what is expected.
    """
    if "\0" in statement:
        raise QueryRefused("the statement holds a NUL character; take it out")
    if re.search("[\ud800-\udfff]", statement):
        raise QueryRefused("the statement is not text in UTF-8; write it anew")
    try:
        words = list(read_words(statement))
    except OddStatement as error:
        raise QueryRefused(f"the statement cannot be read: {error}") from error
    while words and words[-1] == ";":
        words.pop()
    if ";" in words:
        raise QueryRefused("found several statements, expected one: run them one by one")
    first = next((word for word in words if word != "("), "")
    if first not in _QUERIES | _UTILITIES:
        raise QueryRefused(
            f"found {first.upper() or 'nothing'}, expected a query: SELECT, WITH, VALUES, TABLE, SHOW or EXPLAIN; "
            "whoever may change the archive uses: wirekeep db psql"
        )
    for word in words:
        if word.lower() in _REFUSED or word.lower().startswith(_REFUSED_PREFIXES):
            raise QueryRefused(
                f"the reader may not use {word}; it can change who the statement runs as, read files, or act on others"
            )
    return first in _UTILITIES


@contextmanager
def _connect_as(dsn: str, role: str | None) -> Iterator[Connection]:
    """A connection, as `role` itself where a socket lets it in without a password."""
    settings = conninfo_to_dict(dsn)
    conn = None
    if role is not None and str(settings.get("host") or "").startswith("/") and not settings.get("password"):
        try:
            conn = connect(make_conninfo(dsn, user=role))
        except ArchiveUnavailable:  # no such role, or the server wants a password of it
            conn = None
    with conn or connect(dsn) as connection:
        # As the loaders read them, whatever the database says.
        connection.execute("SET intervalstyle = postgres")
        for name, loader in _LOADERS:
            connection.adapters.register_loader(name, loader)
        yield connection


def _become(conn: Connection, role: str | None) -> None:
    """Take the reader's rights for this transaction.

    Raises:
        QueryRefused: the connected user is a superuser and there is no reader to become.
    """
    row = conn.execute(
        "SELECT session_user AS me, "
        "(SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = session_user) AS is_super, "
        "(SELECT pg_has_role(session_user, oid, 'MEMBER') FROM pg_catalog.pg_roles WHERE rolname = %s) AS can_become",
        (role,),
    ).fetchone()
    assert row is not None  # a SELECT without FROM has one row
    if role is not None and row["can_become"]:
        conn.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
    elif row["is_super"]:
        raise QueryRefused(
            f"{row['me']!r} is a superuser and there is no role {role!r} whose rights it could take; "
            "make it with: wirekeep db roles --apply"
        )


def _limit(conn: Connection, timeout: float) -> None:
    conn.execute(sql.SQL("SET LOCAL statement_timeout = {}").format(max(1, int(timeout * 1000))))


def _answer(
    conn: Connection,
    cursor: psycopg.Cursor[tuple[Any, ...]],
    statement: str,
    *,
    is_utility: bool,
    timeout: float,
    batch: int,
) -> Answer:
    # `prepare` means the extended protocol: its Parse message takes one statement only.
    if is_utility:
        cursor.execute(statement.encode(), prepare=True)
    else:
        cursor.execute(f"DECLARE answer NO SCROLL CURSOR FOR {statement}".encode(), prepare=True)
        cursor.execute(f"FETCH {batch} FROM answer".encode())
    columns = tuple(column.name for column in cursor.description or ())
    if not columns:
        raise QueryRefused("the query has no columns; name what it shall show")
    row = conn.execute("SELECT current_user AS role").fetchone()
    assert row is not None  # a SELECT without FROM has one row
    rows = iter(cursor.fetchall()) if is_utility else _stream(conn, cursor, timeout, batch)
    return Answer(columns=columns, rows=rows, role=row["role"])


def _stream(
    conn: Connection, cursor: psycopg.Cursor[tuple[Any, ...]], timeout: float, batch: int
) -> Iterator[tuple[Any, ...]]:
    while found := cursor.fetchall():
        yield from found
        if len(found) < batch:
            return
        _limit(conn, timeout)
        cursor.execute(f"FETCH {batch} FROM answer".encode())


@contextmanager
def _explained(timeout: float) -> Iterator[None]:
    """Our errors for the driver's: what is wrong with the statement is the person's to know."""
    try:
        yield
    except errors.QueryCanceled as error:
        raise ArchiveError(f"the statement took longer than {timeout:g} s and was stopped") from error
    except psycopg.Error as error:
        # 53400 is a limit that the statement ran into (temporary files), not the server's trouble.
        state = error.sqlstate or "08"
        if state != "53400" and state[:2] in {"08", "53", "57", "58", "XX"}:
            raise translate(error) from error
        hint = f" ({error.diag.message_hint})" if error.diag.message_hint else ""
        raise QueryRefused(f"{error.diag.message_primary or error}{hint}") from error
