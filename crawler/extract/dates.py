"""Reads the dates that pages claim: any spelling met in the wild becomes a ClaimedDate, or None rather than a guess.

Arabic in full: Levantine, Maghrebi and transliterated months, doubled ones, every kind of digit, Hijri beside or
instead of Gregorian, relative words. Nothing here looks at a clock: "yesterday" counts from the fetch time passed in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import timezone as fixed_zone
from zoneinfo import ZoneInfo

from crawler.extract.calendars import to_gregorian
from crawler.extract.dateparts import Clock, Day, find_clock, find_days
from crawler.extract.datewords import Token, tokenise
from crawler.extract.relative import Past, find_past
from crawler.records import ClaimedDate, Precision

# Newspapers have put whole archives online; before 1800 there is no wire. After the fetch: a mistaken zone, no more.
_EARLIEST_YEAR = 1800
_AHEAD = timedelta(days=2)
_LONGEST = 300  # characters; a date line is far shorter, and what is longer is a paragraph
_STRAY_WORDS = 3  # unknown words beside a date without a year or a relative one, before it is taken for prose

_MACHINE = re.compile(
    r"""(?:[a-z]{3,9},?\s+)?(\d{4})-(\d{1,2})-(\d{1,2})
    (?:(?:[t\s_]+|[a-z]{3,4}(?=\d))(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,:](\d+))?)?
    \s*(z+|utc|gmt|[+-]\d{1,2}(?::?\d{2})?)?(?:\s*\[[\w/]+\])?)?\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(z|[+-]\d{2}:?\d{2})?)?$", re.IGNORECASE)
_PARTIAL = re.compile(r"(\d{4})(?:[-/](\d{1,2}))?$|(\d{1,2})[/.](\d{4})$")
_EPOCH = re.compile(r"(?:/Date\(|@)?(\d{10}|\d{13}|\d{16})(?:\.\d+)?(?:\)/)?$")
_PERSIAN_DIGITS = re.compile("[۰-۹]")
_MONTH_FIRST_ZONES = ("America/", "US/")  # Canada mixes, and Latin America writes Spanish or Portuguese


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """A moment as written: naive local time, its precision, the zone written with it."""

    local: datetime
    precision: Precision
    zone: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Context:
    here: tzinfo
    now: datetime  # the fetch, naive, in the source's zone
    language: str
    timezone: str | None


def read_date(
    raw: str, *, provenance: str, timezone: str | None, fetched_at: datetime, language: str | None = None
) -> ClaimedDate | None:
    """The date that a raw string claims, or None where it claims none or one that cannot be.

    `timezone` (IANA) is the source's and stands in where no zone is written; `language` (``ar``, ``en-GB``) decides
    between day first and month first, and between Hijri and Persian solar years. Flags: ``estimated`` (converted from
    Hijri), ``relative`` (counted back from `fetched_at`, or its year filled in), ``ambiguous`` (03/04 in either order).

    >>> at = datetime(2023, 6, 1, tzinfo=UTC)
    >>> read_date("24 أيار 2023 - 1:05 م بتوقيت بيروت", provenance="time", timezone=None, fetched_at=at).at.isoformat()
    '2023-05-24T10:05:00+00:00'
    """
    text = " ".join(raw.split())
    if not text or len(text) > _LONGEST or "://" in text:
        return None
    here = _zone(timezone) or UTC
    context = _Context(
        here=here,
        now=fetched_at.astimezone(here).replace(tzinfo=None),
        language=(language or "").lower(),
        timezone=timezone,
    )
    reading = _read(text, context)
    if reading is None:
        return None
    try:
        claimed = _claim(reading, raw, provenance, context)
    except OverflowError:
        return None
    if claimed.at.year < _EARLIEST_YEAR or claimed.at > fetched_at.astimezone(UTC) + _AHEAD:
        return None
    return claimed


def _zone(name: str | None) -> tzinfo | None:
    """A zone from an offset or an IANA name; None for what is neither."""
    if not name:
        return None
    if name[0] in "+-":
        sign = -1 if name[0] == "-" else 1
        hours, minutes = int(name[1:3]), int(name[4:6])
        return fixed_zone(sign * timedelta(hours=hours, minutes=minutes))
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown name, path tricks, a folder of the zone table
        return None


def _claim(reading: _Reading, raw: str, provenance: str, context: _Context) -> ClaimedDate:
    written = _zone(reading.zone)
    zone = written or context.here
    known = reading.zone if written else (context.timezone if _zone(context.timezone) else None)
    return ClaimedDate(
        at=reading.local.replace(tzinfo=zone).astimezone(UTC),
        raw=raw,
        precision=reading.precision,
        provenance=provenance,
        zone="+00:00" if known == "UTC" and written else known,
        zone_assumed=written is None,
        flags=reading.flags,
    )


# --------------------------------------------------------------------------------------------- machine forms


