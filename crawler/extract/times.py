"""Where on a page its dates stand: JSON-LD, meta, time elements, visible lines, the URL; and which is believed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from lxml.html import HtmlElement

from crawler.extract.around import is_elsewhere
from crawler.extract.dates import find_dates, read_date
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
_URL_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)(?:([/\-_])(0?[1-9]|1[0-2])\2(0?[1-9]|[12]\d|3[01])"
    r"|[/\-_]?(0[1-9]|1[0-2])[/\-_]?(0[1-9]|[12]\d|3[01])|/([a-z]{3})/(0?[1-9]|[12]\d|3[01]))(?!\d)"
)
_PRECISE = frozenset({"second", "minute", "hour"})
_ORDER = {"second": 0, "minute": 1, "hour": 2, "day": 3, "month": 4, "year": 5}
_MAX_VISIBLE = 160
_MAX_PRINTED = 8
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
_NUMBER = re.compile(r"\W*\d{6,}\W*")  # an id, not a printed date
_EMPTY_STAMP = datetime(1970, 1, 1, tzinfo=UTC)  # what software writes where it has no date
_DOUBTS = frozenset({"estimated", "relative", "ambiguous"})
_SIGHTING_DAYS = 3  # a sighted moon and the civil calendar differ by two days at most; one more for the zone
_FIRST_PAGE = 1990
# What a printed date is said to be the date of; the words are looked for in the line, the date behind them.
_UPDATED = re.compile(
    r"\b(?:last\s+)?(?:updated?|modified|edited)\b|\baktualisiert|\bgeändert|\bmise?\s+à\s+jour|\b(?:actuali[sz]|atualiz|aggiorna|modifi[ck])\w+"
    r"|\bgüncelle\w*|обновлен|изменен|\b(?:opp|upp|op)datere?[tda]\w*|\bbijgewerkt|zaktualizowan\w+|(?:آخر\s+)?(?:ال)?تحديث|آخر\s+تعديل"
    r"|به‌?روزرسانی|更新|수정",
    re.IGNORECASE,
)
_ISSUED = re.compile(
    r"\b(?:first\s+)?(?:publi[sc]\w*|pubblicat\w+|publié\w*|posted|created|issued)|\b(?:erstellt|veröffentlicht)|\byayın\w*|опубликован"
    r"|(?:ال)?نشر|نُشر|تاريخ\s+(?:الإضافة|الخبر)|أ?ضيف|انتشار|公開|掲載|입력|등록",
    re.IGNORECASE,
)


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
    """The first claim that can be read; a later one of the same day that knows the time of day betters it.

    What is only converted, counted back or read in one of two orders gives way to a later claim that says it outright.
    """
    first: ClaimedDate | None = None
    for provenance, raw in claims:
        claim = reading.read(raw, provenance)
        if claim is None or abs(claim.at - _EMPTY_STAMP) < timedelta(days=1) or _is_history(claim):
            continue
        if first is None or _settles(claim, first):
            first = claim
        elif _betters(claim, first):
            return claim
        if first.precision in _PRECISE and not first.zone_assumed and not _DOUBTS.intersection(first.flags):
            return first
    return first


def _is_history(claim: ClaimedDate) -> bool:
    """Whether a printed day is older than the web: a story tells of it, or two numbers ran together."""
    return claim.provenance == "text" and claim.at.year < _FIRST_PAGE


def _settles(claim: ClaimedDate, first: ClaimedDate) -> bool:
    """Whether `claim` is sure of what `first` leaves in doubt: the day sighted, the year left out, the order."""
    if not _DOUBTS.intersection(first.flags) or _DOUBTS.intersection(claim.flags):
        return False
    if claim.provenance == "url" or claim.provenance.startswith("meta"):
        return True
    days = abs(claim.at - first.at).days
    if "estimated" in first.flags:
        return days <= _SIGHTING_DAYS
    if "ambiguous" in first.flags:
        return (claim.at.year, claim.at.month, claim.at.day) == (first.at.year, first.at.day, first.at.month)
    return claim.at.year < first.at.year and (claim.at.month, claim.at.day) == (first.at.month, first.at.day)


def _betters(claim: ClaimedDate, first: ClaimedDate) -> bool:
    """Whether `claim` tells of the same moment as `first` and more exactly (time of day, or the zone)."""
    near = abs(claim.at - first.at) <= timedelta(hours=36)
    if first.precision in _PRECISE:
        same_clock = abs(claim.at - first.at) <= timedelta(hours=14) and not claim.zone_assumed
        return same_clock and claim.precision in _PRECISE and claim.raw[11:16] == first.raw[11:16]
    return near and _ORDER[claim.precision] < _ORDER[first.precision]


@dataclass(frozen=True, kw_only=True, slots=True)
class Visible:
    """(provenance, raw) of the dates printed around the headline, and of those said to be an update's."""

    published: tuple[tuple[str, str], ...] = ()
    updated: tuple[tuple[str, str], ...] = ()


