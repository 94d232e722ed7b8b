"""What is stored, as frozen records. The archive owns them; the crawler's pipeline converts its own into these.

Times are aware UTC datetimes. Hashes of URLs are `sha256(url.encode())`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

Json = Mapping[str, Any]


def hash_url(url: str) -> bytes:
    """sha256 of a URL: the unique key of URLs (percent-encoded Arabic slugs overflow a btree entry).

    >>> hash_url("https://a.example/").hex()[:8]
    'befde498'
    """
    return hashlib.sha256(url.encode()).digest()


# ------------------------------------------------------------------------------------------ sources


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceRow:
    """A source as sources.toml has it: name, the hosts it covers, whether enabled, its settings as JSON."""

    name: str
    enabled: bool
    hosts: tuple[str, ...]
    settings: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceState:
    """A source as the database has it."""

    source_id: int
    name: str
    enabled: bool
    paused_at: datetime | None
    paused_why: str | None
    retired_at: datetime | None
    setting_id: int
    settings: Json
    last_slot: int | None
    failures: int
    last_error: str | None
    crawled_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CrawlEnd:
    """How a crawl ended: its state, why, and its counts by name."""

    state: str
    reason: str | None
    counts: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What a load of sources.toml changed, by source name."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()


# ------------------------------------------------------------------------------------------ captures


@dataclass(frozen=True, kw_only=True, slots=True)
class WarcPlace:
    """Where a record lies."""

    file_id: UUID
    path: str  # relative to the WARC root, without ".open"
    offset: int
    length: int
    record_id: str  # "<urn:uuid:…>"


@dataclass(frozen=True, kw_only=True, slots=True)
class CaptureRow:
    """One exchange whose bytes are safe in a WARC file."""

    url: str
    purpose: Literal["article", "feed", "sitemap", "section", "robots", "check"]
    fetched_at: datetime
    status: int | None
    mime: str | None
    location: str | None
    etag: str | None
    last_modified: str | None
    payload_digest: str | None
    record_type: Literal["response", "revisit"]
    truncated: str | None
    ip_address: str | None
    place: WarcPlace
    body_digest: bytes | None = None  # of the decoded body; set once it is known
    body_length: int | None = None
    refers_to: int | None = None  # capture_id that holds the body of a revisit


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredCapture:
    """A capture row read back, enough for conditional GET, revisits and reading its bytes."""

    capture_id: int
    url: str
    fetched_at: datetime
    status: int | None
    mime: str | None
    etag: str | None
    last_modified: str | None
    payload_digest: str | None
    body_digest: bytes | None
    record_type: str
    truncated: str | None
    place: WarcPlace


# ------------------------------------------------------------------------------------------ discovery


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentRow:
    """A discovery document of a source with its validators."""

    document_id: int
    source_id: int
    url: str
    kind: Literal["feed", "sitemap", "section"]
    configured: bool
    parent_id: int | None
    etag: str | None
    last_modified: str | None
    body_digest: bytes | None
    changed_at: datetime | None
    has_announced: bool  # some link was announced from it, ever
    capture: StoredCapture | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DateRow:
    """A claimed date with its evidence; `at` outside 1800…2200 is stored as null with the evidence kept."""

    at: datetime
    raw: str
    precision: str
    provenance: str
    zone: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AnnouncementRow:
    """One link of one document, judged. `outcome` None means: owed a fetch; else the final outcome it gets if new."""

    url: str  # canonical
    host: str
    announced_url: str
    rule: str
    outcome: Literal["not_allowed", "too_old", "over_cap"] | None = None
    reason: str | None = None
    guid: str | None = None
    title: str | None = None
    summary: str | None = None
    content: str | None = None
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str | None = None
    published: DateRow | None = None
    modified: DateRow | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentRead:
    """A discovery document that was fetched with a new body: all of this is committed in one transaction."""

    document_id: int
    crawl_id: int
    captures: tuple[CaptureRow, ...]  # redirect hops first, the body last
    checked_at: datetime
    dialect: str
    etag: str | None
    last_modified: str | None
    body_digest: bytes
    over_cap: int
    malformed: str | None
    announcements: Sequence[AnnouncementRow]
    children: tuple[tuple[str, str], ...] = ()  # (url, kind) named by a sitemap index


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentChecked:
    """A discovery document that brought nothing new: `unchanged`, or why it could not be read."""

    document_id: int
    crawl_id: int
    captures: tuple[CaptureRow, ...]
    checked_at: datetime
    outcome: Literal["unchanged", "robots", "blocked", "paused", "failed"]
    error: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Announced:
    """What `announce` found: links in the document, URLs never seen before, documents named by an index."""

    links: int
    new: int
    owed: int
    children: tuple[DocumentRow, ...] = ()


# ------------------------------------------------------------------------------------------ frontier


@dataclass(frozen=True, kw_only=True, slots=True)
class LeasedUrl:
    """A URL taken up by a crawl, with all that fetching and extracting it need to know (one look-up a batch)."""

    frontier_id: int
    url: str
    host: str
    due_why: str
    attempts: int
    revisits: int
    announced_at: datetime
    request_id: int | None
    force: bool
    article_id: int | None
    capture: StoredCapture | None  # last capture with a body
    announcement: AnnouncementRow | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Conclusion:
    """A final outcome without new text. `next_due_at` is a revisit still owed; `gone` marks the article gone."""

    frontier_id: int
    crawl_id: int
    outcome: str
    reason: str | None
    at: datetime
    captures: tuple[CaptureRow, ...] = ()
    status: int | None = None
    next_due_at: datetime | None = None
    revisits: int | None = None  # new value of frontier.revisits, None to leave it


@dataclass(frozen=True, kw_only=True, slots=True)
class Postponement:
    """No outcome yet: the URL stays owed. `counted` is False where the URL itself is not to blame (host paused)."""

    frontier_id: int
    crawl_id: int
    due_at: datetime
    due_why: Literal["retry", "paused"]
    error: str
    at: datetime
    counted: bool = True
    captures: tuple[CaptureRow, ...] = ()
    status: int | None = None


# ------------------------------------------------------------------------------------------ articles


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionRow:
    """Versions of code and rules behind an extraction."""

    extractor: int
    trafilatura: str
    rules: str
    site: str
    host_state: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class RemovalRow:
    start: int
    span: str
    rule: str
    rule_version: int
    zone: Literal["lead", "body", "tail"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleRow:
    """A rule of cleaning: what it takes out, in words, and the rule file that declares it."""

    rule: str
    rule_version: int
    says: str
    file: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditRow:
    agency: str
    matched: str
    position: str
    confidence: float
    place: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """What an extraction says, and what its rules took out: headline and its alternatives, text, removed spans."""

    title: str | None
    titles: frozenset[str]
    text: str
    spans: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtractionRow:
    """Text and metadata of one body under one set of versions."""

    version: VersionRow
    title: str | None
    titles: tuple[tuple[str, str], ...]
    summary: str | None
    text: str
    language: str | None
    authors: tuple[str, ...]
    place: str | None
    section: str | None
    tags: tuple[str, ...]
    image: str | None
    canonical_url: str | None
    kind: str | None
    published: DateRow | None
    modified: DateRow | None
    charset: str
    charset_from: str
    flags: tuple[str, ...]
    removals: tuple[RemovalRow, ...]
    credits: tuple[CreditRow, ...]

    @property
    def content_digest(self) -> bytes:
        """sha256 over title, summary and text: what decides whether the publisher changed the story."""
        parts = (self.title or "", self.summary or "", self.text)
        return hashlib.sha256("\x00".join(parts).encode()).digest()

    @property
    def wording(self) -> Wording:
        """Its words, as `archive.store.articles.shown_wording` gives those of a stored one."""
        return Wording(
            title=self.title,
            titles=frozenset(title for _, title in self.titles),
            text=self.text,
            spans=tuple(removal.span for removal in self.removals),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class CurrentText:
    """The current revision of an article, for the decision whether new bytes are an edit."""

    article_id: int
    url: str
    fetch_url_hash: bytes
    revision_id: int
    number: int
    capture: StoredCapture
    version: VersionRow
    content_digest: bytes
    title: str | None
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservedLine:
    """A line of an article that could be the host's boilerplate: `line` folded, as compared, `sample` as it stood."""

    line: str
    sample: str
    zone: Literal["lead", "body", "tail"]


