"""What one task leaves behind on its way through redirects: shared by all its requests under ``meta["trail"]``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from crawler.fetch.recording import Recording
from crawler.fetch.tasks import Purpose
from crawler.records import PriorCapture


def _no_hook() -> None:
    """Before a claim there is nobody to tell."""


@dataclass(kw_only=True, slots=True)
class Trail:
    """The state of one task: what it is for, the exchanges kept so far, and the exchange under way.

    `on_sent` and `send_by` are set by the wire for each exchange: whom to tell that the request was written, and the
    moment (monotonic) by which it must be.
    """

    purpose: Purpose
    prior: PriorCapture | None = None
    force: bool = False
    conditional: bool = False  # the request under way carries validators
    captures: list[object] = field(default_factory=list)
    hops: list[str] = field(default_factory=list)  # URLs that redirected, oldest first
    status: int | None = None  # of the last answer, as are the two that follow
    headers: Mapping[str, str] = field(default_factory=dict)
    fetched_at: datetime | None = None
    recording: Recording | None = None
    on_sent: Callable[[], None] = _no_hook
    send_by: float = 0.0
    resent: bool = False  # the one repetition after a dropped keep-alive connection was used
    turn: Turn | None = None
    url: str | None = None  # of the last request sent


@dataclass(kw_only=True, slots=True, eq=False)
class Turn:
    """A crawl's place at a host: held from the claim until the request was written or given up."""

    lock: asyncio.Lock
    strikes: int = 0
    told: asyncio.Task[None] | None = None  # tells the pace that the request was sent
    held: bool = True

    def release(self) -> None:
        """Let the next request to this host claim; any number of times."""
        if self.held:
            self.held = False
            self.lock.release()
