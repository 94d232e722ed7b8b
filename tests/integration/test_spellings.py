"""A URL that is asked for is found by the spellings that mean the same page, by SQL and commands alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote, unquote

import pytest
from stored_rows import Desk, apply, cloned, link, one, source_row, table

from archive import query
from archive.db import Connection, connect
from archive.errors import ConfigError
from archive.store import articles, requests
from crawler.discover.urls import canonicalise

CAFE = "https://paper.example/news/" + quote(unicodedata.normalize("NFC", "café-à-paris")) + "/"
ARABIC = "https://paper.example/" + quote(unicodedata.normalize("NFD", "أخبار/مؤتمر")) + "?id=2"
PLAIN = "http://paper.example/1"
PORT = "http://paper.example:8080/section/7/"
IDN = "https://xn--bcher-kva.example/3"


@pytest.fixture
def conn(server: str, template: str) -> Iterator[Connection]:
    """An archive that holds these stories, each announced in one spelling."""
    with cloned(server, template, "spellings") as dsn, connect(dsn) as connection:
        hosts = ("paper.example", "www.paper.example", "paper.example:8080", "xn--bcher-kva.example")
        apply(connection, replace(source_row(), hosts=hosts))
        desk = Desk(connection)
        begun, leased = desk.owe(PLAIN, CAFE, ARABIC, PORT, IDN)
        for url in leased:
            articles.save_article(connection, desk.save(begun, url))
        yield connection


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("https://paper.example/1", PLAIN),
        ("http://paper.example/1/", PLAIN),
        ("http://www.paper.example/1", PLAIN),
        ("https://www.paper.example/1/?utm_source=x#top", PLAIN),
        (CAFE.removesuffix("/"), CAFE),
        (unicodedata.normalize("NFD", unquote(CAFE)), CAFE),
        ("http://www.paper.example/news/" + quote(unicodedata.normalize("NFD", "café-à-paris")), CAFE),
        (unicodedata.normalize("NFC", unquote(ARABIC)), ARABIC),
        ("https://paper.example:8080/section/7", PORT),
        ("http://www.xn--bcher-kva.example/3", IDN),
    ],
)
def test_a_story_is_found_by_every_spelling_of_its_url(conn: Connection, asked: str, meant: str) -> None:
    request_id = requests.ask_url(conn, asked, force=False)
    assert one(conn, "SELECT key FROM archive.requests WHERE id = %s", request_id) == meant
    assert requests.ask_url(conn, meant, force=False) == request_id
    canonical = canonicalise(asked)
    assert canonical is not None
    shown = query.show(conn, canonical)
    assert shown is not None
    assert shown.story is not None
    assert (shown.url, shown.story.url) == (meant, meant)
    why = query.why(conn, canonical)
    assert why.state is not None
    assert (why.url, why.state.url, [request.request_id for request in why.requests]) == (meant, meant, [request_id])
    assert [owner.name for owner in why.owners] == ["paper"]


def test_the_commands_find_a_host_in_its_own_letters(conn: Connection) -> None:
    canonical = canonicalise("http://www.bücher.example/3/")
    assert canonical is not None
    assert query.find_known(conn, canonical) == IDN


@pytest.mark.parametrize(
    "other",
    [
        "http://paper.example/2",
        "http://paper.example/1?page=2",
        "http://paper.example:8080/1",
        "http://m.paper.example/1",
        "http://paper.example/news%2Fcaf%C3%A9-%C3%A0-paris/",
        "http://paper.example/news/caf%E9-%E0-paris/",
    ],
)
def test_another_url_is_not_taken_for_a_known_one(conn: Connection, other: str) -> None:
    assert query.find_known(conn, other) is None
    assert query.show(conn, other) is None
    assert query.why(conn, other).url == other


def test_the_url_as_it_is_asked_for_comes_first(conn: Connection) -> None:
    desk = Desk(conn)
    begun, (leased,) = desk.owe("https://paper.example/1")
    articles.save_article(conn, desk.save(begun, leased))
    for url in (PLAIN, "https://paper.example/1"):
        assert query.find_known(conn, url) == url
        request_id = requests.ask_url(conn, url, force=False)
        assert one(conn, "SELECT key FROM archive.requests WHERE id = %s", request_id) == url


def test_where_several_stories_could_be_meant_they_are_named(conn: Connection) -> None:
    desk = Desk(conn)
    begun, (leased,) = desk.owe("https://www.paper.example/1/")
    articles.save_article(conn, desk.save(begun, leased))
    asked = "https://paper.example/1"
    named = r"could mean any of 2 that are: http://paper\.example/1, https://www\.paper\.example/1/\. Ask for one"
    for ask in (
        lambda: requests.ask_url(conn, asked, force=False),
        lambda: query.show(conn, asked),
        lambda: query.why(conn, asked),
    ):
        with pytest.raises(ConfigError, match=named):
            ask()
    assert table(conn, "SELECT 1 FROM archive.requests") == []


def test_spellings_that_are_one_story_are_no_choice(conn: Connection) -> None:
    """Its aliases and twins are spellings of one another: the story itself is meant, and a URL without one is not."""
    desk = Desk(conn)
    begun, (leased,) = desk.owe("https://www.paper.example/9")
    aliases = (("http://paper.example/9", "redirect"), ("http://paper.example/9/", "redirect"))
    articles.save_article(conn, desk.save(begun, leased, aliases=aliases))
    desk.read_feed(desk.begin(), link("https://www.paper.example/9/"))
    assert query.find_known(conn, "https://paper.example/9") == "https://www.paper.example/9"


def test_a_url_that_only_waits_to_be_fetched_is_known(conn: Connection) -> None:
    waiting = requests.ask_url(conn, "https://paper.example/new", force=False)
    assert requests.ask_url(conn, "http://www.paper.example/new/", force=False) == waiting
    desk = Desk(conn)
    desk.read_feed(desk.begin(), link("https://paper.example/announced"))
    assert query.find_known(conn, "https://paper.example/announced/") == "https://paper.example/announced"


def test_a_missing_url_is_said_to_be_missing(conn: Connection) -> None:
    with pytest.raises(ConfigError, match=r"^NULL is not a URL that can be fetched"):
        requests.ask_url(conn, None, force=False)  # type: ignore[arg-type]


def test_the_look_up_reads_a_few_rows_however_large_the_archive(conn: Connection) -> None:
    with conn.transaction():
        conn.execute("""
            INSERT INTO store.frontier (url, url_hash, host, source_id)
            SELECT u, store.hash_url(u), 'paper.example', 1
            FROM (SELECT 'https://paper.example/x' || n FROM generate_series(1, 5000) n) AS s (u)
        """)
        conn.execute("ANALYZE store.frontier")
    scans = "SELECT pg_stat_get_xact_tuples_returned('store.frontier'::regclass) AS rows"  # given by sequential scans
    with conn.transaction():
        before = conn.execute(scans).fetchall()
        assert query.find_known(conn, "http://www.paper.example/x77/") == "https://paper.example/x77"
        assert conn.execute(scans).fetchall() == before
