"""Alembic's folder: each revision in `versions/` runs the plain SQL files of its folder in `sql/`, in name order."""

from __future__ import annotations

from pathlib import Path

from alembic import op


def run_sql(revision: str) -> None:
    """Run `sql/<revision>/*.sql` in name order, in the migration's transaction.

    Through the driver's own connection and without parameters: a percent sign in the SQL is a percent sign there.
    """
    connection = op.get_bind().connection.driver_connection
    assert connection is not None  # an online migration has a connection
    for file in sorted((Path(__file__).parent / "sql" / revision).glob("*.sql")):
        try:
            connection.execute(file.read_text(encoding="utf-8"))
        except Exception as error:
            error.add_note(f"in migrations/sql/{revision}/{file.name}")
            raise
