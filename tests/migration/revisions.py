"""A database as an earlier revision left it."""

from __future__ import annotations

import psycopg

from archive.migrate import _PIN_SEARCH_PATH
from archive.schema import migrations_path, queue_files, queue_schema


def make_revision(dsn: str, revision: str) -> None:
    """Make in an empty database what the revisions up to this one made."""
    folders = sorted(path for path in (migrations_path() / "sql").iterdir() if path.is_dir() and path.name <= revision)
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("CREATE SCHEMA store")
        conn.execute("CREATE TABLE store.schema_version (version_num varchar(32) PRIMARY KEY)")
        conn.execute("INSERT INTO store.schema_version VALUES (%s)", (revision,))
        for folder in folders:
            for file in sorted(folder.glob("*.sql")):
                conn.execute(file.read_text(encoding="utf-8"))
        conn.execute("SET search_path = queue")
        conn.execute(queue_schema().read_text(encoding="utf-8"))
        conn.execute("RESET search_path")
        names = [path.name for path in queue_files()]
        conn.execute("INSERT INTO store.queue_migration (name) SELECT unnest(%s::text[])", (names,))
        conn.execute(_PIN_SEARCH_PATH)
