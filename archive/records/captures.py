"""Exchanges, and where their bytes lie."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class WarcPlace:
    """Where a record lies."""

    file_id: UUID
    path: str  # relative to the WARC root, without ".open"
    offset: int
    length: int
    record_id: str  # "<urn:uuid:…>"


@dataclass(frozen=True, kw_only=True, slots=True)
class CaptureRow:
    """One exchange whose bytes are safe in a WARC file."""

    url: str
    purpose: Literal["article", "feed", "sitemap", "section", "robots", "check"]
    fetched_at: datetime
    status: int | None
    mime: str | None
    location: str | None
    etag: str | None
    last_modified: str | None
    payload_digest: str | None
    record_type: Literal["response", "revisit"]
    truncated: str | None
    ip_address: str | None
    place: WarcPlace
    body_digest: bytes | None = None  # of the decoded body; set once it is known
    body_length: int | None = None
    refers_to: int | None = None  # capture_id that holds the body of a revisit


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredCapture:
    """A capture row read back, enough for conditional GET, revisits and reading its bytes."""

    capture_id: int
    url: str
    fetched_at: datetime
    status: int | None
    mime: str | None
    etag: str | None
    last_modified: str | None
    payload_digest: str | None
    body_digest: bytes | None
    record_type: str
    truncated: str | None
    place: WarcPlace
