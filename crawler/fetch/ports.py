"""What fetching needs from outside: protocols that the pipeline implements, all async.

`host` is always in lower case, with ``:port`` where it is not the scheme's default. Times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from crawler.fetch.tasks import DocumentTask, Fetched, Missed, Purpose, UrlTask
from crawler.records import Exchange, PriorCapture


class Recorder(Protocol):
    """Keeps the exact bytes of every exchange."""

    async def append(
        self,
        exchange: Exchange,
        *,
        purpose: Purpose,
        prior: PriorCapture | None,
        status: int | None,
        headers: Mapping[str, str],
    ) -> object:
        """Return a token for the exchange once its bytes are safe (flushed and synced); fetching only carries it.

        `prior` is the last capture of the same URL, None where there is none. `status` is None where no status line
        was read; `headers` as in `Fetched`. An error raised here ends the whole crawl.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """Answer to a claim.

    Go now: `wait` 0 and `paused_until` None. Ask again after `wait` seconds. Or the host is paused until then, and
    why. `strikes` is the number of 429 and 503 answers in a row so far: the next pause grows with it.
    """

    wait: float = 0.0
    paused_until: datetime | None = None
    why: str | None = None
    strikes: int = 0


class Pace(Protocol):
    """One budget a host for the whole service.

    A claim that is granted reserves the host for `delay` and a lease of `LEASE` seconds; `sent` replaces that by
    `delay` from the moment the request was written, so that the gap between two requests at the server is never
    below the delay. A request that is not written within the lease is given up and never sent.
    """

    async def claim(self, host: str, delay: float) -> Claimed:
        """Reserve the host's next moment; the delay in force is the largest of `delay` and what the host wants."""
        ...

    async def sent(self, host: str) -> None:
        """The request's bytes were written just now: the next may follow after the delay."""
        ...

    async def ended(self, host: str, latency: float, ok: bool) -> None:
        """An exchange ended after `latency` seconds; `ok` means a status other than 429 and 503 (strikes end)."""
        ...

    async def pause(self, host: str, until: datetime, why: str) -> None:
        """No request before `until`; counts a strike. Never shortens a pause in force."""
        ...

    async def crawl_delay(self, host: str, seconds: float | None) -> None:
        """robots.txt's crawl-delay for us, None where it names none."""
        ...


LEASE = 10.0  # seconds a granted claim holds the host; connecting and TLS must be done by then


@dataclass(frozen=True, kw_only=True, slots=True)
class RobotsCopy:
    """robots.txt of an origin as last fetched, shared by all workers.

    `state`: ``ok`` (`good_body` in force), ``absent`` (4xx: all allowed), ``unreachable`` (429, 5xx, network: the
    last good copy for up to 30 days, else nothing is allowed).
    """

    origin: str  # scheme://host[:port]
    checked_at: datetime
    expires_at: datetime
    status: int | None
    state: Literal["ok", "absent", "unreachable"]
    reason: str | None = None
    good_body: bytes | None = None
    good_at: datetime | None = None


class Robots(Protocol):
    """The shared table of robots.txt."""

    async def load(self, origin: str) -> RobotsCopy | None:
        """The copy kept, expired or not; None where there is none."""
        ...

    async def save(self, copy: RobotsCopy, captures: tuple[object, ...]) -> None:
        """Keep a copy, with the Recorder's tokens of the exchanges that brought it."""
        ...


class Sink(Protocol):
    """Where a crawl gets its work from and hands its results to."""

    async def document(self, task: DocumentTask, fetched: Fetched) -> tuple[DocumentTask, ...]:
        """Take a discovery document (any status); return those it names that are to be fetched as well."""
        ...

    async def document_missed(self, task: DocumentTask, missed: Missed) -> None:
        """Take note that a discovery document did not arrive."""
        ...

    async def next_urls(self, limit: int) -> tuple[UrlTask, ...]:
        """Up to `limit` more URLs to fetch; empty when none is owed any more. Asked again as pages end."""
        ...

    async def page(self, task: UrlTask, fetched: Fetched) -> None:
        """Take a page (any status). Called by the item pipeline, not by fetch."""
        ...

    async def page_missed(self, task: UrlTask, missed: Missed) -> None:
        """Take note that a page did not arrive. Called by the item pipeline, not by fetch."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Ports:
    """All that a crawl is given. The item pipeline finds it as `crawler.ports` (see `crawl.ports_of`)."""

    recorder: Recorder
    pace: Pace
    robots: Robots
    sink: Sink
