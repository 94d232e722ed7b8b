"""What sites do wrong, met by whole crawls: nothing lost, nothing claimed that is not so, no neighbour harmed."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest
from crawling import Desk, make_article, make_feed, make_sitemap, served, source
from misbehaving import Handler, Hit, Site, answer, once, raw

from archive.errors import ConfigError
from crawler.pipeline.discovery import MAX_CHILDREN

LONG_AGO = "Mon, 05 Jan 2015 10:00:00 GMT"
NOT_MODIFIED = raw(b"HTTP/1.1 304 Not Modified\r\n\r\n", close=False)


@pytest.fixture
def desk(tmp_path: Path, database: str) -> Desk:
    return Desk(tmp_path, database)


@pytest.fixture
def site() -> Site:
    return Site(host="paper.test")


def unless_known(handler: Handler) -> Handler:
    """304 to any request with a validator, else the answer."""

    async def handle(hit: Hit, writer: asyncio.StreamWriter) -> None:
        known = hit.header("If-None-Match") or hit.header("If-Modified-Since")
        await (NOT_MODIFIED if known else handler)(hit, writer)

    return handle


def articles(site: Site, *paths: str) -> None:
    """Each path holds a story of its own."""
    site.routes.update({path: answer(make_article(f"Quay {path[1:]}")) for path in paths})


def outcomes(desk: Desk, site: Site) -> dict[str, str | None]:
    rows = desk.rows("SELECT url, outcome FROM archive.outcomes")
    return {row["url"].removeprefix(site.url("")): row["outcome"] for row in rows}


def test_sitemaps_of_an_unchanged_index_are_read_again(desk: Desk, site: Site) -> None:
    with served(site):
        index = answer(make_sitemap(site.url("/news.xml"), of="sitemap"), 'ETag: "1"')
        site.routes |= {
            "/same": answer(make_sitemap(site.url("/more.xml"), of="sitemap")),
            "/index": unless_known(index),
            "/news.xml": once(
                answer(make_sitemap(site.url("/1"))), answer(make_sitemap(site.url("/1"), site.url("/2")))
            ),
            "/more.xml": once(
                answer(make_sitemap(site.url("/3"))), answer(make_sitemap(site.url("/3"), site.url("/4")))
            ),
        }
        articles(site, "/1", "/2", "/3", "/4")
        desk.write_sources(source("paper", site, "/index", "/same", key="sitemaps"))
        desk.crawl("paper", site, times=2)
    assert outcomes(desk, site) == dict.fromkeys(("/1", "/2", "/3", "/4"), "stored")


def test_sitemap_that_its_index_names_no_longer_is_left_alone(desk: Desk, site: Site) -> None:
    with served(site):
        first, later = (
            make_sitemap(site.url("/old.xml"), of="sitemap"),
            make_sitemap(site.url("/new.xml"), of="sitemap"),
        )
        site.routes |= {"/index": once(answer(first), answer(later))}
        site.routes |= {path: answer(make_sitemap(site.url(path[:4]))) for path in ("/old.xml", "/new.xml")}
        desk.write_sources(source("paper", site, "/index", key="sitemaps"))
        desk.crawl("paper", site, times=3)
    assert site.paths().count("/old.xml") == 1
    assert site.paths().count("/new.xml") == 2


def test_a_page_that_reserves_its_rights_is_archived_and_says_so(desk: Desk, site: Site) -> None:
    with served(site):
        said = ("X-Robots-Tag: otherbot: noindex", "TDM-Reservation: 1")
        head = b'<head><meta name="robots" content="noarchive">'
        site.routes |= {
            "/feed": answer(make_feed(site.url("/1"), site.url("/2"))),
            "/1": answer(make_article("Quay one").replace(b"<head>", head), *said),
            "/2": answer(make_article("Quay two")),
        }
        desk.write_sources(source("paper", site))
        desk.crawl("paper", site)
    assert desk.rows("SELECT flags FROM archive.articles ORDER BY url") == [
        {"flags": ["noarchive", "tdm_reserved"]},
        {"flags": []},
    ]


def test_sitemaps_beyond_the_newest_of_an_index_are_counted_and_not_read(desk: Desk, site: Site) -> None:
    maps = [f"/{number}.xml" for number in range(MAX_CHILDREN + 2)]
    with served(site):
        site.routes |= {"/index": answer(make_sitemap(*map(site.url, maps), of="sitemap"))}
        site.routes |= {path: answer(make_sitemap()) for path in maps}
        desk.write_sources(source("paper", site, "/index", key="sitemaps"))
        desk.crawl("paper", site, times=2)
    asked = [path for path in site.paths() if path.endswith(".xml")]
    assert sorted(asked) == sorted(maps[:MAX_CHILDREN] * 2)
    assert desk.one("SELECT over_cap FROM archive.documents WHERE configured") == {"over_cap": 2}


def test_sitemaps_that_a_cut_off_crawl_did_not_reach_are_read_by_the_next(desk: Desk, site: Site) -> None:
    with served(site):
        stamped = [make_sitemap(site.url("/news.xml"), of="sitemap", more=f"<!-- {number} -->") for number in (1, 2)]
        site.routes |= {
            "/index": once(answer(stamped[0]), answer(stamped[1])),
            "/news.xml": once(answer(make_sitemap(site.url("/1"))), answer(make_sitemap(site.url("/2")))),
        }
        articles(site, "/1", "/2")
        desk.write_sources(source("paper", site, "/index", key="sitemaps"))
        desk.crawl("paper", site)
        told = desk.cut_off_after("paper", site, document="/index")
        assert told == ["/index"]
        desk.crawl("paper", site)
    assert outcomes(desk, site) == {"/1": "stored", "/2": "stored"}


def test_page_in_place_of_a_feed_is_no_reading_of_it(desk: Desk, site: Site) -> None:
    wall = answer(b"<html><body><p>Checking your browser</p></body></html>", 'ETag: "wall"')
    with served(site):
        site.routes["/feed"] = once(wall, answer(make_feed(site.url("/1"), dated=LONG_AGO)))
        desk.write_sources(source("paper", site))
        desk.crawl("paper", site)
        after_wall = desk.one("SELECT state, reason FROM store.crawl")
        desk.crawl("paper", site)
    assert after_wall["state"] == "failed"
    assert "an HTML page where a feed was expected" in after_wall["reason"]
    assert [hit.header("If-None-Match") for hit in site.hits if hit.path == "/feed"] == [None, None]
    assert outcomes(desk, site) == {"/1": "too_old"}, "the first feed is the first reading: backfill applies"


def test_empty_feed_leaves_the_backfill_to_the_first_that_brings_links(desk: Desk, site: Site) -> None:
    with served(site):
        site.routes["/feed"] = once(answer(make_feed()), answer(make_feed(site.url("/1"), dated=LONG_AGO)))
        desk.write_sources(source("paper", site))
        desk.crawl("paper", site, times=2)
    assert outcomes(desk, site) == {"/1": "too_old"}


def test_304_that_nobody_asked_for_is_a_failure(desk: Desk, site: Site) -> None:
    with served(site):
        site.routes |= {"/feed": answer(make_feed(site.url("/1"))), "/other": NOT_MODIFIED, "/1": NOT_MODIFIED}
        desk.write_sources(source("paper", site, "/feed", "/other"))
        desk.crawl("paper", site)
    other = desk.one("SELECT outcome, error FROM store.document WHERE url = %s", site.url("/other"))
    assert other == {"outcome": "failed", "error": "HTTP 304 to a request without validators"}
    page = desk.one("SELECT outcome, due_why, last_error FROM store.frontier")
    assert page == {"outcome": None, "due_why": "retry", "last_error": "HTTP 304 to a request without validators"}


def test_validator_goes_back_byte_for_byte(desk: Desk, site: Site) -> None:
    feed = make_feed()
    head = b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nETag: "\xe9\xc3\xa9"\r\n\r\n' % len(feed)
    with served(site):
        site.routes["/feed"] = raw(head + feed, close=False)
        desk.write_sources(source("paper", site))
        desk.crawl("paper", site, times=2)
    assert b'If-None-Match: "\xe9\xc3\xa9"\r\n' in site.hits[-1].head


def test_header_without_its_variable_ends_the_crawl_with_that_reason(desk: Desk, site: Site) -> None:
    with served(site):
        desk.write_sources(source("paper", site, more='headers = { "X-Key" = "${NO_SUCH_NEWS_KEY}" }'))
        with pytest.raises(ConfigError, match="NO_SUCH_NEWS_KEY"):
            desk.crawl("paper", site)
    crawl = desk.one("SELECT state, reason, finished_at IS NOT NULL AS ended FROM store.crawl")
    assert crawl["state"] == "failed"
    assert crawl["ended"]
    assert "NO_SUCH_NEWS_KEY" in desk.one("SELECT last_error FROM store.source")["last_error"]


def test_crawl_delay_beyond_any_time_skips_the_host_with_that_outcome(desk: Desk, site: Site) -> None:
    with served(site):
        site.routes["/robots.txt"] = answer(b"User-agent: *\nCrawl-delay: 99999999999999\n")
        desk.write_sources(source("paper", site))
        desk.crawl("paper", site)
    found = desk.one("SELECT outcome, error FROM store.document")
    assert found["outcome"] == "robots"
    assert "exceeds 120 s" in found["error"]


@pytest.mark.parametrize("packed", [False, True], ids=["large", "packed"])
def test_document_past_the_limit_harms_no_other(desk: Desk, site: Site, packed: bool) -> None:
    desk.settings = desk.settings.model_copy(update={"extract_timeout": 0.05})
    with served(site):
        large = make_feed(*(site.url(f"/{number}") for number in range(30_000)))
        # Packed it is below what is read beside other crawls: it counts by what it may hold.
        site.routes["/feed"] = answer(gzip.compress(large) if packed else large)
        site.routes["/other"] = answer(make_feed(site.url("/x")))
        desk.write_sources(source("paper", site, "/feed", "/other"))
        desk.crawl("paper", site)
    told = {row["url"]: row for row in desk.rows("SELECT url, outcome, error, capture_id FROM store.document")}
    assert told[site.url("/feed")]["outcome"] == "failed"
    assert "took longer than 0.05 s" in told[site.url("/feed")]["error"]
    assert told[site.url("/other")]["outcome"] == "read"
    assert "/x" in site.paths()


def test_document_that_breaks_us_harms_no_other(desk: Desk, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from crawler.pipeline import discovery

    def break_on_one(body: bytes, *, url: str, **more: Any) -> Any:
        if url.endswith("/feed"):
            raise KeyError("a fault of ours")
        return read(body, url=url, **more)

    read = discovery.read_document
    monkeypatch.setattr(discovery, "read_document", break_on_one)
    with served(site):
        site.routes |= {"/feed": answer(make_feed(site.url("/1"))), "/other": answer(make_feed(site.url("/2")))}
        articles(site, "/2")
        desk.write_sources(source("paper", site, "/feed", "/other"))
        desk.crawl("paper", site)
    broken = desk.one("SELECT outcome, error FROM store.document WHERE url = %s", site.url("/feed"))
    assert broken == {"outcome": "failed", "error": "our own error: KeyError: 'a fault of ours'"}
    assert outcomes(desk, site) == {"/2": "stored"}


def test_changed_settings_read_an_unchanged_feed_again(desk: Desk, site: Site) -> None:
    with served(site):
        feed = make_feed(site.url("/1"), site.url("/2"), old=(site.url("/3"), LONG_AGO))
        site.routes["/feed"] = unless_known(answer(feed, 'ETag: "1"'))
        articles(site, "/1", "/2", "/3")
        desk.write_sources(source("paper", site, more='allow = ["/1"]'))
        desk.crawl("paper", site, times=2)
        before = outcomes(desk, site)
        desk.write_sources(source("paper", site))
        desk.crawl("paper", site, times=2)
    assert before == {"/1": "stored", "/2": "not_allowed", "/3": "not_allowed"}
    assert outcomes(desk, site) == {"/1": "stored", "/2": "stored", "/3": "too_old"}
    sent = [hit.header("If-None-Match") for hit in site.hits if hit.path == "/feed"]
    assert sent == [None, '"1"', None, '"1"']


def test_new_links_at_the_end_of_a_long_undated_sitemap_are_taken_up(desk: Desk, site: Site) -> None:
    with served(site):
        known = [site.url(path) for path in ("/1", "/2")]
        site.routes["/map"] = once(answer(make_sitemap(*known)), answer(make_sitemap(*known, site.url("/3"))))
        articles(site, "/1", "/2", "/3")
        desk.write_sources(source("paper", site, "/map", key="sitemaps", more="max_links = 2"))
        desk.crawl("paper", site, times=2)
    assert outcomes(desk, site) == dict.fromkeys(("/1", "/2", "/3"), "stored")


STORIES = {
    "/1": "The harbour authority will dredge the northern basin; boats keep to the southern one until then.",
    "/2": "Farmers in the upper valley report a record olive harvest, and presses there are working through the night.",
}


def story(site: Site, path: str, canonical: str) -> Handler:
    text = STORIES[path]
    body = f"<h1>{text[:20]}</h1><p>{text}</p><p>{text.upper()}</p><p>{text.title()}</p>"
    head = f"<title>{text[:20]}</title><link rel='canonical' href='{site.url(canonical)}'>"
    page = f"<html lang='en'><head>{head}</head><body><article>{body}</article></body></html>"
    return answer(page.encode())


@pytest.mark.parametrize("order", [("/1", "/2"), ("/2", "/1")], ids=["the claimed one first", "the claiming one first"])
@pytest.mark.parametrize("apart", [True, False], ids=["one after the other", "together"])
def test_page_that_calls_anothers_url_its_own_takes_no_story_from_it(
    desk: Desk, site: Site, order: tuple[str, str], apart: bool
) -> None:
    with served(site):
        first = make_feed(*(site.url(path) for path in (order[:1] if apart else order)))
        site.routes["/feed"] = once(answer(first), answer(make_feed(*(site.url(path) for path in order))))
        site.routes |= {path: story(site, path, "/1") for path in STORIES}
        desk.write_sources(source("paper", site))
        desk.crawl("paper", site, times=2)
        desk.execute("UPDATE store.frontier SET due_at = now(), due_why = 'revisit'")
        desk.crawl("paper", site)
    stored = {
        row["url"]: (row["text"].split(";")[0].split(",")[0], row["edits"])
        for row in desk.rows("SELECT * FROM archive.articles")
    }
    assert stored == {site.url(path): (text.split(";")[0].split(",")[0], 0) for path, text in STORIES.items()}


def test_amp_page_below_its_main_page_is_no_second_story(desk: Desk, site: Site) -> None:
    page = make_article("Quay 1")
    with served(site):
        amp = page.replace(b"<head>", f'<head><link rel="canonical" href="{site.url("/quay-1/")}">'.encode())
        site.routes |= {
            "/feed": answer(make_feed(site.url("/quay-1/"), site.url("/quay-1/amp/"))),
            "/quay-1/": answer(page),
            "/quay-1/amp/": answer(amp),
        }
        desk.write_sources(source("paper", site))
        desk.crawl("paper", site)
        assert outcomes(desk, site) == {"/quay-1/": "stored", "/quay-1/amp/": "duplicate"}
        assert desk.one("SELECT url FROM archive.articles")["url"] == site.url("/quay-1/")


def test_source_whose_host_is_paused_says_until_when_once(desk: Desk, site: Site) -> None:
    with served(site):
        site.routes["/feed"] = answer(b"", "Retry-After: 7200", status="429 Too Many Requests")
        desk.write_sources(source("paper", site))
        desk.crawl("paper", site, times=2)
        error = desk.one("SELECT last_error FROM archive.sources")["last_error"]
        assert error.count("until") == 1, error
        assert "is paused until" in error


@pytest.mark.parametrize("stays_disabled", [False, True], ids=["renamed", "disabled"])
def test_what_a_source_was_owed_goes_to_the_one_that_announces_it_now(
    desk: Desk, site: Site, stays_disabled: bool
) -> None:
    with served(site):
        articles(site, "/1")
        feed = answer(make_feed(site.url("/1"), site.url("/2")))
        site.routes |= {"/feed": feed, "/more": feed, "/2": answer(b"", status="500 Oh")}
        desk.write_sources(source("paper", site))
        desk.crawl("paper", site)
        assert outcomes(desk, site) == {"/1": "stored", "/2": None}
        desk.execute("UPDATE store.frontier SET due_at = now()")
        articles(site, "/2")
        former = source("paper", site, more="enabled = false") if stays_disabled else ""
        desk.write_sources(former + source("gazette", site, "/more"))
        desk.crawl("gazette", site)
        assert outcomes(desk, site) == {"/1": "unchanged", "/2": "stored"}
        assert desk.rows("SELECT FROM archive.outcomes WHERE source <> 'gazette'") == []
