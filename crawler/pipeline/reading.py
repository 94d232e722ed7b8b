"""Pages of one source through the pool: one that arrived, and one that is kept, read again from its WARC record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from archive import warc
from archive.records import CurrentText, LeasedUrl
from archive.threads import ArchiveThreads
from crawler.fetch.tasks import Fetched
from crawler.pipeline.convert import to_link
from crawler.pipeline.hostlines import HostState
from crawler.pipeline.pool import ExtractionPool
from crawler.records import Article, Page, Rejected
from crawler.sources import Source


class PageReader:
    """Reads pages by the settings of one source."""

    def __init__(
        self, source: Source, *, threads: ArchiveThreads, pool: ExtractionPool, warc: Path, max_body: int
    ) -> None:
        self._source = source
        self._threads = threads
        self._pool = pool
        self._warc_root = warc
        self._max_body = max_body

    async def read(self, leased: LeasedUrl, fetched: Fetched, state: HostState) -> Article | Rejected:
        """What an answer holds.

        Raises:
            ExtractionFailed: the page ended its process twice, or took too long.
        """
        page = self._make_page(
            leased, state, body=fetched.body, url=fetched.url, header=fetched.header, at=fetched.fetched_at
        )
        return await self._pool.process(page)

    async def read_again(self, leased: LeasedUrl, current: CurrentText, state: HostState) -> Article | Rejected:
        """The stored revision's bytes under today's code and rules, and under `state`.

        Raises:
            WarcDamaged: its WARC file is not under this worker's root, or does not hold what its row says.
            ExtractionFailed: as `read`.
        """
        place = current.capture.place
        where = (self._warc_root, place.path, place.offset, place.length)
        record = await self._threads.call(warc.read_record, *where)
        body = await self._threads.call(warc.read_body, *where, max_bytes=self._max_body)
        capture = current.capture
        page = self._make_page(
            leased, state, body=body, url=capture.url, header=record.http_header, at=capture.fetched_at
        )
        return await self._pool.process(page)

    def _make_page(
        self,
        leased: LeasedUrl,
        state: HostState,
        *,
        body: bytes,
        url: str,
        header: Callable[[str], str | None],
        at: datetime,
    ) -> Page:
        return Page(
            url=url,
            body=body,
            content_type=header("content-type"),
            fetched_at=at,
            language=self._source.language,
            timezone=self._source.timezone,
            rules=self._source.site_rules(),
            announced=to_link(leased.announcement),
            host_lines=state.lines,
            host_state=state.version,
            robots_tag=header("x-robots-tag"),
            tdm_reservation=header("tdm-reservation"),
        )
