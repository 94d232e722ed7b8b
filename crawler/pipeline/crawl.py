"""One crawl from begin to end: leases URLs, hands them to fetching, takes back what came, and counts."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

import structlog

from archive.errors import ArchiveUnavailable, ConfigError, DiskFull
from archive.records import CrawlBegun, LeasedUrl, RequestRow
from archive.store import crawls, frontier, requests
from archive.threads import ArchiveThreads
from archive.warc import WarcWriter
from crawler.fetch.crawl import run_crawl
from crawler.fetch.ports import Ports
from crawler.fetch.tasks import CrawlPlan, DocumentTask, Fetched, Missed, UrlTask
from crawler.pipeline.convert import to_prior
from crawler.pipeline.discovery import DocumentReader
from crawler.pipeline.pages import PageKeeper
from crawler.pipeline.politeness import HostPace, RobotsTable
from crawler.pipeline.pool import ExtractionPool
from crawler.pipeline.recorder import WarcRecorder
from crawler.settings import Settings
from crawler.sources import Source, resolve_headers

log = structlog.get_logger("crawl")

# A lease outlives what stands before a URL in its crawl: up to 2 × requests_per_crawl others, all waiting for the host.
# At the longest crawl-delay that is kept (120 s) and 8 requests that is 32 minutes; a dead worker's leases are released
# when its crawl is abandoned, so a long lease costs nothing.
LEASE_SECONDS = 2400.0
# How long it is tried to write a crawl's end. Unwritten, the crawl stays `running` and its leases in force while its
# worker lives: the rescue ends crawls of dead workers only. Less than the 30 s in which a worker must stop.
END_WITHIN = 20.0


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """What every crawl of a worker shares."""

    settings: Settings
    threads: ArchiveThreads
    pool: ExtractionPool
    writer: WarcWriter
    process_id: UUID
    shortage: Callable[[], str | None]  # why fetching must stop (disk), None while it may go on
    stopping: asyncio.Event

    @property
    def warc_root(self) -> Path:
        """Where the WARC files lie."""
        return self.settings.warc_root


class CrawlSink:
    """Fetching's sink for one crawl: `documents` first where it has any, then what the frontier owes."""

    def __init__(
        self,
        begun: CrawlBegun,
        reader: DocumentReader,
        keeper: PageKeeper,
        shop: Workshop,
        *,
        request: RequestRow | None,
    ) -> None:
        self._begun = begun
        self._reader = reader
        self._keeper = keeper
        self._shop = shop
        self._request = request
        self._leased: dict[int, LeasedUrl] = {}
        self._in_hand = keeper.in_hand
        self._taken = 0
        self.held: str | None = None

    async def document(self, task: DocumentTask, fetched: Fetched) -> tuple[DocumentTask, ...]:
        """See `fetch.ports.Sink`. What breaks on one document is that document's error, as `_conclude` has it."""
        try:
            return await self._reader.take(task, fetched)
        except (ArchiveUnavailable, DiskFull):
            raise
        except Exception as error:
            log.exception("document_broke", url=task.url)
            await self._reader.give_up(task, error)
            return ()

    async def document_missed(self, task: DocumentTask, missed: Missed) -> None:
        """See `fetch.ports.Sink`."""
        await self._reader.miss(task, missed)

    async def next_urls(self, limit: int) -> tuple[UrlTask, ...]:
        """Lease what is owed, newest first; nothing more once the worker stops or the disk is nearly full."""
        self.held = "worker is stopping" if self._shop.stopping.is_set() else self._shop.shortage()
        if self.held is not None:
            return ()
        leased = await self._shop.threads.run(
            frontier.lease,
            crawl_id=self._begun.crawl_id,
            source_id=self._begun.source_id,
            limit=limit,
            seconds=LEASE_SECONDS,
            request_id=self._request.request_id if self._request is not None else None,
        )
        return tuple(self._take(one) for one in leased)

    def _take(self, leased: LeasedUrl) -> UrlTask:
        """A task with a key of its own: a request may take a URL away while it is under way here, and this crawl may
        then lease it a second time."""
        self._taken += 1
        self._leased[self._taken] = leased
        self._in_hand.take(leased.url)
        return UrlTask(key=self._taken, url=leased.url, prior=to_prior(leased.capture), force=leased.force)

    async def page(self, task: UrlTask, fetched: Fetched) -> None:
        """See `fetch.ports.Sink`."""
        leased = self._leased.pop(task.key)
        await self._conclude(leased, self._keeper.take(leased, fetched))

    async def page_missed(self, task: UrlTask, missed: Missed) -> None:
        """See `fetch.ports.Sink`."""
        leased = self._leased.pop(task.key)
        await self._conclude(leased, self._keeper.miss(leased, missed))

    async def _conclude(self, leased: LeasedUrl, work: Awaitable[None]) -> None:
        """One bad item never harms the next: what breaks on one page is that URL's error, tried again and then failed.

        A database that is away or a disk that is full is nobody's page: it ends the crawl, and all stays owed.
        """
        try:
            await work
        except (ArchiveUnavailable, DiskFull):
            raise
        except Exception as error:
            log.exception("page_broke", url=leased.url)
            await self._keeper.give_up(leased, error)
        finally:
            await self._in_hand.conclude(leased.url)


