"""The place of a sitemap in the index that names it."""

from __future__ import annotations

from migrations import run_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make it. What an index was read as stays, in the order of reading, until the index changes."""
    run_sql(revision)
