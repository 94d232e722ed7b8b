"""RSS 0.9x, 1.0, 2.0 and Atom, streamed: each item or entry becomes an `Entry`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urljoin
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from crawler.discover.entries import Entry, LinkList, Reading, read_name
from crawler.discover.xml_stream import ElementStream, local_name

# Prefixes under which namespaces are known here, whatever a feed calls them; none for those that RSS itself was given.
_PREFIXES = {
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://channel.netscape.com/rdf/simple/0.9/": "",
    "http://backend.userland.com/rss": "",
    "http://backend.userland.com/rss2": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://purl.org/rss/1.0/modules/content/": "content:",
    "http://purl.org/dc/elements/1.1/": "dc:",
    "http://purl.org/dc/terms/": "dcterms:",
    "http://www.w3.org/2005/Atom": "atom:",
    "http://purl.org/atom/ns#": "atom:",
    "http://search.yahoo.com/mrss/": "media:",
    "http://search.yahoo.com/mrss": "media:",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner:",
}
_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_AUTHOR = frozenset(("author", "dc:creator", "dc:author"))
_SUBJECT = frozenset(("category", "dc:subject"))
# Beside a date of publication these say when the item was changed; alone, they are that date.
_CHANGED = frozenset(("dc:date", "dcterms:modified", "atom:updated"))
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905

Parts = dict[str, list[etree._Element]]


def read_feed(
    pieces: Iterable[bytes], reading: Reading, *, atom: bool, recover: bool = False
) -> tuple[LinkList, ElementStream]:
    """The links of a feed given as UTF-8 pieces, and the stream, which knows how it ended and the feed's language."""
    stream = ElementStream(pieces, ("entry",) if atom else ("item",), recover=recover)
    found = LinkList(reading)
    for element in stream:
        if found.is_full:
            found.skip()
        else:
            found.add(read_atom_entry(element, reading.url) if atom else read_rss_item(element, reading.url))
    return found, stream


def read_rss_item(item: etree._Element, url: str) -> Entry:
    """The `Entry` of an RSS item, its extensions included."""
    named = _name_parts(item, etree.QName(item).namespace)
    parts = _sort_parts(named)
    link = _first(parts, "feedburner:origLink", "link") or _find_alternate(parts, "link", "atom:link")
    published = _first(parts, "pubDate", "pubdate", "dcterms:issued", "atom:published")
    changes = [part for name, part in named if name in _CHANGED]
    changed = _text(changes[-1]) if changes else None
    return Entry(
        link=link,
        base=_find_base(item, link, url),
        guid=_first(parts, "guid", "atom:id") or item.get(_RDF_ABOUT),
        title=_first(parts, "title", "dc:title", "media:title"),
        summary=_first(parts, "description", "dc:description", "media:description") or None,
        content=_first(parts, "content:encoded") or None,
        authors=tuple(read_name(_text(part)) for name, part in named if name in _AUTHOR),
        published=published or changed,
        modified=changed if published else None,
        language=_first(parts, "dc:language", "language"),
        tags=tuple(_text(part) for name, part in named if name in _SUBJECT),
    )


def read_atom_entry(entry: etree._Element, url: str) -> Entry:
    """The `Entry` of an Atom entry (1.0, and 0.3 by its names for dates)."""
    parts = {name.removeprefix("atom:"): found for name, found in _sort_parts(_name_parts(entry, None)).items()}
    link = _first(parts, "feedburner:origLink") or _find_alternate(parts, "link")
    title = parts.get("title", [None])[0]
    summary = parts.get("summary", [None])[0]
    contents = [part for part in parts.get("content", []) if part.get("src") is None]
    return Entry(
        link=link,
        base=_find_base(entry, link, url),
        guid=_first(parts, "id"),
        title=_markup(title),
        plain_title=_is_plain(title),
        summary=_markup(summary),
        plain_summary=_is_plain(summary),
        content=_as_html(contents[0]) if contents else None,
        authors=tuple(
            _text(name) for author in parts.get("author", []) for name in author if local_name(name) == "name"
        ),
        published=_first(parts, "published", "issued", "dcterms:issued"),
        modified=_first(parts, "updated", "modified", "dc:date", "dcterms:modified"),
        language=_first(parts, "dc:language"),
        tags=tuple(part.get("label") or part.get("term") or "" for part in parts.get("category", []))
        + tuple(map(_text, parts.get("dc:subject", []))),
    )


