"""Turns a day of the Hijri or the Persian solar calendar into the Gregorian one.

Hijri is Umm al-Qura, the civil calendar of Saudi Arabia (years 1343 to 1500, by `hijridate`'s table). Where a country
sights the moon itself its day may differ by one: that is why such a date is called estimated.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from hijridate import Hijri

Calendar = Literal["gregorian", "hijri", "solar"]

# Years in which a number can be a year of that calendar at all; what is under 1501 is never Gregorian.
YEARS: dict[Calendar, tuple[int, int]] = {"gregorian": (1800, 2199), "hijri": (1343, 1500), "solar": (1250, 1450)}

# The solar year begins at the March equinox of Tehran. Within YEARS the 33-year cycle with these leap years gives the
# same days as the observed equinox; 1 Farvardin 1400 is 21 March 2021.
_SOLAR_LEAP = frozenset({1, 5, 9, 13, 17, 22, 26, 30})
_SOLAR_EPOCH = (1400, date(2021, 3, 21))


def to_gregorian(calendar: Calendar, year: int, month: int, day: int) -> date | None:
    """The Gregorian day, or None where no such day exists.

    >>> to_gregorian("hijri", 1448, 6, 13)
    datetime.date(2026, 11, 23)
    >>> to_gregorian("solar", 1402, 3, 3)
    datetime.date(2023, 5, 24)
    """
    low, high = YEARS[calendar]
    if not (low <= year <= high and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    try:
        if calendar == "gregorian":
            return date(year, month, day)
        if calendar == "solar":
            return _solar(year, month, day)
        return date.fromordinal(Hijri(year, month, day).to_gregorian().toordinal())
    except (ValueError, OverflowError):  # 31 April, 30 Shawwal of a short month
        return None


def _solar(year: int, month: int, day: int) -> date:
    months = [31] * 6 + [30] * 5 + [30 if _is_solar_leap(year) else 29]
    if day > months[month - 1]:
        raise ValueError(f"solar month {year}-{month} has {months[month - 1]} days, not {day}")
    base, first = _SOLAR_EPOCH
    span = range(min(base, year), max(base, year))
    days = sum(366 if _is_solar_leap(y) else 365 for y in span)
    return first + timedelta(days=(days if year >= base else -days) + sum(months[: month - 1]) + day - 1)


def _is_solar_leap(year: int) -> bool:
    return year % 33 in _SOLAR_LEAP
