"""Dates as feeds and sitemaps write them: RFC 822 with its usual mistakes, and ISO 8601 with or without a zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from crawler.records import ClaimedDate, Precision

# Years that PostgreSQL, psycopg and every client can read, see `store.claimed_time`.
FIRST_YEAR, LAST_YEAR = 1800, 2199
_MAX_RAW = 120  # no date is longer; longer strings are texts

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
# Minutes east of UTC of zone names that mean one thing.
_ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 60, "cet": 60, "cest": 120, "met": 60, "mez": 60,
    "mesz": 120, "eet": 120, "eest": 180, "sast": 120, "msk": 180, "trt": 180, "ksa": 180, "irst": 210, "pkt": 300,
    "wib": 420, "ict": 420, "hkt": 480, "sgt": 480, "myt": 480, "pht": 480, "jst": 540, "kst": 540, "aest": 600,
    "aedt": 660, "nzst": 720, "nzdt": 780, "est": -300, "edt": -240, "cdt": -300, "mst": -420, "mdt": -360,
    "pst": -480, "pdt": -420, "adt": -180,
}  # fmt: skip
# Names that mean several: the one that the source's zone keeps at that moment, else the first, flagged as ambiguous.
_AMBIGUOUS = {
    "ast": (180, -240),  # Arabia, Atlantic
    "bst": (60, 360),  # Britain in summer, Bangladesh
    "ist": (330, 120, 60),  # India, Israel, Ireland in summer
    "gst": (240, 600),  # Gulf, Guam
    "cst": (-360, 480),  # North America, China
}
_CLOCK = r"(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
_ZONE = r"(?P<zone>(?:[A-Za-z]{1,5}\b\.?)?\s*\(?(?:[+\-\u2212]\s?\d{1,2}:?\d{0,2}(?::\d\d)?)?)\)?(?:\s*\([^()]*\))?"
_RFC = re.compile(
    rf"(?:[A-Za-z]+\.?,?\s+)?(?P<day>\d{{1,2}})(?:\s+|-)(?P<month>[A-Za-z]{{3,9}})\.?,?(?:\s+|-)(?P<year>\d{{4}}|\d\d)"
    rf"(?:,?\s+{_CLOCK}\s*{_ZONE})?",
    re.ASCII,
)
_AMERICAN = re.compile(
    rf"(?:[A-Za-z]+\.?,?\s+)?(?P<month>[A-Za-z]{{3,9}})\.?\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}})"
    rf"(?:,?\s+{_CLOCK}\s*{_ZONE})?",
    re.ASCII,
)
_ISO = re.compile(
    rf"(?P<year>\d{{4}})(?:-(?P<month>\d{{1,2}})(?:-(?P<day>\d{{1,2}})(?:\s*[Tt,]\s*|\s+|$))?)?(?:{_CLOCK}\s*{_ZONE})?",
    re.ASCII,
)
# With slashes only where the year comes first: of two numbers before a year nobody knows which is the month.
_SLASHED = re.compile(
    rf"(?P<year>\d{{4}})/(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}})(?:(?:\s*[Tt,]\s*|\s+){_CLOCK}\s*{_ZONE})?",
    re.ASCII,
)
_BASIC = re.compile(
    rf"(?P<year>\d{{4}})(?P<month>\d\d)(?P<day>\d\d)"
    rf"(?:[Tt ]?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?\s*{_ZONE})?",
    re.ASCII,
)
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d\d)?")
# Months as Arabic feeds write them, in the Levant, Egypt and the Gulf, and the Maghreb; longest first where one holds
# another. Weekdays say nothing that the date does not.
_ARABIC_MONTHS = {
    "كانون الثاني": "Jan", "كانون الأول": "Dec", "تشرين الأول": "Oct", "تشرين الثاني": "Nov",
    "يناير": "Jan", "فبراير": "Feb", "مارس": "Mar", "أبريل": "Apr", "ابريل": "Apr", "إبريل": "Apr", "مايو": "May",
    "يونيو": "Jun", "يوليو": "Jul", "أغسطس": "Aug", "اغسطس": "Aug", "سبتمبر": "Sep", "أكتوبر": "Oct", "اكتوبر": "Oct",
    "نوفمبر": "Nov", "ديسمبر": "Dec",
    "شباط": "Feb", "آذار": "Mar", "نيسان": "Apr", "أيار": "May", "حزيران": "Jun", "تموز": "Jul", "آب": "Aug",
    "أيلول": "Sep",
    "جانفي": "Jan", "فيفري": "Feb", "أفريل": "Apr", "ماي": "May", "جوان": "Jun", "جويلية": "Jul", "أوت": "Aug",
    "يوليوز": "Jul", "غشت": "Aug", "شتنبر": "Sep", "نونبر": "Nov", "دجنبر": "Dec",
}  # fmt: skip
_ARABIC_MONTH = re.compile(rf"(?<!\w)(?:{'|'.join(_ARABIC_MONTHS)})(?!\w)")
_ARABIC_WEEKDAY = re.compile(
    r"^(?:الأحد|الاحد|الاثنين|الإثنين|الثلاثاء|الأربعاء|الاربعاء|الخميس|الجمعة|السبت)\s?[,،]?\s"
)
_ARABIC_HALF = {"ص": "AM", "صباحا": "AM", "م": "PM", "مساء": "PM"}
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹،", "01234567890123456789,")


def parse_date(raw: str | None, *, provenance: str, timezone: str | None = None) -> ClaimedDate | None:
    """The date that `raw` claims; None where it claims none, an impossible one, or one outside 1800…2199.

    A date without a zone is read in `timezone` (IANA name; UTC where it is None), and says so. Words of other languages
    than English and Arabic are not read.

    >>> parse_date("Mon, 23 Nov 2026 10:00 +0300", provenance="feed").at.isoformat()
    '2026-11-23T07:00:00+00:00'
    """
    if not raw or len(raw) > _MAX_RAW:
        return None
    text = " ".join(raw.translate(_DIGITS).split())
    if not text.isascii():
        text = _put_in_english(text)
    for pattern in (_ISO, _RFC, _BASIC, _SLASHED, _AMERICAN):
        match = pattern.fullmatch(text)
        if match is not None:
            return _read(match.groupdict(), raw.strip(), provenance, timezone)
    return None


def _put_in_english(text: str) -> str:
    """Arabic names of months and halves of the day as the patterns know them, without the weekday."""
    text = _ARABIC_MONTH.sub(lambda match: _ARABIC_MONTHS[match[0]], _ARABIC_WEEKDAY.sub("", text))
    before, space, last = text.rpartition(" ")
    return f"{before}{space}{_ARABIC_HALF.get(last, last)}"


def _read(parts: dict[str, str | None], raw: str, provenance: str, timezone: str | None) -> ClaimedDate | None:
    local, precision = _find_moment(parts)
    if local is None:
        return None
    home: tzinfo = ZoneInfo(timezone) if timezone else UTC
    named = (parts.get("zone") or "").strip(" ().")
    found = _find_zone(named, local, home)
    if found is None:
        return None
    zone, flags = found
    try:
        at = local.replace(tzinfo=zone or home).astimezone(UTC)
    except OverflowError:
        return None
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        return None
    return ClaimedDate(
        at=at,
        raw=raw,
        precision=precision,
        provenance=provenance,
        zone=_name_zone(zone) if zone else timezone or "UTC",
        zone_assumed=zone is None,
        flags=flags,
    )


def _find_moment(parts: dict[str, str | None]) -> tuple[datetime | None, Precision]:
    """The naive moment and how precise it is; None for one that no calendar holds."""
    month = parts["month"]
    number = _MONTHS.get(month[:3].lower(), 0) if month and month.isalpha() else int(month or 1)
    year = int(parts["year"] or 0)
    if len(parts["year"] or "") == 2:  # RFC 2822, 4.3
        year += 2000 if year < 50 else 1900
    hour, minute, second = (int(parts[key] or 0) for key in ("hour", "minute", "second"))
    if half := parts.get("half"):
        hour = hour % 12 + (12 if half[0] in "Pp" else 0)
    next_day = hour == 24 and minute == second == 0
    try:
        moment = datetime(year, number, int(parts["day"] or 1), 0 if next_day else hour, minute, min(second, 59))  # noqa: DTZ001
        moment += timedelta(days=next_day)
    except (ValueError, OverflowError):
        return None, "day"
    precisions: tuple[tuple[str, Precision], ...] = (
        ("second", "second"), ("hour", "minute"), ("day", "day"), ("month", "month"),
    )  # fmt: skip
    return moment, next((name for key, name in precisions if parts[key]), "year")


def _find_zone(named: str, local: datetime, home: tzinfo) -> tuple[tzinfo | None, tuple[str, ...]] | None:
    """The zone that a date names (None where it names none) and its flags; None in all where it is no zone."""
    if not named:
        return None, ()
    word = re.match(r"[A-Za-z]*", named)
    name = word[0].lower() if word else ""
    rest = named[len(name) :].strip(" .(").replace("\u2212", "-").replace(" ", "")
    if rest:
        # "GMT+3" means three hours east here, as feeds write it.
        return _read_offset(rest) if name in ("", "gmt", "utc", "ut") else None
    if name in _ZONES:
        return timezone(timedelta(minutes=_ZONES[name])), ()
    if name in _AMBIGUOUS:
        at_home = local.replace(tzinfo=home).utcoffset()
        offsets = [timedelta(minutes=minutes) for minutes in _AMBIGUOUS[name]]
        return (timezone(at_home), ()) if at_home in offsets else (timezone(offsets[0]), ("ambiguous",))
    return None


def _read_offset(text: str) -> tuple[tzinfo, tuple[str, ...]] | None:
    match = _OFFSET.match(text)
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    if minutes > 14 * 60 or int(match[3] or 0) > 59:  # the line islands are the farthest from UTC
        return None
    return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes)), ()


@lru_cache(maxsize=256)
def _name_zone(zone: tzinfo) -> str:
    """``+03:00``."""
    minutes = int((zone.utcoffset(None) or timedelta(0)).total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