async def crawl_source(shop: Workshop, *, name: str, kind: str, slot: int | None, job_id: int | None) -> None:
    """Crawl a source: documents (not for kind ``owed``), then what it is owed.

    Raises:
        Exception: what broke the crawl; its row then says so and its URLs stay owed.
    """
    begun = await _begin(shop, name=name, kind=kind, slot=slot, job_id=job_id)
    if begun is not None:
        await _run(shop, begun, kind=kind, request=None)


async def serve_request(shop: Workshop, *, request_id: int, job_id: int | None) -> None:
    """Serve a re-crawl: one URL is fetched here and now, a source's are marked as owed and left to its crawl."""
    request = await shop.threads.run(requests.take_request, request_id)
    if request is None or request.kind == "source" or request.finished_at is not None:
        return
    name = await shop.threads.run(requests.source_name, request.source_id)
    begun = await _begin(shop, name=name, kind="request", slot=None, job_id=job_id)
    if begun is not None:
        await _run(shop, begun, kind="request", request=request)


async def _begin(shop: Workshop, *, name: str, kind: str, slot: int | None, job_id: int | None) -> CrawlBegun | None:
    begun = await shop.threads.run(
        crawls.begin_crawl, name=name, kind=kind, slot=slot, job_id=job_id, process_id=shop.process_id
    )
    if begun is None:
        log.info("crawl_skipped", source=name, kind=kind, why="unknown, retired, disabled or paused")
    return begun


async def _run(shop: Workshop, begun: CrawlBegun, *, kind: str, request: RequestRow | None) -> None:
    try:
        source = Source.from_json(begun.settings)
        plan = make_plan(shop.settings, source, ())
    except ConfigError as error:
        await _end(shop, begun, "failed", str(error), {})
        raise
    reader = DocumentReader(
        source,
        begun.crawl_id,
        begun.documents,
        threads=shop.threads,
        pool=shop.pool,
        max_entries=shop.settings.max_entries,
        reread=begun.changed,
    )
    keeper = PageKeeper(
        source,
        begun.source_id,
        begun.crawl_id,
        threads=shop.threads,
        pool=shop.pool,
        warc=shop.warc_root,
        max_body=shop.settings.max_body,
        places=shop.settings.requests_per_crawl,
    )
    sink = CrawlSink(begun, reader, keeper, shop, request=request)
    ports = Ports(
        recorder=WarcRecorder(shop.writer, shop.threads),
        pace=HostPace(shop.threads),
        robots=RobotsTable(shop.threads),
        sink=sink,
    )
    reads_documents = kind in {"scheduled", "manual"} and shop.shortage() is None
    plan = replace(plan, documents=reader.tasks() if reads_documents else ())
    state: str = "failed"
    reason: str | None = "broken off"
    try:
        await run_crawl(plan, ports)
        await keeper.host_states.learn()
        state, reason = _judge_end(reader, sink)
    except asyncio.CancelledError:
        state, reason = "handed_back", "its worker was stopped"
        raise
    except BaseException as error:
        reason = f"{type(error).__name__}: {error}"
        raise
    finally:
        counts = _count(reader, keeper)
        await asyncio.shield(_end(shop, begun, state, reason, counts))
        log.info("crawl_finished", source=begun.name, kind=kind, state=state, reason=reason, **counts)


def _judge_end(reader: DocumentReader, sink: CrawlSink) -> tuple[str, str | None]:
    if sink.held is not None:
        return "handed_back", sink.held
    if reader.failed and not reader.read:
        return "failed", "; ".join(reader.errors[:3])
    return "finished", "; ".join(reader.errors[:3]) or None


def _count(reader: DocumentReader, keeper: PageKeeper) -> Mapping[str, int]:
    counts = Counter(keeper.counts)
    counts.update(documents=reader.read, documents_failed=reader.failed, announced=reader.announced, new=reader.new)
    return {key: value for key, value in sorted(counts.items()) if value}


async def _end(shop: Workshop, begun: CrawlBegun, state: str, reason: str | None, counts: Mapping[str, int]) -> None:
    crawl_id, insist = begun.crawl_id, shop.threads.insist
    await insist(END_WITHIN, frontier.release_leases, crawl_id)
    await insist(END_WITHIN, crawls.end_crawl, crawl_id, state=state, reason=reason, counts=counts)


def make_plan(settings: Settings, source: Source, documents: tuple[DocumentTask, ...]) -> CrawlPlan:
    """How fetching behaves for `source`.

    Raises:
        ConfigError: a header names an environment variable that is not set.
    """
    return CrawlPlan(
        name=source.name,
        user_agent=make_user_agent(settings),
        token=settings.user_agent,
        documents=documents,
        delay=source.pace.total_seconds(),
        robots=source.robots,
        concurrency=settings.requests_per_crawl,
        timeout=settings.fetch_timeout,
        max_body=settings.max_body,
        max_wait=settings.max_wait,
        headers=tuple(resolve_headers(source, os.environ).items()),
        header_hosts=frozenset(source.hosts),
        verify_tls=source.verify_tls,
    )


def make_user_agent(settings: Settings) -> str:
    """The User-Agent: product, version, and where we can be reached."""
    contact = f" (+{settings.contact})" if settings.contact else ""
    return f"{settings.user_agent}/{version('wirekeep')}{contact}"
