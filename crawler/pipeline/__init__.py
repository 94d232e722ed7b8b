"""From fetched pages to the archive: `process` in the pool, then `archive.store`.

`discovery` announces what documents hold, `pages` concludes URLs, `crawl` runs one crawl, `recorder` and `politeness`
are fetching's ports, `policy` holds what is decided without looking at text, `convert` turns records into rows.
"""

from __future__ import annotations

from typing import Any

from scrapy.crawler import Crawler

from crawler.fetch.crawl import ports_of
from crawler.fetch.tasks import PageFetched, PageMissed


class ArchivePipeline:
    """Scrapy's item pipeline: hands each page that arrived, or did not, to the crawl's sink."""

    def __init__(self, crawler: Crawler) -> None:
        self._sink = ports_of(crawler).sink

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ArchivePipeline:
        """Scrapy's way in."""
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """Conclude one URL."""
        if isinstance(item, PageFetched):
            await self._sink.page(item.task, item.fetched)
        elif isinstance(item, PageMissed):
            await self._sink.page_missed(item.task, item.missed)
        return item
