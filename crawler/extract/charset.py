"""Bytes to characters: which charset a page is in, decided by evidence, with the winner recorded."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from charset_normalizer import from_bytes

CharsetSource = Literal["setting", "bom", "utf-8", "header", "meta", "detected"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,30})", re.IGNORECASE)
_XML = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9_:.-]{2,30})", re.IGNORECASE)
_LANGUAGE = re.compile(rb"<html[^>]{0,300}?\blang\s*=\s*[\"']?([A-Za-z]{2,3})", re.IGNORECASE)
_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,30})", re.IGNORECASE)
# As browsers read labels (WHATWG Encoding): Latin-1 and ASCII mean windows-1252, GB2312 means GB18030 and so on.
_ALIASES = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "utf-16": "utf-8",  # a page that says so in ASCII is not UTF-16
    "utf-16-le": "utf-8",
    "utf-16-be": "utf-8",
    "utf-7": "cp1252",
}
# Without any declaration browsers go by the region; the page's own language attribute is better evidence.
_BY_LANGUAGE = {
    **dict.fromkeys(("ar", "fa", "ur", "ps", "ku"), "cp1256"),
    **dict.fromkeys(("ru", "uk", "be", "bg", "sr", "mk"), "cp1251"),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "sl", "hr", "ro", "bs"), "cp1250"),
    **dict.fromkeys(("tr", "az"), "cp1254"),
    **dict.fromkeys(("lt", "lv", "et"), "cp1257"),
    **{"el": "cp1253", "he": "cp1255", "vi": "cp1258", "th": "cp874", "ja": "cp932", "ko": "cp949", "zh": "gb18030"},
    **dict.fromkeys(("en", "fr", "de", "es", "it", "pt", "nl", "sv", "da", "no", "nb", "fi", "is"), "cp1252"),
}
_WEB = "cp1252 cp1251 koi8_r cp1253 cp1255 cp874 cp932 euc_jp gb18030 big5 cp949"
_SINGLE_BYTE_LATIN = frozenset({"cp1252", "cp1254", "cp1250", "cp874", "mac-roman", "iso8859-15", "iso8859-2"})
# Names the record carries, in the web's spelling.
_SPELLING = {"cp1256": "windows-1256", "cp1252": "windows-1252", "cp1251": "windows-1251", "cp1254": "windows-1254"}

# One broken sequence in 100 sound ones is a cut or a stray byte, not another charset: real windows-1256 text read as
# UTF-8 has next to no sound sequence.
_BROKEN_SHARE = 0.01
_META_WINDOW = 8192  # the standard says 1,024; pages in the wild put scripts first
_SAMPLE = 200_000
_BAD_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_BAD_BYTES = bytes(code for code in range(32) if code not in {9, 10, 13}) + b"\x7f"
_BAD_REFERENCE = re.compile(r"&#(?:0*(\d{1,7})|[xX]0*([0-9a-fA-F]{1,6}));?")
# Without one of these no reference is bad: a third of the time, as most pages only have some such as &#8217;.
_DOUBTFUL_REFERENCE = re.compile(r"&#(?:0*(?:\d|[12]\d|3[01]|5[5-7]\d{3}|6553[45])(?!\d)|0*\d{7}|[xX])")


@dataclass(frozen=True, kw_only=True, slots=True)
class Decoded:
    """A page as text without NUL, control characters and lone surrogates.

    `charset` is the name in the web's spelling, `source` what decided; `flags` says what had to be mended:
    ``nul_removed``, ``surrogates_replaced``, ``bytes_replaced``; `data` is the text in UTF-8.
    """

    text: str
    data: bytes
    charset: str
    source: CharsetSource
    flags: tuple[str, ...] = ()


def decode(body: bytes, *, setting: str | None = None, content_type: str | None = None) -> Decoded:
    """Decode a page. Order: the source's setting, BOM, the bytes themselves (sound UTF-8; Arabic in windows-1256),
    the HTTP header, meta, detection.

    >>> text = "وقع رئيس الوزراء اتفاقيات مع الصين يوم الأربعاء"
    >>> decode(text.encode("cp1256"), content_type="text/html; charset=utf-8").charset
    'windows-1256'
    """
    sound = _strict_utf8(body)
    charset, source, text = _choose(body, sound, setting, content_type)
    flags = ["bytes_replaced"] if "\ufffd" in text and "\ufffd".encode() not in body else []
    text, data, mended = mend_characters(text, body if text is sound else None)
    return Decoded(
        text=text, data=data, charset=_SPELLING.get(charset, charset), source=source, flags=(*flags, *mended)
    )


def mend_characters(text: str, data: bytes | None = None) -> tuple[str, bytes, tuple[str, ...]]:
    """Drop NUL and control characters, replace lone surrogates, in plain and in `&#…;` form: the text, the same in
    UTF-8, and flags. `data` is the given text in UTF-8, where it is at hand."""
    flags: list[str] = []
    if "&#" in text and _DOUBTFUL_REFERENCE.search(text):
        text, data = _BAD_REFERENCE.sub(_replace_reference, text), None
    try:
        data = text.encode("utf-8") if data is None else data
    except UnicodeEncodeError:
        flags.append("surrogates_replaced")
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        data = text.encode("utf-8")
    # a table over bytes is ten times faster than the pattern, and next to no page needs the pattern
    if len(data) != len(data.translate(None, _BAD_BYTES)) or "\ufffe" in text or "\uffff" in text:
        if "\x00" in text:
            flags.append("nul_removed")
        text = _BAD_CHARACTERS.sub("", text)
        data = text.encode("utf-8")
    return text, data, tuple(flags)


def _replace_reference(match: re.Match[str]) -> str:
    code = int(match[1]) if match[1] else int(match[2], 16)
    if 0xD800 <= code <= 0xDFFF or code in {0xFFFE, 0xFFFF} or code > 0x10FFFF:
        return "\ufffd"
    return "" if code < 32 and code not in {9, 10, 13} else match[0]


def _choose(
    body: bytes, sound: str | None, setting: str | None, content_type: str | None
) -> tuple[str, CharsetSource, str]:
    if setting and (name := _known(setting)):
        return name, "setting", body.decode(name, "replace").removeprefix("\ufeff")
    for bom, name in _BOMS:
        if body.startswith(bom):
            return name, "bom", body[len(bom) :].decode(name, "replace")
    if (text := sound if sound is not None else _nearly_utf8(body)) is not None:
        return "utf-8", "utf-8", text
    arabic = _arabic_charset(body)
    for source, label in (("header", _label(_HEADER, content_type)), ("meta", _meta_label(body))):
        name = _known(label) if label else None
        if name is None or name == "utf-8" or (arabic and name in _SINGLE_BYTE_LATIN):
            continue  # the bytes have already refuted this claim
        if (text := _decodes(body, name)) is not None:
            return name, "header" if source == "header" else "meta", text
    name = arabic or _detect(body)
    return name, "detected", body.decode(name, "replace")


def _label(pattern: re.Pattern[str], text: str | None) -> str | None:
    found = pattern.search(text) if text else None
    return found[1] if found else None


def _meta_label(body: bytes) -> str | None:
    head = body[:_META_WINDOW]
    found = _META.search(head) or _XML.search(head)
    return found[1].decode("ascii") if found else None


def _known(label: str) -> str | None:
    """Python's name of a charset label, as browsers read it; None for an unknown one."""
    try:
        name = codecs.lookup(label.strip()).name
    except LookupError:
        return None
    return _ALIASES.get(name, name)


