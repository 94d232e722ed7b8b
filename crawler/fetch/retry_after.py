"""How long a 429 or 503 keeps us away from a host (pure)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(hours=24)
FIRST = timedelta(seconds=30)  # without a usable Retry-After; doubled with each strike
LONGEST_OWN = timedelta(hours=1)


def pause_until(header: str | None, now: datetime, strikes: int) -> tuple[datetime, str]:
    """(until, why): the moment before which the host is left alone, never past and at most 24 hours away.

    `header` is Retry-After as sent: seconds or an HTTP date; garbage, negative numbers and dates gone by count as
    none. `strikes` is the number of such answers in a row before this one.
    """
    asked = retry_after(header, now)
    if asked is not None:
        return now + min(asked, LONGEST), f"Retry-After: {header}"
    own = min(FIRST * 2 ** min(strikes, 10), LONGEST_OWN)
    return now + own, f"no usable Retry-After ({header!r})" if header else "no Retry-After"


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """The wait that Retry-After asks for, None where it asks for none that is ahead of us.

    >>> retry_after("120", datetime(2026, 1, 1, tzinfo=UTC))
    datetime.timedelta(seconds=120)
    >>> retry_after("-5", datetime(2026, 1, 1, tzinfo=UTC)) is None
    True
    """
    text = (header or "").strip()
    if re.fullmatch(r"[0-9]{1,12}", text):
        seconds = int(text)
        return min(timedelta(seconds=seconds), LONGEST) if seconds else None
    try:
        at = parsedate_to_datetime(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, IndexError, TypeError, OverflowError):  # the last year west of Greenwich ends in no year
        return None
    return at - now if at > now else None