def _read(text: str, context: _Context) -> _Reading | None:
    """ISO 8601 as sloppy as it comes, compact forms, epoch seconds; else words. A broken stamp is not read as words."""
    found = _MACHINE.match(text) or _COMPACT.match(text)
    if found and int(found[1]) >= _EARLIEST_YEAR:
        return _stamp(found)
    found = _EPOCH.match(text)
    if found:
        return _epoch(found[1])
    found = _PARTIAL.match(text)
    return _partial(found) if found else _read_words(text, context)


def _partial(found: re.Match[str]) -> _Reading | None:
    """2023, 2023-05, 05/2023."""
    year, month = int(found[1] or found[4]), found[2] or found[3]
    first = to_gregorian("gregorian", year, int(month or 1), 1)
    return None if first is None else _Reading(local=_midnight(first), precision="month" if month else "year")


def _stamp(found: re.Match[str]) -> _Reading | None:
    year, month, day, hour, minute, second = (int(g) if g else 0 for g in found.groups()[:6])
    fraction, zone = (found[7], found[8]) if found.re is _MACHINE else (None, found[7])
    date_ = to_gregorian("gregorian", year, month, day)
    if date_ is None or hour > 24 or minute > 59 or second > 60:
        return None
    if found[4] is None:
        return _Reading(local=_midnight(date_), precision="day")
    offset = _written_offset(zone)
    if zone and offset is None:
        return None
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    span = timedelta(hours=hour, minutes=minute, seconds=min(second, 59), microseconds=micro)
    return _Reading(local=_midnight(date_) + span, precision="second" if found[6] else "minute", zone=offset)


def _written_offset(text: str | None) -> str | None:
    """``+03:00`` from Z, UTC, +3, +03, +0300, +03:00; None where it is none or no place on earth has it."""
    if not text:
        return None
    if text[0] not in "+-":
        return "+00:00"
    digits = text[1:].replace(":", "")
    hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
    return f"{text[0]}{hours:02}:{minutes:02}" if hours <= 14 and minutes < 60 else None


def _epoch(digits: str) -> _Reading | None:
    """Seconds, milliseconds or microseconds since 1970, by their number of digits."""
    seconds = int(digits) / {13: 1e3, 16: 1e6}.get(len(digits), 1)
    local = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    return _Reading(local=local, precision="second", zone="+00:00")


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001  its zone is put on in _claim


# --------------------------------------------------------------------------------------------- words


def _read_words(text: str, context: _Context) -> _Reading | None:
    tokens = tokenise(text)
    solar = context.language.startswith("fa") or bool(_PERSIAN_DIGITS.search(text))
    day = _best_day(find_days(tokens, solar=solar), tokens, context)
    if day is None:
        return _read_past(tokens, context)
    local, flags = _resolve(day, tokens, context)
    if local is None:
        return None
    if day.calendar == "hijri":
        flags = (*flags, "estimated")
    clock = find_clock(tokens, day) if day.day is not None else None
    return _with_clock(_Reading(local=_midnight(local), precision=day.precision, flags=flags), clock)


def _with_clock(reading: _Reading, clock: Clock | None) -> _Reading:
    if clock is None:
        return reading
    local = reading.local + timedelta(seconds=clock.seconds)
    return replace(reading, local=local, precision=clock.precision, zone=clock.zone)


def _best_day(days: Sequence[Day], tokens: Sequence[Token], context: _Context) -> Day | None:
    """The first Gregorian day; else a converted one. A Gregorian day without year takes the Hijri one's."""
    if not days:
        return None
    whole = [d for d in days if d.year is not None]
    gregorian = [d for d in whole if d.calendar == "gregorian"]
    if gregorian:
        return next((d for d in gregorian if d.day is not None), gregorian[0])
    yearless = [d for d in days if d.year is None]
    if whole and yearless:
        return _year_from(whole[0], yearless[0]) or whole[0]
    if whole:
        return whole[0]
    return yearless[0] if _is_date_line(tokens) else None


def _year_from(other: Day, day: Day) -> Day | None:
    """The same day with the year that a Hijri or solar date beside it gives (sighting may move it by two days)."""
    if other.day is None or day.day is None:
        return None
    converted = to_gregorian(other.calendar, other.year or 0, other.month, other.day)
    if converted is None:
        return None
    for year in (converted.year - 1, converted.year, converted.year + 1):
        claimed = to_gregorian("gregorian", year, day.month, day.day)
        if claimed is not None and abs((claimed - converted).days) <= 2:
            return replace(day, year=year)
    return None


def _is_date_line(tokens: Sequence[Token]) -> bool:
    """Whether hardly anything but a date is written: «12 مارس» in a sentence is no claim of a date."""
    stray = [t for t in tokens if t.kind == "word" and not t.senses]
    return len(stray) <= _STRAY_WORDS


