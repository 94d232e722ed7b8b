"""Re-crawls asked for: none that can never be served, and what one for a whole source waits for."""

from __future__ import annotations

from migrations import run_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make it. Requests that no worker can read end as failed."""
    run_sql(revision)
