"""`sources check`: fetches a source now, as a crawl would, and stores nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from crawler.discover import read_document
from crawler.discover.urls import host_of, judge
from crawler.fetch.crawl import fetch_once
from crawler.fetch.ports import Claimed, Ports, RobotsCopy
from crawler.fetch.tasks import DocumentTask, Fetched, Missed, Purpose, UrlTask
from crawler.overrides import Override, try_overrides
from crawler.pipeline.convert import now_utc
from crawler.pipeline.crawl import make_plan
from crawler.pipeline.discovery import count_over_cap
from crawler.pipeline.hostlines import HostState
from crawler.pipeline.policy import choose_backfill
from crawler.process import process
from crawler.records import Article, Decision, DocumentKind, Exchange, Link, Outcome, Page, PriorCapture, Rejected
from crawler.settings import Settings
from crawler.sources import Source

# Sitemaps of an index that are looked into: enough to see that it works.
CHECKED_CHILDREN = 2


@dataclass(frozen=True, kw_only=True)
class CheckedLink:
    """One link with the pattern that decided, and what would become of it."""

    url: str
    title: str | None
    dated: datetime | None
    rule: str
    fate: str  # "fetch", or the outcome that it would get unfetched


@dataclass(frozen=True, kw_only=True)
class CheckedDocument:
    """What one discovery document gave."""

    url: str
    kind: str
    error: str | None = None
    dialect: str | None = None
    malformed: str | None = None
    over_cap: int = 0
    links: tuple[CheckedLink, ...] = ()
    children: tuple[str, ...] = ()

    @property
    def owed(self) -> tuple[CheckedLink, ...]:
        """Links that would be fetched."""
        return tuple(link for link in self.links if link.fate == "fetch")


@dataclass(frozen=True, kw_only=True)
class CheckedArticle:
    """One article as it would be stored, or why it would not, and what each override of the source did to it."""

    url: str
    error: str | None = None
    result: Article | Rejected | None = None
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Learned:
    """The lines learned for the hosts of a source, as far as they could be read: `unread` says why not."""

    hosts: Mapping[str, HostState] = field(default_factory=dict)
    unread: str | None = None


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """All that a check found."""

    source: str
    documents: tuple[CheckedDocument, ...]
    articles: tuple[CheckedArticle, ...]
    learned: Learned
    warnings: tuple[str, ...] = ()

    @property
    def works(self) -> bool:
        """Whether every document could be read and an article came out."""
        read = all(document.error is None for document in self.documents)
        return read and any(isinstance(article.result, Article) for article in self.articles)


async def rehearse(settings: Settings, source: Source, *, articles: int = 2, learned: Learned = Learned()) -> Rehearsal:
    """Fetch the source's documents and its newest `articles`, and read those under the lines learned for their hosts.

    Raises:
        ConfigError: a header names an environment variable that is not set, or the guard is not installed.
    """
    ports = Ports(recorder=_Forgetful(), pace=_Clock(), robots=_Memory(), sink=_NoSink())
    plan = make_plan(settings, source, ())
    kinds = [(url, DocumentKind.FEED) for url in source.feeds]
    kinds += [(url, DocumentKind.SITEMAP) for url in source.sitemaps]
    kinds += [(section.url, DocumentKind.SECTION) for section in source.sections]
    documents: list[CheckedDocument] = []
    found: dict[str, Link] = {}
    children = 0
    while kinds:
        url, kind = kinds.pop(0)
        fetched = await fetch_once(url, plan=plan, ports=ports)
        document = _read(source, DocumentTask(document_id=0, url=url, kind=kind), fetched, settings.max_entries, found)
        documents.append(document)
        for child in document.children[: CHECKED_CHILDREN - children]:
            children += 1
            kinds.append((child, DocumentKind.SITEMAP))
    wanted = [link.url for document in documents for link in document.owed]
    wanted.sort(key=lambda url: _dated(found[url]), reverse=True)
    taken = [
        await _take(source, found[url], await fetch_once(url, plan=plan, ports=ports), learned)
        for url in wanted[:articles]
    ]
    return Rehearsal(
        source=source.name,
        documents=tuple(documents),
        articles=tuple(taken),
        learned=learned,
        warnings=_find_idle(taken),
    )


def _find_idle(articles: list[CheckedArticle]) -> tuple[str, ...]:
    """Overrides that matched nothing: a slip of the pen, or the site was built anew."""
    tried = [override for article in articles for override in article.overrides]
    of = sum(article.result is not None for article in articles)
    idle = Counter((one.key, one.value) for one in tried if not one.matched)
    return tuple(
        f"{key} = {value!r} matched nothing on {count} of {of} articles" for (key, value), count in idle.items()
    )


def _dated(link: Link) -> float:
    claimed = link.published or link.modified
    return claimed.at.timestamp() if claimed is not None else 0.0


def _read(
    source: Source, task: DocumentTask, fetched: Fetched | Missed, max_entries: int, found: dict[str, Link]
) -> CheckedDocument:
    url, kind = task.url, task.kind
    if isinstance(fetched, Missed) or fetched.status != 200:
        error = fetched.detail if isinstance(fetched, Missed) else f"HTTP {fetched.status}"
        return CheckedDocument(url=url, kind=kind.value, error=error)
    patterns = {section.url: section.links for section in source.sections}
    held = read_document(
        fetched.body,
        url=fetched.url,
        kind=kind,
        content_type=fetched.header("content-type"),
        charset=source.charset,
        timezone=source.timezone,
        link_pattern=patterns.get(url),
        max_entries=max_entries,
    )
    if held.malformed and not (held.links or held.children):  # as a crawl has it
        return CheckedDocument(url=url, kind=kind.value, error=held.malformed)
    chosen = choose_backfill(
        (judge(link, source) for link in held.links),
        first=True,
        now=fetched.fetched_at,
        backfill=source.backfill,
        undated_cap=source.backfill_undated,
        most=source.max_links,
    )
    links: list[CheckedLink] = []
    for judged, outcome, reason in chosen:
        link = judged.link
        claimed = link.published or link.modified
        if judged.decision is Decision.KEEP:
            found.setdefault(link.canonical, link)
        links.append(
            CheckedLink(
                url=link.canonical,
                title=link.title,
                dated=None if claimed is None else claimed.at,
                rule=judged.rule if outcome in {None, Outcome.NOT_ALLOWED} else f"{judged.rule}; {reason}",
                fate="fetch" if outcome is None else outcome.value,
            )
        )
    return CheckedDocument(
        url=url,
        kind=kind.value,
        dialect=held.dialect,
        malformed=held.malformed,
        over_cap=count_over_cap(held),
        links=tuple(links),
        children=held.children,
    )


async def _take(source: Source, link: Link, fetched: Fetched | Missed, learned: Learned) -> CheckedArticle:
    if isinstance(fetched, Missed) or fetched.status != 200:
        error = fetched.detail if isinstance(fetched, Missed) else f"HTTP {fetched.status}"
        return CheckedArticle(url=link.canonical, error=error)
    state = learned.hosts.get(host_of(fetched.url), HostState())
    page = Page(
        url=fetched.url,
        body=fetched.body,
        content_type=fetched.header("content-type"),
        fetched_at=fetched.fetched_at,
        language=source.language,
        timezone=source.timezone,
        rules=source.site_rules(),
        announced=link,
        host_lines=state.lines,
        host_state=state.version,
        robots_tag=fetched.header("x-robots-tag"),
        tdm_reservation=fetched.header("tdm-reservation"),
    )
    result = await asyncio.to_thread(process, page)
    overrides = await asyncio.to_thread(try_overrides, page, result)
    return CheckedArticle(url=link.canonical, result=result, overrides=overrides)


class _Forgetful:
    """A recorder that keeps nothing: a check stores nothing."""

    async def append(
        self,
        exchange: Exchange,
        *,
        purpose: Purpose,
        prior: PriorCapture | None,
        status: int | None,
        headers: Mapping[str, str],
    ) -> object:
        del purpose, prior, status, headers
        return exchange.url


@dataclass
class _Clock:
    """A pace for this check alone: one request a host every `delay`."""

    next_at: dict[str, float] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=dict)
    crawl_delays: dict[str, float] = field(default_factory=dict)
    paused: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    async def claim(self, host: str, delay: float) -> Claimed:
        until, why = self.paused.get(host, (None, None))
        if until is not None and until > now_utc():
            return Claimed(paused_until=until, why=why)
        now = asyncio.get_running_loop().time()
        wait = self.next_at.get(host, 0.0) - now
        if wait > 0:
            return Claimed(wait=wait)
        self.delays[host] = max(delay, self.crawl_delays.get(host, 0.0))
        self.next_at[host] = now + self.delays[host]
        return Claimed()

    async def sent(self, host: str) -> None:
        self.next_at[host] = asyncio.get_running_loop().time() + self.delays.get(host, 0.0)

    async def ended(self, host: str, latency: float, ok: bool) -> None:
        del host, latency, ok

    async def pause(self, host: str, until: datetime, why: str) -> None:
        self.paused[host] = (until, why)

    async def crawl_delay(self, host: str, seconds: float | None) -> None:
        self.crawl_delays[host] = seconds or 0.0


@dataclass
class _Memory:
    """robots.txt for this check alone."""

    copies: dict[str, RobotsCopy] = field(default_factory=dict)

    async def load(self, origin: str) -> RobotsCopy | None:
        return self.copies.get(origin)

    async def save(self, copy: RobotsCopy, captures: tuple[object, ...]) -> None:
        del captures
        self.copies[copy.origin] = copy


class _NoSink:
    """`fetch_once` brings its own sink; this one is never asked."""

    async def document(self, task: DocumentTask, fetched: Fetched) -> tuple[DocumentTask, ...]:
        raise AssertionError(f"a check has no crawl, yet {task.url} arrived with {fetched.status}")

    async def document_missed(self, task: DocumentTask, missed: Missed) -> None:
        raise AssertionError(f"a check has no crawl, yet {task.url} was missed: {missed.detail}")

    async def next_urls(self, limit: int) -> tuple[UrlTask, ...]:
        raise AssertionError(f"a check has no crawl, yet it was asked for {limit} URLs")

    async def page(self, task: UrlTask, fetched: Fetched) -> None:
        raise AssertionError(f"a check has no crawl, yet {task.url} arrived with {fetched.status}")

    async def page_missed(self, task: UrlTask, missed: Missed) -> None:
        raise AssertionError(f"a check has no crawl, yet {task.url} was missed: {missed.detail}")
