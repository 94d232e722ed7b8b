"""Sources as sources.toml has them and as the database knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceRow:
    """A source as sources.toml has it: name, the hosts it covers, whether enabled, its settings as JSON."""

    name: str
    enabled: bool
    hosts: tuple[str, ...]
    settings: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceState:
    """A source as the database has it."""

    source_id: int
    name: str
    enabled: bool
    paused_at: datetime | None
    paused_why: str | None
    retired_at: datetime | None
    setting_id: int
    settings: Json
    last_slot: int | None
    failures: int
    last_error: str | None
    crawled_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CrawlEnd:
    """How a crawl ended: its state, why, and its counts by name."""

    state: str
    reason: str | None
    counts: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What a load of sources.toml changed, by source name."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
