"""Rows as fetching and extracting would hand them to the store, for the store's own tests."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from archive.db import Connection
from archive.records import (
    AnnouncementRow,
    ArticleSave,
    CaptureRow,
    CrawlBegun,
    CreditRow,
    DateRow,
    DocumentRead,
    ExtractionRow,
    LeasedUrl,
    ProcessRow,
    RemovalRow,
    SourceRow,
    VersionRow,
    WarcPlace,
    hash_url,
)
from archive.store import crawls, documents, frontier, processes, sources, warcs

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
FEED = "https://paper.example/feed"
VERSION = VersionRow(extractor=1, trafilatura="2.3.1", rules="r1", site="s1")


def source_row(name: str = "paper", host: str = "paper.example", **settings: Any) -> SourceRow:
    """A source with one feed on `host`."""
    return SourceRow(
        name=name,
        enabled=settings.pop("enabled", True),
        hosts=(host, f"www.{host}"),
        settings={"name": name, "feeds": [f"https://{host}/feed"], "every": "5m", "language": "ar", **settings},
    )


def apply(conn: Connection, *rows: SourceRow) -> None:
    """Bring these sources into force."""
    sources.apply_sources(conn, rows, path="sources.toml", digest=b"d")


class Desk:
    """One source, one worker and one WARC file: makes captures at ever new offsets."""

    def __init__(self, conn: Connection, *, name: str = "paper", host: str = "paper.example") -> None:
        self.conn = conn
        self.name = name
        self.host = host
        self.file_id = uuid4()
        self.path = f"2026/{self.file_id}.warc.gz"
        self.offset = 0
        self.process_id: UUID = uuid4()
        warcs.opened(conn, self.file_id, self.path, "machine:1")
        processes.register(
            conn,
            ProcessRow(process_id=self.process_id, role="worker", host="machine", pid=1, version="0.1.0"),
        )

    def begin(self, kind: str = "scheduled", *, job_id: int | None = None) -> CrawlBegun:
        begun = crawls.begin_crawl(
            self.conn, name=self.name, kind=kind, slot=None, job_id=job_id, process_id=self.process_id
        )
        assert begun is not None
        return begun

    def capture(self, url: str, body: bytes | None = b"body", **changes: Any) -> CaptureRow:
        """A 200 with `body`; each call is another exchange."""
        self.offset += 1000
        row = CaptureRow(
            url=url,
            purpose="article",
            fetched_at=NOW,
            status=200,
            mime="text/html",
            location=None,
            etag=None,
            last_modified=None,
            payload_digest="sha1:" + hashlib.sha1(body or b"").hexdigest(),
            record_type="response",
            truncated=None,
            ip_address="192.0.2.1",
            place=WarcPlace(
                file_id=self.file_id,
                path=self.path,
                offset=self.offset,
                length=900,
                record_id=f"<urn:uuid:{uuid4()}>",
            ),
            body_digest=hashlib.sha256(body).digest() if body is not None else None,
            body_length=len(body) if body is not None else None,
        )
        return replace(row, **changes)

    def read_feed(self, begun: CrawlBegun, *links: AnnouncementRow, due: datetime | None = None, **changes: Any) -> Any:
        """Announce `links` as the first document of the source."""
        body = repr(links).encode()
        read = DocumentRead(
            document_id=begun.documents[0].document_id,
            crawl_id=begun.crawl_id,
            captures=(self.capture(begun.documents[0].url, body, purpose="feed"),),
            checked_at=NOW,
            dialect="rss2",
            etag='"1"',
            last_modified=None,
            body_digest=hashlib.sha256(body).digest(),
            over_cap=0,
            malformed=None,
            announcements=links,
        )
        return documents.announce(self.conn, replace(read, **changes), first_due=due or datetime.now(UTC))

    def owe(self, *urls: str) -> tuple[CrawlBegun, list[LeasedUrl]]:
        """Announce `urls` and take them up, in a crawl of their own."""
        begun = self.begin()
        self.read_feed(begun, *(link(url) for url in urls))
        return begun, self.lease(begun)

    def lease(self, begun: CrawlBegun, limit: int = 100, **changes: Any) -> list[LeasedUrl]:
        return frontier.lease(
            self.conn, crawl_id=begun.crawl_id, source_id=begun.source_id, limit=limit, seconds=300.0, **changes
        )

    def save(self, begun: CrawlBegun, leased: LeasedUrl, **changes: Any) -> ArticleSave:
        """A new article at the leased URL."""
        save = ArticleSave(
            frontier_id=leased.frontier_id,
            crawl_id=begun.crawl_id,
            source_id=begun.source_id,
            decision="new",
            url=leased.url,
            fetch_url_hash=hash_url(leased.url),
            aliases=(),
            captures=(self.capture(leased.url),),
            extraction=extraction(),
            expected_revision_id=None,
            at=NOW,
        )
        return replace(save, **changes)


def link(url: str, **changes: Any) -> AnnouncementRow:
    """A link that is owed a fetch."""
    row = AnnouncementRow(
        url=url,
        host=url.split("/")[2],
        announced_url=url + "?utm_source=rss",
        rule="allow:default",
        guid=url,
        title="عنوان",
        summary="ملخص",
        published=date(NOW - HOUR, provenance="feed"),
    )
    return replace(row, **changes)


def date(at: datetime, *, provenance: str = "jsonld") -> DateRow:
    """A claimed date to the second."""
    return DateRow(at=at, raw=at.isoformat(), precision="second", provenance=provenance, zone="+00:00")


def extraction(**changes: Any) -> ExtractionRow:
    """An Arabic article by Reuters, with two lines taken out."""
    row = ExtractionRow(
        version=VERSION,
        title="قمة في بكين",
        titles=(("jsonld", "قمة في بكين"), ("h1", "قمة في بكين")),
        summary="زعماء يلتقون",
        text="بكين (رويترز) - التقى زعماء.\nوقال مسؤولون إن القمة ناجحة.",
        language="ar",
        authors=("مراسل",),
        place="بكين",
        section="عالم",
        tags=("قمة", "الصين"),
        image="https://paper.example/1.jpg",
        canonical_url=None,
        kind="article",
        published=date(NOW - 2 * HOUR),
        modified=None,
        charset="utf-8",
        charset_from="header",
        flags=(),
        removals=(
            RemovalRow(start=0, span="شارك\n", rule="share", rule_version=1, zone="lead"),
            RemovalRow(start=34, span="اقرأ أيضا\n", rule="read_also", rule_version=2, zone="body"),
        ),
        credits=(CreditRow(agency="Reuters", matched="رويترز", position="dateline", confidence=0.99, place="بكين"),),
    )
    return replace(row, **changes)


@contextmanager
def cloned(server: str, template: str, name: str) -> Iterator[str]:
    """DSN of a clone of `template` that several tests share: those that change nothing, or nothing of each other's."""
    identifier = sql.Identifier(f"wirekeep_{name}_{os.getpid()}")
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(identifier, sql.Identifier(template)))
        yield make_conninfo(server, dbname=f"wirekeep_{name}_{os.getpid()}")
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def one(conn: Connection, query: str, *parameters: Any) -> Any:
    """The first column of the first row, in a transaction of its own."""
    with conn.transaction():
        row = conn.execute(query.encode(), parameters or None).fetchone()
    return None if row is None else next(iter(row.values()))


def table(conn: Connection, query: str, *parameters: Any) -> list[dict[str, Any]]:
    """All rows, in a transaction of their own."""
    with conn.transaction():
        return conn.execute(query.encode(), parameters or None).fetchall()
