"""Fetching's pace and robots ports: both live in PostgreSQL, one budget and one copy for the whole service."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from archive.records import CaptureRow, RobotsRow
from archive.store import hosts, robots
from archive.threads import ArchiveThreads
from crawler.fetch.ports import LEASE, Claimed, RobotsCopy

# The site sees a request when its own loop reads it: seen on loopback, a first one was read 0.5 ms late, the next was
# not, and a gap of 50 ms arrived as 49.5. A margin well above that keeps what the site sees at the delay or more.
MARGIN = 0.02


# Latency counts for the delay from 2 s on (claim_host); what is well below need not be written down at every fetch: a
# trip to the database costs about 0.5 ms of CPU, and there are five a page without this one.
SLOW = 1.0


class HostPace:
    """The host rows, claimed and given back."""

    def __init__(self, threads: ArchiveThreads) -> None:
        self._threads = threads
        self._troubled: set[str] = set()

    async def claim(self, host: str, delay: float) -> Claimed:
        """See `fetch.ports.Pace`."""
        wanted = timedelta(seconds=delay + MARGIN if delay else 0.0)
        answer = await self._threads.run(hosts.claim, host, wanted, timedelta(seconds=LEASE))
        if answer.strikes:
            self._troubled.add(host)
        return Claimed(
            wait=answer.wait.total_seconds(),
            paused_until=answer.paused_until,
            why=answer.why,
            strikes=answer.strikes,
        )

    async def sent(self, host: str) -> None:
        """See `fetch.ports.Pace`."""
        await self._threads.run(hosts.mark_sent, host)

    async def ended(self, host: str, latency: float, ok: bool) -> None:
        """See `fetch.ports.Pace`. A quick answer of a host without trouble changes nothing, so nothing is written."""
        if ok and latency < SLOW and host not in self._troubled:
            return
        self._troubled.add(host)
        await self._threads.run(hosts.mark_ended, host, timedelta(seconds=latency), ok)

    async def pause(self, host: str, until: datetime, why: str) -> None:
        """See `fetch.ports.Pace`."""
        await self._threads.run(hosts.pause, host, until, why)

    async def crawl_delay(self, host: str, seconds: float | None) -> None:
        """See `fetch.ports.Pace`."""
        delay = None if seconds is None else timedelta(seconds=seconds + MARGIN)
        await self._threads.run(hosts.set_crawl_delay, host, delay)


class RobotsTable:
    """robots.txt copies, shared by all workers."""

    def __init__(self, threads: ArchiveThreads) -> None:
        self._threads = threads

    async def load(self, origin: str) -> RobotsCopy | None:
        """See `fetch.ports.Robots`."""
        row = await self._threads.run(robots.load, origin)
        if row is None:
            return None
        return RobotsCopy(
            origin=row.origin,
            checked_at=row.checked_at,
            expires_at=row.expires_at,
            status=row.status,
            state=row.state,
            reason=row.reason,
            good_body=row.good_body,
            good_at=row.good_at,
        )

    async def save(self, copy: RobotsCopy, captures: tuple[object, ...]) -> None:
        """See `fetch.ports.Robots`."""
        row = RobotsRow(
            origin=copy.origin,
            checked_at=copy.checked_at,
            expires_at=copy.expires_at,
            status=copy.status,
            state=copy.state,
            reason=copy.reason,
            good_body=copy.good_body,
            good_at=copy.good_at,
        )
        await self._threads.run(robots.save, row, cast("tuple[CaptureRow, ...]", captures))