@dataclass(frozen=True, kw_only=True, slots=True)
class HostSighting:
    """What an article shows of its host's template. `paragraphs` are hashes (signed, 64 bits) that tell its story."""

    host: str
    lines: tuple[ObservedLine, ...]
    paragraphs: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ArticleSave:
    """One article's new state, saved in one transaction.

    `decision` is what comparing under the same versions found: ``new`` (no article at `url` yet), ``revision`` (the
    publisher changed it) or ``same`` (only bytes around the text changed). A ``new`` one with an expected revision is
    a twin of that story. `displaces` is the article that took this URL for its own by a wrong claim, another story: it
    goes back to the URL that it was fetched from. `reextracted` is the old revision's bytes
    under today's versions, where the comparison had to make it: it becomes that revision's current extraction.
    """

    frontier_id: int
    crawl_id: int
    source_id: int
    decision: Literal["new", "revision", "same"]
    url: str  # canonical URL: the article's identity
    fetch_url_hash: bytes
    aliases: tuple[tuple[str, str], ...]  # (url, kind)
    captures: tuple[CaptureRow, ...]
    extraction: ExtractionRow
    expected_revision_id: int | None
    at: datetime
    reextracted: ExtractionRow | None = None
    next_due_at: datetime | None = None
    revisits: int = 0
    displaces: int | None = None
    sighting: HostSighting | None = None  # kept with an article's first save, for learning its host's boilerplate


