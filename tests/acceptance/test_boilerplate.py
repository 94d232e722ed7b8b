"""A line that a site puts under every story is learned, taken out of what is fetched next, and never makes an edit."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from .running import Wirekeep

# What no lexicon knows: a site's own line under its stories, on hosts of their own.
LINES = {
    "alwatan": "بوابة الوطن على مدار الساعة",
    "maraya": "نافذة مرايا المفتوحة",
    "wire-herald": "Harbour lights and evening editions",
}
SOURCES = ("alwatan", "maraya", "wire-herald-world", "wire-herald-business")
AT_THE_END = 99


def _put_line_under_every_story(wirekeep: Wirekeep) -> None:
    for url, article in wirekeep.newsroom.expected.articles.items():
        if article.source in SOURCES:
            wirekeep.newsroom.edit(url, paragraph=LINES[_publisher(article.source)], position=AT_THE_END)


def _publisher(source: str) -> str:
    return source.removesuffix("-world").removesuffix("-business")


def _articles(wirekeep: Wirekeep) -> dict[str, dict[str, Any]]:
    return {row["url"]: row for row in wirekeep.sql("SELECT * FROM archive.articles")}


@dataclass(frozen=True, kw_only=True)
class Reread:
    """An installation that read every story again: what it had stored and learned before, and the one story edited."""

    wirekeep: Wirekeep
    before: dict[str, dict[str, Any]]
    learned: set[str]
    edited: str


@pytest.fixture(scope="module")
def reread(shared: Wirekeep) -> Reread:
    """Crawled once, so that each line is learned from what was stored with it; one story edited; all fetched again."""
    for _ in range(5):
        shared.newsroom.publish("alwatan")
    _put_line_under_every_story(shared)
    shared.write_sources(every="7d", only=SOURCES)
    shared.start("scheduler")
    shared.start("worker")
    shared.crawl_all()
    before = _articles(shared)
    learned = shared.sql("SELECT line FROM archive.boilerplate WHERE state = 'applied'")
    stories = [url for url, article in shared.newsroom.expected.articles.items() if not article.alternates]
    edited = shared.newsroom.edit(next(url for url in stories if url in before), paragraph="فقرة أضافها المحرر.")
    shared.recrawl_sources(*SOURCES)
    return Reread(wirekeep=shared, before=before, learned={row["line"] for row in learned}, edited=edited)


def test_a_learned_line_goes_with_the_next_extraction_and_makes_no_revision(reread: Reread) -> None:
    # What a second crawl of a source stored was read by what the first had learned; all else has the line.
    assert sum(LINES[_publisher(row["source"])] in row["text"] for row in reread.before.values()) > 20
    assert reread.learned == set(LINES.values())
    after = _articles(reread.wirekeep)
    assert {url for url, row in after.items() if row["edits"]} == {reread.edited}
    assert reread.wirekeep.sql("SELECT count(*) AS n FROM archive.revisions")[0]["n"] == len(reread.before) + 1
    assert [url for url, row in after.items() if LINES[_publisher(row["source"])] in row["text"]] == []
    _assert_nothing_else_went(reread.wirekeep, reread.before, after, reread.edited)


def _assert_nothing_else_went(
    wirekeep: Wirekeep, before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]], edited: str
) -> None:
    for url, row in before.items():
        if url != edited:
            assert after[url]["text"] == row["text"].replace("\n" + LINES[_publisher(row["source"])], "")
    spans = wirekeep.sql("SELECT DISTINCT span FROM archive.removals WHERE is_current AND rule = 'host-line'")
    assert {row["span"].strip() for row in spans} == set(LINES.values())
    raw = wirekeep.sql("SELECT archive.raw_text(extraction_id) AS raw, source FROM archive.articles")
    assert all("\n" + LINES[_publisher(row["source"])] in row["raw"] for row in raw)


def test_an_extraction_names_the_host_state_it_was_read_by(reread: Reread) -> None:
    rows = reread.wirekeep.sql(
        "SELECT h.host, h.lines, a.url FROM archive.articles a "
        "JOIN store.extraction e ON e.extraction_id = a.extraction_id "
        "JOIN store.version v ON v.version_id = e.version_id "
        "LEFT JOIN archive.host_states h ON h.version = v.host_state"
    )
    assert [row["url"] for row in rows if row["host"] is None or row["host"] not in row["url"]] == []
    assert all(len(row["lines"]) == 1 for row in rows)


def test_a_rejected_line_comes_back_and_is_no_edit(reread: Reread) -> None:
    """The last of the module: from here on the line stands in the stories again."""
    wirekeep = reread.wirekeep
    shown = json.loads(wirekeep.run("boilerplate", "alwatan", "--json").stdout)
    (line,) = [line for line in shown if line["state"] == "applied"]
    assert line["line"] == LINES["alwatan"]
    assert line["stories"] >= 5
    assert len(line["examples"]) == 3
    printed = wirekeep.run("boilerplate", "alwatan", "--reject", str(line["line_id"])).stdout
    assert "rejected: left in, an operator said so" in printed
    wirekeep.recrawl_sources(*SOURCES)
    rows = [row for row in _articles(wirekeep).values() if row["source"] == "alwatan"]
    assert all(row["text"].endswith(LINES["alwatan"]) for row in rows)
    assert {row["url"] for row in rows if row["edits"]} <= {reread.edited}
    assert sum(row["edits"] for row in rows) <= 1
    failed = wirekeep.run("boilerplate", "alwatan", "--accept", "999999", check=False)
    assert (failed.returncode, "has no line 999999" in failed.stderr) == (2, True)
