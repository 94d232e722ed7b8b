"""The frozen records that stages hand to each other. No dict crosses a stage.

Times are aware UTC. Text is `str` without NUL and without lone surrogates from `Page` on.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

# --------------------------------------------------------------------------------------- claimed dates

Precision = Literal["second", "minute", "hour", "day", "month", "year"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimedDate:
    """A date that a document claims, with what it was read from.

    `at` is UTC; for precision ``day`` it is midnight in the source's zone. `zone` is the offset or zone the
    claim was read in (``+03:00``, ``Asia/Beirut``), `zone_assumed` whether that came from the source's setting.
    `provenance` says where it stood: ``jsonld``, ``meta:article:published_time``, ``time``, ``text``, ``feed`` …
    `flags` may hold ``estimated`` (converted from Hijri), ``relative``, ``ambiguous``.
    """

    at: datetime
    raw: str
    precision: Precision
    provenance: str
    zone: str | None = None
    zone_assumed: bool = False
    flags: tuple[str, ...] = ()


# --------------------------------------------------------------------------------------- discovery


class DocumentKind(enum.StrEnum):
    """What kind of discovery document a URL is."""

    FEED = "feed"
    SITEMAP = "sitemap"
    SECTION = "section"


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """One link announced by a discovery document, with that document's own metadata.

    `url` is absolute as announced; `canonical` is what `discover.urls.canonicalise` made of it.
    """

    url: str
    canonical: str
    title: str | None = None
    summary: str | None = None
    content: str | None = None  # full content as HTML, as the feed carried it
    authors: tuple[str, ...] = ()
    guid: str | None = None
    published: ClaimedDate | None = None
    modified: ClaimedDate | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Discovery:
    """What one discovery document held.

    `children` are sitemaps named by a sitemap index, newest first. `over_cap` counts entries beyond the cap,
    `malformed` says (in words) how the document was broken, None for a well-formed one.
    """

    kind: DocumentKind
    dialect: str  # "rss2", "rss1", "rss0.9", "atom", "json", "sitemap", "sitemapindex", "newssitemap", "html"
    links: tuple[Link, ...] = ()
    children: tuple[str, ...] = ()
    over_cap: int = 0
    malformed: str | None = None
    charset: str | None = None
    language: str | None = None


class Decision(enum.StrEnum):
    """What the source's patterns said of a link."""

    KEEP = "keep"
    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A link and the rule that decided on it, e.g. ``deny:/video/``, ``allow:default``, ``host:x.example``."""

    link: Link
    decision: Decision
    rule: str


# --------------------------------------------------------------------------------------- outcomes


class Outcome(enum.StrEnum):
    """How a URL that was announced may end. One enumeration, also a domain in the database (store.outcome)."""

    STORED = "stored"
    UNCHANGED = "unchanged"
    NOT_ALLOWED = "not_allowed"
    TOO_OLD = "too_old"
    OVER_CAP = "over_cap"
    ROBOTS = "robots"
    BLOCKED = "blocked"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    GONE = "gone"
    FAILED = "failed"


class RejectReason(enum.StrEnum):
    """Why a fetched page is no article."""

    SECTION_PAGE = "section_page"
    CONSENT_WALL = "consent_wall"
    CHALLENGE = "challenge"
    SOFT_404 = "soft_404"
    PAYWALL_STUB = "paywall_stub"
    EMPTY_SHELL = "empty_shell"
    LIVE_BLOG = "live_blog"
    GALLERY = "gallery"
    VIDEO = "video"
    ERROR_PAGE = "error_page"
    NOT_HTML = "not_html"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"
    NO_TEXT = "no_text"


# --------------------------------------------------------------------------------------- fetch


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """The exact bytes of one HTTP exchange, as written to and read from the connection.

    `request` is the request head (and body); `response` is status line, headers and body as transferred (chunk
    framing and content coding untouched). `truncated` is a WARC-Truncated reason (``length``, ``time``,
    ``disconnect``, ``unspecified``) where the response is not whole.
    """

    url: str
    request: bytes
    response: bytes
    started_at: datetime
    finished_at: datetime
    ip_address: str | None
    truncated: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PriorCapture:
    """What is known of the last capture of a URL: for conditional GET, `unchanged` by digest and WARC revisits."""

    url: str
    fetched_at: datetime
    etag: str | None
    last_modified: str | None
    payload_digest: str | None  # as in WARC-Payload-Digest, "sha1:BASE32"
    body_digest: bytes | None  # sha256 over the decoded body
    record_id: str | None  # WARC-Record-ID of the response record, "<urn:uuid:…>"


# --------------------------------------------------------------------------------------- page -> article


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteRules:
    """A source's own word on how its pages are read; wins over everything generic."""

    body: str | None = None  # CSS selectors
    title: str | None = None
    authors: str | None = None
    date: str | None = None
    remove: tuple[str, ...] = ()
    remove_lines: tuple[str, ...] = ()  # regular expressions; a whole line that matches goes
    charset: str | None = None
    live_blogs: Literal["take", "reject"] = "take"


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One fetched document with everything `process` may know: no clock, no settings object, no database.

    `body` is decoded from transfer and content coding, not from its charset. `host_lines` is the learned host state
    (normalised boilerplate lines), empty where none is known.
    """

    url: str  # as fetched, after redirects
    body: bytes
    content_type: str | None
    fetched_at: datetime
    status: int = 200
    language: str | None = None
    timezone: str | None = None  # IANA name of the source's zone
    rules: SiteRules = field(default_factory=SiteRules)
    announced: Link | None = None
    host_lines: frozenset[str] = frozenset()
    host_state: int = 0  # version of host_lines, 0 for none
    http_language: str | None = None
    robots_tag: str | None = None  # the X-Robots-Tag header
    tdm_reservation: str | None = None  # the TDM-Reservation header


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of the raw extraction, with where it stood on the page.

    `tag` is the block-level element it came from ("" where it could not be found on the page), `links` and `strong`
    the shares (0…1) of its characters inside links and bold, `marks` what the enclosing elements say of the region
    (``nav``, ``related``, ``caption`` …), `block` its position among the page's blocks (-1 unknown), `witnessed`
    whether JSON-LD's articleBody holds it (None where there is none).
    """

    text: str
    tag: str = ""
    links: float = 0.0
    strong: float = 0.0
    marks: frozenset[str] = frozenset()
    block: int = -1
    witnessed: bool | None = None
    beside: bool = True  # stands in one element with the paragraphs of the text
    before: bool = False  # stands before the headline
    added: bool = False  # trafilatura had left it out


