"""Discovery documents, what they announce, and what came of reading them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from archive.records.captures import CaptureRow, StoredCapture


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentRow:
    """A discovery document of a source with its validators."""

    document_id: int
    source_id: int
    url: str
    kind: Literal["feed", "sitemap", "section"]
    configured: bool
    parent_id: int | None
    etag: str | None
    last_modified: str | None
    body_digest: bytes | None
    changed_at: datetime | None
    has_announced: bool  # some link was announced from it, ever
    capture: StoredCapture | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DateRow:
    """A claimed date with its evidence; `at` outside 1800…2200 is stored as null with the evidence kept."""

    at: datetime
    raw: str
    precision: str
    provenance: str
    zone: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AnnouncementRow:
    """One link of one document, judged. `outcome` None means: owed a fetch; else the final outcome it gets if new."""

    url: str  # canonical
    host: str
    announced_url: str
    rule: str
    outcome: Literal["not_allowed", "too_old", "over_cap"] | None = None
    reason: str | None = None
    guid: str | None = None
    title: str | None = None
    summary: str | None = None
    content: str | None = None
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str | None = None
    published: DateRow | None = None
    modified: DateRow | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentRead:
    """A discovery document that was fetched with a new body: all of this is committed in one transaction."""

    document_id: int
    crawl_id: int
    captures: tuple[CaptureRow, ...]  # redirect hops first, the body last
    checked_at: datetime
    dialect: str
    etag: str | None
    last_modified: str | None
    body_digest: bytes
    over_cap: int
    malformed: str | None
    announcements: Sequence[AnnouncementRow]
    children: tuple[tuple[str, str], ...] = ()  # (url, kind) named by a sitemap index


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentChecked:
    """A discovery document that brought nothing new: `unchanged`, or why it could not be read."""

    document_id: int
    crawl_id: int
    captures: tuple[CaptureRow, ...]
    checked_at: datetime
    outcome: Literal["unchanged", "robots", "blocked", "paused", "failed"]
    error: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Announced:
    """What `announce` found: links in the document, URLs never seen before, documents named by an index."""

    links: int
    new: int
    owed: int
    children: tuple[DocumentRow, ...] = ()
