"""Finds the day, the time of day and the zone among the tokens of a raw string."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crawler.extract.calendars import YEARS, Calendar, to_gregorian
from crawler.extract.datewords import Token
from crawler.records import Precision

_PASS_OVER = ("words.filler", "weekday")
_LOOK_ROUND = 5  # tokens between a day and its time: "Wed May 24 at 10:05", "10:05 am EST, Wednesday, May 24"


@dataclass(frozen=True, slots=True)
class Day:
    """A day as written: `first` and `last` are token indices; `year` None where it was left out.

    `other` is the same numbers read month first, where both readings exist.
    """

    calendar: Calendar
    year: int | None
    month: int
    day: int | None
    first: int
    last: int
    other: tuple[int, int] | None = None

    @property
    def precision(self) -> Precision:
        """``day``, or ``month`` where no day was written."""
        return "month" if self.day is None else "day"


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day: seconds since midnight, how exact, and the zone written with it."""

    seconds: float
    precision: Precision
    first: int
    last: int
    zone: str | None = None


# --------------------------------------------------------------------------------------------- days


def find_days(tokens: Sequence[Token], *, solar: bool) -> list[Day]:
    """Every day written in the tokens, in order; `solar` says that unmarked years 13xx to 14xx are Persian."""
    found: list[Day] = []
    index = 0
    while index < len(tokens):
        day = _numeric_day(tokens, index, solar) or _named_day(tokens, index, solar)
        if day is None:
            index += 1
        else:
            found.append(day)
            index = day.last + 1
    return found


def _numeric_day(tokens: Sequence[Token], index: int, solar: bool) -> Day | None:
    token = tokens[index]
    if token.kind != "numbers" or len(token.numbers) != 3:
        return None
    a, b, c = token.numbers
    if token.digits[0] == 4:
        return _fit(_calendar(tokens, index, a, solar), (a, b, c), index, index)
    year = c
    if token.digits[2] == 2:
        year = 2000 + c if c < 70 else 1900 + c
    elif token.digits[2] != 4:
        return None
    calendar = _calendar(tokens, index, year, solar)
    if calendar != "gregorian" or "." in token.text:  # dots are always day first
        return _fit(calendar, (year, b, a), index, index) or _month_first(tokens, index, year)
    day_first, month_first = _fit(calendar, (year, b, a), index, index), _fit(calendar, (year, a, b), index, index)
    if day_first and month_first and a != b:
        return Day(calendar, year, b, a, index, index, other=(a, b))
    return day_first or month_first


def _month_first(tokens: Sequence[Token], index: int, year: int) -> Day | None:
    a, b, _ = tokens[index].numbers
    return _fit("gregorian", (year, a, b), index, index)


def _fit(calendar: Calendar | None, ymd: tuple[int, int, int], first: int, last: int) -> Day | None:
    if calendar is None or to_gregorian(calendar, *ymd) is None:
        return None
    return Day(calendar, *ymd, first, last)


def _calendar(tokens: Sequence[Token], last: int, year: int, solar: bool) -> Calendar | None:
    """The calendar of a year in numbers; None where it cannot be told, since a guess would be off by decades."""
    if YEARS["gregorian"][0] <= year <= YEARS["gregorian"][1]:
        return "gregorian"
    if year > YEARS["hijri"][1]:
        return None
    marks = tokens[last + 1 : last + 3]
    if any(mark.means("words.solar") for mark in marks):
        return "solar"
    if any(mark.means("words.hijri") for mark in marks[:1]):
        return "hijri"
    if solar:
        return "solar" if year < 1430 else None
    return "hijri" if year >= 1421 else None  # 1400 to 1420 is now in the solar calendar, 1980 to 2000 in the lunar one


def _named_day(tokens: Sequence[Token], index: int, solar: bool) -> Day | None:
    """A day with its month in words, that begins with this token: in each order met."""
    if tokens[index].kind not in ("number", "word"):
        return None
    for calendar in _month_calendars(tokens, index):
        for read in (_day_month, _month_day, _year_month_day, _month_year):
            day = read(tokens, index, calendar)
            if day is not None:
                return day
    return None


def _month_calendars(tokens: Sequence[Token], index: int) -> list[Calendar]:
    near = tokens[index : index + _LOOK_ROUND]
    calendars: tuple[Calendar, ...] = ("gregorian", "hijri", "solar")
    return [c for c in calendars if any(token.means(f"month.{c}") for token in near)]


