"""The log of an outage: the first line, one a minute, one at the end; nothing is left out of the sums."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from procrastinate.exceptions import ConnectorException
from psycopg_pool import ConnectionPool

from archive.errors import ArchiveUnavailable, DiskFull
from service.log import set_up_logs
from service.outage import EVERY

Lines = Callable[[], list[dict[str, Any]]]
pool_log, own_log = logging.getLogger("psycopg.pool"), structlog.get_logger("heartbeat")


class Clock:
    """Time as the log sees it, moved by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lines(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """The lines that were written so far, from a log that was set up as a role's."""
    root, stream = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        set_up_logs("json", "INFO", clock=clock)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    root.handlers[:] = before
    root.setLevel(level)


def test_an_outage_is_told_at_its_begin_once_a_minute_and_at_its_end(clock: Clock, lines: Lines) -> None:
    for _ in range(600):
        pool_log.warning("error connecting in %r: %s", "wirekeep", "refused")
        own_log.warning("database_away", error="PostgreSQL: refused")
        clock.now += 1
    own_log.warning("database_back")
    own_log.warning("database_back")  # another part of the process noticed it, too
    told = lines()
    assert [line["event"] for line in told[:2]] == ["error connecting in 'wirekeep': refused", "database_away"]
    minutes = [line for line in told if line["event"] == "lines_held_back"]
    assert len(minutes) == 600 // EVERY - 1
    assert minutes[0]["last"].startswith(("database_away PostgreSQL: refused", "error connecting"))
    assert told[-1]["event"] == "database_back"
    assert len(told) == 2 + len(minutes) + 1
    # Written, counted, or told at the end: none is missing.
    assert 2 + sum(line["lines"] for line in minutes) + told[-1]["held_back"] == 1200
    kinds = [line["by"] for line in (*minutes, told[-1])]
    assert sum(kind["psycopg.pool"] for kind in kinds) == sum(kind["database_away"] for kind in kinds) == 599


def test_other_lines_pass_and_bring_what_was_held_back(clock: Clock, lines: Lines) -> None:
    for _ in range(3):
        pool_log.warning("discarding closed connection: %s", "c")
        own_log.info("crawl_finished", source="paper")
    assert [line["event"] for line in lines()] == ["discarding closed connection: c"] + ["crawl_finished"] * 3
    clock.now += EVERY
    own_log.info("crawl_finished", source="paper")
    assert [(line["event"], line.get("lines")) for line in lines()[4:]] == [
        ("lines_held_back", 2),
        ("crawl_finished", None),
    ]


def test_a_line_that_quotes_what_was_held_back_is_not_held_back(clock: Clock, lines: Lines) -> None:
    for _ in range(2):
        logging.getLogger("apscheduler.scheduler").warning("skipped: maximum number of running instances reached (1)")
    clock.now += EVERY
    own_log.info("crawl_finished", source="paper")
    assert [line["event"] for line in lines()[1:]] == ["lines_held_back", "crawl_finished"]


def test_what_pools_say_after_an_outage_is_counted_and_the_next_outage_is_told_at_once(lines: Lines) -> None:
    own_log.warning("database_away", error="one")
    own_log.warning("database_back")
    pool_log.warning("discarding closed connection: %s", "c")
    own_log.warning("database_away", error="two")
    own_log.warning("database_back")
    assert [(line["event"], line.get("held_back")) for line in lines()] == [
        ("database_away", None), ("database_back", None), ("database_away", None), ("database_back", 1),
    ]  # fmt: skip


def test_a_log_that_ends_says_what_it_holds_back(lines: Lines) -> None:
    for number in range(3):
        own_log.warning("database_away", error=str(number))
    logging.getLogger().handlers[0].close()
    assert lines()[-1] | {"timestamp": ""} == {
        "event": "lines_held_back", "level": "warning", "logger": "log", "lines": 2, "by": {"database_away": 2},
        "last": "database_away 2", "timestamp": "",
    }  # fmt: skip


@pytest.mark.parametrize("error", [ArchiveUnavailable("PostgreSQL: gone"), psycopg.OperationalError("gone")])
def test_a_job_that_ends_with_the_database_is_part_of_the_outage(lines: Lines, error: Exception) -> None:
    own_log.warning("database_away", error="gone")
    wrapped = ConnectorException("Database error.")
    wrapped.__cause__ = error
    logging.getLogger("procrastinate.worker").error("Job ended with status: Error", exc_info=wrapped)
    logging.getLogger("procrastinate.worker").error("Job ended with status: Error", exc_info=ValueError("ours"))
    told = lines()
    assert [line["event"] for line in told] == ["database_away", "Job ended with status: Error"]
    assert "ValueError: ours" in told[1]["exception"]


def test_a_full_disk_is_a_line_and_a_bug_is_a_traceback(lines: Lines) -> None:
    for error in (DiskFull("/warc/a: no space left"), ExceptionGroup("crawl", [DiskFull("/warc/b: no space left")])):
        logging.getLogger("procrastinate.worker").error("Job %s ended with status: Error", "c[1]", exc_info=error)
    logging.getLogger("procrastinate.worker").error("Job ended", exc_info=ExceptionGroup("crawl", [KeyError("x")]))
    *full, bug = lines()
    assert [line["event"] for line in full] == [
        "Job c[1] ended with status: Error: DiskFull: /warc/a: no space left",
        "Job c[1] ended with status: Error: DiskFull: /warc/b: no space left",
    ]
    assert all("exception" not in line for line in full)
    assert "KeyError: 'x'" in bug["exception"]


def test_a_pool_and_a_timer_that_wait_for_a_server_are_held_back(lines: Lines) -> None:
    """The libraries' own lines, by their own hands: no server listens there, and a tick outlasts those due after it."""
    own_log.warning("database_away", error="refused")

    async def tick_slowly() -> None:
        timer = AsyncIOScheduler(timezone="UTC")
        skipped = asyncio.Event()
        timer.add_listener(lambda _event: skipped.set(), 2**16)
        timer.add_job(skipped.wait, "interval", seconds=0.05, next_run_time=datetime.now(UTC))
        timer.start()
        await skipped.wait()
        timer.shutdown(wait=False)

    with ConnectionPool(
        "host=127.0.0.1 port=9 connect_timeout=1", min_size=1, open=False, reconnect_timeout=0.1
    ) as pool:
        asyncio.run(tick_slowly())
        end = time.monotonic() + 30
        while pool.get_stats().get("connections_errors", 0) < 2 and time.monotonic() < end:
            time.sleep(0.05)
    own_log.warning("database_back")
    written = lines()
    assert [line["event"] for line in written] == ["database_away", "database_back"]
    assert set(written[1]["by"]) == {"psycopg.pool", "apscheduler.scheduler"}
