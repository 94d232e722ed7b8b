"""The newsroom, archived: every announced URL is a story or says why not, and what did not change costs nothing."""

from __future__ import annotations

from typing import Any

import pytest

from archive import warc
from archive.audit import audit
from archive.db import connect
from crawler.clean import restore
from crawler.clean.registry import find_rule
from crawler.discover.urls import canonicalise
from crawler.records import Removal
from demo import oracle

from .running import Wirekeep


def _outcomes(wirekeep: Wirekeep) -> dict[str, dict[str, Any]]:
    return {row["url"]: row for row in wirekeep.sql("SELECT * FROM archive.outcomes")}


def _articles(wirekeep: Wirekeep) -> dict[str, dict[str, Any]]:
    return {row["url"]: row for row in wirekeep.sql("SELECT * FROM archive.articles")}


def test_every_announced_url_has_an_outcome_or_is_still_owed(crawled: Wirekeep) -> None:
    lost = [url for url, row in _outcomes(crawled).items() if row["outcome"] is None and row["due_at"] is None]
    assert not lost
    assert not [row for row in _outcomes(crawled).values() if row["outcome"] is None]


def test_every_article_of_the_newsroom_is_archived_under_its_canonical_url(crawled: Wirekeep) -> None:
    stored = _articles(crawled)
    expected = {url for url, article in crawled.newsroom.expected.articles.items() if not article.gone}
    assert {canonicalise(url) for url in expected} - set(stored) == set()


def test_every_other_announced_url_ends_as_the_newsroom_meant_it(crawled: Wirekeep) -> None:
    found = _outcomes(crawled)
    wrong: list[str] = []
    for url, expected in crawled.newsroom.expected.outcomes.items():
        row = found.get(canonicalise(url) or url)
        if row is None or row["outcome"] != expected.outcome:
            wrong.append(
                f"{url}: {None if row is None else (row['outcome'], row['reason'])}, expected {expected.outcome}"
            )
        elif expected.reason is not None and not str(row["reason"]).startswith(expected.reason):
            wrong.append(f"{url}: rejected as {row['reason']!r}, expected {expected.reason}")
    assert not wrong, "\n".join(wrong)


def test_stored_texts_are_what_the_reporters_wrote(crawled: Wirekeep) -> None:
    stored = _articles(crawled)
    wrong: list[str] = []
    for url, expected in crawled.newsroom.expected.articles.items():
        row = stored.get(canonicalise(url) or url)
        if row is None:
            continue
        texts = {expected.text, f"{expected.text}\n{expected.sign_off}"}
        if row["text"] not in texts:
            wrong.append(f"{url}\n--- expected\n{expected.text}\n--- found\n{row['text']}")
    assert not wrong, "\n\n".join(wrong[:3]) + f"\n({len(wrong)} texts)"


@pytest.mark.parametrize("field", ["title", "language", "place", "agencies", "authors"])
def test_stored_metadata_are_the_newsrooms(crawled: Wirekeep, field: str) -> None:
    stored = _articles(crawled)
    wrong: list[str] = []
    for url, expected in crawled.newsroom.expected.articles.items():
        row = stored.get(canonicalise(url) or url)
        if row is None:
            continue
        meant = getattr(expected, field)
        found = tuple(row[field]) if isinstance(row[field], list) else row[field]
        if field == "place" and found:
            found = found.partition(",")[0]  # "LISBON, Portugal" is as printed; the newsroom names the city
        if found != meant:
            wrong.append(f"{url}: {found!r}, expected {meant!r}")
    assert not wrong, "\n".join(wrong)


def test_dates_are_stored_to_the_minute_with_their_evidence(crawled: Wirekeep) -> None:
    stored = _articles(crawled)
    wrong: list[str] = []
    for url, expected in crawled.newsroom.expected.articles.items():
        row = stored.get(canonicalise(url) or url)
        if row is None or expected.published is None:
            continue
        found = row["published_at"]
        if found is None or abs((found - expected.published).total_seconds()) > 60 or not row["published_raw"]:
            wrong.append(f"{url}: {found} from {row['published_raw']!r}, expected {expected.published}")
    assert not wrong, "\n".join(wrong)


def test_captures_revisions_and_warc_bytes_agree(crawled: Wirekeep) -> None:
    with connect(crawled.dsn) as conn:
        found = audit(conn, crawled.folder / "warc")
    assert found.findings == ()
    assert found.captures > 60


