"""Hosts: one budget for the whole service. Every moment and every wait is by the database's clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from psycopg.rows import DictRow

from archive.db import Connection, single_statement
from archive.records import Claim
from archive.store.cleaning import clean_text
from archive.store.statements import execute, find_row, get_row


def claim(conn: Connection, host: str, delay: timedelta, lease: timedelta) -> Claim:
    """Reserve the host's next moment for `lease`, plus the largest of `delay`, its crawl-delay and a high latency.

    Granted where `wait` is 0 and `paused_until` None; else come again after `wait`, or the host is paused. A clock put
    back by days holds no host back for days.
    """
    with single_statement(conn):
        row = find_row(conn, "claim_host", host=host, delay=delay, lease=lease)
    if row is None:
        row = _find_wait(conn, host, delay, lease)
        if row["is_put_back"]:
            with single_statement(conn):
                execute(conn, "renew_host_moment", host=host, lease=lease)
            row = _find_wait(conn, host, delay, lease)
    return Claim(wait=row["wait"], paused_until=row["paused_until"], why=row["why"], strikes=row["strikes"])


def _find_wait(conn: Connection, host: str, delay: timedelta, lease: timedelta) -> DictRow:
    with single_statement(conn):
        return get_row(conn, "find_host_wait", host=host, delay=delay, lease=lease)


def mark_sent(conn: Connection, host: str) -> None:
    """The request was written just now: the next may follow after the delay in force."""
    with single_statement(conn):
        execute(conn, "mark_host_sent", host=host)


def mark_ended(conn: Connection, host: str, latency: timedelta, ok: bool) -> None:
    """An exchange ended after `latency`; with `ok` (neither 429 nor 503) the host's strikes end."""
    with single_statement(conn):
        execute(conn, "mark_host_ended", host=host, latency=latency, ok=ok)


def pause(conn: Connection, host: str, until: datetime, why: str) -> None:
    """No request before `until`; counts a strike, never shortens a pause in force."""
    with single_statement(conn):
        execute(conn, "pause_host", host=host, until=until, why=clean_text(why))


def set_crawl_delay(conn: Connection, host: str, delay: timedelta | None) -> None:
    """robots.txt's crawl-delay for us, None where it names none."""
    with single_statement(conn):
        execute(conn, "set_crawl_delay", host=host, delay=delay)


def strikes(conn: Connection, host: str) -> int:
    """Answers 429 and 503 in a row so far."""
    with single_statement(conn):
        row = find_row(conn, "count_strikes", host=host)
    return int(row["strikes"]) if row else 0
