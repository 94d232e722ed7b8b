"""The worker role: Procrastinate and Scrapy on one loop, extraction in a pool of processes beside it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import procrastinate
import structlog

from archive import warc
from archive.db import Connection, Pool, borrow, open_pool
from archive.errors import ConfigError
from archive.store import crawls, rules, slots, warcs
from archive.threads import ArchiveThreads
from crawler import jobs
from crawler.clean.registry import declared_rules
from crawler.fetch import guard
from crawler.pipeline import crawl
from crawler.pipeline.convert import to_rule
from crawler.pipeline.pool import ExtractionPool
from crawler.settings import Settings
from service.disk import find_shortage, measure_room
from service.heartbeat import Heartbeat

log = structlog.get_logger("worker")

# Threads for the archive: fetches wait on them briefly (a claim, an append), so a few more than crawls under way.
THREADS = 12
# Share of the stop timeout in which crawls may finish what is in flight; the rest is for handing back.
FINISH_SHARE = 0.6


@dataclass
class Work:
    """What the queue's tasks call; counts what is under way for the heartbeat."""

    shop: crawl.Workshop
    running: dict[str, int]

    async def crawl_source(self, *, name: str, kind: str, slot: int | None, job_id: int | None) -> None:
        """See `crawler.jobs.Work`."""
        with self._counted(name):
            await crawl.crawl_source(self.shop, name=name, kind=kind, slot=slot, job_id=job_id)

    async def serve_request(self, *, request_id: int, job_id: int | None) -> None:
        """See `crawler.jobs.Work`."""
        with self._counted(f"request {request_id}"):
            await crawl.serve_request(self.shop, request_id=request_id, job_id=job_id)

    @contextlib.contextmanager
    def _counted(self, name: str) -> Any:
        self.running[name] = self.running.get(name, 0) + 1
        try:
            yield
        finally:
            self.running[name] -= 1
            if not self.running[name]:
                del self.running[name]


