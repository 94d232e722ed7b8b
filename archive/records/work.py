"""What the service works by: crawls, hosts, robots.txt, requests, processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from archive.records.discovery import DocumentRow
from archive.records.sources import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class CrawlBegun:
    """A crawl that a worker has taken up."""

    crawl_id: int
    source_id: int
    name: str
    settings: Json
    setting_id: int
    first: bool  # no crawl of this source has finished before: `backfill` applies
    changed: bool  # its last crawl that read documents to the end ran under other settings
    documents: tuple[DocumentRow, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Answer to a claim on a host: go now (`wait` 0), ask again after `wait`, or `paused_until` (with why)."""

    wait: timedelta
    paused_until: datetime | None = None
    why: str | None = None
    strikes: int = 0  # 429 and 503 answers in a row so far


@dataclass(frozen=True, kw_only=True, slots=True)
class RobotsRow:
    """robots.txt of an origin as last fetched."""

    origin: str
    checked_at: datetime
    expires_at: datetime
    status: int | None
    state: Literal["ok", "absent", "unreachable"]
    reason: str | None
    good_body: bytes | None
    good_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestRow:
    """A re-crawl asked for."""

    request_id: int
    kind: Literal["url", "source"]
    asked: str
    key: str
    source_id: int
    since: datetime | None
    force: bool
    finished_at: datetime | None
    outcome: str | None
    reason: str | None
    frontier_id: int | None
    revision_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessRow:
    """A scheduler or worker that runs."""

    process_id: UUID
    role: Literal["scheduler", "worker"]
    host: str
    pid: int
    version: str
    state: Json = field(default_factory=dict)
