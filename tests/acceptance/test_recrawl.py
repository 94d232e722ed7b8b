"""Re-crawl on demand from any SQL client: by any spelling, once however often it is asked, at once or told why not."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from archive.db import connect
from archive.errors import ArchiveError
from crawler.discover.urls import canonicalise
from demo.publishers import DOMAIN
from demo.sources import write_sources

from .running import Wirekeep

# The English paper announces its stories with tracking parameters, twice, and has print twins.
SOURCES = ("wire-herald-world", "sahifa")


def _recrawl(wirekeep: Wirekeep, url: str, *, force: bool = False) -> int:
    return int(wirekeep.sql("SELECT archive.recrawl(%s, %s) AS id", [url, force])[0]["id"])


def _request(wirekeep: Wirekeep, number: int) -> dict[str, Any]:
    (row,) = wirekeep.sql("SELECT * FROM archive.requests WHERE id = %s", [number])
    return row


def _done(wirekeep: Wirekeep, number: int) -> dict[str, Any]:
    wirekeep.until(lambda: _request(wirekeep, number)["state"] == "done", f"request {number} is done")
    return _request(wirekeep, number)


@pytest.fixture(scope="module")
def crawled(shared: Wirekeep) -> Wirekeep:
    """An installation that crawled the two sources once and waits for requests; each test has stories of its own."""
    shared.write_sources(every="7d", only=SOURCES)
    shared.start("scheduler")
    shared.start("worker")
    shared.crawl_all()
    return shared


def _article(wirekeep: Wirekeep, url: str) -> dict[str, Any]:
    (row,) = wirekeep.sql("SELECT * FROM archive.articles WHERE url = %s", [canonicalise(url)])
    return row


def test_any_spelling_or_alias_of_a_url_fetches_the_story(crawled: Wirekeep) -> None:
    expected = crawled.newsroom.expected.articles.values()
    story = next(article for article in expected if article.source == SOURCES[0] and article.aliases)
    edited = crawled.newsroom.edit(story.url, paragraph="A correction was added by the desk later in the day.")
    spellings = [
        edited.replace("http://", "HTTP://").replace(DOMAIN, DOMAIN.upper()),
        f"  {edited}?utm_source=x&fbclid=y#top ",
        *story.aliases,
        # Nothing at the site says that these are the story, and the newsroom has no TLS: known from the look-up alone.
        edited.replace("http://", "https://www."),
        edited.rstrip("/") + "/" * (not edited.endswith("/")),
    ]
    answers = [_done(crawled, _recrawl(crawled, spelling)) for spelling in spellings]
    # One story, one URL that is fetched; the first brings the edit, the others find it as it is.
    article = _article(crawled, edited)
    assert {answer["article_id"] for answer in answers} == {article["id"]}
    assert [answer["outcome"] for answer in answers] == ["stored"] + ["unchanged"] * (len(answers) - 1)
    assert {answer["revision_id"] for answer in answers} == {article["revision_id"]}
    assert article["edits"] == 1
    told = [crawled.run("show", spelling, "--json").stdout for spelling in spellings]
    assert {json.loads(one)["story"]["id"] for one in told} == {article["id"]}
    assert all(answer["waits_for"] is None and answer["finished_at"] >= answer["started_at"] for answer in answers)


def test_a_request_that_waits_is_the_same_for_everybody_who_asks(wirekeep: Wirekeep) -> None:
    wirekeep.write_sources(every="7d", only=SOURCES)
    scheduler = wirekeep.start("scheduler")
    wirekeep.until(lambda: wirekeep.events("sources_loaded"), "sources")
    url = _any_url(wirekeep)
    mark = "&" if "?" in url else "?"
    # No worker yet: the requests wait. Two sessions ask in the same moment, one of them commits late.
    ready, ids = threading.Barrier(2), [0, 0]

    def ask(place: int) -> None:
        with connect(wirekeep.dsn) as conn:
            ready.wait(timeout=10)
            row = conn.execute("SELECT archive.recrawl(%s) AS id", [f"{url}{mark}utm_medium={place}"]).fetchone()
            assert row is not None
            ids[place] = row["id"]
            conn.execute("SELECT pg_sleep(0.3)")

    sessions = [threading.Thread(target=ask, args=(place,)) for place in (0, 1)]
    for session in sessions:
        session.start()
    for session in sessions:
        session.join(timeout=30)
    assert ids[0] == ids[1] == _recrawl(wirekeep, url)
    state = _request(wirekeep, ids[0])
    assert (state["state"], state["waits_for"]) == ("waiting", "a free worker")
    assert wirekeep.sql("SELECT count(*) AS n FROM queue.procrastinate_jobs WHERE queue_name = 'demand'")[0]["n"] == 1
    wirekeep.stop(scheduler)
    wirekeep.start("worker")
    assert _done(wirekeep, ids[0])["outcome"] == "stored"
    # Done: whoever asks now asks anew.
    assert _recrawl(wirekeep, url) > ids[0]


def _any_url(wirekeep: Wirekeep) -> str:
    return next(url for url, one in wirekeep.newsroom.expected.articles.items() if one.source == "sahifa")


def test_an_unknown_url_of_a_known_host_is_archived_and_another_host_is_refused(crawled: Wirekeep) -> None:
    # Announced by the other desk of the same paper, which is no source here: the frontier never heard of it.
    unknown = next(
        url for url, one in crawled.newsroom.expected.articles.items() if one.source == "wire-herald-business"
    )
    assert crawled.sql("SELECT 1 FROM archive.outcomes WHERE url = %s", [canonicalise(unknown)]) == []
    answer = _done(crawled, _recrawl(crawled, unknown))
    assert answer["outcome"] == "stored"
    article = _article(crawled, unknown)
    assert (answer["article_id"], article["text"] != "") == (article["id"], True)
    elsewhere = f"albarid.{DOMAIN}:{crawled.newsroom.port}"
    with pytest.raises(ArchiveError, match="no enabled source covers host") as refused:
        _recrawl(crawled, f"http://{elsewhere}/article/1.html")
    assert elsewhere in str(refused.value)
    done = crawled.run("recrawl", f"http://{elsewhere}/article/1.html", check=False)
    assert done.returncode != 0
    assert f'hosts = ["{elsewhere}"]' in done.stderr


def test_a_source_is_fetched_again_by_name(crawled: Wirekeep) -> None:
    before = len(crawled.newsroom.log)
    number = crawled.sql("SELECT archive.recrawl_source('sahifa') AS id")[0]["id"]
    answer = _done(crawled, number)
    articles = crawled.sql("SELECT count(*) AS n FROM archive.articles WHERE source = 'sahifa'")[0]["n"]
    assert (answer["outcome"], answer["reason"]) == ("done", f"{articles} unchanged")
    assert len(crawled.newsroom.log) - before == articles
    with pytest.raises(ArchiveError, match="no source is called"):
        crawled.sql("SELECT archive.recrawl_source('sahifaa')")


def test_the_commands_tell_what_came_of_it_and_ask_for_all_or_nothing(wirekeep: Wirekeep) -> None:
    wirekeep.write_sources(every="7d", only=SOURCES)
    file = wirekeep.folder / "sources.toml"
    astray = f'[[source]]\nname = "astray"\nlanguage = "ar"\nevery = "7d"\nfeeds = ["http://sahifa.{DOMAIN}:1/feed"]\n'
    file.write_text(file.read_text(encoding="utf-8") + astray, encoding="utf-8")
    wirekeep.start("scheduler")
    wirekeep.start("worker")
    wirekeep.crawl_all()
    done = wirekeep.run("crawl", "sahifa", "--wait")
    assert "sahifa: finished (1 documents" in done.stdout
    failed = wirekeep.run("crawl", "sahifa", "astray", "--wait", check=False)
    assert failed.returncode == 1
    assert "sahifa: finished" in failed.stdout
    assert "astray: failed (" in failed.stdout
    wirekeep.run("sources", "pause", "sahifa")
    paused = wirekeep.run("crawl", "sahifa", "--wait", check=False)
    assert (paused.returncode, paused.stdout) == (2, "")
    assert "source 'sahifa' is paused" in paused.stderr
    refused = wirekeep.run("recrawl", _any_url(wirekeep), "http://elsewhere.example/1", check=False)
    assert refused.returncode == 2
    assert wirekeep.sql("SELECT 1 FROM archive.requests") == []


def test_a_request_is_served_while_every_crawl_slot_is_busy(wirekeep: Wirekeep) -> None:
    # Two slots for crawls, four sources that each take minutes: both slots are taken for as long as this test lasts.
    slow = ("alwatan", "gatehouse", "hajiz", "maraya")
    wirekeep.write_sources(every="7d", pace="20s", only=slow)
    file = wirekeep.folder / "sources.toml"
    quick = wirekeep.folder / "quick.toml"
    write_sources(quick, wirekeep.newsroom.port, every="7d", only=("sahifa",))
    file.write_text(file.read_text(encoding="utf-8") + quick.read_text(encoding="utf-8"), encoding="utf-8")
    wirekeep.start("scheduler")
    wirekeep.start("worker", WIREKEEP_CONCURRENCY="2")
    running = "SELECT count(*) AS n FROM archive.crawls WHERE state = 'running' AND source = ANY (%s)"
    wirekeep.until(lambda: wirekeep.sql(running, [list(slow)])[0]["n"] == 2, "both slots are busy")
    wirekeep.until(lambda: wirekeep.events("worker_started"), "the worker")
    answer = _done(wirekeep, _recrawl(wirekeep, _any_url(wirekeep)))
    assert answer["outcome"] == "stored"
    # It was served beside the slow crawls, not after one of them: none had ended by then.
    ended = "SELECT 1 FROM archive.crawls WHERE source = ANY (%s) AND finished_at <= %s"
    assert wirekeep.sql(ended, [list(slow), answer["started_at"]]) == []


def test_a_request_for_a_paused_host_waits_and_says_for_what(crawled: Wirekeep) -> None:
    url = _any_url(crawled)
    edited = crawled.newsroom.edit(url, paragraph="أضاف المحرر فقرة بعد أن عاد الموقع إلى العمل.")
    crawled.newsroom.pause("sahifa", status=503, retry_after="4")
    number = _recrawl(crawled, url)
    host = f"host sahifa.{DOMAIN}:{crawled.newsroom.port}"

    def waiting() -> dict[str, Any] | None:
        row = _request(crawled, number)
        return row if str(row["waits_for"]).startswith(host) else None

    state = crawled.until(waiting, "it waits for the host")
    assert state["state"] == "waiting"
    assert state["waits_for"].endswith("Retry-After: 4")
    assert _recrawl(crawled, url) == number
    crawled.newsroom.resume("sahifa")
    answer = _done(crawled, number)
    assert (answer["outcome"], _article(crawled, edited)["edits"]) == ("stored", 1)
    assert answer["revision_id"] == _article(crawled, edited)["revision_id"]
