"""What a URL is: one spelling for all its spellings, its host, its site, and whether a source wants it.

The canonical spelling, in the order of its steps (`store.canonical` in SQL mirrors them for absolute ASCII URLs):

1. white space and control characters around it go, tab, CR and LF inside it too; before ``?``, ``\\`` means ``/``;
   relative links are joined to their base;
2. the scheme in lower case, ``http`` or ``https``; user names and passwords are refused;
3. the host in lower case, IDNA-encoded, without a last dot; the scheme's own port (80, 443) goes;
4. percent-encoding: unreserved characters (letters, digits, ``-._~``) stand as themselves, every other escape has
   upper-case digits, what may not stand raw is encoded as UTF-8; dot segments go; an empty path is ``/``;
5. the fragment goes;
6. of the query, empty parts and parts whose name is in `TRACKING` go, the rest is sorted by name, byte by byte (parts
   of one name keep their order); an empty query loses its ``?``. A last slash of the path stays as it is.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Protocol
from urllib.parse import quote, unquote, urljoin

import idna

from crawler.records import Decision, Judged, Link

# 2,000 Arabic letters in a slug are 12,000 characters when percent-encoded, and such slugs must survive.
MAX_URL = 16_384

# Parameters that say how a reader came, never which story it is; names in lower case, ``*`` ends a prefix. Words that
# some site uses for its stories (id, ref, source, cid, s, from) are left out: different stories are never merged.
TRACKING = (
    "utm_*",  # Google Analytics and everyone after it
    "pk_campaign", "pk_kwd", "pk_source", "pk_medium", "piwik_*", "mtm_*", "matomo_*",  # Matomo
    "fbclid", "fb_action_ids", "fb_action_types", "fb_source", "fb_ref",  # Facebook
    "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "_ga", "_gl", "srsltid",  # Google
    "msclkid", "yclid", "ysclid", "_openstat", "twclid", "ttclid", "li_fat_id", "epik", "rdt_cid",  # other networks
    "igshid", "igsh", "ref_src", "ref_url", "__twitter_impression", "_branch_match_id",  # shares from apps
    "mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi", "hsctatracking", "vero_id", "oly_anon_id", "oly_enc_id",  # mail
    "at_medium", "at_campaign", "at_campaign_type", "at_custom*", "at_format", "at_link_*", "at_bbc_team",  # ATI
    "at_ptr_name", "xtor", "ns_mchannel", "ns_campaign", "ns_source", "ns_linkname", "ns_fee", "wt.mc_id", "wt_mc*",
    "ocid", "ncid", "icid", "cmpid", "s_cid", "smid", "smtyp", "taid", "traffic_source", "maca",  # publishers' own
    "guccounter", "guce_referrer", "guce_referrer_sig", "dicbo", "oborigurl", "tblci", "ef_id", "s_kwcid", "irclickid",
)  # fmt: skip
_TRACKING_NAMES = frozenset(name for name in TRACKING if not name.endswith("*"))
_TRACKING_PREFIXES = tuple(name[:-1] for name in TRACKING if name.endswith("*"))

# Labels before a host name that show the same site to another device.
TWIN_LABELS = ("www", "m", "amp", "mobile")

# Endings of paths that never hold an article.
MEDIA_ENDINGS = frozenset((
    "jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "ico", "bmp", "tif", "tiff",
    "mp3", "m4a", "aac", "ogg", "oga", "wav", "mp4", "m4v", "mov", "avi", "webm", "mkv", "m3u8", "mpd",
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "epub", "zip", "rar", "gz", "tgz", "7z", "apk", "exe", "dmg",
    "css", "js", "json", "rss", "atom", "woff", "woff2", "ttf",
))  # fmt: skip

_PORTS = {"http": "80", "https": "443"}
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# Besides white space and C0 controls, the marks that Arabic texts carry in when a link is pasted.
_AROUND = "".join(map(chr, range(0x21))) + "\x7f\xa0\u200b\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff"
_INSIDE = re.compile(r"[\t\r\n]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_PARTS = re.compile(r"(https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?", re.I | re.S)
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.I)
# Nothing to mend: the usual case, also for Arabic slugs that are encoded already (but escapes of ASCII need a look).
_MENDED = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[89A-F][0-9A-F])*")
_PATH_ODD = re.compile(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]+|%")
_QUERY_ODD = re.compile(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]+|%")


class LinkRules(Protocol):
    """What `judge` asks of a source."""

    @property
    def hosts(self) -> tuple[str, ...]: ...
    @property
    def allow(self) -> tuple[str, ...]: ...
    @property
    def deny(self) -> tuple[str, ...]: ...


def canonicalise(url: str, base: str | None = None) -> str | None:
    """The one spelling of `url`, joined to `base` where it is relative; None for what cannot be crawled.

    Idempotent, and never raises.

    >>> canonicalise("HTTP://News.Example:80/a/../%d8%a3?b=2&utm_source=x&a=1#top")
    'http://news.example/%D8%A3?a=1&b=2'
    >>> canonicalise("mailto:desk@news.example") is None
    True
    """
    found = spell(url, base)
    return found[1] if found else None


def spell(url: str, base: str | None = None) -> tuple[str, str] | None:
    """`url` as announced (absolute, escaped, its query untouched) and its canonical spelling; None as `canonicalise`.

    >>> spell("/s?id=2&a=1&fbclid=x", "https://a.example/")
    ('https://a.example/s?id=2&a=1&fbclid=x', 'https://a.example/s?a=1&id=2')
    """
    parts = _split(url, base)
    if parts is None:
        return None
    origin, path, query = parts
    announced = f"{origin}{path}?{query}" if query else origin + path
    kept = _drop_tracking(query) if query else ""
    # The usual case is one text for both; a feed of 100,000 links then takes 10 MB less.
    canonical = announced if kept == query else f"{origin}{path}?{kept}" if kept else origin + path
    return (announced, canonical) if len(announced) <= MAX_URL else None


def host_of(url: str) -> str:
    """Host of an absolute http(s) URL in lower case, with ``:port`` where that is not the scheme's own; "" without one.

    >>> host_of("https://News.Example:443/x"), host_of("http://127.0.0.1:8080/")
    ('news.example', '127.0.0.1:8080')
    """
    parts = _split(url, None)
    return parts[0].partition("://")[2] if parts else ""


def same_site(one: str, other: str) -> bool:
    """Whether two URLs lie on one site: equal hosts once `TWIN_LABELS` before them are gone; ports must agree.

    There is no list of public suffixes here, so ``news.x.example`` and ``x.example`` count as two sites: a wrong
    "no" costs a second fetch, a wrong "yes" would let one publisher speak for another.

    >>> same_site("https://amp.x.example/1", "https://www.x.example/1")
    True
    """
    hosts = [host_of(url) for url in (one, other)]
    return bool(hosts[0]) and strip_twin_labels(hosts[0]) == strip_twin_labels(hosts[1])


def strip_twin_labels(host: str) -> str:
    """`host` without `TWIN_LABELS` before it, as long as two labels remain.

    >>> strip_twin_labels("www.m.x.example"), strip_twin_labels("m.example")
    ('x.example', 'm.example')
    """
    while (cut := host.partition("."))[0] in TWIN_LABELS and "." in cut[2]:
        host = cut[2]
    return host


def judge(link: Link, source: LinkRules) -> Judged:
    """Whether `source` wants `link`, with the rule that decided.

    In this order: the host must be the source's (``host:…``), the path must be able to hold an article
    (``not_article:…``), a deny pattern refuses (``deny:…``), an allow pattern keeps (``allow:…``); where the source
    has allow patterns and none is found the link is refused (``allow:none``), where it has none the link is kept
    (``allow:default``). Patterns are searched in the canonical URL, and in its percent-decoded form, so that Arabic
    words may stand in them.
    """
    url = link.canonical
    host = host_of(url)
    if host not in source.hosts:
        return _refuse(link, f"host:{host}")
    if (shape := find_non_article(url)) is not None:
        return _refuse(link, f"not_article:{shape}")
    for pattern in source.deny:
        if matches(pattern, url):
            return _refuse(link, f"deny:{pattern}")
    for pattern in source.allow:
        if matches(pattern, url):
            return Judged(link=link, decision=Decision.KEEP, rule=f"allow:{pattern}")
    if source.allow:
        return _refuse(link, "allow:none")
    return Judged(link=link, decision=Decision.KEEP, rule="allow:default")


def find_non_article(url: str) -> str | None:
    """Why a canonical URL cannot be an article by its shape (``front_page``, ``.jpg`` …), or None.

    >>> find_non_article("https://a.example/x/photo.JPG"), find_non_article("https://a.example/?p=1")
    ('.jpg', None)
    """
    path, _, query = url.partition("?")
    path = path.partition("://")[2].partition("/")[2]
    if not path and not query:
        return "front_page"
    ending = path.rpartition("/")[2].rpartition(".")
    return f".{ending[2].lower()}" if ending[1] and ending[2].lower() in MEDIA_ENDINGS else None


def matches(pattern: str, url: str) -> bool:
    """Whether `pattern` is found in a canonical URL or in its percent-decoded form."""
    if re.search(pattern, url):
        return True
    return "%" in url and re.search(pattern, unquote(url)) is not None


def _refuse(link: Link, rule: str) -> Judged:
    return Judged(link=link, decision=Decision.NOT_ALLOWED, rule=rule)


@lru_cache(maxsize=256)  # a page asks seventeen times, for two or three URLs
def _split(url: str, base: str | None) -> tuple[str, str, str] | None:
    """(scheme://host, path, query), each in its normal spelling; None for what cannot be crawled."""
    absolute = _join(url, base)
    if absolute is None or (match := _PARTS.match(absolute)) is None:
        return None
    scheme = match[1].lower()
    netloc = _clean_netloc(match[2], scheme)
    if netloc is None:
        return None
    path = _remove_dots(_mend(match[3], _PATH_ODD)) or "/"
    query = _mend(match[4], _QUERY_ODD) if match[4] else ""
    return f"{scheme}://{netloc}", path, query


def _join(url: str, base: str | None) -> str | None:
    url = url.strip(_AROUND)
    if not url or len(url) > MAX_URL:
        return None
    url = _INSIDE.sub("", url)
    if _CONTROL.search(url):
        return None
    if "\\" in url:
        before, mark, after = url.partition("?")
        url = before.replace("\\", "/") + mark + after
    if base is None or _PARTS.match(url):
        return url
    try:
        return urljoin(base, url)
    except ValueError:  # an address in square brackets that is none
        return None


def _clean_netloc(netloc: str, scheme: str) -> str | None:
    if "@" in netloc:
        return None
    host, colon, port = netloc.rpartition(":")
    if not colon or "]" in port:
        host, port = netloc, ""
    name = _clean_host(host)
    if name is None:
        return None
    if port:
        if not (port.isascii() and port.isdigit()) or len(port) > 8 or not 0 < int(port) < 65536:
            return None
        port = str(int(port))
    return f"{name}:{port}" if port and port != _PORTS[scheme] else name


def _clean_host(host: str) -> str | None:
    if host.startswith("["):
        try:
            return f"[{ipaddress.IPv6Address(host[1:-1])}]" if host.endswith("]") and "%" not in host else None
        except ValueError:
            return None
    if len(host) > 253:
        return None
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    host = host.removesuffix(".").lower()
    return host if len(host) <= 253 and _HOST.fullmatch(host) else None


def _mend(part: str, odd: re.Pattern[str]) -> str:
    return part if _MENDED.fullmatch(part) else odd.sub(_escape, part)


def _escape(match: re.Match[str]) -> str:
    found = match[0]
    if found == "%":  # no escape follows: the sign itself is meant
        return "%25"
    if found[0] == "%":
        character = chr(int(found[1:], 16))
        return character if character in _UNRESERVED else found.upper()
    return quote(found, safe="")


def _remove_dots(path: str) -> str:
    """RFC 3986, 5.2.4, for a path that is empty or begins with a slash."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _drop_tracking(query: str) -> str:
    parts = [part for part in query.split("&") if part and not _is_tracking(part.partition("=")[0].lower())]
    if len(parts) > 1:
        parts.sort(key=lambda part: part.partition("=")[0])
    return "&".join(parts)


def _is_tracking(name: str) -> bool:
    return name in _TRACKING_NAMES or name.startswith(_TRACKING_PREFIXES)