def published_claims(
    statement_date: str | None, metas: dict[str, str], visible: Callable[[], Visible], url: str
) -> Iterator[tuple[str, str]]:
    """(provenance, raw) for publication, the most trusted first; an update's date where there is no other.

    `visible` is asked only once what is stated for machines does not do.
    """
    if statement_date:
        yield "jsonld", statement_date
    yield from ((f"meta:{name}", metas[name]) for name in _PUBLISHED_METAS.split() if name in metas)
    yield from visible().published
    if found := _URL_DATE.search(url):
        year, _, *parts = found.groups()
        if parts[4]:
            yield "url", f"{parts[5]} {parts[4]} {year}"
        else:
            yield "url", f"{year}-{parts[0] or parts[2]}-{parts[1] or parts[3]}"
    yield from visible().updated


def modified_claims(
    statement_date: str | None, metas: dict[str, str], visible: Callable[[], Visible]
) -> Iterator[tuple[str, str]]:
    """(provenance, raw) for the last change."""
    if statement_date:
        yield "jsonld", statement_date
    yield from ((f"meta:{name}", metas[name]) for name in _MODIFIED_METAS.split() if name in metas)
    yield from visible().updated


def visible_claims(blocks: tuple[Block, ...], first: int, last: int, headline: int, reading: Reading) -> Visible:
    """Dates printed around the headline: `time` elements with their machine-readable value, then lines with digits.

    Left out are the headline's own words and what tells the time of the visit (`_is_clock`). `headline` is the index of
    its block, -1 where unknown.
    """
    machine: list[tuple[str, str]] = []
    printed: list[tuple[str, str]] = []
    updated: list[tuple[str, str]] = []
    seen: set[int] = set()
    for block in blocks[first:last]:
        if is_elsewhere(block, headline):
            continue
        short = len(block.text) <= _MAX_VISIBLE
        dated = short and _DIGIT.search(block.text) is not None
        times = [] if id(block.element) in seen else [("time", value) for value in _machine_times(block.element)]
        seen.add(id(block.element))
        issued, changed = split_update(block.text) if short and (dated or times) else (block.text, "")
        (updated if changed and not _DIGIT.search(issued) else machine).extend(times)
        if not dated or block.index == headline or _NUMBER.fullmatch(block.text):
            continue
        if not _is_clock(block, headline, reading):
            printed += [("text", issued)] if _DIGIT.search(issued) else []
            updated += [("text", changed)] if _DIGIT.search(changed) else []
    return Visible(published=tuple(machine + printed[:_MAX_PRINTED]), updated=tuple(updated))


def split_update(line: str) -> tuple[str, str]:
    """What a date line says of publication, and what of the last change; each may be empty.

    A change told by the hour alone, on the day of publication, leaves the line as it is.

    >>> split_update("Published: 3 May 2024 Last updated: 5 May 2024")
    ('Published: 3 May 2024', 'Last updated: 5 May 2024')
    """
    changes = [found.start() for found in _UPDATED.finditer(line)]
    if not changes:
        return line, ""
    issues = [found.start() for found in _ISSUED.finditer(line)]
    cuts = sorted({0, *changes, *issues, len(line)})
    parts: tuple[list[str], list[str]] = ([], [])
    for start, end in pairwise(cuts):
        parts[start in changes].append(line[start:end])
    issued, changed = (" ".join(part).strip(" |·•-–—،,(/") for part in parts)
    return (issued, changed) if find_dates(changed) or not find_dates(issued) else (line, "")


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
