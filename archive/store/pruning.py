"""What grows and is no evidence is removed after its time: ended jobs, fired slots, old requests, unused robots.txt.

Each function removes one batch and says how many rows that was: no transaction is long; call it until it says 0.
What was fetched, announced or came of a URL is never touched: captures, crawls, attempts, announcements, coverage stay.
"""

from __future__ import annotations

from datetime import timedelta

from archive.db import Connection
from archive.store.statements import execute, list_rows

# Rows a transaction: removed in some 50 ms, so that nobody waits on it, and 200 sources' day of slots in a dozen.
BATCH = 5000


def prune_jobs(conn: Connection, older_than: timedelta, *, batch: int = BATCH) -> int:
    """Remove jobs that ended longer ago than `older_than`."""
    with conn.transaction():
        return execute(conn, "prune_jobs", older_than=older_than, batch=batch)


def prune_slots(conn: Connection, older_than: timedelta, *, batch: int = BATCH) -> int:
    """Remove slots that were fired longer ago than `older_than`.

    Of each source the slot fired last and the greatest one stay for ever: a slot whose row is gone would fire again.
    """
    removed = 0
    with conn.transaction():
        for memory in list_rows(conn, "list_slot_memories", older_than=older_than):
            removed += execute(
                conn,
                "prune_slots",
                source_id=memory["source_id"],
                kept=memory["kept"],
                older_than=older_than,
                batch=batch - removed,
            )
            if removed >= batch:
                break
    return removed


def prune_requests(conn: Connection, older_than: timedelta, *, batch: int = BATCH) -> int:
    """Remove re-crawls that ended longer ago than `older_than`; one that is open stays however old it is."""
    with conn.transaction():
        return execute(conn, "prune_requests", older_than=older_than, batch=batch)


def prune_robots(conn: Connection, older_than: timedelta, *, batch: int = BATCH) -> int:
    """Remove robots.txt of origins that were last asked longer ago than `older_than`."""
    with conn.transaction():
        return execute(conn, "prune_robots", older_than=older_than, batch=batch)
