"""Crawls: one run over a source, begun, ended, or abandoned with its worker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from psycopg.types.json import Jsonb

from archive.db import Connection
from archive.records import CrawlBegun, CrawlEnd, Json
from archive.store.cleaning import clean_json, clean_text
from archive.store.rows import to_document
from archive.store.statements import execute, find_row, get_row, list_rows

# Only these read discovery documents: how one of the others ends says nothing about the source.
READING = frozenset({"scheduled", "manual"})


def begin_crawl(
    conn: Connection, *, name: str, kind: str, slot: int | None, job_id: int | None, process_id: UUID
) -> CrawlBegun | None:
    """Take up a crawl of kind ``scheduled``, ``manual``, ``owed`` or ``request``.

    None where the source is unknown, retired or paused, or disabled and the crawl was not asked for.
    """
    with conn.transaction():
        begun = find_row(conn, "begin_crawl", name=name, kind=kind, slot=slot, job_id=job_id, process_id=process_id)
        if begun is None:
            return None
        found = get_row(conn, "find_crawl_settings", source_id=begun["source_id"], setting_id=begun["setting_id"])
        documents = list_rows(conn, "list_documents", source_id=begun["source_id"])
    return CrawlBegun(
        crawl_id=begun["crawl_id"],
        source_id=begun["source_id"],
        name=name,
        settings=found["settings"],
        setting_id=begun["setting_id"],
        first=found["is_first"],
        changed=found["is_changed"],
        documents=tuple(to_document(row) for row in documents),
    )


def end_crawl(conn: Connection, crawl_id: int, *, state: str, reason: str | None, counts: Json) -> None:
    """End a crawl as ``finished``, ``failed`` or ``handed_back``; a no-op where it has ended already."""
    with conn.transaction():
        ended = find_row(
            conn,
            "end_crawl",
            crawl_id=crawl_id,
            state=state,
            reason=clean_text(reason),
            counts=Jsonb(clean_json(dict(counts))),
        )
        if ended is None:
            return
        execute(
            conn,
            "note_crawl_at_source",
            source_id=ended["source_id"],
            state=state,
            reason=clean_text(reason),
            reads=ended["kind"] in READING,
        )


def list_ended(conn: Connection, jobs: Mapping[int, int]) -> dict[int, CrawlEnd]:
    """What came of `jobs` (job to source, by their ids): the last crawl of each, where there was one."""
    with conn.transaction():
        rows = list_rows(conn, "list_crawls_of_jobs", job_ids=list(jobs), source_ids=list(jobs.values()))
    return {row["job_id"]: CrawlEnd(state=row["state"], reason=row["reason"], counts=row["counts"]) for row in rows}


def abandon_crawls(conn: Connection, dead_after: timedelta) -> int:
    """End the crawls of processes that stopped or have not beaten for `dead_after`; how many."""
    with conn.transaction():
        abandoned = list_rows(conn, "abandon_crawls", dead_after=dead_after)
        for crawl in abandoned:
            execute(conn, "release_leases", crawl_id=crawl["crawl_id"])
    return len(abandoned)
