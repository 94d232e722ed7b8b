"""Stories: their text under versions of code and rules, and what saving one needs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from archive.records.captures import CaptureRow, StoredCapture
from archive.records.discovery import DateRow


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
