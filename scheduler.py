"""What is due becomes a queued job; nothing here does the work.

A *slot* is a due moment computed from the schedule, never from a process's clock phase, as epoch seconds:

- ``every``: the moments ``n * every + offset``; `offset` lies within the source's jitter and follows from its name;
- ``cron``: the fire times of the expression in UTC (a zone with summer time would skip or double slots), each held back
  by `offset`.

Each tick asks every source for its latest slot that is not after now, and one transaction inserts ``(source, slot)``
and defers the job; a slot that another scheduler inserted is a no-op. So any number of schedulers may run, and
downtime, clock steps and pauses give one catch-up.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from cronsim import CronSim

from archive.db import Connection
from archive.errors import ArchiveUnavailable, ConfigError
from archive.records import Applied, SourceRow, SourceState
from archive.store import crawls, pruning, requests, slots, sources
from archive.threads import ArchiveThreads
from crawler.settings import Settings
from crawler.sources import Source, load_sources

log = structlog.get_logger("scheduler")

# What grows and is no evidence, and how long it is kept; 200 sources at 5 minutes bring 57,600 slots and jobs a day.
# Finished jobs: a day, for `status` and for people who look; Procrastinate never removes them.
KEEP_JOBS = timedelta(days=1)
# Fired slots: a month, so that a clock put back by less fires none again. The last of each source stays for ever.
KEEP_SLOTS = timedelta(days=30)
# Re-crawls that were asked for: a year, for those who want to know who asked for what.
KEEP_REQUESTS = timedelta(days=365)
# robots.txt: twice as long as a last good copy may stand in for one that cannot be fetched.
KEEP_ROBOTS = timedelta(days=60)
KEPT: tuple[tuple[Callable[[Connection, timedelta], int], timedelta], ...] = (
    (pruning.prune_jobs, KEEP_JOBS),
    (pruning.prune_slots, KEEP_SLOTS),
    (pruning.prune_requests, KEEP_REQUESTS),
    (pruning.prune_robots, KEEP_ROBOTS),
)
# Often, so that each time is short; nothing is due by the hour.
PRUNE_EVERY = 3600.0
# How often what is owed (retries, revisits) is looked for: retries wait at least 15 s, so 2 s late is early enough.
OWED_EVERY = 2.0
# Stalled jobs and crawls of dead workers: well below the 90 s in which a killed source must crawl again.
RESCUE_EVERY = 5.0


def find_slot(source: Source, now: datetime) -> datetime:
    """The latest slot of `source` that is due at `now` (aware UTC).

    >>> from types import SimpleNamespace
    >>> daily = SimpleNamespace(name="a", cron="0 6 * * *", every=None, jitter=timedelta(0))
    >>> find_slot(daily, datetime(2026, 3, 29, 6, 0, tzinfo=UTC)).isoformat()
    '2026-03-29T06:00:00+00:00'
    """
    if source.cron is not None:
        # The jitter holds a slot back, it does not move it: with another jitter it is the same slot, and fires once.
        due = now - timedelta(seconds=find_offset(source))
        # cronsim gives moments strictly before its start when it walks back; one second later includes `due` itself.
        return next(CronSim(source.cron, due.replace(microsecond=0) + timedelta(seconds=1), reverse=True))
    assert source.every is not None  # a source has one or the other, held by crawler.sources
    every, offset = source.every.total_seconds(), find_offset(source)
    return datetime.fromtimestamp((now.timestamp() - offset) // every * every + offset, UTC)


def find_offset(source: Source) -> float:
    """Seconds, 0 ≤ offset < jitter, that follow from the source's name: the same on every machine."""
    jitter = source.jitter.total_seconds()
    if jitter <= 0:
        return 0.0
    fraction = int.from_bytes(hashlib.sha256(source.name.encode()).digest()[:8], "big") / 2**64
    return float(int(fraction * jitter))


def load_into(conn: Connection, path: Path) -> Applied:
    """Read sources.toml whole and write it to the database in one transaction.

    Raises:
        ConfigError: the file cannot be read or holds a mistake; the set in force stays, the mistake is recorded.
    """
    try:
        found = load_sources(path)
    except ConfigError as error:
        sources.record_file_error(conn, path=str(path), error=str(error))
        raise
    rows = [
        SourceRow(name=source.name, enabled=source.enabled, hosts=source.hosts, settings=source.to_json())
        for source in found.sources
    ]
    return sources.apply_sources(conn, rows, path=str(path), digest=found.digest)


