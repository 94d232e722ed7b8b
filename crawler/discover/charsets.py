"""Which charset a document's bytes are in, by evidence in order, and those bytes as UTF-8 piece by piece."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

# Evidence is sought this far into a document: an XML declaration or HTML meta element stands at its beginning.
_HEAD = 4096
# How much is decoded to tell charsets apart; some 30 pages of text.
_SAMPLE = 262_144
_PIECE = 65_536

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:+-]+)", re.I | re.ASCII)
_XML = re.compile(rb"<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([\w.:+-]+)[\"']", re.I)
_META = re.compile(rb"<meta\s[^>]{0,400}?charset\s*=\s*[\"']?\s*([\w.:+-]+)", re.I)
# What a web page's author means by these names (WHATWG Encoding): the Windows superset.
_MEANT = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "gb2312": "gb18030"}
# Python's codecs that are no charsets of documents.
_FOREIGN = frozenset(("idna", "punycode", "utf-7", "unicode-escape", "raw-unicode-escape", "undefined"))
# The commonest letters of a script as bytes of its charset, against which text without a declaration is held.
_COMMON = {
    "windows-1256": "المينورتبة",
    "iso8859-6": "المينورتبة",
    "windows-1251": "оеаинтсрвл",
    "windows-1253": "αοιετσνηυρ",
    "windows-1255": "יוהלאתרבםמ",
}


def find_charset(body: bytes, *, setting: str | None = None, content_type: str | None = None) -> str:
    """The charset of a feed, sitemap or page, as Python names it.

    In order: the source's setting, a byte order mark, the HTTP header, the XML declaration or meta element, the bytes
    themselves. The bytes have a say in the middle ones: text that is valid UTF-8 (with more than ASCII in it) is UTF-8
    whatever single-byte charset is declared, and UTF-8 that is declared but mostly invalid is not believed.

    >>> find_charset('<rss>خبر عاجل من الميناء</rss>'.encode("windows-1256"), content_type="text/xml; charset=utf-8")
    'cp1256'
    """
    if setting is not None and (known := _look_up(setting)):
        return known
    for mark, name in _BOMS:
        if body.startswith(mark):
            return name
    sample = body[:_SAMPLE]
    for declared in _list_declared(sample, content_type):
        if _is_believable(declared, sample):
            return declared
    return _detect(sample)


def read_pieces(body: bytes, charset: str) -> Iterator[bytes]:
    """`body` as UTF-8 in pieces, without byte order mark; what does not decode becomes U+FFFD."""
    decoder = codecs.getincrementaldecoder(charset)("replace")
    first = True
    for start in range(0, len(body), _PIECE):
        text = decoder.decode(body[start : start + _PIECE], start + _PIECE >= len(body))
        if first and text:
            text, first = text.removeprefix("\ufeff"), False
        if text:
            yield text.encode("utf-8", "replace")


def _list_declared(sample: bytes, content_type: str | None) -> Iterator[str]:
    header = _HEADER.search(content_type or "")
    found = [header[1]] if header else []
    for pattern in (_XML, _META):
        match = pattern.search(sample, 0, _HEAD)
        found += [match[1].decode("ascii", "replace")] if match else []
    for name in found:
        if known := _look_up(name):
            yield known


def _look_up(name: str) -> str | None:
    try:
        known = codecs.lookup(name).name
        b"a".decode(known, "replace")  # base64 and its like refuse here
        codecs.getincrementaldecoder(known)
    except (LookupError, UnicodeError, ValueError):
        return None
    known = _MEANT.get(known, known)
    return None if known.replace("_", "-") in _FOREIGN else known


def _is_believable(declared: str, sample: bytes) -> bool:
    wide = _find_wide(sample)
    if wide is not None or declared.startswith(("utf-16", "utf-32")):
        return wide is not None and declared.startswith(wide[:6])
    if declared == "utf-8":
        return _is_mostly_utf8(sample)
    if declared == "cp1252":  # what servers say by default, also of Arabic pages
        return _detect(sample) == "cp1252" or sample.isascii()
    # Legacy multi-byte text is valid UTF-8 by chance in short runs only, single-byte text as good as never.
    return not _is_strict_utf8(sample) or sample.isascii()


def _is_strict_utf8(sample: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _is_mostly_utf8(sample: bytes) -> bool:
    """Whether damage is the exception: generators cut summaries within a letter, one bad letter a summary."""
    if _is_strict_utf8(sample):
        return True
    text = sample.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    other = sum(1 for character in text if character > "\x7f") - bad
    return bad * 10 <= other


def _find_wide(sample: bytes) -> str | None:
    """UTF-16, told by the zero in every other byte of the markup that a document begins with."""
    head = sample[:64]
    for name, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if zeros and zeros.count(0) * 2 > len(zeros):
            return name
    return None


def _detect(sample: bytes) -> str:
    """Without a believable declaration: UTF-16 by its zeros, UTF-8, else the script whose common letters are there."""
    if (wide := _find_wide(sample)) is not None:
        return wide
    if _is_mostly_utf8(sample):
        return "utf-8"
    high = re.sub(rb"[\x00-\x7f]+", b"", sample)
    # Letters of a script of its own stand together; accented letters of Western Europe stand alone.
    together = sum(map(len, re.findall(rb"[\x80-\xff]{2,}", sample)))
    if together < 0.6 * len(high):
        return "cp1252"
    shares = {name: _share(high, letters.encode(name)) for name, letters in _COMMON.items()}
    best = max(shares, key=shares.__getitem__)
    # Ten letters make up 55-70 % of a text in their own language, less than 45 % of one in another charset.
    return codecs.lookup(best).name if shares[best] >= 0.45 else "cp1252"


def _share(high: bytes, letters: bytes) -> float:
    return len(high.translate(None, bytes(set(range(256)) - set(letters)))) / max(1, len(high))
