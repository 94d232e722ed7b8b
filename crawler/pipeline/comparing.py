"""Is it an edit? A page that arrived, held against the story that is stored at its URL.

An edit is the publisher's: new code, a new rule or a learned line must never look like one. So old and new bytes are
read under the same versions where the old ones are at hand, and line by line where they are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from archive.errors import WarcDamaged
from archive.records import CurrentText, ExtractionRow, LeasedUrl, hash_url
from archive.store import articles
from archive.threads import ArchiveThreads
from crawler.discover.urls import canonicalise
from crawler.fetch.tasks import Fetched
from crawler.pipeline.convert import to_extraction
from crawler.pipeline.hostlines import HostState
from crawler.pipeline.policy import find_identity, is_own_capture, tell_edit_by_lines, tell_same_story
from crawler.pipeline.reading import PageReader
from crawler.records import Article, Rejected


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """What comparing new bytes with what is stored found.

    `by_lines` says that the stored bytes could not be read, and that the lines of both texts decided instead.
    `displaces` is the article of another story that stands at `url` by a wrong claim.
    """

    decision: Literal["new", "revision", "same"]
    url: str
    expected_revision_id: int | None
    reextracted: ExtractionRow | None = None
    by_lines: bool = False
    displaces: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrived:
    """A page that arrived and what was read from it, under the host state `state`; `body_digest` is its sha256."""

    leased: LeasedUrl
    fetched: Fetched
    body_digest: bytes
    article: Article
    extraction: ExtractionRow
    state: HostState


class Comparer:
    """Compares the pages of one crawl with what is stored."""

    def __init__(self, reader: PageReader, threads: ArchiveThreads) -> None:
        self._reader = reader
        self._threads = threads

    async def compare(self, arrived: Arrived) -> Compared:
        """What `arrived` is: a new story, an edit of a stored one, or the same again.

        Raises:
            ExtractionFailed: the stored bytes could not be read again for a reason of their own.
        """
        leased, fetched = arrived.leased, arrived.fetched
        own = canonicalise(fetched.url) or leased.url
        identity = find_identity(fetched.url, arrived.article.canonical_url)
        for url in dict.fromkeys((identity, own, leased.url)):
            current = await self._threads.run(articles.current_text, hash_url(url))
            if current is None:
                continue
            if is_own_capture(current, leased.url):
                return await self._compare_texts(arrived, current)
            if tell_same_story(current, arrived.extraction):
                return _as_twin(current)
            if url in (own, leased.url):
                return _as_new(identity, current if url == identity else None)
            # Another story stands at the URL that this page calls canonical: the claim is wrong, its own URL counts.
            return await self._compare_as(own, arrived)
        return _as_new(identity, None)

    async def _compare_as(self, url: str, arrived: Arrived) -> Compared:
        current = await self._threads.run(articles.current_text, hash_url(url))
        if current is not None and is_own_capture(current, arrived.leased.url):
            return await self._compare_texts(arrived, current)
        if current is not None and tell_same_story(current, arrived.extraction):
            return _as_twin(current)
        return _as_new(url, current)

    async def _compare_texts(self, arrived: Arrived, current: CurrentText) -> Compared:
        if current.version == arrived.extraction.version:
            return _decide(current, edited=current.content_digest != arrived.extraction.content_digest)
        if current.capture.body_digest == arrived.body_digest:
            return _decide(current, edited=False)  # the same bytes: whatever differs is our doing
        try:
            old = await self._reader.read_again(arrived.leased, current, arrived.state)
        except WarcDamaged:
            # Written on another machine, or damaged: no reason to lose the new text or to call an upgrade an edit.
            return await self._compare_lines(arrived, current)
        if isinstance(old, Rejected):  # by today's rules; the page that holds a story now has changed
            return _decide(current, edited=True)
        reextracted = to_extraction(old)
        return _decide(
            current,
            edited=reextracted.content_digest != arrived.extraction.content_digest,
            reextracted=reextracted,
        )

    async def _compare_lines(self, arrived: Arrived, current: CurrentText) -> Compared:
        stored = await self._threads.run(articles.shown_wording, current.revision_id)
        edited = tell_edit_by_lines(stored, arrived.extraction.wording)
        return _decide(current, edited=edited, by_lines=True)


def _decide(
    current: CurrentText, *, edited: bool, reextracted: ExtractionRow | None = None, by_lines: bool = False
) -> Compared:
    return Compared(
        decision="revision" if edited else "same",
        url=current.url,
        expected_revision_id=current.revision_id,
        reextracted=reextracted,
        by_lines=by_lines,
    )


def _as_twin(current: CurrentText) -> Compared:
    """The same story at another URL (AMP, print, tracking): an alias, and the outcome duplicate."""
    return Compared(decision="new", url=current.url, expected_revision_id=current.revision_id)


def _as_new(url: str, current: CurrentText | None) -> Compared:
    """A story of its own at `url`, where `current`, another one, is found (None: nothing is)."""
    # Found by an alias it gives that up; standing there itself, it had called this URL its own.
    displaces = current.article_id if current is not None and current.url == url else None
    return Compared(decision="new", url=url, expected_revision_id=None, displaces=displaces)
