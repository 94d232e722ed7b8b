"""Sitemaps, sitemap indexes and news sitemaps, streamed; of one beyond the cap the newest entries are kept."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from lxml import etree

from crawler.discover.dates import parse_date
from crawler.discover.entries import Entry, LinkList, Reading
from crawler.discover.urls import spell
from crawler.discover.xml_stream import ElementStream, local_name

T = TypeVar("T")

_UNDATED = datetime(1, 1, 1, tzinfo=UTC)
_KEYWORDS = re.compile(r"[,،;]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sitemap:
    """What a sitemap held: links, or children (newest first) where it is an index; and how it was read."""

    links: LinkList
    children: tuple[str, ...]
    over_cap: int
    news: bool
    broken: str | None


class Newest(Generic[T]):
    """The `most` newest of what is put in, given back in the order it came; of equal age, what came first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._heap: list[tuple[datetime, int, T]] = []
        self._count = 0

    def put(self, at: datetime | None, value: T) -> None:
        """Put in `value`, dated `at`."""
        self._count += 1
        item = (at or _UNDATED, -self._count, value)  # the number is unique, so values are never compared
        if len(self._heap) < self._most:
            heapq.heappush(self._heap, item)
        else:
            heapq.heappushpop(self._heap, item)

    @property
    def dropped(self) -> int:
        """How many were put in and are no longer here."""
        return self._count - len(self._heap)

    def in_order(self) -> list[T]:
        """What is kept, in the order it came."""
        return [value for _at, _number, value in sorted(self._heap, key=lambda item: -item[1])]

    def newest_first(self) -> list[T]:
        """What is kept, newest first; undated last; of equal age, what came first."""
        return [value for _at, _number, value in sorted(self._heap, key=lambda item: item[:2], reverse=True)]


def read_sitemap(pieces: Iterable[bytes], reading: Reading, *, recover: bool = False) -> Sitemap:
    """The links and children of a sitemap given as UTF-8 pieces."""
    entries: Newest[Entry] = Newest(reading.max_entries)
    children: Newest[str] = Newest(reading.max_entries)
    news, unusable = False, 0
    stream = ElementStream(pieces, ("url", "sitemap"), recover=recover)
    for element in stream:
        if local_name(element) == "sitemap":
            values = _read_values(element)
            spelt = spell(values.get("loc", "").replace("&amp;", "&"), reading.url)
            if spelt is None:
                unusable += 1
            else:
                children.put(_find_age(reading, values.get("lastmod")), spelt[0])
        else:
            entry, is_news = _read_entry(element, reading.url)
            news = news or is_news
            entries.put(_find_age(reading, entry.published, entry.modified), entry)
    links = LinkList(reading)
    for entry in entries.in_order():
        links.add(entry)
    links.unusable += unusable
    return Sitemap(
        links=links,
        children=tuple(dict.fromkeys(children.newest_first())),
        over_cap=entries.dropped + children.dropped,
        news=news,
        broken=stream.broken,
    )


def read_text_sitemap(text: str, reading: Reading) -> LinkList:
    """The links of a sitemap that is a list of addresses, one a line."""
    found = LinkList(reading)
    for line in text.splitlines():
        if line.strip():
            found.add(Entry(link=line, base=reading.url, provenance="sitemap"))
    return found


def _read_values(element: etree._Element) -> dict[str, str]:
    """Texts of the direct children by local name; of several the first."""
    values: dict[str, str] = {}
    for child in element:
        if child.text:
            values.setdefault(local_name(child), child.text.strip())
    return values


def _read_entry(element: etree._Element, url: str) -> tuple[Entry, bool]:
    """An entry of a sitemap, and whether it carries news:*."""
    values = _read_values(element)
    # The element may be in either spelling of its namespace or in none; its name and place say enough.
    news = next((child for child in element if local_name(child) == "news"), None)
    told = _read_values(news) if news is not None else {}
    publication = (
        next((child for child in news if local_name(child) == "publication"), None) if news is not None else None
    )
    keywords = [word.strip() for word in _KEYWORDS.split(told.get("keywords", ""))]
    entry = Entry(
        link=values.get("loc", ""),
        base=url,
        provenance="sitemap",
        title=told.get("title"),
        published=told.get("publication_date"),
        modified=values.get("lastmod"),
        language=_read_values(publication).get("language") if publication is not None else None,
        tags=tuple(word for word in keywords if word),
    )
    return entry, news is not None


def _find_age(reading: Reading, *raw: str | None) -> datetime | None:
    """The latest of the dates given."""
    dates = (parse_date(one, provenance="sitemap", timezone=reading.timezone) for one in raw)
    return max((date.at for date in dates if date is not None), default=None)
