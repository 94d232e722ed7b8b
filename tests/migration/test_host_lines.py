"""From revision 0001 with articles in place to learned host lines: nothing stored changes, and learning begins."""

from __future__ import annotations

from archive.db import check_schema, connect
from archive.migrate import expected_version, migrate
from archive.records import HostSighting, ObservedLine
from archive.store import articles, boilerplate
from tests.integration.stored_rows import Desk, apply, one, source_row, table
from tests.migration.revisions import make_revision

KEPT = "SELECT to_jsonb(t) AS row FROM store.{} t ORDER BY 1"
TABLES = ("source", "article", "revision", "extraction", "version", "removal", "credit", "capture", "frontier")


def test_a_database_of_the_first_revision_keeps_its_rows_and_learns_from_then_on(empty_database: str) -> None:
    make_revision(empty_database, "0001")
    with connect(empty_database) as conn:
        apply(conn, source_row())
        desk = Desk(conn)
        begun, (leased,) = desk.owe("https://paper.example/1")
        articles.save_article(conn, desk.save(begun, leased))
        before = {name: table(conn, KEPT.format(name)) for name in TABLES}

    done = migrate(empty_database)
    assert (done.before, done.after, done.queue_files) == ("0001", expected_version(), ())
    assert not migrate(empty_database).changed

    with connect(empty_database) as conn:
        check_schema(conn)
        assert {name: table(conn, KEPT.format(name)) for name in TABLES} == before
        assert boilerplate.host_lines(conn, "paper.example") == (0, frozenset())
        desk = Desk(conn)
        begun, (leased,) = desk.owe("https://paper.example/2")
        line = ObservedLine(line="x", sample="X", zone="tail")
        sighting = HostSighting(host="paper.example", lines=(line,), paragraphs=(1,))
        save = desk.save(begun, leased, sighting=sighting)
        assert articles.save_article(conn, save).outcome == "stored"
        assert boilerplate.learn(conn, "paper.example").version == 0
        assert one(conn, "SELECT count(*) FROM store.host_sighting") == 1
