"""robots.txt copies per origin, shared by all workers."""

from __future__ import annotations

from archive.db import Connection, single_statement
from archive.records import CaptureRow, RobotsRow
from archive.store.captures import insert_captures
from archive.store.cleaning import clean_text
from archive.store.statements import execute, find_row


def load(conn: Connection, origin: str) -> RobotsRow | None:
    """The copy kept for ``scheme://host[:port]``, expired or not."""
    with single_statement(conn):
        row = find_row(conn, "find_robots", origin=origin)
    return RobotsRow(**row) if row else None


def save(conn: Connection, row: RobotsRow, captures: tuple[CaptureRow, ...]) -> None:
    """Keep a copy, and the exchanges that brought it."""
    with conn.transaction():
        insert_captures(conn, captures, None)
        execute(
            conn,
            "save_robots",
            origin=row.origin,
            checked_at=row.checked_at,
            expires_at=row.expires_at,
            status=row.status,
            state=row.state,
            reason=clean_text(row.reason),
            good_body=row.good_body,
            good_at=row.good_at,
        )
