"""The spine: sources, frontier, captures, articles with their revisions and extractions, public views and functions."""

from __future__ import annotations

from migrations import run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make it. Migrations go forward only: to go back, restore a backup."""
    run_sql(revision)
