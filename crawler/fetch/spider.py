"""The spider of one crawl: first the discovery documents, then URL after URL, each ending as one item.

It downloads through the engine's middlewares itself instead of filling Scrapy's scheduler, so that a crawl holds no
more than it has under way, and every task ends in exactly one outcome.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, Self, TypeVar

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler

from crawler.fetch.addresses import web_address
from crawler.fetch.outcomes import fetched_from, missed_from
from crawler.fetch.ports import Ports
from crawler.fetch.tasks import CrawlPlan, DocumentTask, Fetched, Missed, PageFetched, PageMissed, Task, UrlTask
from crawler.fetch.trail import Trail

T = TypeVar("T")
R = TypeVar("R")


class FetchSpider(Spider):
    """See the module. `failure` is what ended the crawl early, for `run_crawl` to raise."""

    name = "wirekeep"

    def __init__(self, crawler: Crawler, plan: CrawlPlan, ports: Ports) -> None:
        super().__init__()
        self._set_crawler(crawler)
        self._plan = plan
        self._ports = ports
        self._with_pipeline = 0  # items that it has not finished with
        self._item_left = asyncio.Event()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._dropped = False
        self.began = False
        self.failure: BaseException | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Made by Scrapy; plan and ports hang on the crawler (see `crawl.crawler_for`)."""
        spider = cls(crawler, crawler.plan, crawler.ports)  # type: ignore[attr-defined]
        crawler.signals.connect(spider._item_ended, signals.item_scraped)
        crawler.signals.connect(spider._item_ended, signals.item_dropped)
        crawler.signals.connect(spider._item_failed, signals.item_error)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """All the work of the crawl; yields the items of its pages."""
        self.began = True
        try:
            await self._read_documents()
            async for item in self._work(self._urls(), self._page):
                if item is not None:
                    self._with_pipeline += 1
                    yield item
                    await self._room()
        except Exception as error:  # noqa: BLE001 - run_crawl raises it; Scrapy would log it and finish as if well
            self.failure = self.failure or error
        await self.settled()

    async def fetch(self, task: Task) -> Fetched | Missed:
        """Download one task, redirects included.

        Raises:
            Exception: what is no fault of the web's: the recorder's or the pace's own errors, a fault of ours.
        """
        trail = Trail(purpose=task.purpose, prior=task.prior, force=task.force)
        try:
            response = await self.crawler.engine.download_async(self._request(task, trail))
            return fetched_from(response, trail)
        except Exception as error:
            missed = missed_from(error, task.url, trail)
            if missed is None:
                raise
            return missed

    def drop(self) -> None:
        """Let go of everything under way and begin nothing more; those tasks end without an outcome."""
        self._dropped = True
        for task in self._under_way:
            task.cancel()

    async def settled(self) -> None:
        """Wait until the item pipeline has finished with every item.

        Scrapy itself looks only every 5 s whether items of `start` are done, and waits for ever for them once it is
        told to close (2.19.0: only the end of a response's scraping is checked).
        """
        while self._with_pipeline:
            self._item_left.clear()
            await self._item_left.wait()
        slot = self.crawler.engine.scraper.slot
        while slot is not None and not slot.is_idle():
            await asyncio.sleep(0)

    def _request(self, task: Task, trail: Trail) -> Request:
        largest = self._plan.max_document if isinstance(task, DocumentTask) else self._plan.max_body
        meta = {"trail": trail, "download_maxsize": largest, "download_timeout": self._plan.timeout}
        return Request(web_address(task.url), meta=meta, dont_filter=True)

    async def _read_documents(self) -> None:
        """Every document of the plan and those that they name, each once."""
        waiting = deque(self._plan.documents)
        seen = {task.document_id for task in waiting}

        async def more() -> Iterable[DocumentTask]:
            taken = tuple(waiting)
            waiting.clear()
            return taken

        async for children in self._work(more, self._document):
            for child in children:
                if child.document_id not in seen:
                    seen.add(child.document_id)
                    waiting.append(child)

    async def _document(self, task: DocumentTask) -> tuple[DocumentTask, ...]:
        outcome = await self.fetch(task)
        if isinstance(outcome, Fetched):
            return await self._ports.sink.document(task, outcome)
        await self._ports.sink.document_missed(task, outcome)
        return ()

    def _urls(self) -> Callable[[], Awaitable[Iterable[UrlTask]]]:
        """Batches of URLs until the first empty one."""
        ended = False

        async def more() -> Iterable[UrlTask]:
            nonlocal ended
            taken = () if ended else await self._ports.sink.next_urls(self._plan.concurrency)
            ended = not taken
            return taken

        return more

    async def _page(self, task: UrlTask) -> PageFetched | PageMissed | None:
        outcome = await self.fetch(task)
        if self._plan.pipeline is not None:
            if isinstance(outcome, Fetched):
                return PageFetched(task=task, fetched=outcome)
            return PageMissed(task=task, missed=outcome)
        if isinstance(outcome, Fetched):
            await self._ports.sink.page(task, outcome)
        else:
            await self._ports.sink.page_missed(task, outcome)
        return None

    async def _work(
        self, more: Callable[[], Awaitable[Iterable[T]]], do: Callable[[T], Awaitable[R]]
    ) -> AsyncIterator[R]:
        """Results of `do` as they come, over all that `more` brings, `plan.concurrency` at a time."""
        queue: deque[T] = deque()
        running: set[asyncio.Task[R]] = set()
        try:
            while self.failure is None:
                while len(running) < self._plan.concurrency and not self._dropped:
                    if not queue:
                        queue.extend(await more())
                    if not queue:
                        break
                    running.add(asyncio.ensure_future(do(queue.popleft())))
                    self._under_way = running
                if not running:
                    return
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for ended in done:
                    running.discard(ended)
                    yield ended.result()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _room(self) -> None:
        """Wait until the pipeline has fewer items in hand than requests may be under way."""
        while self._with_pipeline >= self._plan.concurrency and self.failure is None:
            self._item_left.clear()
            await self._item_left.wait()

    def _item_ended(self) -> None:
        self._with_pipeline -= 1
        self._item_left.set()

    def _item_failed(self, failure: Any) -> None:
        self.failure = self.failure or failure.value
        self._item_ended()
