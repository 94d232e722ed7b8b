"""Extractions: text and metadata of a revision under one set of versions, with removals and credits."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import Any

from psycopg.types.json import Jsonb

from archive.db import Connection
from archive.records import DateRow, ExtractionRow, VersionRow
from archive.store.cleaning import bound_date, clean_extraction
from archive.store.statements import execute, find_row, get_row

# As letters, not as escapes, which are three times as long in Arabic.
_DUMPS = partial(json.dumps, ensure_ascii=False)


def put_extraction(conn: Connection, revision_id: int, given: ExtractionRow) -> int:
    """Store an extraction as the revision's current one; its id. One that is there already is not rewritten."""
    row = clean_extraction(given)
    digest = digest_version(row.version)
    inserted = find_row(conn, "insert_extraction", **_to_parameters(row, revision_id, digest))
    if inserted is None:
        _insert_version(conn, row.version, digest)
        inserted = find_row(conn, "insert_extraction", **_to_parameters(row, revision_id, digest))
    if inserted is None:
        inserted = get_row(conn, "show_extraction", revision_id=revision_id, version_digest=digest)
    extraction_id: int = inserted["extraction_id"]
    return extraction_id


def digest_version(version: VersionRow) -> bytes:
    """sha256 over a set of versions: its key."""
    parts = (version.extractor, version.trafilatura, version.rules, version.site, version.host_state)
    return hashlib.sha256("\x00".join(map(str, parts)).encode()).digest()


def _insert_version(conn: Connection, version: VersionRow, digest: bytes) -> None:
    execute(
        conn,
        "insert_version",
        digest=digest,
        extractor=version.extractor,
        trafilatura=version.trafilatura,
        rules=version.rules,
        site=version.site,
        host_state=version.host_state,
    )


def _to_parameters(row: ExtractionRow, revision_id: int, version_digest: bytes) -> dict[str, Any]:
    """Values as three JSON documents: forty parameters, some null and some empty lists, would be another statement to
    plan at nearly every page."""
    return {
        "revision_id": revision_id,
        "version_digest": version_digest,
        "content_digest": row.content_digest,
        "extraction": _to_json(
            {
                "title": row.title,
                "titles": row.titles,
                "summary": row.summary,
                "text": row.text,
                "language": row.language,
                "authors": row.authors,
                "place": row.place,
                "section": row.section,
                "tags": row.tags,
                "image": row.image,
                "canonical_url": row.canonical_url,
                "kind": row.kind,
                "charset": row.charset,
                "charset_from": row.charset_from,
                "flags": row.flags,
                "published_flags": row.published.flags if row.published else (),
                **_describe("published", row.published),
                **_describe("modified", row.modified),
            }
        ),
        **_list_evidence(row),
    }


def _describe(claim: str, date: DateRow | None) -> dict[str, str | None]:
    at = bound_date(date)
    return {
        f"{claim}_at": at.isoformat() if at else None,
        f"{claim}_raw": date.raw if date else None,
        f"{claim}_precision": date.precision if date else None,
        f"{claim}_from": date.provenance if date else None,
        f"{claim}_zone": date.zone if date else None,
    }


def _list_evidence(row: ExtractionRow) -> dict[str, Jsonb]:
    return {
        "removals": _to_json(
            [
                {
                    "ordinal": ordinal,
                    "start_at": one.start,
                    "span": one.span,
                    "rule": one.rule,
                    "rule_version": one.rule_version,
                    "zone": one.zone,
                }
                for ordinal, one in enumerate(row.removals)
            ]
        ),
        "credits": _to_json(
            [
                {
                    "ordinal": ordinal,
                    "agency": one.agency,
                    "matched": one.matched,
                    "position": one.position,
                    "confidence": one.confidence,
                    "place": one.place,
                }
                for ordinal, one in enumerate(row.credits)
            ]
        ),
    }


def _to_json(value: Any) -> Jsonb:
    return Jsonb(value, dumps=_DUMPS)