def test_every_whole_answer_that_the_newsroom_sent_lies_in_a_warc_file(crawled: Wirekeep) -> None:
    captures = crawled.sql("SELECT url, status, warc_path, warc_offset, warc_length, record_type FROM archive.captures")
    kept = set()
    for row in captures:
        record = warc.read_record(crawled.folder / "warc", row["warc_path"], row["warc_offset"], row["warc_length"])
        if record.record_type == "response":
            kept.add(record.raw_http_bytes)
    sent = [served for served in crawled.newsroom.log if served.complete and served.status == 200]
    assert sent
    missing = [f"{served.host}{served.path}" for served in sent if served.response not in kept]
    assert not missing


def test_the_gap_between_two_requests_to_a_host_is_never_below_its_pace(crawled: Wirekeep) -> None:
    assert crawled.short_gaps(0.05) == []
    assert len(oracle.gaps(crawled.newsroom.log)) > 60


def test_coverage_adds_up(crawled: Wirekeep) -> None:
    outcomes = "unchanged, not_allowed, too_old, over_cap, robots, blocked, duplicate, rejected, gone, failed, stored"
    total = " + ".join(f"outcome_{name}" for name in outcomes.split(", "))
    rows = crawled.sql(f"SELECT source, announced, pending + {total} AS counted FROM archive.coverage")
    assert rows
    assert all(row["announced"] == row["counted"] for row in rows)


def test_search_finds_a_story_in_any_spelling(crawled: Wirekeep) -> None:
    article = next(a for a in _articles(crawled).values() if a["language"] == "ar" and len(a["title"].split()) > 3)
    plain = article["title"].translate(str.maketrans("أإآى", "اااي", "ًٌٍَُِّْـ"))
    hits = crawled.sql("SELECT url FROM archive.search(%s)", [plain])
    assert article["url"] in {hit["url"] for hit in hits}


def test_raw_text_is_rebuilt_from_text_and_removals(crawled: Wirekeep) -> None:
    rows = crawled.sql(
        "SELECT a.text, archive.raw_text(a.extraction_id) AS raw, "
        "(SELECT coalesce(sum(length(m.span)), 0) FROM archive.removals m "
        "WHERE m.extraction_id = a.extraction_id) AS cut "
        "FROM archive.articles a"
    )
    assert all(len(row["raw"]) == len(row["text"]) + row["cut"] for row in rows)
    assert any(row["cut"] for row in rows)


def test_the_raw_text_of_sql_is_that_of_the_crawler_for_every_extraction(crawled: Wirekeep) -> None:
    taken: dict[int, list[Removal]] = {}
    for row in crawled.sql("SELECT extraction_id, start_at, span, rule, rule_version, zone FROM archive.removals"):
        removal = Removal(
            start=row["start_at"],
            text=row["span"],
            rule=row["rule"],
            rule_version=row["rule_version"],
            zone=row["zone"],
        )
        taken.setdefault(row["extraction_id"], []).append(removal)
    rows = crawled.sql("SELECT extraction_id, text, archive.raw_text(extraction_id) AS raw FROM store.extraction")
    assert len(taken) > 20
    for row in rows:
        removals = taken.get(row["extraction_id"], [])
        assert row["raw"] == restore(row["text"], removals)
        assert all(row["raw"][one.start : one.start + len(one.text)] == one.text for one in removals)


def test_sql_and_show_say_what_the_rule_of_each_removed_span_does(crawled: Wirekeep) -> None:
    rows = crawled.sql("SELECT DISTINCT rule, rule_version, rule_says, rule_file FROM archive.removals")
    assert len(rows) > 5
    for row in rows:
        declared = find_rule(row["rule"])
        assert (row["rule_version"], row["rule_says"], row["rule_file"]) == (
            declared.version,
            declared.says,
            declared.file,
        )
    one = crawled.sql("SELECT * FROM archive.removals WHERE is_current AND rule = 'title-echo' LIMIT 1")[0]
    printed = crawled.run("show", one["url"], "--removed").stdout
    version = find_rule("title-echo").version
    assert f"- rule title-echo v{version} of structure.toml, {one['zone']}, at {one['start_at']}:\n" in printed
    assert "  takes the headline again, above or below the text or in a heading of it\n" in printed


def test_the_newsrooms_own_stories_teach_no_line_of_a_host(crawled: Wirekeep) -> None:
    rows = crawled.sql("SELECT host, line, state, stories, share, at_an_end, days FROM archive.boilerplate")
    assert rows == []
    assert crawled.sql("SELECT 1 FROM store.host_sighting LIMIT 1")
