"""Re-crawls asked for: made by the SQL functions, taken up by a worker, settled by what their URLs come to."""

from __future__ import annotations

from datetime import datetime

from psycopg import errors
from psycopg.rows import DictRow

from archive.db import Connection, retry_transaction
from archive.errors import ConfigError
from archive.records import RequestRow
from archive.store.cleaning import clean_text
from archive.store.frontier import settle_sources
from archive.store.statements import execute, find_row, get_row, list_rows


def ask_url(conn: Connection, url: str, *, force: bool) -> int:
    """Ask for a URL (any spelling or alias) to be fetched again; the id of the request, the same while one waits.

    Raises:
        ConfigError: it is no URL, or no enabled source covers its host; says which line to add to sources.toml.
    """
    return _ask(conn, "ask_url", url=clean_text(url), force=force)


def ask_source(conn: Connection, name: str, since: datetime | None, force: bool) -> int:
    """Ask for a source's articles first seen since then (None: all) to be fetched again.

    Raises:
        ConfigError: no source is called so (names those like it), it is disabled, or `since` lies outside 1800 to 2199.
    """
    return _ask(conn, "ask_source", name=clean_text(name), since=since, force=force)


def _ask(conn: Connection, statement: str, **parameters: object) -> int:
    try:
        with conn.transaction():
            request_id: int = get_row(conn, statement, **parameters)["request_id"]
    except errors.InvalidParameterValue as error:
        raise ConfigError(f"{error.diag.message_primary}. {error.diag.message_hint or ''}".strip()) from error
    return request_id


def take_request(conn: Connection, request_id: int) -> RequestRow | None:
    """Take a request up: what it wants fetched is owed from now on. None where it is unknown.

    A request for a URL has its `frontier_id`; for a source, a crawl is queued as well. One whose source has been
    retired ends as failed.
    """
    return retry_transaction(conn, _take_request, request_id)


def _take_request(conn: Connection, request_id: int) -> RequestRow | None:
    row = find_row(conn, "start_request", request_id=request_id)
    if row is None or row["finished_at"] is not None:
        return RequestRow(**row) if row else None
    source = get_row(conn, "find_request_source", source_id=row["source_id"])
    if source["is_retired"]:
        reason = f"source {source['name']} is no longer in sources.toml"
        execute(conn, "settle_request", request_id=request_id, outcome="failed", reason=reason)
        execute(conn, "withdraw_request", request_id=request_id)
    elif row["kind"] == "url":
        _owe_url(conn, row)
    else:
        _owe_articles(conn, row, source["name"])
    return RequestRow(**get_row(conn, "find_request", request_id=request_id))


def _owe_url(conn: Connection, row: DictRow) -> None:
    execute(conn, "lock_frontier")
    owed = get_row(conn, "owe_url", url=row["key"], source_id=row["source_id"], request_id=row["request_id"])
    execute(conn, "set_request_url", request_id=row["request_id"], frontier_id=owed["frontier_id"])


def _owe_articles(conn: Connection, row: DictRow, name: str) -> None:
    execute(conn, "lock_frontier")
    execute(conn, "owe_articles", request_id=row["request_id"], source_id=row["source_id"], since=row["since"])
    settle_sources(conn)
    get_row(conn, "defer_crawl", name=name, kind="owed", slot=None)


def end_orphans(conn: Connection) -> list[int]:
    """End the open requests whose source has been retired, or disabled where all of it was asked for; their ids."""
    return [row["request_id"] for row in retry_transaction(conn, list_rows, "end_orphaned_requests")]


def source_name(conn: Connection, source_id: int) -> str:
    """Name of a source by its id.

    Raises:
        LookupError: there is none.
    """
    with conn.transaction():
        name: str = get_row(conn, "find_request_source", source_id=source_id)["name"]
    return name
