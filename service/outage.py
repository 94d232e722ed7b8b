"""What repeats while the database is away, bounded: the first line as it is, then one a minute that counts the rest.

In an outage APScheduler, two connection pools, Procrastinate and our own roles each say it about once a second: in a
night that is a full disk. Everything else passes as it comes.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from archive.errors import ArchiveUnavailable

EVERY = 60.0  # seconds between two lines of one outage

# Our own words for it; the second ends an outage and tells the sum of what was held back.
AWAY = frozenset({"database_away", "database_down"})
BACK = "database_back"


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldBack:
    """Lines that were not written: how many in all and of each kind, and what the last one said."""

    lines: int
    by: Mapping[str, int]
    last: str


class Outage:
    """Decides which lines of an outage are written. Not safe for threads: its handler's lock is."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open = False
        self._quiet_until = 0.0
        self._held: Counter[str] = Counter()
        self._last = ""

    def take(self, record: logging.LogRecord) -> tuple[logging.LogRecord | None, HeldBack | None]:
        """The line to write in place of `record` (None: it is held back), and what to tell of before it."""
        now = self._clock()
        kind = _find_symptom(record)
        if kind is None:
            if _event(record) == BACK:
                return self._close(record, now), None
            return record, self._tell(now)
        # Our own word opens an outage and is written whatever else is counted: a pool's line says less.
        opens = not self._open and kind in AWAY
        if opens or not (self._held or now < self._quiet_until):
            self._open, self._quiet_until = self._open or kind in AWAY, now + EVERY
            return record, None
        self._held[kind] += 1
        self._last = _say(record)
        return None, self._tell(now)

    def flush(self) -> HeldBack | None:
        """What is held back now; it is forgotten here."""
        if not self._held:
            return None
        told = HeldBack(lines=self._held.total(), by=dict(self._held), last=self._last)
        self._held.clear()
        return told

    def _tell(self, now: float) -> HeldBack | None:
        if not self._held or now < self._quiet_until:
            return None
        self._quiet_until = now + EVERY
        return self.flush()

    def _close(self, record: logging.LogRecord, now: float) -> logging.LogRecord | None:
        """The word that it is over, once: each part of a process that had noticed says so."""
        if not self._open:
            return None
        self._open, self._quiet_until = False, now + EVERY  # pools go on a while about what the outage broke
        told = self.flush()
        if told is not None and isinstance(record.msg, dict):
            record.msg = {**record.msg, "held_back": told.lines, "by": told.by}
        return record


def _find_symptom(record: logging.LogRecord) -> str | None:
    """What a line is counted as where it says no more than that the database is away; None for any other line."""
    event = _event(record)
    if event in AWAY:
        return event
    # A tick that waits for a connection is still running when the next ones are due.
    skipped = record.name == "apscheduler.scheduler" and "maximum number of running instances" in str(record.msg)
    if skipped or record.name == "psycopg.pool":
        return record.name
    if record.exc_info and any(map(_says_away, _causes(record.exc_info[1]))):
        return record.name
    return None


def _says_away(error: BaseException) -> bool:
    from archive.db import is_away  # commands that never ask a database do without its driver

    return isinstance(error, ArchiveUnavailable) or is_away(error)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _event(record: logging.LogRecord) -> str | None:
    """The event of a line of ours; None for a library's."""
    return record.msg.get("event") if isinstance(record.msg, dict) else None


def _say(record: logging.LogRecord) -> str:
    if isinstance(record.msg, dict):
        fields: dict[str, Any] = record.msg
        return " ".join(str(fields[key]) for key in ("event", "error") if key in fields)
    return record.getMessage()
