"""Runs named statements of `archive/sql` and gives their rows."""

from __future__ import annotations

from functools import cache
from typing import Any

from psycopg.rows import DictRow

from archive.db import Connection
from archive.statements import statement


def execute(conn: Connection, name: str, /, **parameters: Any) -> int:
    """Run the statement called `name`; the number of rows it changed."""
    return conn.execute(_query(name), parameters).rowcount


def find_row(conn: Connection, name: str, /, **parameters: Any) -> DictRow | None:
    """Its first row, None where it has none."""
    return conn.execute(_query(name), parameters).fetchone()


def get_row(conn: Connection, name: str, /, **parameters: Any) -> DictRow:
    """Its first row.

    Raises:
        LookupError: it has none.
    """
    row = find_row(conn, name, **parameters)
    if row is None:
        raise LookupError(f"statement {name!r} gave no row, expected one; parameters: {sorted(parameters)}")
    return row


def list_rows(conn: Connection, name: str, /, **parameters: Any) -> list[DictRow]:
    """All its rows."""
    return conn.execute(_query(name), parameters).fetchall()


@cache
def _query(name: str) -> bytes:
    return statement(name).encode()
