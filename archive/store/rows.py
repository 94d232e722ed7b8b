"""Rows of the database as records: captures, documents, announcements."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from psycopg.rows import DictRow

from archive.records import AnnouncementRow, DateRow, DocumentRow, SourceState, StoredCapture, WarcPlace

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Record = TypeVar("Record", bound="DataclassInstance")


def to_capture(row: DictRow) -> StoredCapture | None:
    """The columns of store.kept_capture; None where an outer join found none."""
    if row["capture_id"] is None:
        return None
    return StoredCapture(
        capture_id=row["capture_id"],
        url=row["capture_url"],
        fetched_at=row["capture_fetched_at"],
        status=row["capture_status"],
        mime=row["capture_mime"],
        etag=row["capture_etag"],
        last_modified=row["capture_last_modified"],
        payload_digest=row["capture_payload_digest"],
        body_digest=row["capture_body_digest"],
        record_type=row["capture_record_type"],
        truncated=row["capture_truncated"],
        place=to_place(row),
    )


def to_place(row: DictRow) -> WarcPlace:
    """Where the bytes of a capture lie."""
    return WarcPlace(
        file_id=row["capture_file_id"],
        path=row["capture_path"],
        offset=row["capture_offset"],
        length=row["capture_length"],
        record_id=row["capture_record_id"],
    )


def to_document(row: DictRow) -> DocumentRow:
    """A row of the statements that list documents."""
    return fill(DocumentRow, row, capture=to_capture(row))


def to_source(row: DictRow) -> SourceState:
    """A row of the statements that list sources."""
    return fill(SourceState, row)


def fill(record: type[Record], row: DictRow, **known: Any) -> Record:
    """A record of which every field is a column of its name, but for those that are `known` otherwise."""
    columns = (field.name for field in fields(record) if field.name not in known)
    return record(**{name: row[name] for name in columns}, **known)


def to_announcement(row: DictRow) -> AnnouncementRow | None:
    """The announcement columns of a leased URL; None where it was never announced."""
    if row["announcement_id"] is None:
        return None
    return AnnouncementRow(
        url=row["url"],
        host=row["host"],
        announced_url=row["announced_url"],
        rule=row["announced_rule"],
        guid=row["announced_guid"],
        title=row["announced_title"],
        summary=row["announced_summary"],
        content=row["announced_content"],
        authors=tuple(row["announced_authors"]),
        tags=tuple(row["announced_tags"]),
        language=row["announced_language"],
        published=_to_date(row["announced_published_at"], row["announced_published"]),
        modified=_to_date(row["announced_modified_at"], row["announced_modified"]),
    )


def _to_date(at: datetime | None, evidence: dict[str, Any] | None) -> DateRow | None:
    """A claimed date; None where none was claimed or it lay out of bounds."""
    if at is None or evidence is None:
        return None
    return DateRow(
        at=at,
        raw=evidence["raw"],
        precision=evidence["precision"],
        provenance=evidence["provenance"],
        zone=evidence["zone"],
        flags=tuple(evidence["flags"]),
    )
