"""Section pages: the links of an HTML page whose URL holds a pattern, in page order, with their text as title."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from lxml import etree

from crawler.discover.entries import MAX_TITLE, LinkList, Reading, clean
from crawler.discover.urls import canonicalise, matches, spell
from crawler.discover.xml_stream import describe
from crawler.records import Link

# Pages list some hundreds of links, portals thousands; beyond this a page is a trap, and reading it costs memory.
MAX_ANCHORS = 200_000
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_SILENT = frozenset(("script", "style", "noscript", "template", "svg"))
_FEED_TYPE = re.compile(r"application/(?:rss|atom|feed|rdf)\+(?:xml|json)|application/json\b", re.I)


@dataclass(slots=True)
class Anchor:
    """One link on the page while it is read. `heading`: it stands in a heading or one stands in it."""

    href: str
    heading: bool
    text: list[str] = field(default_factory=list)
    headline: list[str] = field(default_factory=list)
    hint: str = ""  # its title attribute, or its image's alternative text


class PageReader:
    """Target of lxml's HTML parser: gathers anchors, base, language and the feeds that the page names. It builds no
    tree, so no depth of nesting cuts the page short.
    """

    def __init__(self) -> None:
        self.anchors: list[Anchor] = []
        self.base: str | None = None
        self.language: str | None = None
        self.feeds: list[str] = []
        self._open: Anchor | None = None
        self._headings = 0
        self._silent = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """A start tag."""
        if tag == "a":
            self._open = None
            if attributes.get("href") and len(self.anchors) < MAX_ANCHORS:
                self._open = Anchor(
                    href=attributes["href"], heading=self._headings > 0, hint=attributes.get("title", "")
                )
                self.anchors.append(self._open)
        elif tag in _HEADINGS:
            self._headings += 1
            if self._open is not None:
                self._open.heading = True
        elif tag in _SILENT:
            self._silent += 1
        elif tag == "img" and self._open is not None:
            self._open.hint = self._open.hint or attributes.get("alt", "")
        elif tag == "html":
            self.language = self.language or attributes.get("lang") or attributes.get("xml:lang")
        elif tag == "base" and self.base is None:
            self.base = attributes.get("href")
        elif tag == "link" and len(self.feeds) < 20 and _is_feed(attributes):
            self.feeds.append(attributes["href"])

    def end(self, tag: str) -> None:
        """An end tag."""
        if tag == "a":
            self._open = None
        elif tag in _HEADINGS:
            self._headings = max(0, self._headings - 1)
        elif tag in _SILENT:
            self._silent = max(0, self._silent - 1)

    def data(self, text: str) -> None:
        """Text."""
        if self._open is not None and not self._silent:
            self._open.text.append(text)
            if self._headings:
                self._open.headline.append(text)

    def close(self) -> PageReader:
        """End of the page."""
        return self


def read_page(pieces: Iterable[bytes]) -> tuple[PageReader, str | None]:
    """What stands in a page given as UTF-8 pieces, and what the parser could not get over (None as a rule)."""
    page = PageReader()
    parser = etree.HTMLParser(target=cast(Any, page), encoding="utf-8", no_network=True, huge_tree=False)
    fault = None
    try:
        for piece in pieces:
            parser.feed(piece)
        parser.close()
    except etree.XMLSyntaxError as error:
        fault = describe(error)
    return page, fault


def read_section(page: PageReader, reading: Reading, link_pattern: str | None) -> LinkList:
    """The links of a page that `link_pattern` is found in (all, where it is None), without the page itself.

    Where a page links a story several times (picture, headline, "read more"), the text in a heading is its title, else
    the longest.
    """
    base = find_base(page, reading)
    own = canonicalise(reading.url)
    titles: dict[str, tuple[bool, str]] = {}
    addresses: dict[str, str] = {}
    for anchor in page.anchors:
        spelt = spell(anchor.href, base)
        if spelt is None or spelt[1] == own or (link_pattern is not None and not matches(link_pattern, spelt[1])):
            continue
        addresses.setdefault(spelt[1], spelt[0])
        found, before = _read_title(anchor), titles.get(spelt[1], (False, ""))
        if (found[0], len(found[1])) > (before[0], len(before[1])):
            titles[spelt[1]] = found
    links = LinkList(reading)
    for canonical, url in addresses.items():
        title = titles.get(canonical, (False, ""))[1]
        links.add_link(Link(url=url, canonical=canonical, title=title or None))
    return links


def find_base(page: PageReader, reading: Reading) -> str:
    """What relative links of the page are joined to: its base element's address, or its own."""
    spelt = spell(page.base, reading.url) if page.base else None
    return spelt[0] if spelt is not None else reading.url


def _read_title(anchor: Anchor) -> tuple[bool, str]:
    """(whether it is a headline, text) of a link; without text of its own, what it is called."""
    headline = " ".join("".join(anchor.headline).split())
    text = " ".join("".join(anchor.text).split())
    if anchor.heading and (headline or text):
        return True, clean(headline or text, MAX_TITLE) or ""
    return False, clean(text or " ".join(anchor.hint.split()), MAX_TITLE) or ""


def _is_feed(attributes: dict[str, str]) -> bool:
    names_feed = "alternate" in attributes.get("rel", "").lower() and _FEED_TYPE.match(attributes.get("type", ""))
    return bool(names_feed and attributes.get("href"))
