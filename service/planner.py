"""The scheduler role as a process: signals, heartbeat, and `scheduler.Scheduler` in between."""

from __future__ import annotations

import asyncio
import signal

import structlog

from archive.db import open_pool
from archive.threads import ArchiveThreads
from crawler.settings import Settings
from scheduler import Scheduler
from service.heartbeat import Heartbeat

log = structlog.get_logger("scheduler")


async def run_scheduler(settings: Settings, dsn: str) -> int:
    """Schedule until SIGTERM or SIGINT (SIGHUP reloads sources.toml). Returns the exit code."""
    with open_pool(dsn, size=4) as pool:
        threads = ArchiveThreads(pool, threads=4)
        planner = Scheduler(threads, settings)
        heartbeat = Heartbeat(
            "scheduler", threads, seconds=settings.heartbeat, describe=lambda: {"fired": planner.fired}
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, planner.request_stop)
        loop.add_signal_handler(signal.SIGHUP, planner.request_reload)
        await heartbeat.start()
        beating = asyncio.create_task(heartbeat.beat())
        beating.add_done_callback(lambda _task: planner.request_stop())
        log.info("scheduler_started", sources=str(settings.sources_file), tick=settings.tick)
        try:
            await planner.run()
        finally:
            beating.cancel()
            await heartbeat.stop()
            threads.close()
            log.info("scheduler_stopped", fired=planner.fired)
    return 0
