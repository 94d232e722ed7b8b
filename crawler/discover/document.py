"""The door of discovery: the bytes of a feed, sitemap or section page become a `Discovery`, whatever they are."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from crawler.discover.broken_feeds import MAX_LOOSE, read_broken_feed
from crawler.discover.charsets import find_charset, read_pieces
from crawler.discover.entries import LinkList, Reading, clean
from crawler.discover.feeds import read_feed
from crawler.discover.json_feeds import read_json_feed
from crawler.discover.sections import find_base, read_page, read_section
from crawler.discover.sitemaps import read_sitemap, read_text_sitemap
from crawler.discover.urls import spell
from crawler.discover.xml_stream import repair
from crawler.records import Discovery, DocumentKind

# Decompressed size that is read, the limit of the sitemap protocol; a bomb is cut here.
MAX_UNPACKED = 50 * 1024 * 1024
# How far into a document its root element is sought.
_HEAD = 65_536

Shape = Literal["rss", "rdf", "atom", "sitemap", "json", "html", "addresses", "unknown"]
_SHAPES: dict[str, Shape] = {
    "rss": "rss", "rdf": "rdf", "feed": "atom", "urlset": "sitemap", "sitemapindex": "sitemap", "html": "html",
    "head": "html", "body": "html",
}  # fmt: skip
_SKIPPED = ((b"<?", b"?>"), (b"<!--", b"-->"))
_ROOT = re.compile(rb"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)([^>]*)", re.ASCII)
_VERSION = re.compile(rb"version\s*=\s*[\"']\s*([\d.]+)")
_ENTRY_END = re.compile(rb"</(?:[\w.-]+:)?(?:item|entry)\s*>")
_ADDRESSES = re.compile(rb"\s*https?://\S+\s*(?:[\r\n]|$)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """What the beginning of a document shows: its shape, its dialect, whether it declares entities."""

    shape: Shape
    dialect: str
    entities: bool = False


def read_document(
    body: bytes,
    *,
    url: str,
    kind: DocumentKind,
    content_type: str | None,
    charset: str | None = None,
    timezone: str | None = None,
    link_pattern: str | None = None,
    max_entries: int = 10_000,
) -> Discovery:
    """What a discovery document announces. Never raises, whatever the bytes; `malformed` says what is wrong with them.

    `kind` is what was expected at `url`; what it is shows in `dialect`: a feed where a sitemap was expected is read as
    a feed. `content_type` is the HTTP header, `charset` the source's own word, `timezone` (IANA name) that of dates
    without one, `link_pattern` what a section page's links must hold.
    """
    unpacked, damage = unpack(body)
    found_charset = find_charset(unpacked, setting=charset, content_type=content_type)
    if found_charset not in ("utf-8", "utf-8-sig"):
        unpacked = b"".join(read_pieces(unpacked, found_charset))
    reading = Reading(url=url, max_entries=max_entries, timezone=timezone)
    head = look(unpacked)
    if head.shape in ("rss", "rdf", "atom"):
        found = _read_feed(unpacked, reading, kind, head)
    elif head.shape == "sitemap":
        found = _read_sitemap(unpacked, reading, kind, head)
    elif head.shape == "json":
        links, fault, language = read_json_feed(unpacked.decode("utf-8", "replace").lstrip("\ufeff"), reading)
        found = _discover(kind, head.dialect, links, fault, language=language)
    elif head.shape == "addresses" and kind is not DocumentKind.SECTION:
        found = _discover(kind, "sitemap", read_text_sitemap(unpacked.decode("utf-8", "replace"), reading), None)
    elif head.shape == "html" or kind is DocumentKind.SECTION:
        found = _read_html(unpacked, reading, kind, link_pattern)
    else:
        found = Discovery(kind=kind, dialect="unknown", malformed=_describe_unknown(unpacked, kind))
    return _finish(found, found_charset, damage, head)


def unpack(body: bytes) -> tuple[bytes, str | None]:
    """The content of a gzip file (told by its first bytes; all members), or `body`; and what was wrong with it.

    At most `MAX_UNPACKED` bytes come out; what came before a fault is kept.
    """
    if not body.startswith(b"\x1f\x8b"):
        return body, None
    pieces: list[bytes] = []
    room, rest, damage = MAX_UNPACKED, body, None
    while rest.startswith(b"\x1f\x8b") and room > 0:
        inflater = zlib.decompressobj(wbits=31)
        try:
            pieces.append(inflater.decompress(rest, room))
        except zlib.error as error:
            return b"".join(pieces), f"a damaged gzip file ({error})"
        room -= len(pieces[-1])
        if not inflater.eof and not inflater.unconsumed_tail and room > 0:
            damage = "a gzip file that ends too early"
            break
        rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    if room <= 0 and rest:
        damage = f"more than {MAX_UNPACKED // 1024 // 1024} MiB when unpacked: cut there"
    return b"".join(pieces), damage


def look(document: bytes) -> Head:
    """What kind of document these UTF-8 bytes are, by their first element.

    >>> look(b'<?xml version="1.0"?><!-- x --><rss version="0.91">').dialect
    'rss0.9'
    """
    start = document[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n\x00")
    if start.startswith((b"{", b"[")):
        return Head(shape="json", dialect="json")
    entities = False
    # Anything but the known roots may be junk before the document (a warning of the server's): look on.
    for name, attributes, doctype in _list_elements(start):
        entities = entities or b"<!ENTITY" in doctype
        shape = "html" if doctype[9:].strip().lower().startswith(b"html") else _SHAPES.get(name)
        if shape is not None:
            return Head(shape=shape, dialect=_find_dialect(name, shape, attributes, start), entities=entities)
    if _ADDRESSES.match(start):
        return Head(shape="addresses", dialect="sitemap")
    is_html = re.search(rb"<(?:div|p|a|table|script|meta|title|br)\b", start, re.I)
    return Head(shape="html", dialect="html") if is_html else Head(shape="unknown", dialect="unknown")


def _list_elements(start: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """(local name in lower case, attributes, doctype before it) of the first few elements; comments are passed over."""
    position, doctype = 0, b""
    for _ in range(50):
        position = start.find(b"<", position)
        if position < 0:
            return
        closing = next((end for begin, end in _SKIPPED if start.startswith(begin, position)), None)
        if closing is not None:
            position = _find_end(start, closing, position)
        elif start[position : position + 9].upper() == b"<!DOCTYPE":
            subset = start.find(b"[", position, _find_end(start, b">", position))
            end = _find_end(start, b"]", subset) if subset >= 0 else position
            end = _find_end(start, b">", end)
            doctype, position = start[position:end], end
            if doctype[9:].strip().lower().startswith(b"html"):
                yield "", b"", doctype
        elif (match := _ROOT.match(start, position)) is not None:
            yield match[1].decode("ascii").lower(), match[2], doctype
            position = match.end()
        else:
            position += 1


def _find_end(start: bytes, closing: bytes, position: int) -> int:
    found = start.find(closing, position)
    return len(start) if found < 0 else found + len(closing)


def _find_dialect(name: str, shape: Shape, attributes: bytes, start: bytes) -> str:
    if shape == "rss":
        version = _VERSION.search(attributes)
        return "rss0.9" if version is not None and version[1].startswith(b"0.9") else "rss2"
    if shape == "rdf":
        return "rss0.9" if b"netscape.com/rdf/simple/0.9" in start[:4096] else "rss1"
    return {"atom": "atom", "html": "html"}.get(shape, name)


def _slice(document: bytes) -> Iterator[bytes]:
    return read_pieces(document, "utf-8")


def _read_feed(document: bytes, reading: Reading, kind: DocumentKind, head: Head) -> Discovery:
    atom = head.shape == "atom"
    links, stream = read_feed(_slice(document), reading, atom=atom)
    language = stream.language or stream.root_language
    fault = stream.broken
    # A second reading costs more than the first; it is for documents that hold more entries than were found.
    if fault is not None and not head.entities and len(_ENTRY_END.findall(document)) > links.seen:
        others, loose_language = _reread(b"".join(_slice(document)), reading, atom=atom)
        language = language or loose_language
        if len(others) > len(links):
            links = others
    return _discover(kind, head.dialect, links, f"not well-formed XML: {fault}" if fault else None, language=language)


def _reread(document: bytes, reading: Reading, *, atom: bool) -> tuple[LinkList, str | None]:
    if len(document) <= MAX_LOOSE and (loose := read_broken_feed(document, reading)) is not None:
        return loose
    links, stream = read_feed(_slice(repair(document)), reading, atom=atom, recover=True)
    return links, stream.language


def _read_sitemap(document: bytes, reading: Reading, kind: DocumentKind, head: Head) -> Discovery:
    sitemap = read_sitemap(_slice(document), reading)
    fault = sitemap.broken
    if fault is not None and not head.entities:
        mended = read_sitemap(_slice(repair(document)), reading, recover=True)
        if len(mended.links) + len(mended.children) > len(sitemap.links) + len(sitemap.children):
            sitemap = mended
    sitemap.links.over_cap += sitemap.over_cap
    dialect = "sitemapindex" if head.dialect == "sitemapindex" else "newssitemap" if sitemap.news else "sitemap"
    found = _discover(kind, dialect, sitemap.links, f"not well-formed XML: {fault}" if fault else None)
    return replace(found, children=sitemap.children)


def _read_html(document: bytes, reading: Reading, kind: DocumentKind, link_pattern: str | None) -> Discovery:
    page, fault = read_page(_slice(document))
    if kind is DocumentKind.SECTION:
        links = read_section(page, reading, link_pattern)
        return _discover(kind, "html", links, fault, language=page.language)
    base = find_base(page, reading)
    feeds = [spelt[0] for feed in page.feeds if (spelt := spell(feed, base)) is not None]
    named = f"; it names {', '.join(dict.fromkeys(feeds[:3]))}" if feeds else ""
    return Discovery(kind=kind, dialect="html", malformed=f"an HTML page where a {kind} was expected{named}")


def _discover(
    kind: DocumentKind, dialect: str, links: LinkList, fault: str | None, *, language: str | None = None
) -> Discovery:
    return Discovery(
        kind=kind,
        dialect=dialect,
        links=links.links,
        over_cap=links.over_cap,
        malformed=_join(fault, f"{links.unusable} entries without a usable address" if links.unusable else None),
        language=clean(language, 35),
    )


def _describe_unknown(document: bytes, kind: DocumentKind) -> str:
    if not document.strip():
        return f"nothing where a {kind} was expected"
    beginning = document[:60].decode("utf-8", "replace")
    return f"neither feed, sitemap nor page where a {kind} was expected; it begins with {beginning!r}"


def _join(*faults: str | None) -> str | None:
    return "; ".join(fault for fault in faults if fault) or None


def _finish(found: Discovery, charset: str, damage: str | None, head: Head) -> Discovery:
    entities = "entities in its DOCTYPE, which are not expanded" if head.entities else None
    return replace(found, charset=charset, malformed=_join(damage, entities, found.malformed))
