"""How things look on a terminal: JSON unescaped, control and bidi characters dropped, times in the user's zone.

Arabic stays in logical order and stands on lines of its own or in the last column: a terminal that shapes it does so
per line, and a table border to the right of it would be torn.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

# C0 and C1 controls (escape sequences live there), bidi marks, embeddings, overrides and isolates, line separators.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")

console = Console(highlight=False, soft_wrap=True)


def clean(text: str) -> str:
    """`text` without characters that steer a terminal or reorder a line; storage keeps them.

    >>> clean("a\\x1b]8;;http://x\\x07b\\u202ec")
    'a]8;;http://xbc'
    """
    return _UNSAFE.sub("", text)


def clean_line(text: str, limit: int | None = None) -> str:
    """`text` safe and on one line, cut at `limit` characters with an ellipsis."""
    line = " ".join(clean(text.replace("\n", " ").replace("\t", " ")).split())
    return line if limit is None or len(line) <= limit else line[: limit - 1] + "…"


def show_time(value: datetime | None, zone: ZoneInfo) -> str:
    """A time in the display zone, to the second; a dash for none."""
    return "-" if value is None else value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def show_span(value: timedelta) -> str:
    """A span in words.

    >>> show_span(timedelta(hours=26)), show_span(timedelta(seconds=4.2))
    ('1 d 2 h', '4 s')
    """
    seconds = int(abs(value).total_seconds())
    units = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    parts: list[str] = []
    for size, name in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"


def to_plain(value: Any) -> Any:
    """Records, times and the like as what JSON has."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"  # JSON has none of them
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return str(value)


def print_json(value: Any) -> None:
    """JSON, unescaped UTF-8, on standard output."""
    sys.stdout.write(json.dumps(to_plain(value), ensure_ascii=False, indent=2) + "\n")


def print_lines(rows: Iterable[Any]) -> None:
    """JSON lines, one row a line."""
    for row in rows:
        sys.stdout.write(json.dumps(to_plain(row), ensure_ascii=False) + "\n")


def print_heading(text: str) -> None:
    """A heading line."""
    console.print(Text(text, style="bold"))


def print_text(text: str) -> None:
    """Text as it is, made safe, each paragraph on a line of its own."""
    for line in text.split("\n"):
        console.print(Text(clean(line)))
