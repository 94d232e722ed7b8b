"""What a feed or sitemap says of one story, made into a `Link`; and the list of such links, capped, none twice."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from sys import intern

from crawler.discover.dates import parse_date
from crawler.discover.urls import spell
from crawler.records import Link

# Caps in characters and in numbers. Longer is a broken or hostile document; a full article's markup is below 300,000.
MAX_TITLE, MAX_SUMMARY, MAX_CONTENT, MAX_NAME, MAX_GUID = 1_000, 20_000, 500_000, 200, 4_096
MAX_NAMES, MAX_TAGS = 50, 100

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<![^<>]*>")
_BREAK = re.compile(r"</?(?:p|div|br|li|ul|ol|tr|td|th|h[1-6]|blockquote|figure|figcaption)\b[^<>]*>", re.I)
_BLOCK = re.compile(r"<(?:p|br|div|h[1-6]|ul)\b", re.I)
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How a document is read: where it lay, how many links are taken, and the zone of dates that name none."""

    url: str
    max_entries: int
    timezone: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One entry as the document wrote it, whatever its dialect. `content` is HTML; so are title and summary, unless
    `plain_title` and `plain_summary` say that they are text. `base` is what relative links are joined to.
    """

    link: str
    base: str
    provenance: str = "feed"
    guid: str | None = None
    title: str | None = None
    plain_title: bool = False
    summary: str | None = None
    plain_summary: bool = False
    content: str | None = None
    authors: tuple[str, ...] = ()
    published: str | None = None
    modified: str | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()


class LinkList:
    """Collects links in document order: up to the cap, each canonical URL once, the rest counted."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._links: dict[str, Link] = {}
        self.over_cap = 0
        self.unusable = 0
        self.seen = 0  # entries put in, whatever became of them

    def __len__(self) -> int:
        return len(self._links)

    @property
    def links(self) -> tuple[Link, ...]:
        """What was taken."""
        return tuple(self._links.values())

    @property
    def is_full(self) -> bool:
        """Whether further entries are only counted; they need not be read then."""
        return len(self._links) >= self._reading.max_entries

    def skip(self) -> None:
        """Count an entry beyond the cap."""
        self.seen += 1
        self.over_cap += 1

    def add(self, entry: Entry) -> None:
        """Take an entry; one whose link cannot be crawled is counted as unusable."""
        if self.is_full:
            self.skip()
            return
        self.seen += 1
        link = make_link(entry, self._reading.timezone)
        if link is None:
            self.unusable += 1
        else:
            self._links.setdefault(link.canonical, link)

    def add_link(self, link: Link) -> None:
        """Take a link that is made already."""
        if link.canonical not in self._links and self.is_full:
            self.skip()
        else:
            self.seen += 1
            self._links.setdefault(link.canonical, link)


def make_link(entry: Entry, timezone: str | None) -> Link | None:
    """The `Link` that an entry announces; None where it has no address that can be crawled.

    Without a link of its own the entry's guid serves, where that is an address. A description with block markup and no
    content beside it is kept as the content as well: many feeds carry the whole article there.
    """
    address = entry.link.strip() or (entry.guid if (entry.guid or "").startswith(("http://", "https://")) else "")
    spelt = spell((address or "").replace("&amp;", "&"), entry.base) if address else None
    if spelt is None:
        return None
    content = entry.content
    if not content and entry.summary and not entry.plain_summary and _BLOCK.search(entry.summary):
        content = entry.summary
    published = parse_date(entry.published, provenance=entry.provenance, timezone=timezone)
    modified = parse_date(entry.modified, provenance=entry.provenance, timezone=timezone)
    if published is not None and modified is not None and published.at == modified.at:
        modified = None
    return Link(
        url=spelt[0],
        canonical=spelt[1],
        title=_to_line(entry.title, MAX_TITLE, plain=entry.plain_title),
        summary=_to_line(entry.summary, MAX_SUMMARY, plain=entry.plain_summary),
        content=clean(content, MAX_CONTENT),
        authors=tuple(_list_names(entry.authors, MAX_NAMES)),
        guid=clean(entry.guid, MAX_GUID),
        published=published,
        modified=modified,
        language=_to_line(entry.language, 35, plain=True),
        tags=tuple(_list_names(entry.tags, MAX_TAGS)),
    )


def clean(text: str | None, most: int) -> str | None:
    """`text` without what PostgreSQL cannot keep (NUL, lone surrogates), stripped and cut; None where nothing is left.

    >>> clean(" a\\x00b ", 10)
    'ab'
    """
    if not text:
        return None
    if _UNKEEPABLE.search(text):
        text = _UNKEEPABLE.sub(lambda match: "" if match[0] == "\x00" else "\ufffd", text)
    return text.strip()[:most] or None


def strip_markup(text: str) -> str:
    """What a reader sees of a piece of HTML, on one line; text that only looks like HTML stays.

    >>> strip_markup("<p>a &amp; b</p><p>c</p> 1 < 2")
    'a & b c 1 < 2'
    """
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub(" ", text))
    if "&" in text:
        text = html.unescape(text)
    return " ".join(text.split())


def read_name(text: str) -> str:
    """A person's name as RSS writes it, ``desk@x.example (Name)`` or ``Name <desk@x.example>``; "" for a bare address.

    >>> read_name("desk@x.example (Huda)"), read_name("Huda (Reuters)"), read_name("desk@x.example")
    ('Huda', 'Huda (Reuters)', '')
    """
    text = text[: 4 * MAX_NAME]  # the pattern below takes quadratic time
    if "@" not in text or not _MAIL.search(text):
        return text
    return _MAIL.sub("", text).replace("mailto:", "").strip(" \t\r\n()<>[],;")


def _to_line(text: str | None, most: int, *, plain: bool) -> str | None:
    text = clean(text, 4 * most)  # markup is at most a few times its text
    if text is None:
        return None
    return clean(" ".join(text.split()) if plain else strip_markup(text), most)


def _list_names(names: tuple[str, ...], most: int) -> Iterator[str]:
    seen: set[str] = set()
    for name in names[: 4 * most]:
        line = _to_line(name, MAX_NAME, plain=False)
        if line is not None and line not in seen and len(seen) < most:
            seen.add(line)
            yield intern(line)  # the same few names stand in thousands of entries
