"""A URL is found by the spellings that mean the same page: scheme, `www.`, last slash, composed letters."""

from __future__ import annotations

from migrations import run_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make it. Stories that were stored twice by such spellings stay two: each has its own revisions."""
    run_sql(revision)
