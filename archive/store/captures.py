"""Captures: one exchange each, and where its bytes lie."""

from __future__ import annotations

from collections.abc import Iterable

from archive.db import Connection
from archive.records import CaptureRow, hash_url
from archive.store.cleaning import clean_text
from archive.store.statements import get_row


def insert_captures(conn: Connection, captures: Iterable[CaptureRow], crawl_id: int | None) -> list[int]:
    """Note captures, in their order; their ids. Belongs to the transaction that says what came of them."""
    return [insert_capture(conn, capture, crawl_id)[0] for capture in captures]


def insert_capture(conn: Connection, capture: CaptureRow, crawl_id: int | None) -> tuple[int, bool]:
    """Note a capture; its id, and whether it is new: one noted already (same WARC file and offset) keeps its id."""
    url = clean_text(capture.url)
    row = get_row(
        conn,
        "insert_capture",
        url=url,
        url_hash=hash_url(url),
        purpose=capture.purpose,
        fetched_at=capture.fetched_at,
        status=capture.status,
        mime=clean_text(capture.mime),
        location=clean_text(capture.location),
        etag=clean_text(capture.etag),
        last_modified=clean_text(capture.last_modified),
        payload_digest=capture.payload_digest,
        body_digest=capture.body_digest,
        body_length=capture.body_length,
        record_type=capture.record_type,
        refers_to=capture.refers_to,
        truncated=capture.truncated,
        warc_file_id=capture.place.file_id,
        warc_offset=capture.place.offset,
        warc_length=capture.place.length,
        warc_record_id=capture.place.record_id,
        crawl_id=crawl_id,
        ip_address=capture.ip_address,
    )
    return row["capture_id"], row["is_new"]
