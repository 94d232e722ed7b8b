"""Ports of fetching for tests: a WARC that is real, and pace, robots and sink in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from loopthread import run_in_loop
from misbehaving import Site

from archive.warc import PriorRecord, WarcExchange, WarcRecordRead, WarcWriter, WarcWritten, read_body, read_record
from crawler.fetch import guard
from crawler.fetch.crawl import ports_of, run_crawl
from crawler.fetch.ports import LEASE, Claimed, Ports, RobotsCopy
from crawler.fetch.tasks import CrawlPlan, DocumentTask, Fetched, Missed, PageFetched, PageMissed, Purpose, UrlTask
from crawler.records import Exchange, PriorCapture

PLAN = CrawlPlan(name="test", user_agent="Wirekeep/0.1 (+https://who.test)", token="Wirekeep", delay=0.0, pipeline=None)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The token of an exchange."""

    exchange: Exchange
    purpose: Purpose
    status: int | None
    written: WarcWritten | None


class Recorder:
    """Writes to real WARC files below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.kept: list[Kept] = []
        self.writer = WarcWriter(
            root, roll_size=10**9, software="test", writer="test:1", on_open=lambda *_: None, on_seal=lambda *_: None
        )

    async def append(
        self,
        exchange: Exchange,
        *,
        purpose: Purpose,
        prior: PriorCapture | None,
        status: int | None,
        headers: Mapping[str, str],
    ) -> Kept:
        raw = WarcExchange(
            url=exchange.url,
            request=exchange.request,
            response=exchange.response,
            started_at=exchange.started_at,
            ip_address=exchange.ip_address,
            truncated=exchange.truncated,
        )
        known = None
        if prior is not None and prior.record_id is not None:
            known = PriorRecord(
                record_id=prior.record_id,
                url=prior.url,
                fetched_at=prior.fetched_at,
                payload_digest=prior.payload_digest,
            )
        written = await asyncio.to_thread(self.writer.append, raw, prior=known)
        token = Kept(exchange=exchange, purpose=purpose, status=status, written=written)
        self.kept.append(token)
        return token

    def read(self, token: Any) -> WarcRecordRead:
        place = token.written.place
        return read_record(self.root, place.path, place.offset, place.length)

    def body(self, token: Any) -> bytes:
        place = token.written.place
        return read_body(self.root, place.path, place.offset, place.length)


class HostPace:
    """The host table in memory, with its lease."""

    def __init__(self) -> None:
        self.next_at: dict[str, float] = {}
        self.delay: dict[str, float] = {}
        self.paused: dict[str, tuple[datetime, str]] = {}
        self.strikes: dict[str, int] = {}
        self.ended_with: list[tuple[str, bool]] = []

    async def claim(self, host: str, delay: float) -> Claimed:
        until, why = self.paused.get(host, (None, None))
        if until is not None and until > datetime.now(UTC):
            return Claimed(paused_until=until, why=why)
        now = monotonic()
        if self.next_at.get(host, 0) > now:
            return Claimed(wait=self.next_at[host] - now)
        self.delay[host] = delay
        self.next_at[host] = now + delay + LEASE
        return Claimed(strikes=self.strikes.get(host, 0))

    async def sent(self, host: str) -> None:
        await asyncio.sleep(0.002)  # a database takes a moment
        self.next_at[host] = monotonic() + self.delay.get(host, 0)

    async def ended(self, host: str, latency: float, ok: bool) -> None:
        assert latency >= 0
        self.ended_with.append((host, ok))
        if ok:
            self.strikes[host] = 0

    async def pause(self, host: str, until: datetime, why: str) -> None:
        self.paused[host] = (until, why)
        self.strikes[host] = self.strikes.get(host, 0) + 1

    async def crawl_delay(self, host: str, seconds: float | None) -> None:
        self.delay[f"crawl-delay {host}"] = seconds or 0


class RobotsTable:
    def __init__(self) -> None:
        self.copies: dict[str, RobotsCopy] = {}
        self.saves = 0

    async def load(self, origin: str) -> RobotsCopy | None:
        return self.copies.get(origin)

    async def save(self, copy: RobotsCopy, captures: tuple[object, ...]) -> None:
        self.saves += 1
        self.copies[copy.origin] = copy


class ListSink:
    """Gives out URLs and keeps outcomes."""

    def __init__(
        self, urls: Iterable[UrlTask] = (), children: Mapping[int, tuple[DocumentTask, ...]] | None = None
    ) -> None:
        self.waiting = list(urls)
        self.children = children or {}
        self.given = 0
        self.order: list[str] = []
        self.outcomes: dict[int, Fetched | Missed] = {}
        self.documents: dict[int, Fetched | Missed] = {}

    async def document(self, task: DocumentTask, fetched: Fetched) -> tuple[DocumentTask, ...]:
        self.order.append("document")
        self.documents[task.document_id] = fetched
        return self.children.get(task.document_id, ())

    async def document_missed(self, task: DocumentTask, missed: Missed) -> None:
        self.documents[task.document_id] = missed

    async def next_urls(self, limit: int) -> tuple[UrlTask, ...]:
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        self.given += len(taken)
        return tuple(taken)

    async def page(self, task: UrlTask, fetched: Fetched) -> None:
        self.order.append("page")
        assert task.key not in self.outcomes
        self.outcomes[task.key] = fetched

    async def page_missed(self, task: UrlTask, missed: Missed) -> None:
        assert task.key not in self.outcomes
        self.outcomes[task.key] = missed


class SinkPipeline:
    """A Scrapy item pipeline as the real one is: hands items to the sink."""

    def __init__(self, sink: Any) -> None:
        self.sink = sink

    @classmethod
    def from_crawler(cls, crawler: Any) -> SinkPipeline:
        return cls(ports_of(crawler).sink)

    async def process_item(self, item: Any) -> Any:
        if isinstance(item, PageFetched):
            await self.sink.page(item.task, item.fetched)
        elif isinstance(item, PageMissed):
            await self.sink.page_missed(item.task, item.missed)
        return item


@dataclass(kw_only=True)
class Crawl:
    """What a crawl is given and what it left."""

    recorder: Recorder
    pace: HostPace = field(default_factory=HostPace)
    robots: RobotsTable = field(default_factory=RobotsTable)

    async def run(self, sink: ListSink, **plan: Any) -> ListSink:
        ports = Ports(recorder=self.recorder, pace=self.pace, robots=self.robots, sink=sink)
        await run_crawl(replace(PLAN, **plan), ports)
        return sink

    async def fetch(
        self, *urls: str, sites: Iterable[Site], prior: PriorCapture | None = None, **plan: Any
    ) -> list[Any]:
        """Outcomes of the URLs, in their order."""
        guard.install([site.allowed for site in sites])
        force = plan.pop("force", False)
        tasks = [UrlTask(key=key, url=url, prior=prior, force=force) for key, url in enumerate(urls)]
        sink = await self.run(ListSink(tasks), **plan)
        return [sink.outcomes[key] for key in range(len(urls))]


__all__ = ["PLAN", "Crawl", "HostPace", "Kept", "ListSink", "Recorder", "RobotsTable", "SinkPipeline", "run_in_loop"]
