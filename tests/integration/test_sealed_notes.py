"""WARC files that were closed while the database was away are noted as sealed by the next worker."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from archive.db import Connection
from archive.store import warcs
from service.worker import note_sealed_files


def test_a_file_sealed_while_the_database_was_away_is_noted_later(conn: Connection, tmp_path: Path) -> None:
    for path in ("closed.warc.gz", "written.warc.gz", "elsewhere.warc.gz"):
        warcs.opened(conn, uuid4(), path, "machine:7")
    (tmp_path / "closed.warc.gz").write_bytes(b"x" * 77)
    (tmp_path / "written.warc.gz.open").write_bytes(b"x")
    note_sealed_files(conn, tmp_path)
    assert set(warcs.unsealed(conn)) == {"elsewhere.warc.gz", "written.warc.gz"}
    row = conn.execute("SELECT size, sealed_at FROM store.warc_file WHERE path = 'closed.warc.gz'").fetchone()
    assert row is not None
    assert row["size"] == 77
    assert row["sealed_at"] is not None
