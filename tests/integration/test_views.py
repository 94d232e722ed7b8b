"""Public views: every column commented, numbers that add up, a row a story."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from stored_rows import DAY, HOUR, NOW, Desk, apply, extraction, link, one, source_row, table

from archive import query
from archive.db import Connection
from archive.records import Conclusion, RuleRow
from archive.store import articles, crawls, frontier, hosts, rules, sources

VIEWS = {
    "announcements", "articles", "attempts", "captures", "coverage", "crawls", "credits", "documents", "outcomes",
    "removals", "requests", "revisions", "rules", "sources",
}  # fmt: skip


@pytest.fixture
def desk(conn: Connection) -> Desk:
    apply(conn, source_row())
    return Desk(conn)


def test_the_views_are_there_and_each_can_be_read(conn: Connection) -> None:
    rows = table(conn, "SELECT viewname FROM pg_views WHERE schemaname = 'archive'")
    assert {row["viewname"] for row in rows} >= VIEWS
    for name in VIEWS:
        assert table(conn, f"SELECT * FROM archive.{name}") == []


@pytest.mark.parametrize("schema", ["archive", "store"])
def test_every_relation_and_column_is_commented(conn: Connection, schema: str) -> None:
    rows = table(
        conn,
        "SELECT c.relname || coalesce('.' || a.attname, '') AS name "
        "FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
        "WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'v') "
        "AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)",
        schema,
    )
    assert [row["name"] for row in rows] == []


def test_what_a_rule_does_is_told_in_its_own_version_and_in_its_newest_words(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe("https://paper.example/1")
    articles.save_article(conn, desk.save(begun, leased))
    share = RuleRow(rule="share", rule_version=1, says="a line among buttons", file="structure.toml")
    other = RuleRow(rule="read_also", rule_version=1, says="another version's words", file="lexicon.ar.toml")
    assert rules.declare(conn, [share, other]) == 2
    assert rules.declare(conn, [share, other]) == 0
    said = "SELECT rule, rule_says, rule_file FROM archive.removals ORDER BY ordinal"
    assert [tuple(row.values()) for row in table(conn, said)] == [
        ("share", "a line among buttons", "structure.toml"),
        ("read_also", None, None),
    ]
    assert rules.declare(conn, [replace(share, says="a line on a button to share by")]) == 1
    assert table(conn, said)[0]["rule_says"] == "a line on a button to share by"
    assert len(table(conn, "SELECT * FROM archive.rules")) == 2
    shown = query.show(conn, "https://paper.example/1")
    assert shown is not None
    assert [one.rule_says for one in shown.removals] == ["a line on a button to share by", None]


def test_a_story_its_evidence_and_its_bytes_are_told_in_sql(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe("https://paper.example/1")
    articles.save_article(conn, desk.save(begun, leased))
    removals = table(conn, "SELECT * FROM archive.removals ORDER BY ordinal")
    assert [(row["span"], row["rule"], row["zone"], row["is_current"]) for row in removals] == [
        ("شارك\n", "share", "lead", True),
        ("اقرأ أيضا\n", "read_also", "body", True),
    ]
    assert {(row["rule_says"], row["rule_file"]) for row in removals} == {(None, None)}
    credit = table(conn, "SELECT * FROM archive.credits")[0]
    assert (credit["agency"], credit["matched"], credit["position"], credit["place"]) == (
        "Reuters",
        "رويترز",
        "dateline",
        "بكين",
    )
    capture = table(conn, "SELECT * FROM archive.captures WHERE purpose = 'article'")[0]
    assert (capture["source"], capture["warc_path"], capture["status"]) == ("paper", desk.path, 200)
    revision = table(conn, "SELECT * FROM archive.revisions")[0]
    assert revision["capture_id"] == capture["capture_id"]
    assert revision["is_current"]
    announcement = table(conn, "SELECT * FROM archive.announcements")[0]
    assert (announcement["document"], announcement["rule"]) == ("https://paper.example/feed", "allow:default")
    assert announcement["article_id"] == revision["article_id"]


def test_yesterdays_copy_of_an_agency_is_one_query(conn: Connection, desk: Desk) -> None:
    begun, (leased, other) = desk.owe("https://paper.example/1", "https://paper.example/2")
    articles.save_article(conn, desk.save(begun, leased))
    articles.save_article(conn, desk.save(begun, other, extraction=extraction(credits=())))
    rows = table(
        conn,
        "SELECT url FROM archive.articles WHERE 'Reuters' = ANY (agencies) AND language = 'ar' "
        "AND dated_at >= %s AND dated_at < %s",
        NOW - DAY,
        NOW,
    )
    assert rows == [{"url": "https://paper.example/1"}]


def conclude(desk: Desk, begun: Any, url: Any, outcome: str, **changes: Any) -> None:
    values: dict[str, Any] = {"reason": None, "at": datetime.now(UTC), **changes}
    frontier.conclude(
        desk.conn, Conclusion(frontier_id=url.frontier_id, crawl_id=begun.crawl_id, outcome=outcome, **values)
    )


def test_coverage_adds_up(conn: Connection, desk: Desk) -> None:
    begun = desk.begin()
    desk.read_feed(
        begun,
        *(link(f"https://paper.example/{n}") for n in range(6)),
        link("https://paper.example/old", outcome="too_old"),
        link("https://paper.example/video", outcome="not_allowed"),
    )
    desk.read_feed(begun, link("https://paper.example/tomorrow"), checked_at=NOW + DAY)
    found = {url.url.rpartition("/")[2]: url for url in desk.lease(begun)}
    first = articles.save_article(conn, desk.save(begun, found["0"]))
    twin = desk.save(begun, found["1"], url="https://paper.example/0", expected_revision_id=first.revision_id)
    articles.save_article(conn, twin)
    articles.save_article(conn, desk.save(begun, found["2"], next_due_at=NOW - DAY))
    (again,) = desk.lease(begun)
    conclude(desk, begun, again, "gone", status=410)
    conclude(desk, begun, found["3"], "rejected", status=200, captures=(desk.capture(found["3"].url),))
    conclude(desk, begun, found["4"], "robots")
    first, second = table(conn, "SELECT * FROM archive.coverage ORDER BY day")
    assert (first["day"], second["day"]) == (NOW.date(), (NOW + DAY).date())
    assert (first["announced"], first["fetched"], first["stored"], first["pending"]) == (8, 4, 2, 1)
    told = {name: count for name, count in first.items() if name.startswith("outcome_") and count}
    assert told == {
        "outcome_stored": 1, "outcome_duplicate": 1, "outcome_gone": 1, "outcome_rejected": 1, "outcome_robots": 1,
        "outcome_too_old": 1, "outcome_not_allowed": 1,
    }  # fmt: skip
    assert sum(told.values()) + first["pending"] == first["announced"]


def test_coverage_has_a_column_for_each_outcome(conn: Connection) -> None:
    check = one(conn, "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contypid = 'store.outcome'::regtype")
    columns = {
        row["attname"].removeprefix("outcome_")
        for row in table(
            conn,
            "SELECT attname FROM pg_attribute WHERE attrelid = 'archive.coverage'::regclass AND attname ~ '^outcome_'",
        )
    }
    assert columns == {word for word in check.split("'") if word.replace("_", "").isalpha() and word.islower()} - {
        "text"
    }
    assert len(columns) == 11


def test_sources_show_their_state_and_what_they_are_owed(conn: Connection) -> None:
    apply(
        conn,
        *(source_row(name, f"{name}.example") for name in ("a", "b", "c", "d")),
        source_row("e", "e.example", enabled=False),
    )
    apply(
        conn,
        *(source_row(name, f"{name}.example") for name in ("a", "b", "c")),
        source_row("e", "e.example", enabled=False),
    )
    sources.pause_source(conn, "b", "rebuilding")
    desk = Desk(conn, name="c", host="c.example")
    crawls.end_crawl(conn, desk.begin().crawl_id, state="failed", reason="HTTP 500", counts={})
    own = Desk(conn, name="a", host="a.example")
    begun = own.begin()
    own.read_feed(begun, link("https://a.example/1"), link("https://a.example/2"))
    own.read_feed(begun, link("https://a.example/3"), due=datetime.now(UTC) + HOUR)
    own_lease = own.lease(begun, limit=1)
    articles.save_article(conn, own.save(begun, own_lease[0]))
    rows = {row["name"]: row for row in table(conn, "SELECT * FROM archive.sources")}
    assert {name: row["state"] for name, row in rows.items()} == {
        "a": "active", "b": "paused", "c": "failing", "d": "retired", "e": "disabled",
    }  # fmt: skip
    assert (rows["a"]["owed"], rows["a"]["planned"], rows["a"]["articles"]) == (1, 1, 1)
    assert rows["b"]["paused_why"] == "rebuilding"
    assert rows["c"]["last_error"] == "HTTP 500"
    assert rows["a"]["schedule"] == "5m"
    assert rows["a"]["hosts"] == ["a.example", "www.a.example"]


def test_crawls_name_their_worker(conn: Connection, desk: Desk) -> None:
    begun = desk.begin()
    crawls.end_crawl(conn, begun.crawl_id, state="finished", reason=None, counts={"fetched": 3, "odd\0": 1})
    row = table(conn, "SELECT * FROM archive.crawls")[0]
    assert (row["source"], row["kind"], row["state"], row["worker_host"]) == (
        "paper",
        "scheduled",
        "finished",
        "machine",
    )
    assert row["counts"] == {"fetched": 3, "odd": 1}


def test_every_row_can_be_read_whatever_documents_claim(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe("https://paper.example/1")
    articles.save_article(conn, desk.save(begun, leased))
    hosts.pause(conn, "paper.example", NOW, "x")
    for name in VIEWS - {"requests", "rules"}:
        assert table(conn, f"SELECT * FROM archive.{name}"), name
