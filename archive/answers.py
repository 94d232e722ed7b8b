"""What asking the archive gives, as frozen records. Times are aware UTC; nothing here is shown as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from archive.records import Json, WarcPlace


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """An article that a search found; `headline` marks what was found by [ ]."""

    article_id: int
    rank: float
    source: str
    url: str
    title: str | None
    headline: str
    language: str | None
    agencies: list[str]
    dated_at: datetime
    dated_by: str
    edits: int
    gone_at: datetime | None


# ------------------------------------------------------------------------------------------ show


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """A row of archive.articles."""

    id: int
    source: str
    url: str
    title: str | None
    summary: str | None
    text: str
    language: str | None
    authors: list[str]
    agencies: list[str]
    place: str | None
    published_at: datetime | None
    published_raw: str | None
    published_precision: str | None
    modified_at: datetime | None
    dated_at: datetime
    dated_by: str
    first_seen_at: datetime
    last_seen_at: datetime
    edits: int
    gone_at: datetime | None
    gone_status: int | None
    section: str | None
    tags: list[str]
    image: str | None
    kind: str | None
    flags: list[str]
    revision: int
    revision_id: int
    extraction_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownRevision:
    """One text that the publisher put at the article's URL."""

    number: int
    is_current: bool
    seen_at: datetime
    title: str | None
    summary: str | None
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownRemoval:
    """A span that cleaning took out of the current text, and why.

    `rule_says` is what the rule takes out, in words, `rule_file` the file that declares it; None where no worker with
    that version of the rule has started yet.
    """

    start_at: int
    span: str
    rule: str
    rule_version: int
    zone: str
    rule_says: str | None
    rule_file: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownCredit:
    """An agency behind the current text, with the words that say so."""

    agency: str
    matched: str
    position: str
    confidence: float
    place: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownCapture:
    """One exchange; `place` is where the bytes of its body lie (for a revisit: those it stands for)."""

    capture_id: int
    url: str
    fetched_at: datetime
    status: int | None
    mime: str | None
    record_type: str
    truncated: str | None
    place: WarcPlace


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """All that is kept under a URL. `story` is None for what is no article (a feed, a rejected page).

    `body` is where the bytes lie that the current text (or, without one, the newest capture) was read from.
    """

    url: str
    story: Story | None
    revisions: list[ShownRevision]
    removals: list[ShownRemoval]
    credits: list[ShownCredit]
    aliases: list[str]
    captures: list[ShownCapture]
    body: WarcPlace | None


# ------------------------------------------------------------------------------------------ why


@dataclass(frozen=True, kw_only=True, slots=True)
class UrlState:
    """What became of a URL, and what it is owed; `held_by` says why it will not be fetched when it is due."""

    url: str
    source: str
    announced_at: datetime
    outcome: str | None
    reason: str | None
    outcome_at: datetime | None
    due_at: datetime | None
    due_why: str | None
    attempts: int
    revisits: int
    leased_until: datetime | None
    leased_by: int | None
    last_error: str | None
    article_id: int | None
    article_url: str | None
    held_by: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """Where a URL was announced, how it was spelt there, and the rule that decided on it."""

    source: str
    document: str
    document_kind: str
    announced_url: str
    rule: str
    title: str | None
    published_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One time that a URL was taken up."""

    at: datetime
    result: str
    detail: str | None
    status: int | None
    next_due_at: datetime | None
    crawl_id: int | None
    capture_id: int | None
    warc_path: str | None
    warc_offset: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class HostState:
    """A host's budget."""

    host: str
    next_at: datetime
    delay: timedelta
    crawl_delay: timedelta | None
    paused_until: datetime | None
    paused_why: str | None
    strikes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RobotsState:
    """robots.txt of the URL's origin as last fetched."""

    origin: str
    state: str
    status: int | None
    reason: str | None
    checked_at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldLink:
    """A link that a document held when it was last read."""

    url: str
    title: str | None
    published_at: datetime | None
    rule: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentState:
    """A discovery document, how reading it fares, and its newest links."""

    url: str
    kind: str
    outcome: str | None
    error: str | None
    checked_at: datetime | None
    changed_at: datetime | None
    links: int | None
    over_cap: int
    malformed: str | None
    held: list[HeldLink]


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """A source that covers the URL's host, and what its documents last held."""

    name: str
    state: str
    crawled_at: datetime | None
    last_error: str | None
    documents: list[DocumentState]


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestState:
    """A re-crawl asked for, as archive.requests shows it."""

    request_id: int
    kind: str
    asked: str
    key: str
    source: str
    force: bool
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    state: str
    waits_for: str | None
    outcome: str | None
    reason: str | None
    article_id: int | None
    revision_id: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Why:
    """All that is known of how a URL fared. `state` is None where it was never announced: `owners` then says more."""

    url: str
    host: str
    state: UrlState | None
    sightings: list[Sighting]
    attempts: list[Attempt]
    requests: list[RequestState]
    host_state: HostState | None
    robots: RobotsState | None
    owners: list[Owner]


# ------------------------------------------------------------------------------------------ status


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceStatus:
    """A source and how it fares. `owed` are URLs due now, `held` those of them whose host is paused."""

    name: str
    state: str
    schedule: str | None
    crawled_at: datetime | None
    last_slot_at: datetime | None
    failures: int
    last_error: str | None
    paused_why: str | None
    articles: int
    last_article_at: datetime | None
    owed: int
    leased: int
    held: int
    planned: int
    last_crawl_state: str | None
    last_crawl_counts: Json | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessStatus:
    """A scheduler or worker that has not said goodbye; dead where it has not beaten in time."""

    process_id: UUID
    role: str
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    alive: bool
    state: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueStatus:
    """Jobs waiting, in hand, in hand of a dead worker, and failed since yesterday."""

    todo: int
    doing: int
    stalled: int
    failed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningCrawl:
    """A crawl that a worker has in hand."""

    crawl_id: int
    source: str
    kind: str
    started_at: datetime
    worker_host: str | None
    worker_pid: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PausedHost:
    """A host that is not asked now."""

    host: str
    until: datetime
    why: str | None
    strikes: int
    owed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFile:
    """The last load of sources.toml; `error` says what is wrong with the file as it is now."""

    path: str
    loaded_at: datetime | None
    error: str | None
    error_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """How much there is."""

    articles: int
    articles_today: int
    revisions: int
    captures: int
    urls: int
    pending: int
    open_requests: int
    database_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """What the service is doing, at one moment of the database's clock."""

    at: datetime
    sources: list[SourceStatus]
    processes: list[ProcessStatus]
    queue: QueueStatus
    crawls: list[RunningCrawl]
    paused_hosts: list[PausedHost]
    source_file: SourceFile | None
    totals: Totals