class DiskWatch:
    """Whether there is room to fetch, looked at every few seconds rather than at every fetch."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.shortage: str | None = None
        self.look()

    def look(self) -> None:
        """Measure now; says once when room runs out and when it is back."""
        room = measure_room(self._settings.warc_root)
        found = find_shortage(
            room, min_bytes=self._settings.min_free_bytes, min_percent=self._settings.min_free_percent
        )
        if found and not self.shortage:
            log.error("disk_low", shortage=found, action="fetching stops until there is room")
        if self.shortage and not found:
            log.info("disk_fine", free=room.free, action="fetching goes on")
        self.shortage = found

    async def watch(self) -> None:
        """Look again every five seconds."""
        while True:
            await asyncio.sleep(5)
            self.look()


async def run_worker(settings: Settings, dsn: str, stop: asyncio.Event) -> int:
    """Work until `stop` is set (or the supervisor is gone); what is in flight is finished or handed back.

    Call it inside `crawler.fetch.loop.run`: Scrapy needs that loop.
    """
    refuse_nameless(settings)
    guard.install(settings.allow_addresses)
    with open_pool(dsn, size=THREADS) as pool:
        _recover(settings, pool)
        with borrow(pool) as conn:
            rules.declare(conn, [to_rule(rule) for rule in declared_rules()])
        threads = ArchiveThreads(pool, threads=THREADS)
        extraction = ExtractionPool(
            settings.extract_processes, timeout=settings.extract_timeout, max_parse=settings.max_parse
        )
        try:
            async with _make_shop(settings, pool, threads, extraction) as (work, heartbeat):
                return await _serve(settings, dsn, work, heartbeat, stop)
        finally:
            extraction.close()
            threads.close()


def refuse_nameless(settings: Settings) -> None:
    """Refuse to fetch from strangers without saying who fetches; a worker of the demo has an allow-list instead.

    Raises:
        ConfigError: neither a contact nor an allowed private address; says what to set.
    """
    if settings.contact is None and not settings.allow_addresses:
        raise ConfigError(
            "WIREKEEP_CONTACT is not set: sites must be able to reach whoever fetches from them; set it to a page or "
            "mailto: address of yours, in the environment, service file or .env (docker compose)"
        )


def _recover(settings: Settings, pool: Pool) -> None:
    """Seal the WARC files, rescue the jobs and end the crawls that a dead worker left."""
    dead_after = timedelta(seconds=settings.dead_after)
    with borrow(pool) as conn:
        for file in warc.recover(settings.warc_root, committed_end=lambda path: warcs.committed_end(conn, path)):
            warcs.sealed(conn, file.path, file.size, file.orphans)
            say = log.error if file.damaged else log.warning
            say(
                "warc_recovered",
                path=file.path,
                size=file.size,
                orphans=file.orphans,
                cut=file.cut,
                damaged=file.damaged,
            )
        note_sealed_files(conn, settings.warc_root)
        rescued = slots.rescue_jobs(conn, dead_after)
        abandoned = crawls.abandon_crawls(conn, dead_after)
    if rescued.retried or rescued.failed or abandoned:
        log.warning("jobs_rescued", retried=rescued.retried, failed=rescued.failed, crawls_abandoned=abandoned)


def note_sealed_files(conn: Connection, root: Path) -> None:
    """Note the files that were sealed while the database was away; those on other machines are theirs to note."""
    for path in warcs.unsealed(conn):
        with contextlib.suppress(FileNotFoundError):
            warcs.sealed(conn, path, (root / path).stat().st_size, 0)


@contextlib.asynccontextmanager
async def _make_shop(
    settings: Settings, pool: Pool, threads: ArchiveThreads, extraction: ExtractionPool
) -> AsyncIterator[tuple[Work, Heartbeat]]:
    disk = DiskWatch(settings)
    running: dict[str, int] = {}
    heartbeat = Heartbeat(
        "worker",
        threads,
        seconds=settings.heartbeat,
        describe=lambda: {"running": sorted(running), "disk_low": disk.shortage, "concurrency": settings.concurrency},
    )
    writer_name = f"{socket.gethostname()}:{os.getpid()}"

    def note_opened(file_id: Any, path: str) -> None:
        with borrow(pool) as conn:
            warcs.opened(conn, file_id, path, writer_name)

    def note_sealed(path: str, size: int) -> None:
        with borrow(pool) as conn:
            warcs.sealed(conn, path, size, 0)

    writer = warc.WarcWriter(
        settings.warc_root,
        roll_size=settings.warc_roll_size,
        software=crawl.make_user_agent(settings),
        writer=writer_name,
        on_open=note_opened,
        on_seal=note_sealed,
    )
    shop = crawl.Workshop(
        settings=settings,
        threads=threads,
        pool=extraction,
        writer=writer,
        process_id=heartbeat.process_id,
        shortage=lambda: disk.shortage,
        stopping=asyncio.Event(),
    )
    await heartbeat.start()
    watching = asyncio.create_task(disk.watch())
    try:
        yield Work(shop=shop, running=running), heartbeat
    finally:
        watching.cancel()
        await threads.call(writer.close)
        await heartbeat.stop()


async def _serve(settings: Settings, dsn: str, work: Work, heartbeat: Heartbeat, stop: asyncio.Event) -> int:
    """Serve both queues: `concurrency` crawls, and one slot that only re-crawls on demand may take."""
    app = jobs.make_app(dsn)
    async with app.open_async():
        queues = [
            asyncio.create_task(_serve_queue(app, settings, work, jobs.CRAWL_QUEUE, settings.concurrency)),
            asyncio.create_task(_serve_queue(app, settings, work, jobs.DEMAND_QUEUE, 1)),
        ]
        beating = asyncio.create_task(heartbeat.beat())
        stopped = asyncio.create_task(stop.wait())
        log.info("worker_started", concurrency=settings.concurrency, extract_processes=settings.extract_processes)
        try:
            await asyncio.wait({*queues, beating, stopped}, return_when=asyncio.FIRST_COMPLETED)
            broken = next((task.exception() for task in queues if task.done() and not task.cancelled()), None)
            log.info("worker_stopping", running=sorted(work.running), broken=repr(broken) if broken else None)
            await _stop_queues(settings, work, queues)
        finally:
            for task in (beating, stopped):
                task.cancel()
    if broken is not None:
        raise broken
    return 0


async def _stop_queues(settings: Settings, work: Work, queues: list[asyncio.Task[None]]) -> None:
    """No new URLs and jobs; what is in flight gets its time, then the worker aborts it and it is handed back."""
    work.shop.stopping.set()
    for task in queues:
        task.cancel()
    ended, late = await asyncio.wait(queues, timeout=settings.stop_timeout)
    for task in late:
        log.error("worker_gave_up", task=task.get_name(), after=settings.stop_timeout)
    for task in ended:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("queue_failed", error=repr(error))


async def _serve_queue(app: procrastinate.App, settings: Settings, work: Work, queue: str, concurrency: int) -> None:
    await app.run_worker_async(
        queues=[queue],
        name=f"wirekeep-{queue}",
        concurrency=concurrency,
        install_signal_handlers=False,
        fetch_job_polling_interval=5.0,
        update_heartbeat_interval=settings.heartbeat,
        stalled_worker_timeout=settings.dead_after,
        shutdown_graceful_timeout=settings.stop_timeout * FINISH_SHARE,
        additional_context={"work": work},
    )