def _month_at(tokens: Sequence[Token], index: int, calendar: Calendar) -> tuple[int, int] | None:
    """(month, index after it): a month said twice («مارس/آذار») is one; twice and different is none."""
    head = f"month.{calendar}"
    if index >= len(tokens) or not tokens[index].means(head):
        return None
    month = int(tokens[index].senses[head])
    after = _over(tokens, index + 1)
    if after < len(tokens) and tokens[after].means(head) and tokens[after].kind == "word":
        if int(tokens[after].senses[head]) != month:
            return None
        after = _over(tokens, after + 1)
    return month, after


def _over(tokens: Sequence[Token], index: int) -> int:
    """The next index that is neither punctuation nor a word that means nothing."""
    while index < len(tokens) and (tokens[index].kind == "mark" or _means_nothing(tokens[index])):
        index += 1
    return index


def _means_nothing(token: Token) -> bool:
    telling = ("month.gregorian", "month.hijri", "month.solar")
    return any(map(token.means, _PASS_OVER)) and not any(map(token.means, telling))


def _number_at(tokens: Sequence[Token], index: int, *, digits: tuple[int, ...]) -> int | None:
    if index < len(tokens) and tokens[index].kind == "number" and tokens[index].digits[0] in digits:
        return tokens[index].numbers[0]
    return None


def _year_at(tokens: Sequence[Token], index: int, calendar: Calendar) -> tuple[int, int] | None:
    """(year, its index): right after the month or day, or behind a time as in "May 24 10:05:00 EDT 2023"."""
    index = _over(tokens, index)
    year = _number_at(tokens, index, digits=(4,))
    if year is None and index < len(tokens) and tokens[index].kind == "time":
        behind = [i for i in range(index + 1, min(index + 4, len(tokens))) if tokens[i].kind == "number"]
        if behind:
            index = behind[0]
            year = _number_at(tokens, index, digits=(4,))
    low, high = YEARS[calendar]
    return (year, index) if year is not None and low <= year <= high else None


def _day_month(tokens: Sequence[Token], index: int, calendar: Calendar) -> Day | None:
    """24 May 2023, 24 May 23, 24 May."""
    day = _number_at(tokens, index, digits=(1, 2))
    month = _month_at(tokens, _over(tokens, index + 1), calendar) if day is not None else None
    if day is None or month is None:
        return None
    year = _year_at(tokens, month[1], calendar) or _short_year(tokens, month[1], calendar)
    if year is not None:
        return _fit(calendar, (year[0], month[0], day), index, year[1])
    return _yearless(tokens, calendar, month, day, index)


def _short_year(tokens: Sequence[Token], index: int, calendar: Calendar) -> tuple[int, int] | None:
    """RFC 822's two digits, where nothing but a time or the end follows."""
    year = _number_at(tokens, index, digits=(2,))
    after = _over(tokens, index + 1)
    if calendar != "gregorian" or year is None or (after < len(tokens) and tokens[after].kind != "time"):
        return None
    return (2000 + year if year < 70 else 1900 + year), index


def _month_day(tokens: Sequence[Token], index: int, calendar: Calendar) -> Day | None:
    """May 24, 2023; May 24 10:05:00 2023; May 24."""
    month = _month_at(tokens, index, calendar)
    day = _number_at(tokens, month[1], digits=(1, 2)) if month else None
    if month is None or day is None:
        return None
    year = _year_at(tokens, month[1] + 1, calendar)
    if year is not None:
        return _fit(calendar, (year[0], month[0], day), index, year[1])
    return _yearless(tokens, calendar, (month[0], month[1] + 1), day, index)


def _year_month_day(tokens: Sequence[Token], index: int, calendar: Calendar) -> Day | None:
    """2023 May 24."""
    year = _number_at(tokens, index, digits=(4,))
    month = _month_at(tokens, _over(tokens, index + 1), calendar) if year is not None else None
    day = _number_at(tokens, month[1], digits=(1, 2)) if month else None
    if year is None or month is None or day is None:
        return None
    return _fit(calendar, (year, month[0], day), index, month[1])


def _month_year(tokens: Sequence[Token], index: int, calendar: Calendar) -> Day | None:
    """May 2023; not what is left of a day that cannot be («32 مايو 2023»)."""
    before = next((t for t in reversed(tokens[:index]) if t.kind != "mark" or t.text == ":"), None)
    if before is not None and (before.kind == "number" or before.means(f"month.{calendar}")):
        return None
    month = _month_at(tokens, index, calendar)
    year = _year_at(tokens, month[1], calendar) if month else None
    if month is None or year is None:
        return None
    return Day(calendar, year[0], month[0], None, index, year[1])


