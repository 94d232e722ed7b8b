"""Where on a page its dates stand: JSON-LD, meta, time elements, visible lines, the URL; and which is believed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lxml.html import HtmlElement

from crawler.extract.dates import read_date
from crawler.extract.page import Block
from crawler.records import ClaimedDate

_PUBLISHED_METAS = (
    "article:published_time article:published og:published_time og:article:published_time datepublished"
    " parsely-pub-date sailthru.date pubdate publishdate publish-date publish_date publication_date date.created"
    " dc.date.issued dc.date dcterms.date dcterms.created dcterms.issued dc.date.created cxenseparse:recs:publishtime"
    " article.published article:post_date originalpublicationdate date rnews:datepublished datecreated"
    " citation_publication_date og:pubdate shareaholic:article_published_time published_time bt:pubdate"
    " article_date_original displaydate last-published"
)
_MODIFIED_METAS = (
    "article:modified_time article:modified og:updated_time datemodified lastmod last-modified dcterms.modified"
    " dc.date.modified article:updated og:modified_time article_date_updated shareaholic:article_modified_time"
)
_URL_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[/\-_]?(0?[1-9]|1[0-2])[/\-_]?(0?[1-9]|[12]\d|3[01])(?!\d)")
_PRECISE = frozenset({"second", "minute", "hour"})
_ORDER = {"second": 0, "minute": 1, "hour": 2, "day": 3, "month": 4, "year": 5}
_MAX_VISIBLE = 160
# A strip at the top of the page: today's date among weather and prices, or a clock that runs.
_TICKER = re.compile(
    r"\d\s*°|\b(?:gold|brent|crude|bitcoin|nasdaq|usd|weather|humidity|temperature|sunrise|fajr)\b"
    r"|(?:سعر|أسعار)\s+(?:الذهب|الدولار|الصرف)|الذهب\s*[:\d]|الدولار\s*[:\d]|برنت|الطقس|درجة الحرارة|الرطوبة"
    r"|مواقيت الصلاة",
    re.IGNORECASE,
)
_RUNNING = re.compile(r"(?<!\d)\d{1,2}:\d{2}:\d{2}(?!\d)")
_JUST_NOW = timedelta(minutes=10)  # between the page's clock and the fetch
_OUTSIDE = frozenset({"nav", "footer", "aside"})
_DIGIT = re.compile(r"[\d٠-٩۰-۹]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What dates are read against: the source's zone, when the page was fetched, its language."""

    timezone: str | None
    fetched_at: datetime
    language: str | None

    def read(self, raw: str, provenance: str) -> ClaimedDate | None:
        if not 4 <= len(raw) <= _MAX_VISIBLE:
            return None
        return read_date(
            raw, provenance=provenance, timezone=self.timezone, fetched_at=self.fetched_at, language=self.language
        )


def choose_date(claims: Iterable[tuple[str, str]], reading: Reading) -> ClaimedDate | None:
    """The first claim that can be read; a later one of the same day that knows the time of day betters it."""
    first: ClaimedDate | None = None
    for provenance, raw in claims:
        claim = reading.read(raw, provenance)
        if claim is None:
            continue
        if first is None:
            first = claim
        elif _betters(claim, first):
            return claim
        if first.precision in _PRECISE and not first.zone_assumed:
            return first
    return first


def _betters(claim: ClaimedDate, first: ClaimedDate) -> bool:
    """Whether `claim` tells of the same moment as `first` and more exactly (time of day, or the zone)."""
    near = abs(claim.at - first.at) <= timedelta(hours=36)
    if first.precision in _PRECISE:
        same_clock = abs(claim.at - first.at) <= timedelta(hours=14) and not claim.zone_assumed
        return same_clock and claim.precision in _PRECISE and claim.raw[11:16] == first.raw[11:16]
    return near and _ORDER[claim.precision] < _ORDER[first.precision]


def published_claims(
    statement_date: str | None, metas: dict[str, str], elements: list[tuple[str, str]], url: str
) -> list[tuple[str, str]]:
    """(provenance, raw) for publication, the most trusted first."""
    claims = [("jsonld", statement_date)] if statement_date else []
    claims += [(f"meta:{name}", metas[name]) for name in _PUBLISHED_METAS.split() if name in metas]
    claims += elements
    if found := _URL_DATE.search(url):
        claims.append(("url", f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}"))
    return claims


def modified_claims(statement_date: str | None, metas: dict[str, str]) -> list[tuple[str, str]]:
    """(provenance, raw) for the last change."""
    claims = [("jsonld", statement_date)] if statement_date else []
    return claims + [(f"meta:{name}", metas[name]) for name in _MODIFIED_METAS.split() if name in metas]


def visible_claims(
    blocks: tuple[Block, ...], first: int, last: int, headline: int, reading: Reading
) -> list[tuple[str, str]]:
    """Dates printed around the headline: `time` elements with their machine-readable value, then marked lines.

    What tells the time of the visit (`_is_clock`) is left out. `headline` is the index of its block, -1 where unknown.
    """
    machine: list[tuple[str, str]] = []
    printed: list[tuple[str, str]] = []
    seen: set[int] = set()
    for block in blocks[first:last]:
        if "related" in block.marks or "comments" in block.marks:
            continue
        element = block.element
        if id(element) not in seen:
            seen.add(id(element))
            machine += [("time", value) for value in _machine_times(element)]
        if len(block.text) <= _MAX_VISIBLE and _DIGIT.search(block.text) and not _is_clock(block, headline, reading):
            printed.append(("text", block.text))
    return machine + sorted(printed, key=lambda claim: 0)[:8]


def _is_clock(block: Block, headline: int, reading: Reading) -> bool:
    """Whether a line with a date tells the time of the visit (or the weather), not when the story was written."""
    outside = block.index < headline or bool(block.marks & _OUTSIDE)
    running = _RUNNING.search(block.text) is not None
    if outside and (running or _TICKER.search(block.text)):
        return True
    if not (outside or running):
        return False
    claim = reading.read(block.text, "text")
    return (
        claim is not None
        and claim.precision in _PRECISE
        and "relative" not in claim.flags
        and abs(claim.at - reading.fetched_at) <= _JUST_NOW
    )


def _machine_times(element: HtmlElement) -> list[str]:
    found = [element] if element.get("datetime") else []
    found += [child for child in element.iter("time", "abbr") if child is not element]
    return [
        value for child in found if (value := child.get("datetime") or (child.tag == "abbr" and child.get("title")))
    ]


def in_bounds(claim: ClaimedDate | None, fetched_at: datetime) -> bool:
    """No earlier than the first newspapers online could mean, and not in the future by more than a day."""
    return claim is not None and datetime(1900, 1, 1, tzinfo=UTC) <= claim.at <= fetched_at + timedelta(days=1)
