"""The queue's worker outlives its connections: it goes on beating, listening and ending its jobs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import procrastinate

from archive.db import Connection, connect
from crawler import jobs

# Jobs are found by notice only: nothing here waits for a poll.
NEVER = 3600.0
PATIENCE = 120.0


class Work:
    """Notes what it was called for; ends each crawl when the test says so."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.may_end = asyncio.Event()

    async def crawl_source(self, *, name: str, kind: str, slot: int | None, job_id: int | None) -> None:
        self.begun.append(name)
        await self.may_end.wait()

    async def serve_request(self, *, request_id: int, job_id: int | None) -> None:
        raise AssertionError("nobody asks for a re-crawl here")


@contextlib.asynccontextmanager
async def _working(dsn: str, work: Work, *, beats_every: float = 0.05) -> AsyncIterator[procrastinate.App]:
    app = jobs.make_app(dsn)
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=[jobs.CRAWL_QUEUE],
                install_signal_handlers=False,
                fetch_job_polling_interval=NEVER,
                update_heartbeat_interval=beats_every,
                shutdown_graceful_timeout=PATIENCE,
                additional_context={"work": work},
            )
        )
        try:
            yield app
        finally:
            work.may_end.set()
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)


async def _until(holds: Callable[[], object], what: str) -> None:
    end = asyncio.get_running_loop().time() + PATIENCE
    while not holds():
        assert asyncio.get_running_loop().time() < end, what
        await asyncio.sleep(0.02)


def _ask(conn: Connection, query: str, **parameters: object) -> list[int]:
    """The first column, each time in a transaction of its own."""
    found = [next(iter(row.values())) for row in conn.execute(query.encode(), parameters)]
    conn.commit()
    return found


async def _end_session_that_waits(conn: Connection) -> None:
    """End the queue's session that waits for a lock of `conn`, in the midst of its statement; lets go of the lock."""
    waiting = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name = 'wirekeep-queue' AND wait_event_type = 'Lock'"
    )
    await _until(lambda: conn.execute(waiting).fetchone(), "a statement of the queue waits")
    conn.execute(f"SELECT pg_terminate_backend(pid) FROM ({waiting}) AS w".encode())
    conn.commit()


async def _defer(app: procrastinate.App, name: str) -> None:
    await app.configure_task("crawl_source", queue=jobs.CRAWL_QUEUE).defer_async(name=name, kind="manual")


def test_a_worker_whose_session_died_in_a_heartbeat_beats_on(database: str, conn: Connection) -> None:
    """Else its jobs are taken for a dead worker's, and begun again while they run."""

    async def run() -> None:
        async with _working(database, Work()):
            await _until(lambda: _ask(conn, "SELECT id FROM queue.procrastinate_workers"), "the worker is there")
            conn.execute("SELECT FROM queue.procrastinate_workers FOR UPDATE")
            await _end_session_that_waits(conn)
            died_at = conn.execute("SELECT clock_timestamp() AS at").fetchone()
            assert died_at is not None
            beat = "SELECT id FROM queue.procrastinate_workers WHERE last_heartbeat > %(at)s"
            await _until(lambda: _ask(conn, beat, **died_at), "the worker's heart beats")

    asyncio.run(run())


def test_a_job_whose_end_met_a_dying_session_is_ended_all_the_same(database: str, conn: Connection) -> None:
    """Else it is at work for ever, and holds its source's lock as long as its worker lives."""

    async def run() -> None:
        work = Work()
        async with _working(database, work, beats_every=NEVER) as app:
            await _defer(app, "a")
            await _until(lambda: work.begun, "the job is taken up")
            conn.execute("SELECT FROM queue.procrastinate_jobs FOR UPDATE")
            work.may_end.set()
            await _end_session_that_waits(conn)
            done = "SELECT id FROM queue.procrastinate_jobs WHERE status = 'succeeded'"
            await _until(lambda: _ask(conn, done), "the job has ended")

    asyncio.run(run())


def _let_in(server: str, name: str, allowed: str) -> None:
    with connect(server, autocommit=True) as other:
        other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {allowed}'.encode())


def test_a_worker_listens_again_once_the_server_lets_it_in(server: str, database: str, conn: Connection) -> None:
    listening = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%%'"
    name = conn.info.dbname

    async def run() -> None:
        work = Work()
        async with _working(database, work, beats_every=NEVER) as app:
            await _until(lambda: _ask(conn, listening), "the worker listens")
            await _defer(app, "before")
            await _until(lambda: work.begun == ["before"], "a job is taken up by its notice")
            _let_in(server, name, "false")
            _ask(conn, f"SELECT pg_terminate_backend(pid) FROM ({listening}) AS l")
            await _until(lambda: not _ask(conn, listening), "the session has ended")
            await asyncio.sleep(0.3)  # in which a worker that tries but once is refused
            _let_in(server, name, "true")
            await _until(lambda: _ask(conn, listening), "the worker listens again")
            work.may_end.set()
            await _defer(app, "after")
            await _until(lambda: work.begun == ["before", "after"], "a job is taken up by its notice again")

    asyncio.run(run())