def _yearless(tokens: Sequence[Token], calendar: Calendar, month: tuple[int, int], day: int, first: int) -> Day | None:
    """A day without a year, unless a year of another calendar follows («13 رمضان 2026» is no day at all)."""
    after = _over(tokens, month[1])
    strange = _number_at(tokens, after, digits=(4,)) is not None
    exists = to_gregorian("gregorian", 2024, month[0], day) if calendar == "gregorian" else None
    if strange or exists is None:
        return None
    return Day(calendar, None, month[0], day, first, month[1] - 1)


# --------------------------------------------------------------------------------------------- time of day


def find_clock(tokens: Sequence[Token], day: Day | None) -> Clock | None:
    """The time of day that goes with a day: after it, else before it."""
    clocks = list(_clocks(tokens))
    if day is None:
        return clocks[0] if clocks else None
    inside = [c for c in clocks if day.first <= c.first <= day.last]
    after = [c for c in clocks if day.last < c.first <= day.last + _LOOK_ROUND + 3]
    before = [c for c in clocks if day.first - _LOOK_ROUND - 1 <= c.last < day.first]
    for near in (inside, after, before[::-1]):
        if near:
            return near[0]
    return None


def _clocks(tokens: Sequence[Token]) -> Iterator[Clock]:
    for index, token in enumerate(tokens):
        half, last = _half_of_day(tokens, index)
        if token.kind == "time":
            parts = [*token.numbers, 0, 0]
            fraction = float(f"0.{parts[3]}") if len(token.numbers) > 3 else 0.0
            precision: Precision = "second" if len(token.numbers) > 2 else "minute"
            hour, minute, second = parts[0], parts[1], parts[2]
        elif token.kind == "number" and (half is not None or _after_hour_word(tokens, index)):
            hour, minute, second, fraction, precision = token.numbers[0], 0, 0, 0.0, "hour"
        else:
            continue
        hour = _turn(hour, half)
        if hour < 24 and minute < 60 and second < 61:
            zone, end = _zone_after(tokens, last)
            if zone is None and _names_strange_zone(tokens, last):
                continue
            yield Clock(hour * 3600 + minute * 60 + min(second, 59) + fraction, precision, index, end, zone)


def _after_hour_word(tokens: Sequence[Token], index: int) -> bool:
    """«الساعة 10»; a number before such a word ("10 Uhr") too. Not "24 May kl": the day is no hour."""
    if tokens[index].digits[0] > 2:
        return False
    before = tokens[index - 1] if index else None
    return before is not None and before.means("words.hour") and before.text != "h"


def _half_of_day(tokens: Sequence[Token], index: int) -> tuple[str | None, int]:
    """(am, pm, noon, night or None; index of the last token of the time)."""
    for step in (1, 2):
        after = index + step
        if after < len(tokens):
            for half in ("am", "pm", "noon", "night"):
                if tokens[after].means(f"words.{half}"):
                    return half, after
            if tokens[after].kind != "mark" and not tokens[after].means("words.hour"):
                break
    if index and tokens[index].kind == "time":
        for half in ("am", "pm"):
            if tokens[index - 1].means(f"words.{half}") and tokens[index - 1].text not in ("am", "م", "ص"):
                return half, index
    return None, index


def _turn(hour: int, half: str | None) -> int:
    if half == "am" and hour == 12:
        return 0
    if half == "pm" and hour < 12:
        return hour + 12
    if half == "noon" and hour < 4:
        return hour + 12
    if half == "night":
        return 0 if hour == 12 else hour + 12 if 6 <= hour < 12 else hour
    return hour


def _zone_after(tokens: Sequence[Token], last: int) -> tuple[str | None, int]:
    """The zone written behind a time: an offset, an abbreviation, or «بتوقيت» with a place."""
    zone, end = None, last
    for index in range(last + 1, min(last + 6, len(tokens))):
        token = tokens[index]
        named = token.senses.get("zone")
        if token.kind == "offset":
            return _offset(token), index
        if named is not None and (zone is None):
            zone, end = str(named), index
        elif not (token.kind == "mark" or token.means("words.by_time_of") or token.means("words.hour")):
            break
    return zone, end


def _names_strange_zone(tokens: Sequence[Token], last: int) -> bool:
    """Whether «بتوقيت» with a place that is not known follows: the day is sure, the moment is not."""
    for index in range(last + 1, min(last + 3, len(tokens) - 1)):
        if tokens[index].means("words.by_time_of"):
            place = tokens[_over(tokens, index + 1) :][:1]
            return bool(place) and place[0].kind == "word" and not place[0].senses
    return False


def _offset(token: Token) -> str | None:
    digits = "".join(c for c in token.text if c.isdigit())
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    if int(hours) > 14 or int(minutes) > 59:
        return None
    return f"{'-' if '-' in token.text else '+'}{int(hours):02}:{int(minutes):02}"
