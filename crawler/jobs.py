"""The queue's app and its tasks: each reads its arguments, calls one function, and says what came of it.

A source's job carries `lock` and `queueing_lock` and no retry strategy: Procrastinate's retry raises UniqueViolation
while a successor with the same queueing lock waits and leaves the job `doing` with its lock held for ever (measured). A
failed crawl simply ends; what it owed stands in the frontier. Jobs are deferred in SQL (`store.defer`), in the
transaction that makes them due.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

import procrastinate

CRAWL_QUEUE = "crawl"
DEMAND_QUEUE = "demand"


class Work(Protocol):
    """What a worker does when a job comes up."""

    async def crawl_source(self, *, name: str, kind: str, slot: int | None, job_id: int | None) -> None:
        """One crawl over a source."""

    async def serve_request(self, *, request_id: int, job_id: int | None) -> None:
        """One re-crawl asked for."""


def make_app(dsn: str) -> procrastinate.App:
    """The queue's app on the database at `dsn`; every connection looks in schema `queue` first."""
    connector = procrastinate.PsycopgConnector(
        conninfo=dsn,
        kwargs={"options": "-c search_path=queue,pg_catalog", "application_name": "wirekeep-queue"},
        min_size=1,
        max_size=6,
        timeout=10,
    )
    app = procrastinate.App(connector=connector)
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
