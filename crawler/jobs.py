"""The queue's app and its tasks: each reads its arguments, calls one function, and says what came of it.

A source's job carries `lock` and `queueing_lock` and no retry strategy: Procrastinate's retry raises UniqueViolation
while a successor with the same queueing lock waits and leaves the job `doing` with its lock held for ever (measured). A
failed crawl simply ends; what it owed stands in the frontier. Jobs are deferred in SQL (`store.defer`), in the
transaction that makes them due.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

import procrastinate
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from archive.db import QueueConnection, is_away

CRAWL_QUEUE = "crawl"
DEMAND_QUEUE = "demand"
PAUSE = 0.5  # seconds between two tries while the database is away


class Work(Protocol):
    """What a worker does when a job comes up."""

    async def crawl_source(self, *, name: str, kind: str, slot: int | None, job_id: int | None) -> None:
        """One crawl over a source."""

    async def serve_request(self, *, request_id: int, job_id: int | None) -> None:
        """One re-crawl asked for."""


class SteadyManager(JobManager):
    """Procrastinate's statements, of which those that nobody else repeats are tried until the database is back.

    The worker of 3.10 gives each a single try: with the heartbeat's connection its heart stops for good (its monitor of
    such tasks ends with the first that ends, the deferrer of periodic tasks that we do not have), so that all its later
    jobs are taken for a dead worker's and begun again beside themselves; a job whose end is not written is at work for
    as long as the worker lives, and its source is never crawled again.
    """

    async def update_heartbeat(self, worker_id: int) -> None:
        """The worker lives."""
        beat = super().update_heartbeat
        await _insist(lambda: beat(worker_id))

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """The job has ended."""
        finish = super().finish_job
        await _insist(lambda: finish(job, status, delete_job))

    async def listen_for_jobs(self, **how: Any) -> None:
        """Wait for notices until cancelled."""
        listen = super().listen_for_jobs
        await _insist(lambda: listen(**how))


async def _insist(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            return await work()
        except ConnectorException as error:
            if not is_away(error.__cause__):
                raise
            await asyncio.sleep(PAUSE)


def make_app(dsn: str) -> procrastinate.App:
    """The queue's app on the database at `dsn`; every connection looks in schema `queue` first."""
    connector = procrastinate.PsycopgConnector(
        conninfo=dsn,
        connection_class=QueueConnection,
        kwargs={"options": "-c search_path=queue,pg_catalog", "application_name": "wirekeep-queue"},
        min_size=1,
        max_size=6,
        timeout=10,
    )
    app = procrastinate.App(connector=connector)
    app.job_manager = SteadyManager(connector)
    app.task(name="crawl_source", queue=CRAWL_QUEUE, pass_context=True)(crawl_source)
    app.task(name="serve_request", queue=DEMAND_QUEUE, pass_context=True)(serve_request)
    return app


def _work(context: procrastinate.JobContext) -> Work:
    return cast(Work, context.additional_context["work"])


async def crawl_source(
    context: procrastinate.JobContext, /, *, name: str, kind: str, slot: int | None = None, **_newer: Any
) -> None:
    """Crawl a source: its discovery documents, then the URLs it is owed."""
    await _work(context).crawl_source(name=name, kind=kind, slot=slot, job_id=context.job.id)


async def serve_request(context: procrastinate.JobContext, /, *, request_id: int, **_newer: Any) -> None:
    """Serve a re-crawl asked for by command or by SQL."""
    await _work(context).serve_request(request_id=request_id, job_id=context.job.id)
