"""Durations as people write them: ``50ms``, ``30s``, ``5m``, ``1h30m``, ``3d``, ``1w``."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
# Each unit once, from the largest down; seven digits keep a product within what timedelta can hold.
_PATTERN = re.compile("".join(rf"(?:(\d{{1,7}}){unit})?" for unit in _UNITS), re.ASCII)
# Longer than any schedule or revisit of a story that is still news; a slip such as 5000w is caught.
LONGEST = timedelta(days=3660)


def parse_duration(text: str) -> timedelta | None:
    """The duration that `text` writes, from 0 to `LONGEST`; None where it writes none.

    >>> parse_duration("1h30m"), parse_duration("fast")
    (datetime.timedelta(seconds=5400), None)
    """
    match = _PATTERN.fullmatch(text)
    if not text or match is None:
        return None
    found = sum(
        (unit * int(count) for unit, count in zip(_UNITS.values(), match.groups(), strict=True) if count), timedelta()
    )
    return found if found <= LONGEST else None


def format_duration(duration: timedelta) -> str:
    """`duration` (not negative, whole milliseconds) in the spelling that `parse_duration` reads, without weeks.

    >>> format_duration(timedelta(minutes=90)), format_duration(timedelta(0))
    ('1h30m', '0s')
    """
    left, written = duration, ""
    for name, unit in _UNITS.items():
        if name == "w":  # "7d" and "30d" compare at a glance, "1w" and "4w2d" do not
            continue
        count, left = divmod(left, unit)
        written += f"{count}{name}" if count else ""
    return written or "0s"
