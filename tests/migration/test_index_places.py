"""From revision 0004 with an index that was read: its sitemaps stay those that are read, until it says better."""

from __future__ import annotations

from archive.db import connect
from archive.migrate import expected_version, migrate
from archive.store import documents
from tests.integration.stored_rows import Desk, apply, source_row, table
from tests.migration.revisions import make_revision

# An index that changed at 12:00. It names a sitemap read since, one not read yet, and one that fails; another it
# named only before. The last one of all it names, but sources.toml does, too.
INDEX = """
    UPDATE store.document SET checked_at = '2026-11-23 13:00Z', changed_at = '2026-11-23 12:00Z', outcome = 'unchanged';
    INSERT INTO store.document (source_id, url, url_hash, kind, parent_id, configured, checked_at, outcome)
    SELECT d.source_id, n.url, store.hash_url(n.url), 'sitemap', d.document_id, n.configured, n.checked_at, n.outcome
    FROM store.document d, (VALUES
        ('https://paper.example/read.xml', false, '2026-11-23 13:00Z'::timestamptz, 'read'),
        ('https://paper.example/gone.xml', false, '2026-11-23 11:00Z', 'read'),
        ('https://paper.example/failing.xml', false, '2026-11-23 13:00Z', 'failed'),
        ('https://paper.example/cut-off.xml', false, NULL, NULL),
        ('https://paper.example/both.xml', true, '2026-11-23 13:00Z', 'read')
    ) AS n (url, configured, checked_at, outcome)
"""
PLACES = "SELECT substring(url FROM '[^/]+$') AS name, place FROM archive.documents WHERE kind = 'sitemap' ORDER BY id"


def test_the_sitemaps_of_an_index_keep_the_order_they_were_read_in(empty_database: str) -> None:
    make_revision(empty_database, "0004")
    with connect(empty_database) as conn:
        apply(conn, source_row())
        with conn.transaction():
            conn.execute(INDEX)
        before = table(conn, "SELECT to_jsonb(d) AS row FROM store.document d ORDER BY document_id")
    done = migrate(empty_database)
    assert (done.before, done.after) == ("0004", expected_version())
    assert not migrate(empty_database).changed
    with connect(empty_database) as conn:
        after = table(conn, "SELECT to_jsonb(d) - 'place' AS row FROM store.document d ORDER BY document_id")
        assert after == before
        places = {row["name"]: row["place"] for row in table(conn, PLACES)}
        assert places == {"read.xml": 1, "gone.xml": None, "failing.xml": 2, "cut-off.xml": 3, "both.xml": None}
        begun = Desk(conn).begin()
        named = documents.named_children(conn, begun.documents[0].document_id, begun.crawl_id)
        assert [child.url.rpartition("/")[2] for child in named] == ["read.xml", "failing.xml", "cut-off.xml"]
