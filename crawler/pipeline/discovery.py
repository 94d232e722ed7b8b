"""A discovery document that arrived: read, judged, and announced in one transaction with its validators."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import cast

from archive.records import Announced, AnnouncementRow, CaptureRow, DocumentChecked, DocumentRead, DocumentRow, hash_url
from archive.store import documents
from archive.threads import ArchiveThreads
from crawler.discover import read_document
from crawler.discover.urls import host_of, judge
from crawler.errors import ExtractionFailed
from crawler.fetch.tasks import DocumentTask, Fetched, Missed
from crawler.pipeline.convert import now_utc, to_announcement, to_prior
from crawler.pipeline.policy import choose_backfill
from crawler.pipeline.pool import ExtractionPool
from crawler.records import Discovery, DocumentKind
from crawler.sources import Source

# Bodies above this are read in the extraction pool: a 100k-entry feed takes 0.3 s, too long for a shared loop.
INLINE_LIMIT = 256 * 1024
GZIP = b"\x1f\x8b"
# Sitemaps taken from one index, newest first; the rest is history that `backfill` would refuse anyway. How many that
# is stands in the index's `over_cap`.
MAX_CHILDREN = 50


def count_over_cap(found: Discovery) -> int:
    """Entries of a document that are not looked at: links beyond the cap, and sitemaps beyond those that are read."""
    return found.over_cap + max(0, len(found.children) - MAX_CHILDREN)


class DocumentReader:
    """Reads the discovery documents of one crawl.

    With `reread` unchanged ones are read, too: the source's settings changed, and other links may be wanted.
    """

    def __init__(
        self,
        source: Source,
        crawl_id: int,
        rows: tuple[DocumentRow, ...],
        *,
        threads: ArchiveThreads,
        pool: ExtractionPool,
        max_entries: int,
        reread: bool = False,
    ) -> None:
        self._reread = reread
        self._source = source
        self._crawl_id = crawl_id
        self._rows = {row.document_id: row for row in rows}
        self._threads = threads
        self._pool = pool
        self._max_entries = max_entries
        self._patterns = {section.url: section.links for section in source.sections}
        self.read = self.failed = self.announced = self.new = 0
        self.errors: list[str] = []

    def tasks(self) -> tuple[DocumentTask, ...]:
        """The documents to fetch first."""
        return tuple(self._task(row) for row in self._rows.values() if row.configured)

    def _task(self, row: DocumentRow) -> DocumentTask:
        return DocumentTask(
            document_id=row.document_id,
            url=row.url,
            kind=DocumentKind(row.kind),
            prior=to_prior(row.capture),
            force=self._reread,
        )

    async def take(self, task: DocumentTask, fetched: Fetched) -> tuple[DocumentTask, ...]:
        """Announce what the document holds; returns the sitemaps that an index names."""
        row = self._rows[task.document_id]
        captures = cast("tuple[CaptureRow, ...]", fetched.captures)
        if fetched.not_modified:
            return await self._keep_unchanged(row, captures, fetched.fetched_at)
        if fetched.status != 200:
            unasked = " to a request without validators" if fetched.status == 304 else ""
            await self._check(row, captures, fetched.fetched_at, f"HTTP {fetched.status}{unasked}")
            return ()
        digest = hashlib.sha256(fetched.body).digest()
        captures = (*captures[:-1], replace(captures[-1], body_digest=digest, body_length=len(fetched.body)))
        if digest == row.body_digest and not task.force:
            return await self._keep_unchanged(row, captures, fetched.fetched_at)
        try:
            found = await self._parse(row, fetched)
        except ExtractionFailed as error:
            await self._check(row, captures, fetched.fetched_at, str(error))
            return ()
        if found.malformed and not (found.links or found.children):
            # A challenge or error page with status 200 is no reading: its validators must not come into force.
            await self._check(row, captures, fetched.fetched_at, found.malformed)
            return ()
        announced = await self._announce(row, fetched, captures, digest, found)
        self.read += 1
        self.announced += announced.links
        self.new += announced.new
        return self._take_children(announced.children)

    async def _keep_unchanged(
        self, row: DocumentRow, captures: tuple[CaptureRow, ...], at: datetime
    ) -> tuple[DocumentTask, ...]:
        """Nothing new in it; the sitemaps that an index names change without it, and are looked at each time."""
        await self._check(row, captures, at, None)
        if row.kind != DocumentKind.SITEMAP.value:
            return ()
        return self._take_children(await self._threads.run(documents.named_children, row.document_id, self._crawl_id))

    def _take_children(self, children: tuple[DocumentRow, ...]) -> tuple[DocumentTask, ...]:
        self._rows |= {child.document_id: child for child in children}
        return tuple(self._task(child) for child in children)

    async def miss(self, task: DocumentTask, missed: Missed) -> None:
        """Take note that a document did not arrive."""
        row = self._rows[task.document_id]
        # What is said of a paused host names the moment already.
        again = None if missed.kind == "paused" else missed.until
        error = missed.detail if again is None else f"{missed.detail} (until {again:%Y-%m-%d %H:%M:%S} UTC)"
        self.failed += 1
        self.errors.append(f"{row.url}: {error}")
        checked = DocumentChecked(
            document_id=row.document_id,
            crawl_id=self._crawl_id,
            captures=cast("tuple[CaptureRow, ...]", missed.captures),
            checked_at=now_utc(),
            outcome=missed.kind,
            error=error,
        )
        await self._threads.run(documents.check_document, checked)

    async def give_up(self, task: DocumentTask, error: Exception) -> None:
        """Take note that a document arrived and we could not deal with it; it is read again at the next crawl."""
        await self._check(
            self._rows[task.document_id], (), now_utc(), f"our own error: {type(error).__name__}: {error}"
        )

    async def _check(self, row: DocumentRow, captures: tuple[CaptureRow, ...], at: datetime, error: str | None) -> None:
        if error is None:
            self.read += 1
        else:
            self.failed += 1
            self.errors.append(f"{row.url}: {error}")
        checked = DocumentChecked(
            document_id=row.document_id,
            crawl_id=self._crawl_id,
            captures=captures,
            checked_at=at,
            outcome="unchanged" if error is None else "failed",
            error=error,
        )
        await self._threads.run(documents.check_document, checked)

    async def _parse(self, row: DocumentRow, fetched: Fetched) -> Discovery:
        read = partial(
            read_document,
            fetched.body,
            url=fetched.url,
            kind=DocumentKind(row.kind),
            content_type=fetched.header("content-type"),
            charset=self._source.charset,
            timezone=self._source.timezone,
            link_pattern=self._patterns.get(row.url),
            max_entries=self._max_entries,
        )
        # A packed document says nothing of its size: 200 kB of gzip may hold the 50 MiB that are read at most.
        is_small = len(fetched.body) <= INLINE_LIMIT and not fetched.body.startswith(GZIP)
        return read() if is_small else await self._pool.run(read)

    async def _announce(
        self,
        row: DocumentRow,
        fetched: Fetched,
        captures: tuple[CaptureRow, ...],
        digest: bytes,
        found: Discovery,
    ) -> Announced:
        read = DocumentRead(
            document_id=row.document_id,
            crawl_id=self._crawl_id,
            captures=captures,
            checked_at=fetched.fetched_at,
            dialect=found.dialect,
            etag=fetched.header("etag"),
            last_modified=fetched.header("last-modified"),
            body_digest=digest,
            over_cap=count_over_cap(found),
            malformed=found.malformed,
            announcements=self._judge(row, found, fetched.fetched_at, await self._known(found)),
            children=tuple((url, DocumentKind.SITEMAP.value) for url in found.children[:MAX_CHILDREN]),
        )
        return await self._threads.run(documents.announce, read, first_due=now_utc())

    async def _known(self, found: Discovery) -> frozenset[str]:
        """Canonical URLs that were taken up before; looked up only where the cap may bite."""
        if len(found.links) <= self._source.max_links:
            return frozenset()
        hashes = {hash_url(link.canonical): link.canonical for link in found.links}
        known = await self._threads.run(documents.known_urls, hashes.keys())
        return frozenset(hashes[one] for one in known)

    def _judge(self, row: DocumentRow, found: Discovery, now: datetime, known: frozenset[str]) -> list[AnnouncementRow]:
        # A document that brought no link before brings its whole past along, whenever that is; so may other settings.
        first = not row.has_announced
        chosen = choose_backfill(
            (judge(link, self._source) for link in found.links),
            first=first or self._reread,
            now=now,
            backfill=self._source.backfill,
            # Undated links of a document that is known may be new.
            undated_cap=self._source.backfill_undated if first else self._source.max_links,
            most=self._source.max_links,
            known=known,
        )
        return [
            to_announcement(judged, host_of(judged.link.canonical), outcome, reason)
            for judged, outcome, reason in chosen
        ]
