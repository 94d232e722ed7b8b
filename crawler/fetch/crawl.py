"""One crawl, or one URL, through Scrapy in the running loop."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace

from scrapy.crawler import AsyncCrawlerRunner, Crawler

from crawler.fetch import guard
from crawler.fetch.ports import Ports
from crawler.fetch.scrapy_settings import scrapy_settings
from crawler.fetch.spider import FetchSpider
from crawler.fetch.tasks import CrawlPlan, DocumentTask, Fetched, Missed, Purpose, UrlTask
from crawler.records import PriorCapture


async def run_crawl(plan: CrawlPlan, ports: Ports) -> None:
    """Fetch the plan's documents, then every URL that the sink gives out. Several may run in one loop.

    Cancelling it drops what is under way, lets the pipeline finish the items it has, and returns by CancelledError.

    Raises:
        ConfigError: the address guard is not installed.
        Exception: the first error of a port or of the item pipeline; the crawl ends with it.
    """
    crawler = crawler_for(plan, ports)
    crawling = AsyncCrawlerRunner().crawl(crawler)
    try:
        await asyncio.shield(crawling)
    except asyncio.CancelledError:
        await _stop(crawler, crawling)
        raise
    spider = crawler.spider
    if isinstance(spider, FetchSpider) and spider.failure is not None:
        raise spider.failure


async def fetch_once(
    url: str, *, plan: CrawlPlan, ports: Ports, purpose: Purpose = "check", prior: PriorCapture | None = None
) -> Fetched | Missed:
    """Fetch one URL as a crawl of `plan` would (robots, pace, guard, recording); its documents and sink are not used.

    Raises:
        ConfigError: the address guard is not installed.
        Exception: the first error of a port.
    """
    sink = _OneUrl(UrlTask(key=0, url=url, prior=prior, purpose=purpose))
    await run_crawl(replace(plan, documents=(), pipeline=None), replace(ports, sink=sink))
    assert sink.outcome is not None, "a crawl ends every task that it took"
    return sink.outcome


async def _stop(crawler: Crawler, crawling: asyncio.Task[None]) -> None:
    """End a crawl early, in whatever state it is."""
    spider = crawler.spider
    if isinstance(spider, FetchSpider) and spider.began:
        spider.drop()
        await spider.settled()
        await crawler.stop_async()
    else:  # it has not come to its first request
        crawling.cancel()
    with suppress(asyncio.CancelledError):
        await crawling


def crawler_for(plan: CrawlPlan, ports: Ports) -> Crawler:
    """A Scrapy crawler for the plan, with `plan` and `ports` as attributes.

    Raises:
        ConfigError: the address guard is not installed.
    """
    guard.require_installed()
    # Scrapy's and Twisted's own lines say nothing that a Missed or a raised error does not.
    logging.getLogger("scrapy").setLevel(logging.CRITICAL)
    logging.getLogger("twisted").setLevel(logging.CRITICAL)
    crawler = Crawler(FetchSpider, scrapy_settings(plan))
    crawler.plan = plan  # type: ignore[attr-defined]
    crawler.ports = ports  # type: ignore[attr-defined]
    return crawler


def ports_of(crawler: Crawler) -> Ports:
    """The ports of a crawl, for the item pipeline's `from_crawler`."""
    ports: Ports = crawler.ports  # type: ignore[attr-defined]
    return ports


class _OneUrl:
    """The sink of `fetch_once`."""

    def __init__(self, task: UrlTask) -> None:
        self._task: UrlTask | None = task
        self.outcome: Fetched | Missed | None = None

    async def next_urls(self, limit: int) -> tuple[UrlTask, ...]:
        task, self._task = self._task, None
        return () if task is None else (task,)

    async def page(self, task: UrlTask, fetched: Fetched) -> None:
        self.outcome = fetched

    async def page_missed(self, task: UrlTask, missed: Missed) -> None:
        self.outcome = missed

    async def document(self, task: DocumentTask, fetched: Fetched) -> tuple[DocumentTask, ...]:
        raise AssertionError("a single URL has no documents")

    async def document_missed(self, task: DocumentTask, missed: Missed) -> None:
        raise AssertionError("a single URL has no documents")