@dataclass(frozen=True, kw_only=True, slots=True)
class Removal:
    """A span that cleaning took out of the raw extraction.

    `start` is the offset in characters in the raw extraction, `text` the exact span (with its newline), so that text
    and removals together are the raw extraction exactly.
    """

    start: int
    text: str
    rule: str
    rule_version: int
    zone: Literal["lead", "body", "tail"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Credit:
    """An agency behind the copy, with the evidence.

    `where`: ``dateline``, ``byline``, ``signoff``, ``credit_line``, ``jsonld``, ``meta``. `confidence` is 0…1.
    """

    agency: str  # code of the agency table, e.g. "Reuters"
    matched: str
    where: str
    confidence: float
    place: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Versions:
    """Under which code and rules an extraction was made. Equal versions and equal bytes give equal extractions."""

    extractor: int  # crawler.process.VERSION: bumped when code changes what comes out
    trafilatura: str
    rules: str  # digest over the rule and agency files
    site: str  # digest over SiteRules, language, timezone and announced metadata policy
    host_state: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Article:
    """What `process` found: the reporter's text and what the page says about it."""

    text: str  # a paragraph per line, without the standfirst
    title: str | None
    summary: str | None
    removals: tuple[Removal, ...]
    authors: tuple[str, ...]
    credits: tuple[Credit, ...]
    place: str | None  # dateline place
    published: ClaimedDate | None
    modified: ClaimedDate | None
    language: str | None
    section: str | None
    tags: tuple[str, ...]
    image: str | None
    canonical_url: str | None  # as the page claims it, absolute; not yet judged
    charset: str
    charset_source: str  # "setting", "bom", "header", "meta", "detected", "utf-8"
    versions: Versions
    titles: tuple[tuple[str, str], ...] = ()  # (provenance, title), best first
    # "truncated", "paywalled", "live_blog", "nul_removed", "too_deep", "noarchive", "tdm_reserved" …
    flags: tuple[str, ...] = ()
    kind: str | None = None  # "article", "live_blog" …


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """The page is no article, and why. `detail` names the evidence in words."""

    reason: RejectReason
    detail: str
    versions: Versions
    title: str | None = None
    text: str = ""  # what would have been stored, for `sources check` and quarantine review
    canonical_url: str | None = None