@lru_cache(maxsize=512)
def _name_tag(tag: str, home: str | None) -> str:
    """``dc:creator`` for ``{http://purl.org/dc/elements/1.1/}creator``; "" for names that are not known here.

    `home` is a namespace that counts as RSS itself: some feeds are given one of their own.
    """
    if tag[0] != "{":
        return tag
    namespace, _, name = tag[1:].partition("}")
    prefix = _PREFIXES.get(namespace, _PREFIXES.get(namespace.lower(), "" if namespace == home else None))
    return "" if prefix is None else prefix + name


def _name_parts(element: etree._Element, home: str | None) -> list[tuple[str, etree._Element]]:
    """The direct children under the names that are known here."""
    return [(_name_tag(part.tag, home), part) for part in element if isinstance(part.tag, str)]


def _sort_parts(named: list[tuple[str, etree._Element]]) -> Parts:
    parts: Parts = {}
    for name, part in named:
        parts.setdefault(name, []).append(part)
    return parts


def _text(element: etree._Element) -> str:
    """The text of an element; markup that stands in it unescaped is kept as markup."""
    if not len(element):
        return (element.text or "").strip()
    return write_inner(element).strip()


def _first(parts: Parts, *names: str) -> str:
    for name in names:
        for element in parts.get(name, ()):
            if text := _text(element):
                return text
    return ""


def _find_alternate(parts: Parts, *names: str) -> str:
    """href of the link to the page itself: rel alternate (or none), HTML before other types."""
    links = [link for name in names for link in parts.get(name, ())]
    pages = [link for link in links if link.get("href") and link.get("rel", "alternate") == "alternate"]
    html = [link for link in pages if link.get("type", "text/html") in ("text/html", "application/xhtml+xml")]
    return next((link.get("href", "") for link in (*html, *pages)), "")


def _find_base(element: etree._Element, link: str, url: str) -> str:
    """What a relative `link` is joined to: the document's address, or what xml:base around it makes of that."""
    if link.startswith(("http://", "https://")):
        return url
    try:
        return urljoin(url, element.base or "")
    except ValueError:
        return url


def _is_plain(element: etree._Element | None) -> bool:
    """Whether an Atom text construct is text; without a type it is (RFC 4287, 3.1.1)."""
    return element is not None and element.get("type", "text") in ("text", "text/plain")


def _markup(element: etree._Element | None) -> str | None:
    """The text or inner markup of an Atom text construct."""
    if element is None:
        return None
    if (
        element.get("type") in ("xhtml", "application/xhtml+xml")
        and len(element) == 1
        and local_name(element[0]) == "div"
    ):
        return write_inner(element[0]).strip()
    return _text(element)


def _as_html(element: etree._Element) -> str | None:
    found = _markup(element)
    return escape(found) if found and _is_plain(element) and not len(element) else found


def write_inner(element: etree._Element) -> str:
    """What lies in an element as HTML, without namespaces.

    >>> write_inner(etree.XML('<d xmlns="http://www.w3.org/1999/xhtml">a &amp; <b class="x">c</b><br/></d>'))
    'a &amp; <b class="x">c</b><br>'
    """
    written = [escape(element.text or "")]
    for event, part in etree.iterwalk(element, events=("start", "end")):
        if part is element:
            continue
        name = local_name(part)
        if event == "start" and name:
            attributes = (f" {key.rpartition('}')[2]}={quoteattr(value)}" for key, value in part.attrib.items())
            written.append(f"<{name}{''.join(attributes)}>{escape(part.text or '')}")
        elif event == "end":
            written.append(f"</{name}>" if name and name not in _VOID else "")
            written.append(escape(part.tail or ""))
    return "".join(written)
