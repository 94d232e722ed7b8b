"""Moments as people type them: a date, a date and time, a span back from now, today, yesterday."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from archive.errors import ConfigError
from crawler.durations import parse_duration


def read_moment(text: str, zone: ZoneInfo, now: datetime | None = None) -> datetime:
    """An aware UTC moment. Dates without a zone are read in `zone`; ``yesterday`` is midnight there.

    >>> read_moment("2026-11-01", ZoneInfo("Asia/Riyadh")).isoformat()
    '2026-10-31T21:00:00+00:00'

    Raises:
        ConfigError: it is none of these.
    """
    here = (now or datetime.now(UTC)).astimezone(zone)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"now": here, "today": midnight, "yesterday": midnight - timedelta(days=1)}
    if text in named:
        return named[text].astimezone(UTC)
    span = parse_duration(text)
    if span is not None:
        return (here - span).astimezone(UTC)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(
            f"{text!r} is no moment; expected 2026-11-01, 2026-11-01T06:30, 3d, 12h, today or yesterday"
        ) from error
    try:
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError as error:
        raise ConfigError(f"{text!r} lies in UTC outside the years 1 to 9999") from error
