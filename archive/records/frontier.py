"""URLs that a crawl has in hand, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from archive.records.captures import CaptureRow, StoredCapture
from archive.records.discovery import AnnouncementRow


@dataclass(frozen=True, kw_only=True, slots=True)
class LeasedUrl:
    """A URL taken up by a crawl, with all that fetching and extracting it need to know (one look-up a batch)."""

    frontier_id: int
    url: str
    host: str
    due_why: str
    attempts: int
    revisits: int
    announced_at: datetime
    request_id: int | None
    force: bool
    article_id: int | None
    capture: StoredCapture | None  # last capture with a body
    announcement: AnnouncementRow | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Conclusion:
    """A final outcome without new text. `next_due_at` is a revisit still owed; `gone` marks the article gone."""

    frontier_id: int
    crawl_id: int
    outcome: str
    reason: str | None
    at: datetime
    captures: tuple[CaptureRow, ...] = ()
    status: int | None = None
    next_due_at: datetime | None = None
    revisits: int | None = None  # new value of frontier.revisits, None to leave it


@dataclass(frozen=True, kw_only=True, slots=True)
class Postponement:
    """No outcome yet: the URL stays owed. `counted` is False where the URL itself is not to blame (host paused)."""

    frontier_id: int
    crawl_id: int
    due_at: datetime
    due_why: Literal["retry", "paused"]
    error: str
    at: datetime
    counted: bool = True
    captures: tuple[CaptureRow, ...] = ()
    status: int | None = None
