"""Discovery documents: their validators, announcements and frontier rows, committed together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from archive.db import Connection, retry_transaction
from archive.records import Announced, AnnouncementRow, DocumentChecked, DocumentRead, DocumentRow, hash_url
from archive.store.captures import insert_captures
from archive.store.cleaning import bound_date, clean_announcement, clean_text, describe_date
from archive.store.rows import to_document
from archive.store.statements import execute, get_row, list_rows

# A JSON parameter holds at most 256 MB: 500 links with full content (tens of kilobytes each) stay far below.
BATCH = 500
# Wordings of a link in a document that are kept, of the first and of the newest: an editor changes a headline a few
# times; a page that counts minutes or comments beside it does so at each reading.
WORDINGS_AT_EACH_END = 10


def announce(conn: Connection, read: DocumentRead, *, first_due: datetime) -> Announced:
    """Commit a document's new body: captures, validators, announcements, frontier rows, the documents it names.

    A new URL is due at `first_due`, or ends at once with the outcome its announcement carries. A known URL keeps its
    outcome and is not made due; only where another source's patterns had refused it, and this one's do not, is it
    taken over. So is what a source that is retired or disabled was still owed, with its due moment.

    Raises:
        LookupError: the document is unknown.
    """
    return retry_transaction(conn, _announce, read, first_due)


def _announce(conn: Connection, read: DocumentRead, first_due: datetime) -> Announced:
    document = get_row(conn, "lock_document", document_id=read.document_id)
    capture_ids = insert_captures(conn, read.captures, read.crawl_id)
    execute(conn, "lock_frontier")
    new = owed = 0
    for batch in _split(read.announcements):
        found = _insert_links(conn, read, document["source_id"], batch, first_due)
        new += found[0]
        owed += found[1]
    execute(
        conn,
        "note_document_read",
        document_id=read.document_id,
        etag=clean_text(read.etag),
        last_modified=clean_text(read.last_modified),
        body_digest=read.body_digest,
        capture_id=capture_ids[-1] if capture_ids else None,
        dialect=read.dialect,
        checked_at=read.checked_at,
        links=len(read.announcements),
        over_cap=read.over_cap,
        malformed=clean_text(read.malformed),
    )
    named = read.children or document["is_index"]
    children = _name_children(conn, read, document["source_id"]) if named else ()
    return Announced(links=len(read.announcements), new=new, owed=owed, children=children)


def _split(announcements: Sequence[AnnouncementRow]) -> Iterator[list[dict[str, Any]]]:
    """The links as JSON in batches, none twice: of two that differ in metadata only, both are announced."""
    seen: set[tuple[str, str]] = set()
    batch: list[dict[str, Any]] = []
    for announcement in announcements:
        link = _to_json(announcement)
        key = (link["url_hash"], link["digest"])
        if key not in seen:
            seen.add(key)
            batch.append(link)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _insert_links(
    conn: Connection, read: DocumentRead, source_id: int, batch: list[dict[str, Any]], first_due: datetime
) -> tuple[int, int]:
    """How many URLs were new, and how many are owed a fetch now."""
    first_of_url = {link["url_hash"]: link for link in reversed(batch)}
    ordered = [link for link in batch if first_of_url[link["url_hash"]] is link]
    inserted = list_rows(
        conn,
        "insert_links",
        source_id=source_id,
        checked_at=read.checked_at,
        first_due=first_due,
        links=Jsonb(ordered),
    )
    announced = list_rows(
        conn,
        "insert_announcements",
        document_id=read.document_id,
        crawl_id=read.crawl_id,
        checked_at=read.checked_at,
        links=Jsonb(batch),
    )
    fresh = [row["announcement_id"] for row in announced if row["is_new"]]
    if fresh:
        execute(conn, "prefer_announcements", announcement_ids=fresh)
        execute(
            conn, "trim_announcements", document_id=read.document_id, announcement_ids=fresh, kept=WORDINGS_AT_EACH_END
        )
    return sum(row["is_new"] for row in inserted), sum(row["is_owed"] for row in inserted)


def _to_json(given: AnnouncementRow) -> dict[str, Any]:
    row = clean_announcement(given)
    published, modified = bound_date(row.published), bound_date(row.modified)
    said = {
        "announced_url": row.announced_url,
        "guid": row.guid,
        "title": row.title,
        "summary": row.summary,
        "content": row.content,
        "authors": list(row.authors),
        "tags": list(row.tags),
        "language": row.language,
        "published_at": published.isoformat() if published else None,
        "published": describe_date(row.published),
        "modified_at": modified.isoformat() if modified else None,
        "modified": describe_date(row.modified),
        "rule": row.rule,
    }
    digest = hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    dated = published or modified
    return {
        **said,
        "digest": "\\x" + digest,
        "url": row.url,
        "url_hash": "\\x" + hash_url(row.url).hex(),
        "host": row.host,
        "dated_at": dated.isoformat() if dated else None,
        "outcome": row.outcome,
        "reason": row.reason,
    }


def _name_children(conn: Connection, read: DocumentRead, source_id: int) -> tuple[DocumentRow, ...]:
    kinds = {clean_text(url): kind for url, kind in read.children}
    execute(
        conn,
        "name_children",
        source_id=source_id,
        parent_id=read.document_id,
        urls=list(kinds),
        kinds=list(kinds.values()),
    )
    return _list_children(conn, read.document_id, read.crawl_id)


def named_children(conn: Connection, document_id: int, crawl_id: int) -> tuple[DocumentRow, ...]:
    """The documents that an unchanged index names, in its order, without those that this crawl reads anyway."""
    with conn.transaction():
        return _list_children(conn, document_id, crawl_id)


def _list_children(conn: Connection, document_id: int, crawl_id: int) -> tuple[DocumentRow, ...]:
    rows = list_rows(conn, "list_children", document_id=document_id, crawl_id=crawl_id)
    return tuple(to_document(row) for row in rows)


def check_document(conn: Connection, checked: DocumentChecked) -> None:
    """Note a document that brought nothing new, or why it could not be read."""
    with conn.transaction():
        capture_ids = insert_captures(conn, checked.captures, checked.crawl_id)
        execute(
            conn,
            "note_document_checked",
            document_id=checked.document_id,
            capture_id=capture_ids[-1] if capture_ids else None,
            checked_at=checked.checked_at,
            outcome=checked.outcome,
            error=clean_text(checked.error),
        )


def known_urls(conn: Connection, url_hashes: Collection[bytes]) -> set[bytes]:
    """Which of these URLs (by their sha256) were taken up before, by an announcement or a request."""
    with conn.transaction():
        rows = list_rows(conn, "find_known_urls", url_hashes=list(url_hashes))
    return {bytes(row["url_hash"]) for row in rows}
