"""What each rule of cleaning does, in words, beside what it took out."""

from __future__ import annotations

from migrations import run_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make it. The rules come with the first worker that starts; those of older versions stay without words."""
    run_sql(revision)
