"""A page that arrived, or did not: compared, extracted, and saved with its outcome in one transaction."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, cast

from archive.records import ArticleSave, CaptureRow, Conclusion, LeasedUrl, Postponement, hash_url
from archive.store import articles, frontier
from archive.threads import ArchiveThreads
from crawler.discover.urls import host_of
from crawler.errors import ExtractionFailed
from crawler.fetch.tasks import Fetched, Missed
from crawler.pipeline.comparing import Arrived, Compared, Comparer
from crawler.pipeline.convert import now_utc, to_extraction
from crawler.pipeline.hostlines import HostStates, observe_article
from crawler.pipeline.inhand import InHand
from crawler.pipeline.policy import PASSING, find_identity, next_retry, next_revisit
from crawler.pipeline.pool import ExtractionPool
from crawler.pipeline.reading import PageReader
from crawler.records import Outcome, Rejected
from crawler.sources import Source

REFUSED = frozenset({401, 402, 403, 407, 451})  # the site's own word that this is not for us
GONE = frozenset({404, 410})
# Another save may come between comparing and writing (two crawls, a recrawl): compare again, but not for ever.
COMPARISONS = 3
# How long a twin waits for the page that it calls canonical, while this crawl has that in hand: some pages' pace, and
# less than the 30 s in which a worker must stop.
TWIN_WAIT = 20.0
# Flag of an extraction whose decision "edit or not" was taken without the stored bytes.
COMPARED_BY_LINES = "compared_by_lines"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """When an exchange ended, with what status, and the rows of its captures."""

    at: datetime
    captures: tuple[CaptureRow, ...]
    status: int | None


class PageKeeper:
    """Concludes the URLs of one crawl, `places` of them at a time."""

    def __init__(
        self,
        source: Source,
        source_id: int,
        crawl_id: int,
        *,
        threads: ArchiveThreads,
        pool: ExtractionPool,
        warc: Path,
        max_body: int,
        places: int,
    ) -> None:
        self._source = source
        self._source_id = source_id
        self._crawl_id = crawl_id
        self._threads = threads
        self._reader = PageReader(source, threads=threads, pool=pool, warc=warc, max_body=max_body)
        self._comparer = Comparer(self._reader, threads)
        self.host_states = HostStates(threads)
        self.in_hand = InHand(waiters=places - 1)
        self.counts: Counter[str] = Counter()

    async def take(self, leased: LeasedUrl, fetched: Fetched) -> None:
        """Conclude a URL whose answer arrived."""
        self.counts["fetched"] += 1
        self.counts["bytes"] += len(fetched.body)
        captures = cast("tuple[CaptureRow, ...]", fetched.captures)
        answer = Answer(at=fetched.fetched_at, captures=captures, status=fetched.status)
        if fetched.not_modified:
            await self._conclude(leased, Outcome.UNCHANGED, "HTTP 304", answer)
        elif fetched.status == 200:
            try:
                await self._take_body(leased, fetched, answer)
            except ExtractionFailed as error:
                await self._retry(leased, str(error), answer)
        else:
            await self._take_status(leased, fetched.status, answer)

    async def miss(self, leased: LeasedUrl, missed: Missed) -> None:
        """Conclude or postpone a URL whose answer did not arrive."""
        captures = cast("tuple[CaptureRow, ...]", missed.captures)
        answer = Answer(at=now_utc(), captures=captures, status=missed.status)
        if missed.kind == "paused" and missed.until is not None:
            await self._postpone(leased, missed.until, "paused", missed.detail, answer)
        elif missed.retry:
            # Of kind robots where robots.txt answers 429 or 5xx: nothing is allowed until it can be read again.
            await self._retry(leased, missed.detail, answer, missed)
        elif missed.kind in {"robots", "blocked"}:
            await self._conclude(leased, Outcome(missed.kind), missed.detail, answer)
        else:
            await self._conclude(leased, Outcome.FAILED, missed.detail, answer)

    async def give_up(self, leased: LeasedUrl, error: Exception) -> None:
        """Keep a URL whose answer we could not deal with: owed again later, failed after the last attempt."""
        self.counts["broken"] += 1
        answer = Answer(at=now_utc(), captures=(), status=None)
        await self._retry(leased, f"our own error: {type(error).__name__}: {error}", answer)

    # ------------------------------------------------------------------------------ answers without text

    async def _take_status(self, leased: LeasedUrl, status: int, answer: Answer) -> None:
        reason = f"HTTP {status}"
        if status in GONE:
            await self._conclude(leased, Outcome.GONE, reason, answer)
        elif status in REFUSED:
            await self._conclude(leased, Outcome.BLOCKED, reason, answer)
        elif status >= 500 or status in {408, 425}:
            await self._retry(leased, reason, answer)
        elif status == 304:  # a cache that believes we had it
            await self._retry(leased, "HTTP 304 to a request without validators", answer)
        else:
            await self._conclude(leased, Outcome.FAILED, reason, answer)

    async def _retry(self, leased: LeasedUrl, error: str, answer: Answer, missed: Missed | None = None) -> None:
        due_at = next_retry(leased.attempts, answer.at)
        if due_at is None:
            reason = f"{error}; gave up after {leased.attempts + 1} attempts"
            outcome = Outcome.ROBOTS if missed is not None and missed.kind == "robots" else Outcome.FAILED
            await self._conclude(leased, outcome, reason, answer)
        else:
            if missed is not None and missed.until is not None:
                due_at = max(due_at, missed.until)
            await self._postpone(leased, due_at, "retry", error, answer)

    async def _postpone(
        self, leased: LeasedUrl, due_at: datetime, why: Literal["retry", "paused"], error: str, answer: Answer
    ) -> None:
        self.counts["postponed"] += 1
        postponement = Postponement(
            frontier_id=leased.frontier_id,
            crawl_id=self._crawl_id,
            due_at=due_at,
            due_why=why,
            error=error,
            at=answer.at,
            counted=why == "retry",
            captures=answer.captures,
            status=answer.status,
        )
        await self._threads.run(frontier.postpone, postponement)

    async def _conclude(
        self, leased: LeasedUrl, outcome: Outcome, reason: str, answer: Answer, *, again: bool | None = None
    ) -> None:
        """A final outcome without new text; a story that is stored is still looked at again when its age says so."""
        self.counts[outcome.value] += 1
        # A revisit that was owed goes on by its ages: a wall that answers 304 may still give way to the story.
        revisit = (leased.article_id is not None or leased.due_why == "revisit") if again is None else again
        conclusion = Conclusion(
            frontier_id=leased.frontier_id,
            crawl_id=self._crawl_id,
            outcome=outcome.value,
            reason=reason,
            at=answer.at,
            captures=answer.captures,
            status=answer.status,
            next_due_at=self._next_revisit(leased, answer.at) if revisit else None,
            revisits=leased.revisits + 1 if leased.due_why == "revisit" else None,
        )
        await self._threads.run(frontier.conclude, conclusion)

    def _next_revisit(self, leased: LeasedUrl, at: datetime) -> datetime | None:
        return next_revisit(leased.announced_at, at, self._source.revisit)

    # ------------------------------------------------------------------------------ answers with a body

    async def _take_body(self, leased: LeasedUrl, fetched: Fetched, answer: Answer) -> None:
        digest = hashlib.sha256(fetched.body).digest()
        body = replace(answer.captures[-1], body_digest=digest, body_length=len(fetched.body))
        answer = replace(answer, captures=(*answer.captures[:-1], body))
        prior = leased.capture
        if prior is not None and prior.body_digest == digest and leased.article_id is not None and not leased.force:
            await self._conclude(leased, Outcome.UNCHANGED, "same body by digest", answer)
            return
        if host_of(fetched.url) not in self._source.hosts:
            reason = f"redirected to {fetched.url}, a host that the source does not cover"
            await self._conclude(leased, Outcome.NOT_ALLOWED, reason, answer)
            return
        state = await self.host_states.find(host_of(fetched.url))
        result = await self._reader.read(leased, fetched, state)
        if isinstance(result, Rejected):
            again = leased.article_id is not None or result.reason.value in PASSING
            reason = f"{result.reason.value}: {result.detail}"
            await self._conclude(leased, Outcome.REJECTED, reason, answer, again=again)
        else:
            arrived = Arrived(
                leased=leased,
                fetched=fetched,
                body_digest=digest,
                article=result,
                extraction=to_extraction(result),
                state=state,
            )
            identity = find_identity(fetched.url, result.canonical_url)
            # An AMP or print page is done sooner than its main page, whose own text shall stand for the story.
            await self.in_hand.wait_for(identity, by=leased.url, seconds=TWIN_WAIT)
            await self._keep(arrived, answer.captures)

    async def _keep(self, arrived: Arrived, captures: tuple[CaptureRow, ...]) -> None:
        host = host_of(arrived.fetched.url)
        for left in reversed(range(COMPARISONS)):
            compared = await self._comparer.compare(arrived)
            save = self._make_save(arrived, captures, compared)
            if compared.decision == "new":
                save = replace(save, sighting=observe_article(host, arrived.article))
            try:
                saved = await self._threads.run(articles.save_article, save)
            except articles.Stale:
                if not left:
                    raise
                continue
            self.counts[saved.outcome] += 1
            self.counts["revised"] += int(saved.new_revision and compared.decision == "revision")
            if saved.new_revision and compared.decision == "new":
                self.host_states.note(host)
            return

    def _make_save(self, arrived: Arrived, captures: tuple[CaptureRow, ...], compared: Compared) -> ArticleSave:
        leased, fetched, extraction = arrived.leased, arrived.fetched, arrived.extraction
        if compared.by_lines:
            extraction = replace(extraction, flags=(*extraction.flags, COMPARED_BY_LINES))
        aliases = [(leased.url, "announced")]
        if leased.announcement is not None:
            aliases.append((leased.announcement.announced_url, "announced"))
        aliases += [(url, "redirect") for url in (*fetched.redirects, fetched.url)]
        return ArticleSave(
            frontier_id=leased.frontier_id,
            crawl_id=self._crawl_id,
            source_id=self._source_id,
            decision=compared.decision,
            url=compared.url,
            fetch_url_hash=hash_url(leased.url),
            aliases=tuple(dict.fromkeys((url, kind) for url, kind in aliases if url != compared.url)),
            captures=captures,
            extraction=extraction,
            expected_revision_id=compared.expected_revision_id,
            at=fetched.fetched_at,
            reextracted=compared.reextracted,
            displaces=compared.displaces,
            next_due_at=self._next_revisit(leased, fetched.fetched_at),
            revisits=leased.revisits + (leased.due_why == "revisit"),
        )
