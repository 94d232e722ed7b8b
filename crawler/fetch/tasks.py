"""What fetching is asked to do, and how each thing asked ends: frozen records.

A task ends as `Fetched` (an answer arrived whole, whatever its status) or as `Missed` (it did not, and why).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from crawler.records import DocumentKind, PriorCapture

Purpose = Literal["article", "feed", "sitemap", "section", "robots", "check"]
MissedKind = Literal["robots", "blocked", "paused", "failed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentTask:
    """A discovery document to fetch; `force` leaves out its validators."""

    document_id: int
    url: str
    kind: DocumentKind
    prior: PriorCapture | None = None
    force: bool = False

    @property
    def purpose(self) -> Purpose:
        """What its captures are kept as."""
        return self.kind.value


@dataclass(frozen=True, kw_only=True, slots=True)
class UrlTask:
    """A page to fetch. `key` is the caller's own (the frontier id); `force` leaves out its validators."""

    key: int
    url: str
    prior: PriorCapture | None = None
    force: bool = False
    purpose: Purpose = "article"


Task = DocumentTask | UrlTask


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """A whole answer: 200, 304, 404, 410 and every other status that does not pause the host.

    `url` is the one that answered, `redirects` those passed on the way, oldest first. `headers` has names in lower
    case, fields of the same name joined by ", ". `body` is free of transfer and content coding. `captures` are the
    Recorder's tokens in the order of the exchanges: redirect hops first, this answer last. `notes` may hold
    ``overlong`` (the server sent more bytes than its Content-Length said; `body` holds what it said) and
    ``no_length`` (neither length nor chunks: the end of the connection ended the body). `not_modified` is a 304 to a
    request that carried validators; one that nobody asked for has its status only.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime
    captures: tuple[object, ...]
    redirects: tuple[str, ...] = ()
    not_modified: bool = False
    ip: str | None = None
    notes: tuple[str, ...] = ()

    def header(self, name: str) -> str | None:
        """A header's value, by name in any case."""
        return self.headers.get(name.lower())


@dataclass(frozen=True, kw_only=True, slots=True)
class Missed:
    """No whole answer, and why.

    `kind`: ``robots`` (not allowed, or its crawl-delay is too long, or robots.txt itself is answered 429 or 5xx: then
    `retry` is true and `until` says when robots.txt is asked for again), ``blocked`` (the address guard refused),
    ``paused`` (the host may not be asked before `until`; `status` is the 429 or 503 where this very request got one,
    None where the host was paused before it was sent), ``failed`` (`error_kind` is one of FetchFailed's words:
    ``dns``, ``refused``, ``reset``, ``tls``, ``timeout``, ``truncated``, ``too_large``, ``redirects``,
    ``protocol``, ``url``). `retry` says whether a later attempt may succeed. `captures` as in `Fetched`, a cut-off
    exchange included.
    """

    kind: MissedKind
    detail: str
    retry: bool
    until: datetime | None = None
    status: int | None = None
    captures: tuple[object, ...] = ()
    error_kind: str | None = None
    url: str | None = None  # of the last hop, where it is not the task's
    redirects: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PageFetched:
    """Item that the spider hands to the pipeline: a page arrived."""

    task: UrlTask
    fetched: Fetched


@dataclass(frozen=True, kw_only=True, slots=True)
class PageMissed:
    """Item that the spider hands to the pipeline: a page did not arrive."""

    task: UrlTask
    missed: Missed


@dataclass(frozen=True, kw_only=True, slots=True)
class CrawlPlan:
    """One crawl: the documents to read first, and how to behave while fetching. Times in seconds, sizes in bytes.

    `token` is the product token that robots.txt rules are matched with; `user_agent` the whole header.
    `headers` are the source's own (secrets filled in) and go to `header_hosts` only (host in lower case, ``:port``
    where it is not the default), never along a redirect to another. `pipeline` is the class path of the Scrapy item
    pipeline that takes `PageFetched` and `PageMissed`.
    """

    name: str
    user_agent: str
    token: str
    documents: tuple[DocumentTask, ...] = ()
    delay: float = 5.0
    robots: Literal["obey", "ignore"] = "obey"
    concurrency: int = 8
    timeout: float = 30.0
    max_body: int = 10 * 1024 * 1024
    max_document: int = 20 * 1024 * 1024  # feeds and sitemaps
    max_wait: float = 30.0
    accept_language: str = "ar,en;q=0.7,*;q=0.3"
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    header_hosts: frozenset[str] = frozenset()
    pipeline: str | None = "crawler.pipeline.ArchivePipeline"
    verify_tls: bool = True
