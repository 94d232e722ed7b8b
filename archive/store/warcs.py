"""WARC files as the database knows them: begun, sealed, and up to where their records are committed."""

from __future__ import annotations

from uuid import UUID

from archive.db import Connection
from archive.store.statements import execute, find_row, list_rows


def opened(conn: Connection, file_id: UUID, path: str, writer: str) -> None:
    """A file was begun: `path` is relative to the WARC root without ``.open``, `writer` is machine:pid."""
    with conn.transaction():
        execute(conn, "open_warc", file_id=file_id, path=path, writer=writer)


def sealed(conn: Connection, path: str, size: int, orphans: int) -> None:
    """A file was closed at `size` bytes; `orphans` whole records in it have no capture."""
    with conn.transaction():
        execute(conn, "seal_warc", path=path, size=size, orphans=orphans)


def unsealed(conn: Connection) -> list[str]:
    """Paths of the files whose sealing is not noted: still written to, or closed while the database was away."""
    with conn.transaction():
        return [str(row["path"]) for row in list_rows(conn, "list_unsealed_warcs")]


def committed_end(conn: Connection, path: str) -> int:
    """Offset behind the last record that a capture stands for; 0 where there is none."""
    with conn.transaction():
        row = find_row(conn, "find_committed_end", path=path)
    return int(row["committed_end"]) if row else 0
