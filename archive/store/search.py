"""The search column: filled with each save, refilled when its analyser changes."""

from __future__ import annotations

from archive.db import Connection
from archive.store.statements import get_row


def count_stale(conn: Connection) -> int:
    """How many articles have no search vector, or one of an older analyser."""
    with conn.transaction():
        return int(get_row(conn, "count_stale_search")["stale"])


def refill(conn: Connection, batch: int) -> int:
    """Fill up to `batch` of these in one transaction; how many, 0 when all are done."""
    with conn.transaction():
        return int(get_row(conn, "refill_search", batch=batch)["filled"])