@dataclass(frozen=True, kw_only=True, slots=True)
class Saved:
    """What saving did: `outcome` is ``stored`` (new or revised), ``unchanged`` or ``duplicate``."""

    outcome: str
    article_id: int
    revision_id: int
    new_revision: bool


# ------------------------------------------------------------------------------------------ work


@dataclass(frozen=True, kw_only=True, slots=True)
class CrawlBegun:
    """A crawl that a worker has taken up."""

    crawl_id: int
    source_id: int
    name: str
    settings: Json
    setting_id: int
    first: bool  # no crawl of this source has finished before: `backfill` applies
    changed: bool  # its last crawl that read documents to the end ran under other settings
    documents: tuple[DocumentRow, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Answer to a claim on a host: go now (`wait` 0), ask again after `wait`, or `paused_until` (with why)."""

    wait: timedelta
    paused_until: datetime | None = None
    why: str | None = None
    strikes: int = 0  # 429 and 503 answers in a row so far


@dataclass(frozen=True, kw_only=True, slots=True)
class RobotsRow:
    """robots.txt of an origin as last fetched."""

    origin: str
    checked_at: datetime
    expires_at: datetime
    status: int | None
    state: Literal["ok", "absent", "unreachable"]
    reason: str | None
    good_body: bytes | None
    good_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestRow:
    """A re-crawl asked for."""

    request_id: int
    kind: Literal["url", "source"]
    asked: str
    key: str
    source_id: int
    since: datetime | None
    force: bool
    finished_at: datetime | None
    outcome: str | None
    reason: str | None
    frontier_id: int | None
    revision_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessRow:
    """A scheduler or worker that runs."""

    process_id: UUID
    role: Literal["scheduler", "worker"]
    host: str
    pid: int
    version: str
    state: Json = field(default_factory=dict)
