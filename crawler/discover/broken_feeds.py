"""Feeds that are not well-formed XML, read by feedparser into the same `Entry` records as `feeds` makes of others.

feedparser is 65 times slower than lxml (measured), so it sees malformed feeds only, and only up to a size.
"""

from __future__ import annotations

import io
import re
from typing import Any
from xml.sax.saxutils import escape

from crawler.discover.entries import Entry, LinkList, Reading, read_name
from crawler.discover.xml_stream import repair

# Ordinary feeds take feedparser 0.65 s a MiB, the most hostile ones tried (half a million open tags) 3.5 s (measured):
# some seconds at most. Larger ones are mended and read by lxml.
MAX_LOOSE = 2 * 1024 * 1024

# What feedparser's handlers raise when tags come in an order they do not expect (a stray end tag is a KeyError; found
# with hypothesis): it names no error of its own.
_STUMBLES = (LookupError, AttributeError, TypeError, ValueError, AssertionError, ArithmeticError, RecursionError)

_LAST_OPEN = re.compile(rb".*<(?:[\w.-]+:)?(item|entry)[\s>]", re.S)
_VOID_END = re.compile(r"</(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)>")


def read_broken_feed(document: bytes, reading: Reading) -> tuple[LinkList, str | None] | None:
    """The links of a malformed feed in UTF-8, and the feed's language; None where feedparser cannot read it either.

    The last entry is left out where the document ends within it: its address may be cut.
    """
    try:
        parsed = _parse_loosely(document)
    except _STUMBLES:
        return None
    entries = list(parsed["entries"])
    if ends_within_entry(document):
        entries = entries[:-1]
    found = LinkList(reading)
    atom = str(parsed.get("version", "")).startswith("atom")
    for entry in entries:
        found.add(_read_entry(entry, reading.url, atom=atom))
    return found, dict.get(parsed["feed"], "language")


def _parse_loosely(document: bytes) -> Any:
    import feedparser  # 60 ms to import, and most processes never meet a malformed feed

    return feedparser.parse(  # type: ignore[attr-defined, no-untyped-call]
        io.BytesIO(repair(document)),  # a stream: of bytes feedparser would first try to open a file of that name
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def ends_within_entry(document: bytes) -> bool:
    """Whether a feed's text ends before the end tag of its last entry.

    >>> ends_within_entry(b"<rss><item>a</item><item>b"), ends_within_entry(b"<rss><item>a</item>")
    (True, False)
    """
    match = _LAST_OPEN.match(document)
    return match is not None and re.search(rb"</(?:[\w.-]+:)?%b\s*>" % match[1], document[match.end() :]) is None


def _read_entry(entry: Any, url: str, *, atom: bool) -> Entry:
    """One of feedparser's entries, asked as a plain dict: its own look-up answers for one key with another."""

    def get(key: str) -> Any:
        return dict.get(entry, key)

    contents = [one for one in get("content") or () if not one.get("src")]
    # Without a description feedparser fills in the content as summary.
    summary = get("summary") if get("summary_detail") else None
    published, changed = get("published"), get("updated")
    if not atom and not published:
        published, changed = changed, None
    return Entry(
        link=get("feedburner_origlink") or get("link") or "",
        base=(get("title_detail") or {}).get("base") or url,
        guid=get("id"),
        title=get("title"),
        plain_title=atom and _is_plain(get("title_detail")),
        summary=summary,
        plain_summary=atom and _is_plain(get("summary_detail")),
        content=_read_content(contents[0]) if contents else None,
        authors=tuple(read_name(one.get("name") or "") for one in get("authors") or ()),
        published=published,
        modified=changed,
        language=get("language"),
        tags=tuple(one.get("label") or one.get("term") or "" for one in get("tags") or ()),
    )


def _is_plain(detail: Any) -> bool:
    return bool(detail) and detail.get("type") == "text/plain"


def _read_content(content: Any) -> str:
    value: str = content.get("value") or ""
    if content.get("type") == "application/xhtml+xml":
        return _VOID_END.sub("", value)
    return escape(value) if content.get("type") == "text/plain" else value
