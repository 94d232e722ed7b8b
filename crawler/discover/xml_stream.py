"""The elements of an XML document one by one, in little memory, without entities, network or trust."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.entities import html5
from typing import cast

from lxml import etree

# An element that is open for longer than this holds no news; it bounds the tree at some 100 MB of tiny elements.
MAX_OPEN = 2 * 1024 * 1024
# Local names of the elements that hold entries.
ROOTS = ("rss", "RDF", "feed", "urlset", "sitemapindex")
_HOLDERS = frozenset((*ROOTS, "channel"))

_ILL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]|\xed[\xa0-\xbf][\x80-\xbf]")
_REFERENCE = re.compile(
    rb"<!\[CDATA\[.*?\]\]>|&(#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)?", re.S
)
_NAMED = {b"amp;": b"&#38;", b"lt;": b"&#60;", b"gt;": b"&#62;", b"quot;": b"&#34;", b"apos;": b"&#39;"}


class ElementStream:
    """Iterates over the elements of `names` (local names) that lie directly below the root or a channel.

    What was yielded, and whatever else is closed, is dropped from the tree as reading goes on. `broken` says after the
    last element how the document ended before its time, None where it is well-formed; `language` is what the root or
    channel says. With `recover` reading goes on past faults (elements that the end of the document closed are left out:
    they are cut, and a cut address is another address).
    """

    def __init__(self, pieces: Iterable[bytes], names: tuple[str, ...], *, recover: bool = False) -> None:
        self._pieces = pieces
        self._names = frozenset(names)
        self._recover = recover
        # Entity declarations are not acted on: nothing external is opened, nothing is expanded, see also huge_tree.
        self._parser = etree.XMLPullParser(
            events=("start", "end"),
            tag=[f"{{*}}{name}" for name in (*ROOTS, *names, "language")],
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
            recover=recover,
        )
        self._root: etree._Element | None = None
        self.broken: str | None = None
        self.language: str | None = None

    def __iter__(self) -> Iterator[etree._Element]:
        open_since = position = 0
        for piece in self._pieces:
            position += len(piece)
            fault = self._feed(piece)
            yield from self._read()
            if fault is not None:
                self.broken = fault
                return
            if self._prune():
                open_since = position
            elif position - open_since > MAX_OPEN:
                self.broken = f"an element of more than {MAX_OPEN // 1024 // 1024} MiB: reading stopped there"
                return
        self.broken = self._close()
        if self.broken is None and not self._recover:
            yield from self._read()

    def _feed(self, piece: bytes) -> str | None:
        try:
            self._parser.feed(piece)
        except etree.XMLSyntaxError as error:
            return describe(error)
        return None

    def _close(self) -> str | None:
        try:
            self._parser.close()
        except etree.XMLSyntaxError as error:
            return describe(error)
        return None

    def _read(self) -> Iterator[etree._Element]:
        for event, found in self._parser.read_events():
            element = cast("etree._Element", found)
            parent = element.getparent()
            if parent is None and self._root is None:
                self._root = element
            if event == "start" or parent is None or local_name(parent) not in _HOLDERS:
                continue
            if local_name(element) in self._names:
                yield element
            elif self.language is None:
                self.language = (element.text or "").strip() or None

    def _prune(self) -> bool:
        """Drop what is closed for good: in each holder that is still open, all children but the last."""
        holder, dropped = self._root, False
        while holder is not None and local_name(holder) in _HOLDERS:
            if len(holder) > 1:
                del holder[:-1]
                dropped = True
            holder = holder[-1] if len(holder) else None
        return dropped

    @property
    def root_language(self) -> str | None:
        """xml:lang of the root."""
        return self._root.get("{http://www.w3.org/XML/1998/namespace}lang") if self._root is not None else None


def local_name(element: etree._Element) -> str:
    """An element's name without its namespace; "" for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def describe(error: etree.XMLSyntaxError) -> str:
    """The parser's complaint in one line."""
    return " ".join((error.msg or "not well-formed XML").split())[:300]


def repair(document: bytes) -> bytes:
    """UTF-8 XML with common faults mended: junk before the first tag, control characters, bare ``&``, HTML's names.

    Every named reference becomes a numeric one: once libxml2 has met a fault it drops ``&amp;`` from texts, which makes
    other addresses of them (measured with libxml2 2.14), but keeps ``&#38;``.

    >>> repair(b"\\n<a>x&nbsp;b&c=1</a>")
    b'<a>x&#160;b&#38;c=1</a>'
    """
    declaration = document.find(b"<?xml ", 0, 65_536)
    start = declaration if declaration >= 0 else max(document.find(b"<"), 0)
    document = _ILL.sub(b"", document[start:])
    return b"".join(
        part if part.startswith(b"<![CDATA[") else _REFERENCE.sub(_mend_reference, part)
        for part in _split_cdata(document)
    )


def _split_cdata(document: bytes) -> Iterator[bytes]:
    """The document cut before and after each CDATA section, in which ``&`` means itself; an unended one is text."""
    position = 0
    while (start := document.find(b"<![CDATA[", position)) >= 0 and (end := document.find(b"]]>", start)) >= 0:
        yield document[position:start]
        yield document[start : end + 3]
        position = end + 3
    yield document[position:].replace(b"<![CDATA[", b"")


def _mend_reference(match: re.Match[bytes]) -> bytes:
    name = match[1]
    if name is None:
        return b"&#38;"
    if name[:1] == b"#":
        return match[0]
    if name in _NAMED:
        return _NAMED[name]
    meant = html5.get(name.decode("ascii"))
    return "".join(f"&#{ord(character)};" for character in meant).encode() if meant else b"&#38;" + name
