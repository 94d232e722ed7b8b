"""What is no evidence goes after its time, in batches; what keeps a slot from firing twice, and all evidence, stays."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from stored_rows import DAY, NOW, Desk, apply, one, source_row, table

from archive.db import Connection, open_pool
from archive.records import Conclusion, RobotsRow
from archive.store import articles, frontier, pruning, requests, robots, slots, sources
from archive.threads import ArchiveThreads
from crawler.settings import Settings
from scheduler import Scheduler

URL = "https://paper.example/1"


@pytest.fixture
def source(conn: Connection) -> int:
    apply(conn, source_row())
    state = sources.load_source(conn, "paper")
    assert state is not None
    return state.source_id


def fire(conn: Connection, source: int, slot: int, *, days_ago: float) -> None:
    """A slot that was fired so long ago."""
    fired, _ = slots.fire_slot(conn, source, "paper", slot, NOW)
    assert fired
    age(conn, "UPDATE store.slot SET fired_at = now() - make_interval(secs => %s) WHERE slot = %s", days_ago, slot)


def age(conn: Connection, statement: str, days: float, *parameters: Any) -> None:
    with conn.transaction():
        conn.execute(statement, (days * 86400.0, *parameters))  # type: ignore[arg-type]


def kept(conn: Connection) -> list[int]:
    return [row["slot"] for row in table(conn, "SELECT slot FROM store.slot ORDER BY slot")]


def test_ended_jobs_are_pruned_after_their_time_and_waiting_ones_never(conn: Connection, source: int) -> None:
    ended = [slots.defer_crawl(conn, "paper", "manual")]
    with conn.transaction():
        worker = one(conn, "SELECT queue.procrastinate_register_worker_v1()")
        conn.execute("SELECT queue.procrastinate_fetch_job_v2(NULL, %s)", (worker,))
        conn.execute("SELECT queue.procrastinate_finish_job_v1(%s, 'succeeded', false)", (ended[0],))
    waiting = slots.defer_crawl(conn, "paper", "manual")
    assert pruning.prune_jobs(conn, DAY) == 0
    with conn.transaction():
        conn.execute("UPDATE queue.procrastinate_events SET at = now() - interval '2 days'")
    assert pruning.prune_jobs(conn, DAY) == 1
    assert [row["id"] for row in table(conn, "SELECT id FROM queue.procrastinate_jobs")] == [waiting]
    assert one(conn, "SELECT count(DISTINCT job_id) FROM queue.procrastinate_events") == 1


def test_old_slots_go_in_batches_and_the_newest_of_each_source_stays(conn: Connection, source: int) -> None:
    for slot in range(10):
        fire(conn, source, slot, days_ago=100 - slot)
    fire(conn, source, 50, days_ago=5)
    assert [pruning.prune_slots(conn, 30 * DAY, batch=4) for _ in range(4)] == [4, 4, 2, 0]
    assert kept(conn) == [50]
    age(conn, "UPDATE store.slot SET fired_at = now() - make_interval(secs => %s)", 400)
    assert pruning.prune_slots(conn, 30 * DAY) == 0
    assert slots.fire_slot(conn, source, "paper", 50, NOW) == (False, None)


def test_a_batch_of_slots_is_one_over_all_sources(conn: Connection) -> None:
    apply(conn, source_row(), source_row("other", "other.example"))
    for state in slots.schedulable_sources(conn):
        for slot in range(4):
            fire(conn, state.source_id, slot, days_ago=40)
    assert [pruning.prune_slots(conn, 30 * DAY, batch=5) for _ in range(3)] == [5, 1, 0]
    assert kept(conn) == [3, 3]


def test_the_slot_fired_last_stays_where_a_rarer_schedule_made_it_smaller_than_older_ones(
    conn: Connection, source: int
) -> None:
    # From every 5 minutes to once a year: the year's slot is smaller than those of the minutes before the change.
    fire(conn, source, 9000, days_ago=90)
    fire(conn, source, 1000, days_ago=60)
    fire(conn, source, 500, days_ago=100)
    assert pruning.prune_slots(conn, 30 * DAY) == 1
    assert kept(conn) == [1000, 9000]
    assert slots.fire_slot(conn, source, "paper", 1000, NOW) == (False, None)


def test_a_request_goes_a_while_after_it_ended_and_an_open_one_never(conn: Connection, source: int) -> None:
    desk = Desk(conn)
    begun, (leased,) = desk.owe(URL)
    articles.save_article(conn, desk.save(begun, leased))
    old, new, still_open = (
        requests.ask_url(conn, f"https://paper.example/{name}", force=False) for name in ("1", "new", "open")
    )
    for request_id in (old, new):
        requests.take_request(conn, request_id)
        (leased,) = desk.lease(begun, request_id=request_id)
        frontier.conclude(
            conn,
            Conclusion(
                frontier_id=leased.frontier_id, crawl_id=begun.crawl_id, outcome="failed", reason="a test", at=NOW
            ),
        )
    requests.take_request(conn, still_open)
    age(conn, "UPDATE store.request SET asked_at = now() - make_interval(secs => %s)", 500)
    age(
        conn, "UPDATE store.request SET finished_at = now() - make_interval(secs => %s) WHERE request_id = %s", 400, old
    )
    assert pruning.prune_requests(conn, 365 * DAY) == 1
    assert [row["request_id"] for row in table(conn, "SELECT request_id FROM store.request ORDER BY 1")] == [
        new,
        still_open,
    ]
    assert one(conn, "SELECT count(*) FROM store.article") == 1
    assert one(conn, "SELECT count(*) FROM store.frontier") == 3


def test_robots_of_an_origin_in_use_stays_and_a_forgotten_one_goes(conn: Connection) -> None:
    for name, days in (("used", 0.5), ("forgotten", 61)):
        checked = datetime.now(UTC) - timedelta(days=days)
        robots.save(
            conn,
            RobotsRow(
                origin=f"https://{name}.example", checked_at=checked, expires_at=checked + DAY, status=200, state="ok",
                reason=None, good_body=b"User-agent: *", good_at=checked,
            ),
            (),
        )  # fmt: skip
    assert pruning.prune_robots(conn, 60 * DAY) == 1
    assert [row["origin"] for row in table(conn, "SELECT origin FROM store.robots")] == ["https://used.example"]


def test_a_running_scheduler_prunes_what_is_old_and_leaves_all_evidence(
    database: str, conn: Connection, tmp_path: Path
) -> None:
    apply(conn, source_row(every="1h"))
    state = sources.load_source(conn, "paper")
    assert state is not None
    desk = Desk(conn)
    begun, (leased,) = desk.owe(URL)
    articles.save_article(conn, desk.save(begun, leased))
    with conn.transaction():
        conn.execute(
            "INSERT INTO store.slot (source_id, slot, due_at, fired_at) "
            "SELECT %s, n, now(), now() - interval '31 days' FROM generate_series(1, 12000) AS n",
            (state.source_id,),
        )
        conn.execute("UPDATE store.crawl SET started_at = started_at - interval '5 years'")
        conn.execute("UPDATE store.announcement SET last_seen_at = last_seen_at - interval '5 years'")
    evidence = ("capture", "crawl", "announcement", "frontier", "attempt", "article", "revision", "document")
    before = {name: one(conn, f"SELECT count(*) FROM store.{name}") for name in evidence}
    assert all(before.values())
    coverage = table(conn, "SELECT * FROM archive.coverage")

    async def run() -> None:
        with open_pool(database, size=4) as pool:
            threads = ArchiveThreads(pool, threads=4)
            planner = Scheduler(threads, Settings(data_dir=tmp_path, tick=60))
            running = asyncio.create_task(planner.run())
            while await threads.run(lambda own: one(own, "SELECT count(*) FROM store.slot WHERE slot < 12000")):
                assert not running.done()
                await asyncio.sleep(0.05)
            planner.request_stop()
            await running
            threads.close()

    asyncio.run(run())
    assert {name: one(conn, f"SELECT count(*) FROM store.{name}") for name in evidence} == before
    assert table(conn, "SELECT * FROM archive.coverage") == coverage
