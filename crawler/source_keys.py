"""What each key of a [[source]] table may hold: a reader a key, which gives the value or notes what is wrong."""

from __future__ import annotations

import codecs
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from cssselect import HTMLTranslator, SelectorError

from crawler.discover.urls import host_of, spell
from crawler.durations import parse_duration
from crawler.records import SiteRules

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
SECRET = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# A header of such a name says who asks: its value is a secret and must not stand in the file, nor in the database.
_SECRET_HEADER = re.compile(r"auth|cookie|token|secret|passw|key", re.I)
# Fetching sets these itself: framing, the User-Agent with its contact, codings it can undo, validators it has kept.
_OWN_HEADERS = frozenset(
    ("host", "connection", "content-length", "transfer-encoding", "te", "upgrade", "user-agent", "accept-encoding",
     "if-none-match", "if-modified-since", "range")
)  # fmt: skip
# Codecs of Python that are no charsets of pages, or that decode what a reader does not see.
_NO_CHARSETS = frozenset(
    ("idna", "punycode", "utf-7", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem")
)
# What cannot be seen in a message is noted as such: header values may be secrets.
HIDDEN = "(hidden)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A page whose links are announcements; `links` is the pattern that a link's URL must hold, None for every link."""

    url: str
    links: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where in the file a value stands (``feeds[1]``), and the list that mistakes are noted in."""

    key: str
    mistakes: list[str]

    def at(self, suffix: str) -> Place:
        """The place of a part of this value."""
        return Place(key=self.key + suffix, mistakes=self.mistakes)

    def refuse(self, value: object, expected: str) -> None:
        """Note that `value` stands here and what is expected; addresses are shown without user names and passwords."""
        shown = value if value is HIDDEN else re.sub(r"//[^/@]*@", "//…@", repr(value))
        self.mistakes.append(f"{self.key}={shown if len(str(shown)) <= 120 else str(shown)[:119] + '…'} {expected}")


Reader = Callable[[Any, Place], Any]


def read_text(value: object, place: Place) -> str | None:
    """A string that is not empty and holds no control characters."""
    if isinstance(value, str) and value.strip() and not _CONTROL.search(value):
        return value
    place.refuse(value, "is not a text in quotes on one line")
    return None


def read_switch(value: object, place: Place) -> bool | None:
    """true or false."""
    if isinstance(value, bool):
        return value
    place.refuse(value, "is neither true nor false (without quotes)")
    return None


def make_choice(*choices: str) -> Reader:
    """A reader of one of `choices`."""

    def read_choice(value: object, place: Place) -> str | None:
        if isinstance(value, str) and value in choices:
            return value
        place.refuse(value, "is none of " + ", ".join(map(repr, choices)))
        return None

    return read_choice


def make_count(least: int, most: int) -> Reader:
    """A reader of a whole number within bounds."""

    def read_count(value: object, place: Place) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        place.refuse(value, f"is not a whole number from {least} to {most}")
        return None

    return read_count


def make_duration(*, least: timedelta = timedelta(0), most: timedelta | None = None) -> Reader:
    """A reader of a duration within bounds."""

    def read_duration(value: object, place: Place) -> timedelta | None:
        found = parse_duration(value) if isinstance(value, str) else None
        if found is None:
            place.refuse(value, "is not a duration such as 5m or 1h")
        elif found < least:
            place.refuse(value, f"is too short; at least {int(least.total_seconds())}s")
        elif most is not None and found > most:
            place.refuse(value, f"is too long; at most {most.days}d")
        else:
            return found
        return None

    return read_duration


def make_list(read: Reader, example: str) -> Reader:
    """A reader of a list whose items `read` reads; every faulty item is noted."""

    def read_list(value: object, place: Place) -> tuple[Any, ...] | None:
        if not isinstance(value, list | tuple):
            place.refuse(value, f"is not a list such as {example}")
            return None
        return tuple(read(item, place.at(f"[{number}]")) for number, item in enumerate(value))

    return read_list


def read_language(value: object, place: Place) -> str | None:
    """A language tag."""
    if isinstance(value, str) and _LANGUAGE.fullmatch(value):
        return value
    place.refuse(value, "is not a language code such as ar or en")
    return None


def read_zone(value: object, place: Place) -> str | None:
    """An IANA time zone's name."""
    if isinstance(value, str):
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            pass
        else:
            return value
    place.refuse(value, "is not an IANA time zone such as Asia/Riyadh")
    return None


def read_url(value: object, place: Place) -> str | None:
    """An http(s) address, in its normal spelling; its query stays as written."""
    expected = "is not an address such as https://news.example/feed"
    if isinstance(value, str) and not re.search(r"[\s\x00-\x1f\x7f]", value):
        if re.match(r"[a-z]+://[^/?#]*@", value, re.I):
            expected = "names a user or password; put secrets in headers, as ${NAME}"
        elif (found := spell(value)) is not None:
            return found[0]
    place.refuse(value, expected)
    return None


def read_host(value: object, place: Place) -> str | None:
    """A host name, with :port where that is not 80 or 443."""
    if isinstance(value, str) and not re.search(r"[/?#@\\\s]", value):
        host = host_of(f"http://{value}/").removesuffix(":443")
        if host:
            return host
    place.refuse(value, "is not a host name such as news.example (no scheme, no path)")
    return None


def read_pattern(value: object, place: Place) -> str | None:
    """A regular expression."""
    if not isinstance(value, str) or not value:
        place.refuse(value, "is not a regular expression in quotes")
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # "possible nested set": it will mean something else one day
            re.compile(value)
    except (re.error, FutureWarning, OverflowError, RecursionError) as error:
        place.refuse(value, f"is not a regular expression ({error})")
        return None
    return value


def read_selector(value: object, place: Place) -> str | None:
    """A CSS selector."""
    if isinstance(value, str) and value.strip():
        try:
            HTMLTranslator().css_to_xpath(value)
        except SelectorError as error:
            place.refuse(value, f"is not a CSS selector ({error})")
            return None
        return value
    place.refuse(value, "is not a CSS selector such as div.article-body")
    return None


def read_cron(value: object, place: Place) -> str | None:
    """A cron expression of five fields that fires some day."""
    why = "expected five fields"
    if isinstance(value, str) and len(value.split()) == 5:
        try:
            next(CronSim(value, datetime(2026, 1, 1, tzinfo=UTC)))
        except CronSimError as error:
            why = str(error)
        except StopIteration:
            why = "it never fires"
        else:
            return " ".join(value.split())
    place.refuse(value, f"is not a cron expression such as '*/10 * * * *' ({why})")
    return None


def read_charset(value: object, place: Place) -> str | None:
    """A charset that bytes can be decoded from."""
    if isinstance(value, str):
        try:
            found = codecs.lookup(value)
            b"a".decode(found.name, "replace")
        except (LookupError, UnicodeError, ValueError):
            found = None
        if found is not None and found.name.replace("_", "-") not in _NO_CHARSETS:
            return value
    place.refuse(value, "is not a charset such as windows-1256 or utf-8")
    return None


def read_revisit(value: object, place: Place) -> tuple[timedelta, ...] | None:
    """Ages at which an article is looked at again, rising."""
    before = len(place.mistakes)
    example = '["1h", "6h", "1d"]'
    ages = make_list(make_duration(least=timedelta(seconds=1)), example)(value, place)
    if ages is None or len(place.mistakes) > before:
        return None
    if any(later <= earlier for earlier, later in pairwise(ages)):
        place.refuse(value, f"does not rise; expected ages of an article such as {example}")
        return None
    return tuple(ages)


def read_section(value: object, place: Place) -> Section | None:
    """A section page: { url = …, links = … }."""
    if not isinstance(value, Mapping):
        place.refuse(value, 'is not a table such as { url = "https://news.example/world/", links = "/world/\\\\d+" }')
        return None
    found = read_table(value, {"url": read_url, "links": read_pattern}, place)
    if "url" not in value:
        place.at(".url").refuse(None, "is missing; expected the section page's address")
    return Section(**found) if found.get("url") else None


def read_css(value: object, place: Place) -> SiteRules | None:
    """The [source.css] table."""
    if not isinstance(value, Mapping):
        place.refuse(value, "is not a table such as [source.css]")
        return None
    return SiteRules(**read_table(value, CSS_READERS, place))


def read_headers(value: object, place: Place) -> tuple[tuple[str, str], ...] | None:
    """Request headers, by name; values are never shown."""
    if not isinstance(value, Mapping):
        place.refuse(HIDDEN, 'is not a table such as { "X-Key" = "${NEWS_KEY}" }')
        return None
    for name, content in value.items():
        _check_header(str(name), content, place.at(f"[{name!r}]"))
    return tuple(sorted((str(name), str(content)) for name, content in value.items()))


def _check_header(name: str, content: object, place: Place) -> None:
    if not _HEADER.fullmatch(name):
        place.refuse(HIDDEN, "has a name that is no header's; expected letters, digits and hyphens")
    elif name.lower() in _OWN_HEADERS:
        place.refuse(HIDDEN, "is set by Wirekeep itself; take it out")
    elif not isinstance(content, str) or _CONTROL.search(content) or not content.isascii():
        place.refuse(HIDDEN, "is not a text of printable ASCII characters on one line")
    elif "$" in SECRET.sub("", content):
        place.refuse(HIDDEN, "holds a $ that begins no name; write an environment variable as ${NAME}")
    elif _SECRET_HEADER.search(name) and not SECRET.search(content):
        place.refuse(HIDDEN, "is a secret in plain sight; name an environment variable, as ${NAME}")


def read_table(table: Mapping[str, object], readers: Mapping[str, Reader], place: Place) -> dict[str, Any]:
    """The values of `table` that could be read; what could not be, and unknown keys, are noted below `place`."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        shown = key if key.isprintable() else repr(key)
        where = place.at(f".{shown}" if place.key else shown)
        if place.key == "css" and key not in readers and key in READERS:
            # TOML gives a table every line below its heading.
            where.refuse(value, "is an unknown key; it belongs above [source.css]")
        elif key not in readers:
            meant = suggest(key, readers)
            # A misspelt headers table, or a key that should stand in it, is as secret as one that is spelt right.
            secret = "headers" in meant.partition(",")[0] or _SECRET_HEADER.search(key)
            where.refuse(HIDDEN if secret else value, f"is an unknown key; {meant}")
        elif (read := readers[key](value, where)) is not None:
            found[key] = read
    return found


def suggest(key: str, known: Mapping[str, object]) -> str:
    """The known key that was meant, or all of them."""
    close = get_close_matches(key, known, 1)
    return f"did you mean '{close[0]}'?" if close else f"expected one of {', '.join(known)}"


_selectors = make_list(read_selector, '["div.share"]')
_patterns = make_list(read_pattern, '["/video/"]')
_urls = make_list(read_url, '["https://news.example/feed"]')

CSS_READERS: dict[str, Reader] = {
    "body": read_selector,
    "title": read_selector,
    "authors": read_selector,
    "date": read_selector,
    "remove": _selectors,
    "remove_lines": _patterns,
}

READERS: dict[str, Reader] = {
    "language": read_language,
    "timezone": read_zone,
    "feeds": _urls,
    "sitemaps": _urls,
    "sections": make_list(read_section, '[{ url = "https://news.example/world/" }]'),
    "every": make_duration(least=timedelta(seconds=1)),
    "cron": read_cron,
    "jitter": make_duration(),
    "pace": make_duration(most=timedelta(days=1)),
    "allow": _patterns,
    "deny": _patterns,
    "hosts": make_list(read_host, '["news.example"]'),
    "backfill": make_duration(),
    "backfill_undated": make_count(0, 100_000),
    "max_links": make_count(1, 1_000_000),
    "revisit": read_revisit,
    "charset": read_charset,
    "robots": make_choice("obey", "ignore"),
    "headers": read_headers,
    "enabled": read_switch,
    "live_blogs": make_choice("take", "reject"),
    "verify_tls": read_switch,
    "css": read_css,
}
