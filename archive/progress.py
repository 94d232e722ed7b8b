"""How far the work that is owed now has come: for progress bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from archive.db import Connection, statement


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """Counts since a moment: sources `crawled`; URLs `concluded`, still `owed` now, `postponed` to later."""

    sources: int
    crawled: int
    running: int
    concluded: int
    owed: int
    postponed: int
    articles: int

    @property
    def done(self) -> bool:
        """Every source was crawled and nothing is owed now; never so before the sources were loaded."""
        return self.crawled >= self.sources > 0 and self.owed == 0 and self.running == 0


def measure_progress(conn: Connection, since: datetime) -> Progress:
    """Progress since `since`."""
    row = conn.execute(statement("crawl_progress"), {"since": since}).fetchone()
    conn.rollback()
    assert row is not None
    return Progress(**row)
