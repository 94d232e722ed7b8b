"""From revision 0002 with a request in place that no worker could read: it ends, and says why."""

from __future__ import annotations

from archive.db import connect
from archive.migrate import expected_version, migrate
from archive.query import request_states
from tests.integration.stored_rows import apply, source_row
from tests.migration.revisions import make_revision


def test_a_request_that_broke_its_worker_ends_and_the_others_stay(empty_database: str) -> None:
    make_revision(empty_database, "0002")
    with connect(empty_database) as conn:
        apply(conn, source_row())
        with conn.transaction():
            asked = [
                conn.execute("SELECT archive.recrawl_source('paper', %s::timestamptz) AS id", (since,)).fetchone()
                for since in ("infinity", "2026-11-01", "0044-03-15 BC")
            ]
    ids = [row["id"] for row in asked if row is not None]
    done = migrate(empty_database)
    assert (done.before, done.after) == ("0002", expected_version())
    with connect(empty_database) as conn:
        found = request_states(conn, ids)
    assert [one.outcome for one in found] == ["failed", None, "failed"]
    assert found[0].reason == "infinity is no moment to fetch articles since"
