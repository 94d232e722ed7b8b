"""SQL functions: one spelling of URLs with the crawler's, folding, search, raw text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored_rows import DAY, NOW, Desk, apply, cloned, date, extraction, one, source_row, table

from archive.db import Connection, connect
from archive.store import articles
from crawler.discover.urls import TRACKING, canonicalise, host_of

URLS = [
    "HTTP://News.Example:80/a/../%d8%a3?b=2&utm_source=x&a=1#top",
    "https://a.example",
    "https://a.example?x=1",
    "https://a.example/?",
    "https://a.example/?&&",
    "https://a.example:443/%7e/x%2fy",
    "https://a.example:8443/a b?c d=e f&a=ü",
    "https://a.example/أخبار/عاجل?س=1",
    "https://a.example/%D8%A3%d8%a8",
    "https://user:secret@a.example/",
    "mailto:desk@a.example",
    "https://a.example./x",
    "https://a.example:0/",
    "https://a.example:99999/",
    "https://a.example:/x",
    "http://a.example:0080/",
    "http://[::1]:80/x",
    "https://[::1]/x",
    "https://[::g]/x",
    "http://a_b.example/%zz%",
    "http://a.example/a\\b?c\\d",
    " \u200f https://a.example/x\n\ty ",
    "https://a.example/?b=1&a=2&b=0&A=3",
    "https://a.example/..",
    "https://a.example/a/.",
    "https://a.example/a/./b/../../..",
    "https://a.example/?UTM_Source=1&fbclid=2&id=3",
    "https://a.example/?piwik_x=1&at_customz=2&ref=3",
    "https://a.example/'\"<>^`{|}",
    "https://a.example/x;y=1,2",
    "https://a.example/?=1&b",
    "https://a.example/%c3%28%00",
    "https://a.example/%2e%2e/b",
    "https://-a.example/",
    "https:///x",
    "https://1.2.3.4/x",
    "https://a.example/" + "%D8%A3" * 2000,
    "https://a.example/" + "x" * 17000,
    "",
]


@pytest.fixture(scope="module")
def plain(server: str, template: str) -> Iterator[Connection]:
    """A connection for functions that read no table."""
    with cloned(server, template, "plain") as dsn, connect(dsn) as connection:
        yield connection


@pytest.mark.parametrize("url", URLS, ids=range(len(URLS)))
def test_a_url_has_the_crawlers_spelling_in_sql(plain: Connection, url: str) -> None:
    assert one(plain, "SELECT store.canonical(%s)", url) == canonicalise(url)


def test_every_tracking_parameter_of_the_crawler_is_one_in_sql(plain: Connection) -> None:
    for name in TRACKING:
        url = "https://a.example/?id=1&" + name.replace("*", "anything") + "=x"
        assert one(plain, "SELECT store.canonical(%s)", url) == "https://a.example/?id=1" == canonicalise(url)


def test_the_host_of_a_url_is_the_crawlers(plain: Connection) -> None:
    for url in ("https://a.example/x", "http://a.example:8080?x", "https://[::1]:8443/"):
        assert one(plain, "SELECT store.host_of(store.canonical(%s))", url) == host_of(url)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="abAB09-._~!$&'()*+,;=:@/?#%[]\\ \t<>\"äأ؟", max_size=30))
def test_any_text_after_a_host_has_the_crawlers_spelling(plain: Connection, text: str) -> None:
    assert one(plain, "SELECT store.canonical(%s)", "https://h.example/" + text) == canonicalise(
        "https://h.example/" + text
    )


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("مُحَمَّدٌ", "محمد"),
        ("العـــراق", "العراق"),
        ("أحمد إلى آل ٱلله", "احمد الي ال اللة"),
        ("علی کابل", "علي كابل"),
        ("مدرسه", "مدرسة"),
        ("مدرسة", "مدرسة"),
        ("هذه هي", "هذة هي"),
        ("ﷺ ﻻ ﺍﻟﺴﻼﻡ", "صلي اللة علية وسلم لا السلام"),
        ("عام ٢٠٢٦ و۱۴۰۵", "عام 2026 و1405"),
        ("قال،ثم؛ذهب؟", "قال ثم ذهب "),
        ("\u200fعاجل\u200e", "عاجل"),
        ("Straße “x”", "Straße  x "),
    ],
)
def test_spellings_of_one_word_are_folded(plain: Connection, text: str, folded: str) -> None:
    assert one(plain, "SELECT store.fold(%s)", text) == folded


@pytest.fixture(scope="module")
def searched(server: str, template: str) -> Iterator[Connection]:
    """Four stories in three languages."""
    with cloned(server, template, "searched") as dsn, connect(dsn) as conn:
        _fill(conn)
        yield conn


def _fill(conn: Connection) -> None:
    apply(conn, source_row(), source_row("wire", "wire.example", language="en"))
    desk = Desk(conn)
    stories: list[dict[str, Any]] = [
        {"title": "قمة بكين", "text": "التقى زعماء المدرسة في بكين.", "language": "ar"},
        {"title": "الأمم المتحدة", "text": "مُحَمَّد تحدّث عن بكين مرة وعن أحمد.", "language": "ar", "credits": ()},
        {"title": "Leaders meet in Beijing", "text": "The leaders were meeting on Monday.", "language": "en"},
        {"title": "Reunión", "text": "Los líderes se reunieron; bread.", "language": "es"},
    ]
    begun, leased = desk.owe(*(f"https://paper.example/{n}" for n in range(len(stories))))
    for number, (url, story) in enumerate(zip(leased, stories, strict=True)):
        row = extraction(**{"summary": None, "removals": (), "published": date(NOW + number * DAY), **story})
        articles.save_article(conn, desk.save(begun, url, extraction=row, at=NOW + number * DAY))


def found(conn: Connection, text: str, **parameters: Any) -> list[str]:
    names = ", ".join(f"{name} => %s" for name in parameters)
    rows = table(conn, f"SELECT url FROM archive.search(%s{', ' + names if names else ''})", text, *parameters.values())
    return [row["url"].rpartition("/")[2] for row in rows]


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("بكين", ["0", "1"]),
        ("محمد", ["1"]),
        ("احمد", ["1"]),
        ("مدرسه", ["0"]),
        ("«الأمم المتحدة»", ["1"]),
        ('"المتحدة الأمم"', []),
        ("بكين -محمد", ["0"]),
        ("leader meets", ["2"]),
        ("LEADERS", ["2"]),
        ("líderes", ["3"]),
        ("محمد or leaders", ["1", "2"]),
        ("the", []),
        ("", []),
        ("'; DROP TABLE store.article; --", []),
    ],
)
def test_words_are_found_in_the_language_of_the_story(searched: Connection, text: str, urls: list[str]) -> None:
    assert sorted(found(searched, text)) == urls


def test_the_title_counts_for_more_than_the_text(searched: Connection) -> None:
    assert found(searched, "بكين") == ["0", "1"]


def test_a_search_is_narrowed_by_language_source_agency_and_date(searched: Connection) -> None:
    assert found(searched, "بكين", lang="en") == []
    assert found(searched, "bread", lang="es") == ["3"]
    assert found(searched, "بكين", in_source="wire") == []
    assert found(searched, "بكين", by_agency="reuters") == ["0"]
    assert found(searched, "بكين", since=NOW + DAY) == ["1"]
    assert found(searched, "بكين", until=NOW + DAY) == ["0"]
    assert len(found(searched, "بكين", max_rows=1)) == 1


def test_a_headline_marks_what_was_found(searched: Connection) -> None:
    (row,) = table(searched, "SELECT * FROM archive.search('leader')")
    assert row["headline"] == "[leaders] were meeting on Monday"
    assert row["rank"] > 0
    assert row["agencies"] == ["Reuters"]


def test_raw_text_puts_back_what_was_taken_out(conn: Connection) -> None:
    apply(conn, source_row())
    desk = Desk(conn)
    begun, (leased,) = desk.owe("https://paper.example/1")
    articles.save_article(conn, desk.save(begun, leased))
    want = extraction()
    raw = want.text
    for removal in want.removals:
        raw = raw[: removal.start] + removal.span + raw[removal.start :]
    assert one(conn, "SELECT archive.raw_text(extraction_id) FROM archive.articles") == raw
    assert one(conn, "SELECT archive.raw_text(99)") is None


def test_a_job_with_a_queueing_lock_is_queued_once_in_the_callers_transaction(conn: Connection) -> None:
    defer = "SELECT store.defer('crawl', 'crawl_source', 'l', 'q', '{\"a\": 1}')"
    with conn.transaction(force_rollback=True):
        conn.execute(defer.encode())
    assert one(conn, "SELECT count(*) FROM queue.procrastinate_jobs") == 0
    assert one(conn, defer) is not None
    assert one(conn, defer) is None
    assert one(conn, "SELECT store.defer('demand', 'x', NULL, NULL, '{}')") is not None
    assert one(conn, "SELECT store.defer('demand', 'x', NULL, NULL, '{}')") is not None


def test_every_function_has_a_comment_and_a_fixed_search_path(plain: Connection) -> None:
    rows = table(
        plain,
        "SELECT p.oid::regprocedure::text AS name, obj_description(p.oid, 'pg_proc') AS said, p.proconfig, p.prosrc "
        "FROM pg_proc p WHERE p.pronamespace IN ('store'::regnamespace, 'archive'::regnamespace)",
    )
    assert len(rows) > 20
    assert [row["name"] for row in rows if not row["said"]] == []
    loose = [row["name"] for row in rows if "search_path=pg_catalog, pg_temp" not in (row["proconfig"] or [])]
    assert loose == ["store.analyser()"]


def test_a_claimed_time_out_of_bounds_is_refused_by_the_table_itself(conn: Connection) -> None:
    with pytest.raises(psycopg.errors.CheckViolation), conn.transaction():
        conn.execute("SELECT '9999-12-31'::timestamptz::store.claimed_time")
    assert one(conn, "SELECT %s::store.claimed_time", NOW - timedelta(days=36500)) is not None
