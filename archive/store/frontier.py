"""The frontier: URLs leased to a crawl, concluded with an outcome or postponed, and the requests that wait for them."""

from __future__ import annotations

from dataclasses import replace

from psycopg.rows import DictRow

from archive.db import Connection, retry_transaction, single_statement
from archive.records import Conclusion, LeasedUrl, Postponement
from archive.store.captures import insert_captures
from archive.store.cleaning import clean_text
from archive.store.rows import fill, to_announcement, to_capture
from archive.store.statements import execute, find_row, get_row, list_rows


def lease(
    conn: Connection, *, crawl_id: int, source_id: int, limit: int, seconds: float, request_id: int | None = None
) -> list[LeasedUrl]:
    """Take up at most `limit` URLs that are due, whose lease is free and whose host is not paused.

    Asked for ones first, then newest first, then in announced order. With `request_id` only that request's.
    """
    with single_statement(conn):
        rows = list_rows(
            conn,
            "lease_urls",
            crawl_id=crawl_id,
            source_id=source_id,
            limit=limit,
            seconds=seconds,
            request_id=request_id,
        )
    return [_to_leased(row) for row in rows]


def _to_leased(row: DictRow) -> LeasedUrl:
    return fill(LeasedUrl, row, capture=to_capture(row), announcement=to_announcement(row))


def conclude(conn: Connection, c: Conclusion) -> None:
    """A final outcome without new text, with its captures and attempt, in one transaction.

    ``unchanged`` confirms what was last said of that body: a page that was rejected stays rejected. ``gone`` marks
    the article gone, ``unchanged`` marks it seen. Requests that wait for the URL are settled, unless one came after
    this crawl had taken the URL up: then the URL stays owed to it.

    Raises:
        LookupError: the URL is unknown.
    """
    retry_transaction(conn, _conclude, c)


def _conclude(conn: Connection, c: Conclusion) -> None:
    url = get_row(conn, "lock_url", frontier_id=c.frontier_id, crawl_id=c.crawl_id)
    capture_ids = insert_captures(conn, c.captures, c.crawl_id)
    ended = replace(c, reason=clean_text(c.reason))
    if ended.outcome == "unchanged":
        ended = _confirm(conn, ended, url)
    if not close_url(conn, url, ended, capture_id=capture_ids[-1] if capture_ids else None):
        return
    if ended.outcome == "gone" and url["article_id"] is not None:
        execute(
            conn,
            "note_article_gone",
            article_id=url["article_id"],
            url_hash=url["url_hash"],
            at=c.at,
            status=c.status,
        )
    elif ended.outcome == "unchanged":
        execute(conn, "note_article_seen", article_id=url["article_id"], url_hash=url["url_hash"], at=c.at)


def _confirm(conn: Connection, c: Conclusion, url: DictRow) -> Conclusion:
    """What an answer that the body is unchanged ends as."""
    verdict = find_row(conn, "find_verdict", frontier_id=c.frontier_id, capture_id=url["capture_id"])
    if verdict is not None and verdict["result"] in {"rejected", "not_allowed", "duplicate"}:
        return replace(c, outcome=verdict["result"], reason=verdict["detail"])
    return c


def close_url(
    conn: Connection, url: DictRow, c: Conclusion, *, capture_id: int | None, article_id: int | None = None
) -> bool:
    """Write the attempt and outcome of a URL locked by ``lock_url`` (`url`), and settle the requests that wait for it.

    False where that was noted before (a replay); nothing is changed then.
    """
    noted = execute(
        conn,
        "conclude_url",
        frontier_id=c.frontier_id,
        crawl_id=c.crawl_id,
        outcome=c.outcome,
        reason=c.reason,
        at=c.at,
        status=c.status,
        is_ours=url["is_ours"],
        next_due_at=c.next_due_at,
        revisits=c.revisits,
        article_id=article_id,
        capture_id=capture_id,
    )
    if noted and url["is_ours"] and url["request_id"] is not None:
        execute(
            conn,
            "settle_url_requests",
            frontier_id=c.frontier_id,
            outcome=c.outcome,
            reason=c.reason,
            article_id=article_id or url["article_id"],
        )
        settle_sources(conn)
    return bool(noted)


def settle_sources(conn: Connection) -> None:
    """End the requests for a whole source that no URL is owed to any more."""
    waiting = [row["request_id"] for row in list_rows(conn, "lock_source_requests")]
    if waiting:
        execute(conn, "settle_source_requests", request_ids=waiting)


def postpone(conn: Connection, p: Postponement) -> None:
    """No outcome yet: the URL stays owed from `p.due_at` on, and requests for it stay open.

    Raises:
        LookupError: the URL is unknown.
    """
    retry_transaction(conn, _postpone, p)


def _postpone(conn: Connection, p: Postponement) -> None:
    url = get_row(conn, "lock_url", frontier_id=p.frontier_id, crawl_id=p.crawl_id)
    capture_ids = insert_captures(conn, p.captures, p.crawl_id)
    noted = find_row(
        conn,
        "insert_attempt",
        frontier_id=p.frontier_id,
        crawl_id=p.crawl_id,
        at=p.at,
        result="postponed" if p.due_why == "paused" else "retry",
        detail=clean_text(p.error),
        status=p.status,
        capture_id=capture_ids[-1] if capture_ids else None,
        next_due_at=p.due_at,
    )
    if noted and url["is_ours"]:
        execute(
            conn,
            "postpone_url",
            frontier_id=p.frontier_id,
            due_at=p.due_at,
            due_why=p.due_why,
            counted=p.counted,
            error=clean_text(p.error),
        )


def release_leases(conn: Connection, crawl_id: int) -> int:
    """Free what a crawl still has in hand; it stays owed. How many URLs."""
    with conn.transaction():
        return execute(conn, "release_leases", crawl_id=crawl_id)


def pending(conn: Connection, source_id: int) -> dict[str, int]:
    """What a source is owed: ``due`` now, ``leased``, ``held`` (its host is paused), ``later``."""
    with conn.transaction():
        return dict(get_row(conn, "count_pending", source_id=source_id))