class Scheduler:
    """The scheduler role: reloads sources, fires slots, defers what is owed, rescues what stalled."""

    def __init__(self, threads: ArchiveThreads, settings: Settings) -> None:
        self._threads = threads
        self._settings = settings
        self._reload = asyncio.Event()
        self._seen: tuple[int, int] | None = None  # modification time and size of the file as last read
        self._pending: tuple[int, int] | None = None  # ... and as it was at the tick before
        self._failure: BaseException | None = None
        self._stop = asyncio.Event()
        self._away = False  # the database, when last asked
        self.fired = 0

    def request_reload(self) -> None:
        """Read sources.toml again at the next tick (SIGHUP)."""
        self._reload.set()

    def request_stop(self) -> None:
        """End `run` after the tick under way."""
        self._stop.set()

    async def run(self) -> None:
        """Tick until stopped.

        Raises:
            Exception: whatever a tick raised, other than the database being away (which is waited for).
        """
        timer = AsyncIOScheduler(timezone="UTC")
        timer.add_listener(self._note_failure, EVENT_JOB_ERROR)
        timer.add_listener(self._note_success, EVENT_JOB_EXECUTED)
        work: tuple[tuple[Callable[..., Any], float], ...] = (
            (self._tick, self._settings.tick),
            (self._defer_owed, OWED_EVERY),
            (self._rescue, RESCUE_EVERY),
            (self._prune, PRUNE_EVERY),
        )
        for job, seconds in work:
            # A late tick runs once, however late: the slot says what is due, not the number of ticks.
            timer.add_job(
                job,
                "interval",
                seconds=seconds,
                coalesce=True,
                misfire_grace_time=None,
                next_run_time=datetime.now(UTC),
            )
        timer.start()
        try:
            await self._watch(timer)
        finally:
            timer.shutdown(wait=False)
        if self._failure is not None:
            raise self._failure

    async def _watch(self, timer: AsyncIOScheduler) -> None:
        """Wait for the stop; wake the timer where the wall clock stepped (its next fire time would lie far ahead)."""
        loop = asyncio.get_running_loop()
        before = datetime.now(UTC), loop.time()
        while not self._stop.is_set():
            try:
                await asyncio.wait_for(self._stop.wait(), timeout=1.0)
            except TimeoutError:
                now = datetime.now(UTC), loop.time()
                step = (now[0] - before[0]).total_seconds() - (now[1] - before[1])
                if abs(step) > 2.0:
                    log.warning("clock_stepped", seconds=round(step, 1))
                    for job in timer.get_jobs():
                        job.modify(next_run_time=now[0])
                before = now

    def _note_failure(self, event: JobExecutionEvent) -> None:
        if isinstance(event.exception, ArchiveUnavailable):
            self._away = True
            log.warning("database_away", error=str(event.exception))
            return
        self._failure = event.exception
        self._stop.set()

    def _note_success(self, _event: JobExecutionEvent) -> None:
        if self._away:
            log.warning("database_back")
        self._away = False

    async def _tick(self) -> None:
        if self._sources_changed():
            try:
                await self._threads.run(self._load)
            except ArchiveUnavailable:
                self._reload.set()  # noted as seen, and not in force yet
                raise
        self.fired += await self._threads.run(self._fire)

    def _sources_changed(self) -> bool:
        asked = self._reload.is_set()
        self._reload.clear()
        path = self._settings.sources_file
        try:
            stat = path.stat()
            seen = (stat.st_mtime_ns, stat.st_size)
        except FileNotFoundError:
            seen = (0, 0)
        # A file that is still being written may be whole TOML with half of its sources: wait until it has come to rest.
        at_rest = self._seen is None or seen == self._pending
        self._pending = seen
        changed = asked or (at_rest and seen != self._seen)
        if changed:
            self._seen = seen
        return changed

    def _load(self, conn: Connection) -> None:
        try:
            applied = load_into(conn, self._settings.sources_file)
        except ConfigError as error:
            log.error("sources_refused", error=str(error), action="the last good set stays in force")
        else:
            log.info(
                "sources_loaded",
                added=len(applied.added),
                changed=len(applied.changed),
                retired=len(applied.retired),
                unchanged=len(applied.unchanged),
            )

    def _fire(self, conn: Connection) -> int:
        now = datetime.now(UTC)
        states = slots.schedulable_sources(conn)
        fired = sum(_fire_source(conn, state, now) for state in states)
        log.debug("ticked", at=now.isoformat(), sources=[state.name for state in states])
        return fired

    async def _defer_owed(self) -> None:
        for request in await self._threads.run(requests.end_orphans):
            log.warning("request_orphaned", request=request)
        for name in await self._threads.run(slots.defer_owed):
            log.debug("owed_deferred", source=name)

    async def _rescue(self) -> None:
        dead_after = timedelta(seconds=self._settings.dead_after)
        rescued = await self._threads.run(slots.rescue_jobs, dead_after)
        abandoned = await self._threads.run(crawls.abandon_crawls, dead_after)
        if rescued.retried or rescued.failed or abandoned:
            log.warning("jobs_rescued", retried=rescued.retried, failed=rescued.failed, crawls_abandoned=abandoned)

    async def _prune(self) -> None:
        for prune, older_than in KEPT:
            pruned = 0
            while not self._stop.is_set() and (batch := await self._threads.run(prune, older_than)):
                pruned += batch
            if pruned:
                log.info("pruned", rows=pruned, by=prune.__name__)


def _fire_source(conn: Connection, state: SourceState, now: datetime) -> int:
    """1 where this call turned the source's latest slot into a job."""
    due_at = find_slot(Source.from_json(state.settings), now)
    slot = int(due_at.timestamp())
    if slot == state.last_slot:
        return 0
    fired, job_id = slots.fire_slot(conn, state.source_id, state.name, slot, due_at)
    if fired:
        log.info("slot_fired", source=state.name, due_at=due_at.isoformat(), job=job_id)
    return int(fired)