def _resolve(day: Day, tokens: Sequence[Token], context: _Context) -> tuple[date | None, tuple[str, ...]]:
    """The Gregorian day, and what must be said about how it was found."""
    limit = (context.now + _AHEAD).date()
    weekday = next((int(t.senses["weekday"]) for t in tokens if t.means("weekday")), None)
    if day.year is None:
        return _latest(day, weekday, limit), ("relative",)
    first = to_gregorian(day.calendar, day.year, day.month, day.day or 1)
    if day.other is None or first is None:
        return first, ()
    second = to_gregorian(day.calendar, day.year, *day.other)
    choices = [first, second] if not _is_month_first(context) else [second, first]
    possible = [c for c in choices if c is not None and c <= limit and (weekday is None or c.weekday() == weekday)]
    if not possible:
        return None, ()
    if len(possible) == 1 or _order_known(context):
        return possible[0], ()
    return possible[0], ("ambiguous",)


def _latest(day: Day, weekday: int | None, limit: date) -> date | None:
    """The last such day up to the fetch; with a weekday written, the last one that fell on it."""
    for year in range(limit.year, limit.year - 7, -1):
        found = to_gregorian("gregorian", year, day.month, day.day or 1)
        if found is not None and found <= limit and (weekday is None or found.weekday() == weekday):
            return found
    return None


def _is_month_first(context: _Context) -> bool:
    if context.language in ("en-us", "en-ph"):
        return True
    if context.language not in ("", "en"):
        return False
    if context.timezone is None:
        return context.language == "en"
    return context.timezone.startswith(_MONTH_FIRST_ZONES)


def _order_known(context: _Context) -> bool:
    """Every language but English has one order; English has it where its country is known."""
    return context.language not in ("", "en") or (context.language == "en" and context.timezone is not None)


def _read_past(tokens: Sequence[Token], context: _Context) -> _Reading | None:
    past = find_past(tokens)
    if past is None or not _is_date_line(tokens):
        return None
    try:
        local = context.now - past.ago
    except OverflowError:
        return None
    if past.unit in ("day", "week", "month", "year"):
        coarse: Precision = "day" if past.unit in ("day", "week") else "month" if past.unit == "month" else "year"
        day = _Reading(local=_midnight(local.date()), precision=coarse, flags=("relative",))
        return _with_clock(day, find_clock(tokens, None)) if coarse == "day" else day
    precision: Precision = "hour" if past.unit == "hour" else "minute"
    return _Reading(local=local.replace(second=0, microsecond=0), precision=precision, flags=("relative",))


# --------------------------------------------------------------------------------------------- finding


def find_dates(text: str) -> tuple[str, ...]:
    """The substrings of a short line that look like dates, as written, in order; each is something for `read_date`.

    >>> find_dates("برلين - (أ ف ب) | Tuesday, 11 August 2015 - 13:07")
    ('Tuesday, 11 August 2015 - 13:07',)
    """
    if len(text) > _LONGEST * 4:
        return ()
    tokens = tokenise(text)
    days: list[Day | Past] = list(_merge(find_days(tokens, solar=bool(_PERSIAN_DIGITS.search(text))), tokens))
    if not days:
        past = find_past(tokens)
        days = [past] if past else []
    found = (_stretch(day, tokens) for day in days)
    return tuple(dict.fromkeys(text[tokens[a].start : tokens[b].end] for a, b in found))


def _merge(days: Sequence[Day], tokens: Sequence[Token]) -> list[Day]:
    """One day written in two calendars («13 رجب 1447 هـ الموافق 2 يناير 2026») is one."""
    merged: list[Day] = []
    for day in days:
        before = merged[-1] if merged else None
        if before and before.calendar != day.calendar and _is_glue(tokens[before.last + 1 : day.first]):
            merged[-1] = replace(before, last=day.last)
        else:
            merged.append(day)
    return merged


def _is_glue(tokens: Sequence[Token]) -> bool:
    return all(t.kind == "mark" or _belongs(t) for t in tokens)


def _belongs(token: Token) -> bool:
    """Whether a token may be part of a date: its time, half of day, zone, weekday, era."""
    heads = ("words.", "weekday", "zone")
    return token.kind in ("time", "offset") or any(head.startswith(heads) for head in token.senses)


def _stretch(day: Day | Past, tokens: Sequence[Token]) -> tuple[int, int]:
    """The span of a day with what belongs to it on both sides; it ends on no mark and no empty word."""
    first, last = day.first, day.last
    clock = find_clock(tokens, day) if isinstance(day, Day) else None
    if clock and _is_glue(tokens[last + 1 : clock.first]):
        last = max(last, clock.last)
    elif clock and _is_glue(tokens[clock.last + 1 : first]):
        first = clock.first
    while first and tokens[first - 1].means("weekday"):
        first -= 1
    if first > 1 and tokens[first - 1].kind == "mark" and tokens[first - 2].means("weekday"):
        first -= 2
    if last + 1 < len(tokens) and any(map(tokens[last + 1].means, ("words.hijri", "words.gregorian", "words.solar"))):
        last += 1
    return first, last
