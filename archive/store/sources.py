"""Sources: what sources.toml says of them, written whole; their pauses; look-ups."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence

from psycopg.types.json import Jsonb

from archive.db import Connection
from archive.records import Applied, Json, SourceRow, SourceState
from archive.store.cleaning import clean_text
from archive.store.rows import to_source
from archive.store.statements import execute, find_row, get_row, list_rows


def apply_sources(conn: Connection, sources: Sequence[SourceRow], *, path: str, digest: bytes) -> Applied:
    """Bring a whole sources.toml into force in one transaction; `digest` is the sha256 of its bytes.

    New settings become a new version, sources that are not among `sources` are retired, and one that is back is in
    force again (counted as added). Pauses, back-off and last slots stay.
    """
    added: list[str] = []
    changed: list[str] = []
    unchanged: list[str] = []
    with conn.transaction():
        execute(conn, "lock_sources")
        known = {row["name"]: row for row in list_rows(conn, "list_sources")}
        for source in sources:
            before = known.get(source.name)
            is_new = before is None or before["retired_at"] is not None
            has_changed = _apply_source(conn, source, before)
            (added if is_new else changed if has_changed else unchanged).append(source.name)
        retired = list_rows(conn, "retire_sources", names=[source.name for source in sources])
        execute(conn, "record_source_file", path=path, digest=digest)
    return Applied(
        added=tuple(sorted(added)),
        changed=tuple(sorted(changed)),
        retired=tuple(sorted(row["name"] for row in retired)),
        unchanged=tuple(sorted(unchanged)),
    )


def _apply_source(conn: Connection, source: SourceRow, before: dict[str, object] | None) -> bool:
    """Whether its settings are new."""
    if before is None:
        source_id = get_row(conn, "insert_source", name=source.name, enabled=source.enabled)["source_id"]
    else:
        source_id = before["source_id"]
        execute(conn, "update_source", source_id=source_id, enabled=source.enabled)
    digest = digest_settings(source.settings)
    has_changed = before is None or before["digest"] != digest
    if has_changed:
        execute(
            conn, "insert_source_setting", source_id=source_id, digest=digest, settings=Jsonb(dict(source.settings))
        )
    execute(conn, "set_source_hosts", source_id=source_id, hosts=list(source.hosts))
    documents = dict(_list_documents(source.settings))
    execute(
        conn,
        "set_source_documents",
        source_id=source_id,
        urls=list(documents),
        kinds=list(documents.values()),
    )
    return has_changed


def digest_settings(settings: Json) -> bytes:
    """sha256 of settings as canonical JSON."""
    written = json.dumps(settings, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode()).digest()


def _list_documents(settings: Json) -> Iterator[tuple[str, str]]:
    """(URL, kind) of each discovery document that the settings name."""
    for key, kind in (("feeds", "feed"), ("sitemaps", "sitemap"), ("sections", "section")):
        for entry in settings.get(key) or ():
            yield (entry["url"] if kind == "section" else entry), kind


def record_file_error(conn: Connection, *, path: str, error: str) -> None:
    """Note what is wrong with sources.toml; the set in force stays."""
    with conn.transaction():
        execute(conn, "record_source_file_error", path=path, error=clean_text(error))


def pause_source(conn: Connection, name: str, why: str | None) -> bool:
    """Pause a source until it is resumed; False where there is none of that name."""
    with conn.transaction():
        return execute(conn, "pause_source", name=name, why=clean_text(why)) > 0


def resume_source(conn: Connection, name: str) -> bool:
    """End a pause; False where the source was not paused."""
    with conn.transaction():
        return execute(conn, "resume_source", name=name) > 0


def load_source(conn: Connection, name: str) -> SourceState | None:
    """A source by its name, retired ones too."""
    with conn.transaction():
        row = find_row(conn, "find_source", name=name)
    return to_source(row) if row else None


def list_sources(conn: Connection) -> list[SourceState]:
    """Every source by name, retired ones too."""
    with conn.transaction():
        return [to_source(row) for row in list_rows(conn, "list_sources")]
