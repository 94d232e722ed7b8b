"""The comparing program finds what is missing: tested by taking away one row, or one byte."""

from __future__ import annotations

import pytest

from archive.audit import Finding
from archive.db import connect
from demo.server import Newsroom

from .reconcile import reconcile
from .running import Wirekeep

SOURCES = ("alwatan", "albarid")


@pytest.fixture(scope="module")
def crawled(shared: Wirekeep) -> Wirekeep:
    """An installation that crawled two sources and was stopped."""
    shared.write_sources(every="7d", only=SOURCES)
    shared.start("scheduler")
    shared.start("worker")
    shared.crawl_all()
    shared.stop()
    return shared


def _announced(newsroom: Newsroom) -> list[str]:
    """URLs that the two sources' documents name."""
    expected = newsroom.expected
    found = [url for url, article in expected.articles.items() if article.source in SOURCES]
    return found + [url for url, outcome in expected.outcomes.items() if outcome.source in SOURCES]


def _reconcile_without(wirekeep: Wirekeep, statement: str) -> tuple[Finding, ...]:
    """Findings after a statement that is rolled back."""
    with connect(wirekeep.dsn) as conn:
        # Foreign keys would refuse: the row is to vanish as it would under a broken disk or an idle hand.
        conn.execute("SET session_replication_role = replica")
        assert conn.execute(statement.encode()).rowcount == 1
        return reconcile(conn, wirekeep.folder / "warc", wirekeep.newsroom.log, _announced(wirekeep.newsroom))


def test_an_archive_that_lost_nothing_has_no_findings(crawled: Wirekeep) -> None:
    with connect(crawled.dsn) as conn:
        found = reconcile(conn, crawled.folder / "warc", crawled.newsroom.log, _announced(crawled.newsroom))
    assert found == ()


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("capture", "capture_id"),
        ("warc_file", "warc_file_id"),
        ("revision", "revision_id"),
        ("extraction", "extraction_id"),
        ("article", "article_id"),
        ("frontier", "frontier_id"),
        ("announcement", "announcement_id"),
        ("attempt", "attempt_id"),
        ("crawl", "crawl_id"),
        ("search", "article_id"),
    ],
)
def test_one_row_taken_away_is_found(crawled: Wirekeep, table: str, key: str) -> None:
    statement = f"DELETE FROM store.{table} WHERE {key} = (SELECT {key} FROM store.{table} ORDER BY random() LIMIT 1)"
    assert _reconcile_without(crawled, statement)


def test_a_capture_that_nothing_else_points_at_is_missed_all_the_same(crawled: Wirekeep) -> None:
    statement = "DELETE FROM store.capture WHERE purpose = 'robots' AND url LIKE '%alwatan%'"
    found = _reconcile_without(crawled, statement)
    assert "body_lost" in {finding.check for finding in found}


def test_a_revision_kept_twice_is_found(crawled: Wirekeep) -> None:
    statement = """
        WITH twin AS (
            INSERT INTO store.revision (article_id, number, capture_id, seen_at, extraction_id)
            SELECT article_id, 2, capture_id, seen_at, extraction_id FROM store.revision LIMIT 1
            RETURNING article_id, revision_id)
        UPDATE store.article a SET revision_id = t.revision_id, edits = 1
          FROM twin t WHERE a.article_id = t.article_id"""
    assert "revision_twice" in {finding.check for finding in _reconcile_without(crawled, statement)}


def test_a_url_that_is_neither_owed_nor_concluded_is_found(crawled: Wirekeep) -> None:
    statement = (
        "UPDATE store.frontier SET outcome = NULL, due_at = NULL, due_why = NULL WHERE frontier_id = "
        "(SELECT min(frontier_id) FROM store.frontier)"
    )
    found = _reconcile_without(crawled, statement)
    assert "audit_announcements_without_outcome_or_due" in {finding.check for finding in found}


def test_one_changed_byte_in_a_warc_file_is_found(crawled: Wirekeep) -> None:
    file = next((crawled.folder / "warc").glob("**/*.warc.gz"))
    sound = file.read_bytes()
    middle = len(sound) // 2
    try:
        file.write_bytes(sound[:middle] + bytes([sound[middle] ^ 0x10]) + sound[middle + 1 :])
        with connect(crawled.dsn) as conn:
            found = reconcile(conn, crawled.folder / "warc", crawled.newsroom.log)
    finally:
        file.write_bytes(sound)
    assert "capture_bytes" in {finding.check for finding in found}
