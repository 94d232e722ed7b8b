"""Slots and jobs: fired once, queued once, rescued from dead workers."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from stored_rows import DAY, NOW, Desk, apply, link, one, source_row, table

from archive.db import Connection, connect, open_pool
from archive.errors import ArchiveUnavailable
from archive.records import CrawlEnd, Postponement
from archive.store import crawls, frontier, hosts, slots, sources
from archive.threads import ArchiveThreads
from crawler.settings import Settings
from scheduler import Scheduler


@pytest.fixture
def source(conn: Connection) -> int:
    apply(conn, source_row())
    state = sources.load_source(conn, "paper")
    assert state is not None
    return state.source_id


def jobs(conn: Connection) -> list[dict[str, Any]]:
    return table(
        conn,
        "SELECT id, status::text, lock, queueing_lock, args, queue_name, task_name "
        "FROM queue.procrastinate_jobs ORDER BY id",
    )


def work(conn: Connection, *, dead: bool = True) -> int:
    """Take the next job up as a worker that is dead (or alive); the job."""
    with conn.transaction():
        worker = conn.execute("SELECT queue.procrastinate_register_worker_v1() AS id").fetchone()
        assert worker is not None
        if dead:
            conn.execute("UPDATE queue.procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
        job = conn.execute("SELECT id FROM queue.procrastinate_fetch_job_v2(NULL, %s)", (worker["id"],)).fetchone()
    assert job is not None
    return int(job["id"])


def test_a_slot_fires_once_and_queues_its_job_with_both_locks(conn: Connection, source: int) -> None:
    fired, job_id = slots.fire_slot(conn, source, "paper", 1000, NOW)
    assert fired
    assert slots.fire_slot(conn, source, "paper", 1000, NOW) == (False, None)
    (job,) = jobs(conn)
    assert job == {
        "id": job_id,
        "status": "todo",
        "lock": "source:paper",
        "queueing_lock": "source:paper",
        "args": {"name": "paper", "kind": "scheduled", "slot": 1000},
        "queue_name": "crawl",
        "task_name": "crawl_source",
    }
    assert one(conn, "SELECT last_slot FROM store.source") == 1000
    assert one(conn, "SELECT job_id FROM store.slot") == job_id


def test_a_slot_fires_though_a_job_waits_and_an_older_slot_never_turns_the_clock_back(
    conn: Connection, source: int
) -> None:
    slots.fire_slot(conn, source, "paper", 2000, NOW)
    assert slots.fire_slot(conn, source, "paper", 3000, NOW) == (True, None)
    assert slots.fire_slot(conn, source, "paper", 1000, NOW) == (True, None)
    assert one(conn, "SELECT last_slot FROM store.source") == 3000
    assert len(jobs(conn)) == 1


def test_two_schedulers_fire_a_slot_once(database: str) -> None:
    with connect(database) as conn:
        apply(conn, source_row())
        state = sources.load_source(conn, "paper")
    assert state is not None
    fired: list[bool] = []
    barrier = threading.Barrier(2)

    def schedule() -> None:
        with connect(database) as own:
            for slot in range(30):
                barrier.wait()
                fired.append(slots.fire_slot(own, state.source_id, "paper", slot, NOW)[0])

    threads = [threading.Thread(target=schedule) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(fired) == 30


def test_only_enabled_running_sources_are_scheduled(conn: Connection) -> None:
    apply(conn, source_row("a", "a.example"), source_row("b", "b.example", enabled=False), source_row("c", "c.example"))
    sources.pause_source(conn, "c", None)
    assert [s.name for s in slots.schedulable_sources(conn)] == ["a"]


def test_a_crawl_asked_for_twice_is_queued_once(conn: Connection, source: int) -> None:
    first = slots.defer_crawl(conn, "paper", "manual")
    assert first is not None
    assert slots.defer_crawl(conn, "paper", "manual") is None


def test_owed_urls_are_crawled_when_no_job_of_the_source_is_there(conn: Connection, source: int) -> None:
    desk = Desk(conn)
    begun = desk.begin()
    assert slots.defer_owed(conn) == []
    desk.read_feed(begun, link("https://paper.example/1"))
    crawls.end_crawl(conn, begun.crawl_id, state="finished", reason=None, counts={})
    assert slots.defer_owed(conn) == ["paper"]
    assert slots.defer_owed(conn) == []
    assert jobs(conn)[0]["args"]["kind"] == "owed"
    work(conn, dead=False)
    assert slots.defer_owed(conn) == []


def test_owed_urls_of_a_paused_host_leased_or_later_are_not_crawled(conn: Connection, source: int) -> None:
    desk = Desk(conn)
    begun, (leased,) = desk.owe("https://paper.example/1")
    assert slots.defer_owed(conn) == []
    late = Postponement(
        frontier_id=leased.frontier_id,
        crawl_id=begun.crawl_id,
        due_at=NOW + 900 * DAY,
        due_why="retry",
        error="x",
        at=NOW,
    )
    frontier.postpone(conn, late)
    assert slots.defer_owed(conn) == []
    with conn.transaction():
        conn.execute("UPDATE store.frontier SET due_at = now()")
    hosts.pause(conn, "paper.example", NOW + 900 * DAY, "HTTP 503")
    assert slots.defer_owed(conn) == []
    with conn.transaction():
        conn.execute("UPDATE store.host SET paused_until = NULL")
    assert slots.defer_owed(conn) == ["paper"]


def test_a_crawl_that_broke_off_is_not_repeated_at_once(conn: Connection, source: int) -> None:
    desk = Desk(conn)
    begun, _ = desk.owe("https://paper.example/1")
    frontier.release_leases(conn, begun.crawl_id)
    crawls.end_crawl(conn, begun.crawl_id, state="failed", reason="boom", counts={})
    assert slots.defer_owed(conn) == []
    with conn.transaction():
        conn.execute("UPDATE store.crawl SET finished_at = now() - interval '2 minutes'")
    assert slots.defer_owed(conn) == ["paper"]


def test_the_job_of_a_dead_worker_is_handed_back(conn: Connection, source: int) -> None:
    slots.defer_crawl(conn, "paper", "manual")
    work(conn)
    assert slots.rescue_jobs(conn, timedelta(seconds=30)) == slots.Rescued(retried=1)
    assert jobs(conn)[0]["status"] == "todo"
    assert slots.rescue_jobs(conn, timedelta(seconds=30)) == slots.Rescued()


def test_the_job_of_a_worker_whose_row_is_gone_is_handed_back(conn: Connection, source: int) -> None:
    slots.defer_crawl(conn, "paper", "manual")
    work(conn, dead=False)
    assert slots.rescue_jobs(conn, timedelta(seconds=30)) == slots.Rescued()
    with conn.transaction():
        conn.execute("DELETE FROM queue.procrastinate_workers")
    assert slots.rescue_jobs(conn, timedelta(seconds=30)) == slots.Rescued(retried=1)


def test_a_dead_job_makes_room_for_the_successor_that_waits(conn: Connection, source: int) -> None:
    slots.defer_crawl(conn, "paper", "manual")
    dead = work(conn)
    successor = slots.defer_crawl(conn, "paper", "manual")
    assert slots.rescue_jobs(conn, timedelta(seconds=30)) == slots.Rescued(failed=1)
    assert {job["id"]: job["status"] for job in jobs(conn)} == {dead: "failed", successor: "todo"}
    assert work(conn, dead=False) == successor


def test_rescue_ends_the_crawl_and_frees_its_urls(conn: Connection, source: int) -> None:
    slots.defer_crawl(conn, "paper", "manual")
    desk = Desk(conn)
    begun = desk.begin(job_id=work(conn))
    desk.read_feed(begun, link("https://paper.example/1"))
    assert len(desk.lease(begun)) == 1
    with conn.transaction():
        conn.execute("UPDATE store.process SET seen_at = now() - interval '1 hour'")
    slots.rescue_jobs(conn, timedelta(seconds=30))
    assert one(conn, "SELECT state FROM store.crawl") == "abandoned"
    assert len(desk.lease(desk.begin())) == 1


def test_rescue_leaves_the_crawl_of_a_living_process_alone(conn: Connection, source: int) -> None:
    slots.defer_crawl(conn, "paper", "manual")
    Desk(conn).begin(job_id=work(conn))
    slots.rescue_jobs(conn, timedelta(seconds=30))
    assert one(conn, "SELECT state FROM store.crawl") == "running"


def test_only_one_rescue_at_a_time(database: str, conn: Connection, source: int) -> None:
    slots.defer_crawl(conn, "paper", "manual")
    work(conn)
    with connect(database) as other, other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('wirekeep rescue', 0))")
        assert slots.rescue_jobs(conn, timedelta(seconds=30)) == slots.Rescued()
    assert slots.rescue_jobs(conn, timedelta(seconds=30)) == slots.Rescued(retried=1)


def test_abandoned_crawls_are_those_without_a_living_process(conn: Connection, source: int) -> None:
    desk = Desk(conn)
    begun = desk.begin()
    assert crawls.abandon_crawls(conn, timedelta(seconds=30)) == 0
    crawls.begin_crawl(conn, name="paper", kind="manual", slot=None, job_id=None, process_id=uuid4())
    assert crawls.abandon_crawls(conn, timedelta(seconds=30)) == 1
    assert one(conn, "SELECT state FROM store.crawl WHERE crawl_id = %s", begun.crawl_id) == "running"


def test_a_crawl_begins_only_where_its_source_may_be_crawled(conn: Connection) -> None:
    apply(conn, source_row("a", "a.example", enabled=False), source_row("b", "b.example"), source_row("c", "c.example"))
    sources.pause_source(conn, "b", None)
    apply_again = [source_row("a", "a.example", enabled=False), source_row("b", "b.example")]
    apply(conn, *apply_again)

    def begins(name: str, kind: str) -> bool:
        return crawls.begin_crawl(conn, name=name, kind=kind, slot=None, job_id=None, process_id=uuid4()) is not None

    assert not begins("a", "scheduled")
    assert begins("a", "manual")
    assert begins("a", "request")
    assert not begins("b", "manual")
    assert not begins("c", "manual")
    assert not begins("nobody", "manual")


def test_what_came_of_a_job_is_its_last_crawl(conn: Connection, source: int) -> None:
    desk = Desk(conn)
    job_id = slots.defer_crawl(conn, "paper", "manual")
    assert job_id is not None
    assert crawls.list_ended(conn, {job_id: source}) == {}
    for state, reason in (("handed_back", "its worker was stopped"), ("finished", None)):
        begun = desk.begin("manual", job_id=job_id)
        crawls.end_crawl(conn, begun.crawl_id, state=state, reason=reason, counts={"stored": 2})
        assert crawls.list_ended(conn, {job_id: source}) == {
            job_id: CrawlEnd(state=state, reason=reason, counts={"stored": 2})
        }


def test_a_failed_crawl_shows_at_its_source_until_a_good_one(conn: Connection, source: int) -> None:
    desk = Desk(conn)
    crawls.end_crawl(
        conn, desk.begin().crawl_id, state="failed", reason="feed: HTTP 500", counts={"documents_failed": 1}
    )
    state = sources.load_source(conn, "paper")
    assert state is not None
    assert (state.failures, state.last_error) == (1, "feed: HTTP 500")
    second = desk.begin()
    assert second.first
    crawls.end_crawl(conn, second.crawl_id, state="finished", reason=None, counts={})
    state = sources.load_source(conn, "paper")
    assert state is not None
    assert (state.failures, state.last_error) == (0, None)
    assert not desk.begin().first


def test_sources_file_changed_while_the_database_is_away_is_loaded_once_it_is_back(
    database: str, conn: Connection, tmp_path: Path
) -> None:
    (tmp_path / "sources.toml").write_text(
        '[[source]]\nname = "paper"\nhosts = ["paper.example"]\nfeeds = ["https://paper.example/feed"]\nevery = "5m"\n'
    )
    with open_pool(database, size=1) as pool:
        threads = ArchiveThreads(pool, threads=1)
        planner = Scheduler(threads, Settings(data_dir=tmp_path))

        async def tick() -> None:
            with connect(database, autocommit=True) as locker, locker.transaction():
                # The session ends in the middle of the load, as in a restart of the server.
                locker.execute("LOCK TABLE store.source IN ACCESS EXCLUSIVE MODE")
                ticking = asyncio.create_task(planner._tick())
                while not (pid := _waiting(locker)):
                    await asyncio.sleep(0.01)
                locker.execute("SELECT pg_terminate_backend(%s)", (pid,))
                with pytest.raises(ArchiveUnavailable):
                    await ticking
            await planner._tick()
            threads.close()

        asyncio.run(tick())
    assert one(conn, "SELECT count(*) FROM store.source WHERE name = 'paper'") == 1


def _waiting(conn: Connection) -> int | None:
    row = conn.execute("SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'store.source'::regclass").fetchone()
    return row["pid"] if row else None
