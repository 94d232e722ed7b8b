"""What must be written is written once the database is back."""

from __future__ import annotations

import asyncio

import pytest

from archive.db import Connection, connect, open_pool
from archive.errors import ArchiveUnavailable
from archive.threads import ArchiveThreads

HELD = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def _take_lock(conn: Connection) -> str:
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(42)")
    return "written"


async def _kill_while_it_waits(database: str, seconds: float) -> str:
    """`_take_lock` behind a lock that is held; its session is ended there, then the lock is given up."""
    with open_pool(database, size=1) as pool, connect(database) as holder, connect(database, autocommit=True) as killer:
        threads = ArchiveThreads(pool, threads=1)
        try:
            holder.execute("SELECT pg_advisory_lock(42)")
            writing = asyncio.create_task(threads.insist(seconds, _take_lock))
            while not (found := killer.execute(HELD).fetchall()):
                await asyncio.sleep(0.01)
            killer.execute("SELECT pg_terminate_backend(%s)", [found[0]["pid"]])
            holder.execute("SELECT pg_advisory_unlock(42)")
            return await writing
        finally:
            threads.close()


def test_what_must_be_written_is_tried_again_after_its_session_was_killed(database: str) -> None:
    assert asyncio.run(_kill_while_it_waits(database, 20.0)) == "written"


def test_the_trying_has_an_end(database: str) -> None:
    with pytest.raises(ArchiveUnavailable):
        asyncio.run(_kill_while_it_waits(database, 0.0))
