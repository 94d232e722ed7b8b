"""Learned boilerplate: what new articles show of their host's template, the lines learned, and host states."""

from __future__ import annotations

from migrations import run_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make it. Articles that are there already are not looked at again: learning begins with the next new ones."""
    run_sql(revision)