def _strict_utf8(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _nearly_utf8(body: bytes) -> str | None:
    try:  # surrogates written as three bytes each: mended afterwards
        return body.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    sample = text[:_SAMPLE]
    sound = len(sample) - len(sample.encode("ascii", "ignore")) - sample.count("\ufffd")
    return text if sound and broken <= max(1, sound * _BROKEN_SHARE) and sound > 20 else None


def _decodes(body: bytes, name: str) -> str | None:
    text = body.decode(name, "replace")
    return text if text.count("\ufffd") <= max(2, len(text) // 1000) else None


def _high_runs(body: bytes) -> bytes:
    """The bytes of visible text beyond ASCII, with a space for each gap between them."""
    return b" ".join(re.findall(rb"[\x80-\xff]+", body[:_SAMPLE]))


def _arabic_charset(body: bytes) -> str | None:
    """windows-1256 or ISO-8859-6 where the bytes speak for Arabic by themselves, else None.

    In both, alef is C7; lam is E1 in windows-1256 and E4 in ISO-8859-6. «ال» is the commonest letter pair of Arabic,
    and Arabic words are runs of letters: Latin text has its accented letters one by one, Cyrillic read as windows-1256
    is full of the French letters that share its upper half.
    """
    runs = _high_runs(body)
    if len(runs) < 3:
        return None
    name = "iso8859-6" if runs.count(b"\xc7\xe4") > runs.count(b"\xc7\xe1") else "cp1256"
    text = runs.decode(name, "replace")
    letters = Counter("arabic" if "\u0621" <= char <= "\u06d2" else "other" for char in text if char.isalpha())
    words = [word for word in text.split() if len(word) > 1]
    arabic, other = letters["arabic"], letters["other"]
    if arabic < 3 or arabic / (arabic + other + 1) < 0.7 or len(words) < 0.5 * len(text.split()):
        return None
    articles = text.count("ال")
    return name if articles * 60 >= arabic and (articles or arabic < 24) else None


def _detect(body: bytes) -> str:
    """No declaration holds: the page's language attribute, then statistics, then windows-1252 (it decodes anything)."""
    found = _LANGUAGE.search(body[:_META_WINDOW])
    name = _BY_LANGUAGE.get(found[1].decode("ascii").lower()) if found else None
    if name and _decodes(body, name) is not None:
        return name
    best = from_bytes(body[:_SAMPLE], steps=5, chunk_size=512, cp_isolation=_WEB.split()).best()
    return (_known(best.encoding) if best else None) or "cp1252"
