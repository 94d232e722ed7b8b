"""Due moments and jobs: slots fired once, crawls and requests queued, stalled jobs rescued."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import errors

from archive.db import Connection, retry_transaction
from archive.records import SourceState
from archive.store.rows import to_source
from archive.store.statements import execute, find_row, get_row, list_rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Rescued:
    """What became of jobs whose worker had died; `failed` ones made room for a successor that waited."""

    retried: int = 0
    failed: int = 0


def schedulable_sources(conn: Connection) -> list[SourceState]:
    """The sources that may come due: enabled, not paused, not retired."""
    with conn.transaction():
        return [to_source(row) for row in list_rows(conn, "list_schedulable_sources")]


def fire_slot(conn: Connection, source_id: int, name: str, slot: int, due_at: datetime) -> tuple[bool, int | None]:
    """Turn a due moment into a job: (whether this call did, the job or None where one of the source waits already)."""
    with conn.transaction():
        if find_row(conn, "fire_slot", source_id=source_id, slot=slot, due_at=due_at) is None:
            return False, None
        job_id = _defer_crawl(conn, name, "scheduled", slot)
        if job_id is not None:
            execute(conn, "set_slot_job", source_id=source_id, slot=slot, job_id=job_id)
    return True, job_id


def defer_crawl(conn: Connection, name: str, kind: str) -> int | None:
    """Queue a crawl of a source (kind ``manual`` or ``owed``); None where one waits already."""
    with conn.transaction():
        return _defer_crawl(conn, name, kind, None)


def _defer_crawl(conn: Connection, name: str, kind: str, slot: int | None) -> int | None:
    job_id: int | None = get_row(conn, "defer_crawl", name=name, kind=kind, slot=slot)["job_id"]
    return job_id


def defer_owed(conn: Connection) -> list[str]:
    """Queue a crawl for every source that is owed fetches and has no job; the names of these sources.

    Requests whose job ended without an outcome (their host was paused, their worker failed) are queued again too.
    """
    with conn.transaction():
        names = [row["name"] for row in list_rows(conn, "list_owed_sources")]
        deferred = [name for name in names if _defer_crawl(conn, name, "owed", None) is not None]
        list_rows(conn, "defer_stranded_requests")
    return deferred


def rescue_jobs(conn: Connection, dead_after: timedelta) -> Rescued:
    """Hand back the jobs of workers that have not beaten for `dead_after`; their crawls end as abandoned.

    Where a successor with the same queueing lock waits, the stalled job ends as failed so that the successor runs.
    """
    return retry_transaction(conn, _rescue_jobs, dead_after)


def _rescue_jobs(conn: Connection, dead_after: timedelta) -> Rescued:
    if not get_row(conn, "lock_rescue")["taken"]:
        return Rescued()
    retried = failed = 0
    for job in list_rows(conn, "list_stalled_jobs", dead_after=dead_after):
        for crawl in list_rows(conn, "abandon_crawls_of_job", job_id=job["id"], dead_after=dead_after):
            execute(conn, "release_leases", crawl_id=crawl["crawl_id"])
        try:
            with conn.transaction():
                find_row(conn, "retry_job", job_id=job["id"])
            retried += 1
        except errors.UniqueViolation:
            find_row(conn, "fail_job", job_id=job["id"])
            failed += 1
    return Rescued(retried=retried, failed=failed)


def wait_for_jobs(conn: Connection, job_ids: Sequence[int], timeout: float) -> bool:
    """Whether all these jobs have ended, waiting at most `timeout` seconds for it."""
    end = time.monotonic() + timeout
    while True:
        with conn.transaction():
            unfinished = get_row(conn, "count_unfinished_jobs", job_ids=list(job_ids))["unfinished"]
        if not unfinished or time.monotonic() >= end:
            return not unfinished
        time.sleep(0.25)
