"""What the commands ask the archive: search, show a story, why a URL fared as it did, status, requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from psycopg import errors
from psycopg.rows import DictRow

from archive.answers import (
    Attempt,
    DocumentState,
    HeldLink,
    Hit,
    HostState,
    Owner,
    PausedHost,
    ProcessStatus,
    QueueStatus,
    RequestState,
    RobotsState,
    RunningCrawl,
    Shown,
    ShownCapture,
    ShownCredit,
    ShownRemoval,
    ShownRevision,
    Sighting,
    SourceFile,
    SourceStatus,
    Status,
    Story,
    Totals,
    UrlState,
    Why,
)
from archive.db import Connection
from archive.errors import ConfigError
from archive.records import hash_url
from archive.store.rows import to_capture
from archive.store.statements import find_row, get_row, list_rows

__all__ = [
    "Hit",
    "RequestState",
    "Shown",
    "Status",
    "Why",
    "find_known",
    "request_states",
    "search",
    "show",
    "status",
    "why",
]

# A page that is fetched daily for years has thousands of captures; the newest tell how it fares.
MOST_CAPTURES = 50


def search(
    conn: Connection,
    text: str,
    *,
    language: str | None = None,
    source: str | None = None,
    agency: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 20,
) -> list[Hit]:
    """Articles that hold the words of `text` (``"a phrase"``, ``or``, ``-without``), best first.

    `since` (inclusive) and `until` (exclusive) select on the story's date.
    """
    with conn.transaction():
        rows = list_rows(
            conn,
            "search_articles",
            text=text.replace("\0", " "),
            language=language,
            source=source,
            agency=agency,
            since=since,
            until=until,
            limit=limit,
        )
    return [Hit(**row) for row in rows]


def find_known(conn: Connection, url: str) -> str | None:
    """The URL that the archive knows for a canonical one: itself, else another spelling of it; None for neither.

    Raises:
        ConfigError: several stories answer to other spellings; names them.
    """
    try:
        with conn.transaction():
            known: str | None = get_row(conn, "find_known", url=url)["url"]
    except errors.InvalidParameterValue as error:
        raise ConfigError(f"{error.diag.message_primary}. {error.diag.message_hint or ''}".strip()) from error
    return known


def show(conn: Connection, url: str) -> Shown | None:
    """All that is kept under `url` (canonical, any alias, or another spelling of one); None where there is nothing.

    Raises:
        ConfigError: as `find_known`.
    """
    with conn.transaction():
        shown = _show_exactly(conn, url)
        if shown is None and (known := find_known(conn, url)) is not None and known != url:
            shown = _show_exactly(conn, known)
        return shown


def _show_exactly(conn: Connection, url: str) -> Shown | None:
    row = find_row(conn, "show_story", url_hash=hash_url(url))
    if row is None:
        captures = _list_captures(conn, [url])
        return _show_captures(url, captures) if captures else None
    story = Story(**row)
    aliases = [alias["url"] for alias in list_rows(conn, "show_aliases", article_id=story.id)]
    captures = _list_captures(conn, [story.url, *aliases])
    return Shown(
        url=url,
        story=story,
        revisions=[ShownRevision(**one) for one in list_rows(conn, "show_revisions", article_id=story.id)],
        removals=[ShownRemoval(**one) for one in list_rows(conn, "show_removals", extraction_id=story.extraction_id)],
        credits=[ShownCredit(**one) for one in list_rows(conn, "show_credits", extraction_id=story.extraction_id)],
        aliases=aliases,
        captures=captures,
        body=_to_shown(get_row(conn, "show_body", revision_id=story.revision_id)).place,
    )


def _show_captures(url: str, captures: list[ShownCapture]) -> Shown:
    return Shown(
        url=url,
        story=None,
        revisions=[],
        removals=[],
        credits=[],
        aliases=[],
        captures=captures,
        body=captures[0].place,
    )


def _list_captures(conn: Connection, urls: Sequence[str]) -> list[ShownCapture]:
    rows = list_rows(conn, "show_captures", url_hashes=[hash_url(url) for url in urls], limit=MOST_CAPTURES)
    return [_to_shown(row) for row in rows]


def _to_shown(row: DictRow) -> ShownCapture:
    capture = to_capture(row)
    assert capture is not None  # an inner join
    return ShownCapture(
        capture_id=capture.capture_id,
        url=capture.url,
        fetched_at=capture.fetched_at,
        status=capture.status,
        mime=capture.mime,
        record_type=capture.record_type,
        truncated=capture.truncated,
        place=capture.place,
    )


def why(conn: Connection, canonical_url: str) -> Why:
    """How a URL fared: where it was announced, what came of it, what it waits for; or who would own it.

    Raises:
        ConfigError: as `find_known`.
    """
    with conn.transaction():
        url = find_known(conn, canonical_url) or canonical_url
        origin = "/".join(url.split("/", 3)[:3])
        host = origin.partition("://")[2]
        row = find_row(conn, "why_url", url_hash=hash_url(url))
        frontier_id = row.pop("frontier_id") if row else None
        host_row = find_row(conn, "why_host", host=host)
        robots_row = find_row(conn, "why_robots", origin=origin)
        return Why(
            url=url,
            host=host,
            state=UrlState(**row) if row else None,
            sightings=[Sighting(**one) for one in list_rows(conn, "why_sightings", frontier_id=frontier_id)],
            attempts=[Attempt(**one) for one in list_rows(conn, "why_attempts", frontier_id=frontier_id)],
            requests=[RequestState(**one) for one in list_rows(conn, "why_requests", url=row["url"] if row else url)],
            host_state=HostState(**host_row) if host_row else None,
            robots=RobotsState(**robots_row) if robots_row else None,
            owners=[_to_owner(conn, one) for one in list_rows(conn, "why_owners", host=host)],
        )


def _to_owner(conn: Connection, row: DictRow) -> Owner:
    documents = []
    for document in list_rows(conn, "why_documents", source_id=row["source_id"]):
        held = list_rows(conn, "why_held", document_id=document.pop("document_id"))
        documents.append(DocumentState(**document, held=[HeldLink(**link) for link in held]))
    return Owner(
        name=row["name"],
        state=row["state"],
        crawled_at=row["crawled_at"],
        last_error=row["last_error"],
        documents=documents,
    )


def status(conn: Connection, dead_after: timedelta) -> Status:
    """What the service is doing; a process that has not beaten for `dead_after` is dead."""
    with conn.transaction():
        totals = get_row(conn, "status_totals")
        file = find_row(conn, "status_source_file")
        return Status(
            at=totals.pop("at"),
            sources=[SourceStatus(**row) for row in list_rows(conn, "status_sources")],
            processes=[ProcessStatus(**row) for row in list_rows(conn, "status_processes", dead_after=dead_after)],
            queue=QueueStatus(**get_row(conn, "status_queue", dead_after=dead_after)),
            crawls=[RunningCrawl(**row) for row in list_rows(conn, "status_crawls")],
            paused_hosts=[PausedHost(**row) for row in list_rows(conn, "status_paused_hosts")],
            source_file=SourceFile(**file) if file else None,
            totals=Totals(**totals),
        )


def request_states(conn: Connection, request_ids: Sequence[int]) -> list[RequestState]:
    """Requests as archive.requests shows them, in the order of `request_ids`; unknown ones are left out."""
    with conn.transaction():
        rows = list_rows(conn, "list_requests", request_ids=list(request_ids))
    return [RequestState(**row) for row in rows]
