"""Extractions: text and metadata of a revision under one set of versions, with removals and credits."""

from __future__ import annotations

import hashlib
from typing import Any

from psycopg.types.json import Jsonb

from archive.db import Connection
from archive.records import DateRow, ExtractionRow, VersionRow
from archive.store.cleaning import bound_date, clean_extraction
from archive.store.statements import execute, find_row, get_row


def put_extraction(conn: Connection, revision_id: int, given: ExtractionRow) -> int:
    """Store an extraction as the revision's current one; its id. One that is there already is not rewritten."""
    row = clean_extraction(given)
    version_id = _find_version(conn, row.version)
    inserted = find_row(conn, "insert_extraction", **_to_parameters(row, revision_id, version_id))
    if inserted is None:
        extraction_id: int = get_row(conn, "find_extraction", revision_id=revision_id, version_id=version_id)[
            "extraction_id"
        ]
    else:
        extraction_id = inserted["extraction_id"]
        _insert_evidence(conn, extraction_id, row)
    execute(conn, "set_current_extraction", revision_id=revision_id, extraction_id=extraction_id)
    return extraction_id


def _find_version(conn: Connection, version: VersionRow) -> int:
    parts = (version.extractor, version.trafilatura, version.rules, version.site, version.host_state)
    digest = hashlib.sha256("\x00".join(map(str, parts)).encode()).digest()
    row = find_row(conn, "find_version", digest=digest) or get_row(
        conn,
        "insert_version",
        digest=digest,
        extractor=version.extractor,
        trafilatura=version.trafilatura,
        rules=version.rules,
        site=version.site,
        host_state=version.host_state,
    )
    version_id: int = row["version_id"]
    return version_id


def _to_parameters(row: ExtractionRow, revision_id: int, version_id: int) -> dict[str, Any]:
    published, modified = _describe(row.published), _describe(row.modified)
    return {
        "revision_id": revision_id,
        "version_id": version_id,
        "content_digest": row.content_digest,
        "title": row.title,
        "titles": Jsonb([list(pair) for pair in row.titles]),
        "summary": row.summary,
        "text": row.text,
        "language": row.language,
        "authors": list(row.authors),
        "place": row.place,
        "section": row.section,
        "tags": list(row.tags),
        "image": row.image,
        "canonical_url": row.canonical_url,
        "kind": row.kind,
        "published_at": bound_date(row.published),
        "published_flags": list(row.published.flags) if row.published else [],
        "modified_at": bound_date(row.modified),
        "charset": row.charset,
        "charset_from": row.charset_from,
        "flags": list(row.flags),
        **{f"published_{key}": value for key, value in published.items()},
        **{f"modified_{key}": value for key, value in modified.items()},
    }


def _describe(date: DateRow | None) -> dict[str, str | None]:
    if date is None:
        return {"raw": None, "precision": None, "from": None, "zone": None}
    return {"raw": date.raw, "precision": date.precision, "from": date.provenance, "zone": date.zone}


def _insert_evidence(conn: Connection, extraction_id: int, row: ExtractionRow) -> None:
    if row.removals:
        execute(
            conn,
            "insert_removals",
            extraction_id=extraction_id,
            starts=[one.start for one in row.removals],
            spans=[one.span for one in row.removals],
            rules=[one.rule for one in row.removals],
            rule_versions=[one.rule_version for one in row.removals],
            zones=[one.zone for one in row.removals],
        )
    if row.credits:
        execute(
            conn,
            "insert_credits",
            extraction_id=extraction_id,
            agencies=[one.agency for one in row.credits],
            matched=[one.matched for one in row.credits],
            positions=[one.position for one in row.credits],
            confidences=[one.confidence for one in row.credits],
            places=[one.place for one in row.credits],
        )
