"""The newsroom is the other tests' oracle: its log, its HTTP and its ground truth are held here."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import brotli
import feedparser
import pytest
import zstandard
from lxml import etree, html

from crawler.records import Outcome, RejectReason
from demo import bombs, oracle
from demo.bytelog import Served, read_log
from demo.fault_table import BUSY_SECONDS
from demo.fault_wire import HUGE_BYTES
from demo.publishers import CONTROL, DOMAIN, PUBLISHERS
from demo.server import Newsroom
from demo.sources import write_sources
from demo.stories import SEED_FILE
from demo.themes import COMMENT_PROMPT, TRUST_LINE
from demo.walls import KINDS

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(now=NOW) as opened:
        yield opened


def fetch(newsroom: Newsroom, url: str, method: str = "GET", **headers: str) -> Answer:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", newsroom.port, timeout=120)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    connection.request(
        method, target, headers={"Host": parts.netloc, **{k.replace("_", "-"): v for k, v in headers.items()}}
    )
    response = connection.getresponse()
    fields = {name.lower(): value for name, value in response.getheaders()}
    answer = Answer(status=response.status, headers=fields, body=response.read())
    connection.close()
    return answer


def talk(port: int, request: bytes, *, until: int | None = None) -> bytes:
    """What a plain socket receives, to the end of the connection or `until` so many bytes."""
    received = bytearray()
    with socket.create_connection(("127.0.0.1", port), timeout=120) as client:
        client.sendall(request)
        try:
            while until is None or len(received) < until:
                if not (piece := client.recv(65536)):
                    break
                received += piece
        except ConnectionResetError:
            pass
    return bytes(received)


def get(newsroom: Newsroom, host: str, target: str, *, close: bool = True) -> bytes:
    line = "Connection: close\r\n" if close else ""
    return f"GET {target} HTTP/1.1\r\nHost: {host}.{DOMAIN}:{newsroom.port}\r\n{line}\r\n".encode()


def wait_for(newsroom: Newsroom, count: int) -> tuple[Served, ...]:
    """The log once it holds `count` exchanges: an exchange is logged just after its last byte was sent."""
    deadline = time.monotonic() + 120
    while len(newsroom.log) < count and time.monotonic() < deadline:
        time.sleep(0.005)
    return newsroom.log


def visible_text(page: bytes, charset: str = "utf-8") -> str:
    tree = html.fromstring(page.decode(charset).encode(), parser=html.HTMLParser(encoding="utf-8"))
    for noise in tree.xpath("//script|//style"):
        noise.drop_tree()
    return " ".join(str(tree.text_content()).split())


def charset_of(url: str) -> str:
    return next(publisher.charset for publisher in PUBLISHERS if f"//{publisher.host}:" in url)


# ------------------------------------------------------------------------------------------- byte log


def test_log_holds_the_very_bytes_of_each_exchange_on_a_kept_connection(newsroom: Newsroom) -> None:
    requests = [
        get(newsroom, "wire-herald", "/robots.txt", close=False),
        get(newsroom, "gulf-bulletin", "/feed.json", close=False),
        get(newsroom, "wire-herald", "/nowhere"),
    ]
    received = b""
    with socket.create_connection(("127.0.0.1", newsroom.port), timeout=120) as client:
        for number, request in enumerate(requests, start=1):
            client.sendall(request[:25])
            time.sleep(0.02)
            client.sendall(request[25:])
            logged = wait_for(newsroom, number)
            while len(received) < sum(len(item.response) for item in logged):
                received += client.recv(65536)
        assert client.recv(10) == b""
    log = newsroom.log
    assert [item.request for item in log] == requests
    assert b"".join(item.response for item in log) == received
    assert [item.status for item in log] == [200, 200, 404]
    assert [item.host for item in log] == [
        f"{name}.{DOMAIN}" for name in ("wire-herald", "gulf-bulletin", "wire-herald")
    ]
    assert len({item.connection for item in log}) == 1
    assert all(item.complete for item in log)


def test_pipelined_requests_are_cut_at_their_boundaries(newsroom: Newsroom) -> None:
    requests = [
        get(newsroom, "alwatan", "/robots.txt", close=False),
        get(newsroom, "alwatan", "/feed/", close=False),
        get(newsroom, "alwatan", "/robots.txt"),
    ]
    received = talk(newsroom.port, b"".join(requests))
    log = wait_for(newsroom, 3)
    assert [item.request for item in log] == requests
    assert b"".join(item.response for item in log) == received


def test_request_with_a_body_is_logged_whole(newsroom: Newsroom) -> None:
    body = b"5\r\nname=\r\n7\r\nalwatan\r\n0\r\n\r\n"
    request = f"POST /pause HTTP/1.1\r\nHost: {CONTROL}\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + body
    second = f"POST /resume HTTP/1.1\r\nHost: {CONTROL}\r\nContent-Length: 12\r\nConnection: close\r\n\r\n".encode()
    talk(newsroom.port, request + second + b"name=alwatan")
    log = wait_for(newsroom, 2)
    assert [item.request for item in log] == [request, second + b"name=alwatan"]
    assert [item.status for item in log] == [200, 200]


def test_time_of_an_exchange_is_when_its_first_byte_came_in(newsroom: Newsroom) -> None:
    request = get(newsroom, "alwatan", "/robots.txt")
    with socket.create_connection(("127.0.0.1", newsroom.port), timeout=120) as client:
        before = time.time()
        client.sendall(request[:10])
        time.sleep(0.3)
        rest = time.time()
        client.sendall(request[10:])
        client.recv(65536)
    (served,) = wait_for(newsroom, 1)
    assert before <= served.started_at < rest <= served.finished_at


def test_what_does_not_parse_as_http_is_logged_too(newsroom: Newsroom) -> None:
    answer = talk(newsroom.port, b"NOT HTTP AT ALL\r\n\r\n")
    (served,) = wait_for(newsroom, 1)
    assert served.request == b"NOT HTTP AT ALL\r\n\r\n"
    assert served.response == answer
    assert served.status == 400


def test_client_that_leaves_midway_leaves_an_incomplete_exchange(newsroom: Newsroom) -> None:
    talk(newsroom.port, get(newsroom, "faults", "/huge"), until=100_000)
    (served,) = wait_for(newsroom, 1)
    assert not served.complete
    assert served.status == 200


def test_log_file_is_readable_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with Newsroom(now=NOW, log=path) as newsroom:
        fetch(newsroom, newsroom.url("maraya/museum-beirut"), Accept_Encoding="br")
        fetch(newsroom, newsroom.url("sahifa/museum-beirut"))
        assert wait_for(newsroom, 2) == read_log(path)
        with path.open("a") as file:
            file.write('{"half":')
        assert read_log(path) == newsroom.log


# ------------------------------------------------------------------------------------- HTTP semantics


def documents(newsroom: Newsroom) -> list[tuple[str, str]]:
    """(URL, validators) of a feed and an article of each publisher."""
    found = []
    for publisher in PUBLISHERS:
        home = f"http://{publisher.host}:{newsroom.port}"
        article = next(url for url in newsroom.expected.articles if url.startswith(home))
        found += [(home + next(iter(publisher.feeds.values())), publisher.validators), (article, publisher.validators)]
    return found


def test_documents_with_validators_answer_304_and_those_without_never(newsroom: Newsroom) -> None:
    for url, validators in documents(newsroom):
        first = fetch(newsroom, url)
        assert first.status == 200, url
        assert ("etag" in first.headers) == (validators in ("etag", "both"))
        assert ("last-modified" in first.headers) == (validators in ("last-modified", "both"))
        sent = {}
        if "etag" in first.headers:
            sent["If_None_Match"] = first.headers["etag"]
        if "last-modified" in first.headers:
            sent["If_Modified_Since"] = first.headers["last-modified"]
        second = fetch(newsroom, url, **sent)
        assert second.status == (200 if validators == "none" else 304), url
        assert second.body == b"" or validators == "none"
        if "etag" in first.headers:
            assert second.headers["etag"] == first.headers["etag"]


def test_if_none_match_decides_before_if_modified_since(newsroom: Newsroom) -> None:
    url = newsroom.url("wire-herald/chip-taipei")
    modified = fetch(newsroom, url).headers["last-modified"]
    assert fetch(newsroom, url, If_None_Match='"other"', If_Modified_Since=modified).status == 200
    assert fetch(newsroom, url, If_None_Match='"other", *').status == 200
    assert fetch(newsroom, url, If_None_Match="*").status == 304
    assert fetch(newsroom, url, If_Modified_Since="no date").status == 200
    assert parsedate_to_datetime(modified) <= NOW


@pytest.mark.parametrize(("name", "coding"), [("alwatan", "gzip"), ("maraya", "br"), ("nashra", "zstd")])
def test_content_coding_follows_accept_encoding(newsroom: Newsroom, name: str, coding: str) -> None:
    url = next(url for url in newsroom.expected.articles if f"//{name}." in url)
    plain = fetch(newsroom, url)
    coded = fetch(newsroom, url, Accept_Encoding=f"identity, {coding};q=0.9")
    assert "content-encoding" not in plain.headers
    assert coded.headers["content-encoding"] == coding
    assert coded.headers["etag"] != plain.headers["etag"]
    logged = wait_for(newsroom, 2)[-1]
    assert oracle.read_message(logged.response).body == plain.body
    assert fetch(newsroom, url, Accept_Encoding=coding, If_None_Match=coded.headers["etag"]).status == 304


def test_chunked_publisher_sends_several_chunks_that_join_to_the_page(newsroom: Newsroom) -> None:
    url = f"http://gulf-bulletin.{DOMAIN}:{newsroom.port}/feed.json"
    body = fetch(newsroom, url).body
    (served,) = wait_for(newsroom, 1)
    message = oracle.read_message(served.response)
    assert message.headers["transfer-encoding"] == "chunked"
    assert message.payload.startswith(b"2000\r\n")
    assert message.body == body


def test_unknown_host_and_other_methods_are_refused_by_name(newsroom: Newsroom) -> None:
    answer = fetch(newsroom, f"http://elsewhere.test:{newsroom.port}/")
    assert answer.status == 421
    assert b"'elsewhere.test' is not of this newsroom" in answer.body
    assert fetch(newsroom, newsroom.url("alwatan/rail-beijing"), "DELETE").status == 405


# ------------------------------------------------------------------------------------ ground truth


def test_every_page_shows_its_expected_text_in_its_own_charset(newsroom: Newsroom) -> None:
    for url, article in newsroom.expected.articles.items():
        text = visible_text(fetch(newsroom, url).body, charset_of(url))
        for paragraph in article.text.split("\n"):
            assert " ".join(paragraph.split()) in text, (url, paragraph)
        assert article.title in text
        assert article.summary is None or article.summary in text


def test_newsroom_carries_what_its_demo_promises(newsroom: Newsroom) -> None:
    expected = newsroom.expected
    articles = expected.articles.values()
    assert len(articles) >= 45
    assert {article.language for article in articles} == {"ar", "en"}
    assert {"Reuters", "AFP", "SPA", "AP", "DPA", "Xinhua"} <= {article.agencies[0] for article in articles}
    assert all(6 <= len(article.text.split("\n")) <= 18 for article in articles if article.source != "sahifa")
    assert sum(article.published is None for article in articles) == 2
    assert {item.outcome for item in expected.outcomes.values()} == {
        "too_old",
        "not_allowed",
        "robots",
        "gone",
        "rejected",
        "duplicate",
    }
    published = [article.published for article in articles if article.published]
    assert all(NOW - timedelta(days=2) < moment <= NOW for moment in published)


def test_outcomes_are_words_of_the_enumeration(newsroom: Newsroom) -> None:
    for item in newsroom.expected.outcomes.values():
        assert Outcome(item.outcome)
        assert item.reason is None or RejectReason(item.reason)
    for fault in newsroom.faults.expected.values():
        assert all(Outcome(outcome) for outcome in fault.outcomes)
        assert fault.reason is None or RejectReason(fault.reason)


def test_three_walls_of_each_kind_stand_in_both_languages(newsroom: Newsroom) -> None:
    walls = {url: item for url, item in newsroom.expected.outcomes.items() if item.outcome == "rejected"}
    counts = Counter((item.source, item.reason) for item in walls.values())
    assert counts == {(source, kind): 3 for source in ("hajiz", "gatehouse") for kind in KINDS}
    for source, path in (("hajiz", "/atom.xml"), ("gatehouse", "/feed.xml")):
        feed = feedparser.parse(fetch(newsroom, f"http://{source}.{DOMAIN}:{newsroom.port}{path}").body)
        announced = {entry.link for entry in feed.entries}
        assert {url for url, item in walls.items() if item.source == source} <= announced
    for url in walls:
        page = fetch(newsroom, url)
        assert page.status == 200
        assert b"$" not in page.body.replace(b"$1 for", b""), url


def test_portal_pages_are_windows_1256_by_their_own_word_only(newsroom: Newsroom) -> None:
    page = fetch(newsroom, newsroom.url("sahifa/museum-beirut"))
    assert page.headers["content-type"] == "text/html"
    assert b"charset=windows-1256" in page.body
    assert "متحف" in page.body.decode("windows-1256")
    with pytest.raises(UnicodeDecodeError):
        page.body.decode("utf-8")


def test_br_only_body_has_no_paragraph_elements(newsroom: Newsroom) -> None:
    page = html.fromstring(fetch(newsroom, newsroom.url("albarid/ferry-tunis")).body)
    (body,) = page.xpath('//div[@class="atext"]')
    assert {child.tag for child in body} == {"br"}


def test_wordpress_page_has_the_trust_line_last_and_the_comment_prompt_below(newsroom: Newsroom) -> None:
    page = html.fromstring(fetch(newsroom, newsroom.url("alwatan/rail-beijing")).body.decode())
    (content,) = page.xpath('//div[@class="entry-content"]')
    paragraphs = [str(item.text_content()) for item in content.xpath("./p")]
    assert paragraphs[0].startswith("بكين (رويترز) – ")
    assert paragraphs[-1] == TRUST_LINE
    assert len(content.xpath('./div[@class="read-also"]')) == 1
    assert str(page.xpath('string(//h3[@id="reply-title"])')).startswith(COMMENT_PROMPT)
    data = json.loads(page.xpath('string(//script[@type="application/ld+json"])'))
    assert data["@graph"][0]["datePublished"] == "2026-11-22T13:25:00+03:00"


@pytest.mark.skipif(not SEED_FILE.is_file(), reason="needs ../shared/seed beside the repository")
def test_seed_article_stands_in_the_wordpress_page_word_for_word(newsroom: Newsroom) -> None:
    seed = [line for line in SEED_FILE.read_text(encoding="utf-8").splitlines() if line.strip()]
    article = newsroom.expected.articles[newsroom.url("alwatan/seed")]
    assert article.text == "\n".join(seed[:-2])
    assert (article.place, article.agencies, article.language) == ("بكين", ("Reuters",), "ar")
    page = html.fromstring(fetch(newsroom, article.url).body.decode())
    paragraphs = [str(item.text_content()) for item in page.xpath('//div[@class="entry-content"]/p')]
    assert paragraphs == seed[:-1]
    assert str(page.xpath('string(//h3[@id="reply-title"])')).startswith(seed[-1])


# ---------------------------------------------------------------------------------------- discovery


def announced(newsroom: Newsroom, url: str) -> list[str]:
    return [entry.link for entry in feedparser.parse(fetch(newsroom, url).body).entries]


@pytest.mark.parametrize(
    ("name", "path", "version"),
    [
        ("alwatan", "/feed/", "rss20"),
        ("albarid", "/rss.xml", "rss20"),
        ("sahifa", "/rdf.asp", "rss10"),
        ("wire-herald", "/world.atom", "atom10"),
        ("wire-herald", "/business.atom", "atom10"),
        ("hajiz", "/atom.xml", "atom10"),
        ("gatehouse", "/feed.xml", "rss20"),
    ],
)
def test_feed_is_well_formed_and_announces_its_articles(newsroom: Newsroom, name: str, path: str, version: str) -> None:
    answer = fetch(newsroom, f"http://{name}.{DOMAIN}:{newsroom.port}{path}")
    feed = feedparser.parse(answer.body, response_headers={"content-type": answer.headers["content-type"]})
    assert not feed.bozo
    assert feed.version == version
    links = {entry.link for entry in feed.entries}
    for url, article in newsroom.expected.articles.items():
        if article.source in (name, f"{name}-{path.strip('/').removesuffix('.atom')}"):
            assert url in links or set(article.aliases) & links
    for entry in feed.entries:
        assert entry.title
        assert entry.get("published_parsed") or entry.get("updated_parsed")


def test_json_feed_announces_its_articles_one_of_them_undated(newsroom: Newsroom) -> None:
    feed = json.loads(fetch(newsroom, f"http://gulf-bulletin.{DOMAIN}:{newsroom.port}/feed.json").body)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    urls = {item["url"] for item in feed["items"]}
    assert urls == {url for url, article in newsroom.expected.articles.items() if article.source == "gulf-bulletin"}
    assert sum("date_published" not in item for item in feed["items"]) == 1


def test_sitemap_index_leads_to_a_news_sitemap_and_a_gzipped_archive(newsroom: Newsroom) -> None:
    home = f"http://maraya.{DOMAIN}:{newsroom.port}"
    assert f"Sitemap: {home}/sitemap-index.xml".encode() in fetch(newsroom, f"{home}/robots.txt").body
    index = etree.fromstring(fetch(newsroom, f"{home}/sitemap-index.xml").body)
    children = [str(item.text) for item in index.iter("{*}loc")]
    assert children == [f"{home}/news-sitemap.xml", f"{home}/sitemap-archive.xml.gz"]
    news = etree.fromstring(fetch(newsroom, children[0]).body)
    archive = fetch(newsroom, children[1])
    assert "content-encoding" not in archive.headers
    old = etree.fromstring(gzip.decompress(archive.body))
    found = {
        str(item.text) for tree in (news, old) for item in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")
    }
    expected = newsroom.expected
    wanted = {url for url, item in expected.articles.items() if item.source == "maraya"}
    assert found == wanted | {url for url, item in expected.outcomes.items() if item.source == "maraya"}
    assert len(list(news.iter("{*}publication_date"))) == 7


def test_section_page_links_to_its_articles(newsroom: Newsroom) -> None:
    home = f"http://nashra.{DOMAIN}:{newsroom.port}"
    page = html.fromstring(fetch(newsroom, f"{home}/world/").body)
    page.make_links_absolute(f"{home}/world/")
    links = {str(link) for _, attribute, link, _ in page.iterlinks() if attribute == "href"}
    assert {url for url, item in newsroom.expected.articles.items() if item.source == "nashra"} <= links


def test_tracking_twins_amp_and_print_lead_to_the_same_article(newsroom: Newsroom) -> None:
    for url, article in newsroom.expected.articles.items():
        for alias in article.aliases:
            page = html.fromstring(fetch(newsroom, alias).body)
            assert page.xpath('string(//link[@rel="canonical"]/@href)') == url
    twins = [len(article.aliases) for article in newsroom.expected.articles.values()]
    assert sorted(set(twins)) == [0, 1, 2]
    business = announced(newsroom, f"http://wire-herald.{DOMAIN}:{newsroom.port}/business.atom")
    assert any("/amp/" in url for url in business)


# ----------------------------------------------------------------------------------------- commands


def test_edit_changes_page_validators_and_ground_truth(newsroom: Newsroom) -> None:
    url = newsroom.url("wire-herald/coffee-nairobi")
    before, old = fetch(newsroom, url), newsroom.expected.articles[url]
    assert newsroom.edit(url, headline="A new headline") == url
    after, new = fetch(newsroom, url), newsroom.expected.articles[url]
    assert old.text != new.text
    assert new.title == "A new headline"
    assert after.headers["etag"] != before.headers["etag"]
    assert parsedate_to_datetime(after.headers["last-modified"]) > parsedate_to_datetime(
        before.headers["last-modified"]
    )
    sent = {"If_None_Match": before.headers["etag"], "If_Modified_Since": before.headers["last-modified"]}
    assert fetch(newsroom, url, **sent).status == 200
    other = newsroom.url("wire-herald/copper-lima")
    assert b"A new headline" not in fetch(newsroom, other).body


def test_last_modified_alone_tells_two_edits_apart(newsroom: Newsroom) -> None:
    url = newsroom.url("albarid/ferry-tunis")
    seen = []
    for _ in range(3):
        seen.append(parsedate_to_datetime(fetch(newsroom, url).headers["last-modified"]))
        newsroom.edit(url)
    assert seen == sorted(set(seen))
    assert seen[-1] <= NOW


def test_article_that_disappears_answers_410_and_leaves_its_feed(newsroom: Newsroom) -> None:
    url = newsroom.remove("alwatan/quake-van")
    assert fetch(newsroom, url).status == 410
    assert url not in announced(newsroom, f"http://alwatan.{DOMAIN}:{newsroom.port}/feed/")
    assert newsroom.expected.articles[url].gone


def test_published_story_is_announced_first(newsroom: Newsroom) -> None:
    feed = f"http://albarid.{DOMAIN}:{newsroom.port}/rss.xml"
    etag = fetch(newsroom, feed).headers["last-modified"]
    url = newsroom.publish("albarid")
    assert fetch(newsroom, feed, If_Modified_Since=etag).status == 200
    assert announced(newsroom, feed)[0] == url
    assert fetch(newsroom, url).status == 200
    assert url in newsroom.expected.articles


def test_template_changes_on_command_and_the_text_stays(newsroom: Newsroom) -> None:
    url = newsroom.url("nashra/marathon-amman")
    before = fetch(newsroom, url)
    newsroom.change_template()
    after = fetch(newsroom, url, If_None_Match=before.headers["etag"])
    assert after.status == 200
    assert b'class="post-content"' in before.body
    assert b'class="post-content"' not in after.body
    for paragraph in newsroom.expected.articles[url].text.split("\n"):
        assert paragraph in visible_text(before.body)
        assert paragraph in visible_text(after.body)


def test_bulletin_differs_at_each_fetch_but_for_its_text(newsroom: Newsroom) -> None:
    url = newsroom.url("gulf-bulletin/panda-chengdu")
    pages = [fetch(newsroom, url).body for _ in range(5)]
    assert len(set(pages)) == 5
    bodies = {str(html.fromstring(page).xpath('string(//div[@class="article-content"])')) for page in pages}
    assert len(bodies) == 1


def test_alternating_page_shows_good_text_at_odd_fetches_and_a_wall_at_even_ones(newsroom: Newsroom) -> None:
    url = newsroom.url("hajiz/fisheries-nouakchott")
    assert newsroom.expected.articles[url].alternates
    first, wall, third = (fetch(newsroom, url) for _ in range(3))
    assert first.body == third.body
    assert first.status == wall.status == 200
    assert "قبول الكل" in wall.body.decode()


def test_paused_host_turns_everything_away_until_resumed(newsroom: Newsroom) -> None:
    home = f"http://maraya.{DOMAIN}:{newsroom.port}"
    newsroom.pause("maraya", retry_after="120")
    answer = fetch(newsroom, f"{home}/robots.txt")
    assert (answer.status, answer.headers["retry-after"]) == (429, "120")
    newsroom.resume("maraya")
    assert fetch(newsroom, f"{home}/robots.txt").status == 200


def test_control_host_takes_the_same_commands_over_http(newsroom: Newsroom) -> None:
    control = f"http://{CONTROL}:{newsroom.port}"
    url = newsroom.url("alwatan/books-cairo")
    assert json.loads(fetch(newsroom, f"{control}/edit?url=alwatan/books-cairo", "POST").body) == {"done": url}
    assert fetch(newsroom, f"{control}/gone?url={quote(url)}", "POST").status == 200
    assert fetch(newsroom, url).status == 410
    unknown = fetch(newsroom, f"{control}/edit?url=nowhere", "POST")
    assert unknown.status == 400
    assert b"nowhere: no article of the newsroom" in unknown.body
    assert fetch(newsroom, f"{control}/explode", "POST").status == 404
    truth = json.loads(fetch(newsroom, f"{control}/expected").body)
    assert truth["articles"][url]["gone"] is True
    assert CONTROL not in " ".join(newsroom.allow_addresses)


# ------------------------------------------------------------------------------------------- faults


def broken(newsroom: Newsroom, path: str) -> tuple[bytes, Served]:
    received = talk(newsroom.port, get(newsroom, "faults", path))
    return received, wait_for(newsroom, 1)[0]


def test_slow_page_sends_a_byte_each_half_second(newsroom: Newsroom) -> None:
    with socket.create_connection(("127.0.0.1", newsroom.port), timeout=120) as client:
        client.sendall(get(newsroom, "faults", "/slow"))
        received = b""
        while len(received.partition(b"\r\n\r\n")[2]) < 3:
            received += client.recv(65536)
    assert received.endswith(b"\r\n\r\n<!D")
    (served,) = wait_for(newsroom, 1)
    assert not served.complete
    assert served.finished_at - served.started_at >= 1.0


def test_dropped_connection_ends_before_the_first_byte(newsroom: Newsroom) -> None:
    received, served = broken(newsroom, "/drop")
    assert received == served.response == b""
    assert (served.status, served.complete) == (None, False)


def test_connection_dropped_midway_ends_inside_the_message(newsroom: Newsroom) -> None:
    received, served = broken(newsroom, "/drop-midway")
    assert received == served.response
    assert not received.endswith(b"0\r\n\r\n")
    assert not served.complete


@pytest.mark.parametrize(("path", "difference"), [("/truncated", 500), ("/overlong", -40)])
def test_content_length_is_a_lie(newsroom: Newsroom, path: str, difference: int) -> None:
    received, served = broken(newsroom, path)
    message = oracle.read_message(received)
    assert int(message.headers["content-length"]) - len(message.payload) == difference
    assert received == served.response
    assert not served.complete


def test_truncated_chunks_lack_the_last_one_and_close_delimited_page_is_whole(newsroom: Newsroom) -> None:
    received = talk(newsroom.port, get(newsroom, "faults", "/truncated-chunks"))
    assert b"0\r\n\r\n" not in received[-10:]
    page = oracle.read_message(talk(newsroom.port, get(newsroom, "faults", "/until-close")))
    assert page.payload.endswith(b"</html>\n")
    assert "content-length" not in page.headers
    assert [item.complete for item in wait_for(newsroom, 2)] == [False, True]


def test_huge_page_does_not_end_by_itself(newsroom: Newsroom) -> None:
    received, served = broken(newsroom, "/huge")
    assert len(received) > 20 * 1024 * 1024
    assert not served.complete
    assert len(served.response) >= HUGE_BYTES


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_bomb_is_small_and_decodes_to_half_a_gigabyte(newsroom: Newsroom, coding: str) -> None:
    answer = fetch(newsroom, f"http://faults.{DOMAIN}:{newsroom.port}/{coding}-bomb")
    assert answer.headers["content-encoding"] == coding
    assert len(answer.body) < 600_000
    size, ended = _decoded_size(answer.body, coding)
    assert size == bombs.SIZE
    assert ended


def _decoded_size(body: bytes, coding: str) -> tuple[int, bool]:
    """How much a body decodes to, a piece at a time, and whether its end was reached."""
    if coding == "br":
        return len(brotli.decompress(body)), True
    if coding == "gzip":
        unzip = zlib.decompressobj(31)
        return sum(len(unzip.decompress(body[at : at + 2048])) for at in range(0, len(body), 2048)), unzip.eof
    unpack = zstandard.ZstdDecompressor().decompressobj()
    return sum(len(unpack.decompress(body[at : at + 64])) for at in range(0, len(body), 64)), unpack.eof


@pytest.mark.parametrize(
    ("host", "status", "value"),
    [
        ("busy-seconds", 429, str(BUSY_SECONDS)),
        ("busy-garbage", 429, "soon"),
        ("busy-negative", 429, "-5"),
        ("busy-silent", 503, None),
    ],
)
def test_busy_host_turns_its_first_page_away_and_then_answers(
    newsroom: Newsroom, host: str, status: int, value: str | None
) -> None:
    home = f"http://{host}.{DOMAIN}:{newsroom.port}"
    assert fetch(newsroom, f"{home}/robots.txt").status == 200
    answer = fetch(newsroom, f"{home}/story/0")
    assert (answer.status, answer.headers.get("retry-after")) == (status, value)
    assert fetch(newsroom, f"{home}/story/1").status == 200
    newsroom.reset_faults()
    assert fetch(newsroom, f"{home}/story/1").status == status


def test_busy_date_lies_the_promised_seconds_ahead(newsroom: Newsroom) -> None:
    before = datetime.now(UTC)
    answer = fetch(newsroom, f"http://busy-date.{DOMAIN}:{newsroom.port}/story/0")
    until = parsedate_to_datetime(answer.headers["retry-after"])
    assert until - before >= timedelta(seconds=BUSY_SECONDS)


def test_redirects_loop_chain_and_lead_to_private_addresses(newsroom: Newsroom) -> None:
    def hops(url: str, limit: int = 9) -> list[str]:
        seen = [url]
        while len(seen) <= limit and (to := fetch(newsroom, seen[-1]).headers.get("location")) is not None:
            seen.append(to)
        return seen

    home = f"http://faults.{DOMAIN}:{newsroom.port}"
    assert [url.rpartition("/")[2] for url in hops(f"{home}/chain-3")] == ["chain-3", "chain-2", "chain-1", "chain-end"]
    assert len(hops(f"{home}/chain-7")) == 8
    assert len(set(hops(f"{home}/loop-a"))) == 2
    trapped = f"http://trapped.{DOMAIN}:{newsroom.port}"
    targets = [fetch(newsroom, url).headers["location"] for url in newsroom.faults.expected if url.startswith(trapped)]
    hosts = {urlsplit(target).hostname for target in targets}
    assert {"127.0.0.1", "localhost", "2130706433", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254"} <= hosts


def test_trap_counts_who_follows_a_redirect_to_it(newsroom: Newsroom) -> None:
    assert newsroom.trap.visits == []
    talk(newsroom.trap.port, b"")
    deadline = time.monotonic() + 120
    while not newsroom.trap.visits and time.monotonic() < deadline:
        time.sleep(0.005)
    assert len(newsroom.trap.visits) == 1


def test_broken_feed_is_cut_inside_a_tag_after_five_whole_entries(newsroom: Newsroom) -> None:
    body = fetch(newsroom, f"http://broken-feed.{DOMAIN}:{newsroom.port}/feed.xml").body
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(body)
    assert body.count(b"</item>") == 5
    feed = feedparser.parse(body)
    assert feed.bozo
    assert len([entry for entry in feed.entries if "link" in entry]) == 5


def test_robots_hosts_answer_as_they_are_named(newsroom: Newsroom) -> None:
    def robots(host: str) -> Answer:
        return fetch(newsroom, f"http://{host}.{DOMAIN}:{newsroom.port}/robots.txt")

    assert b"Crawl-delay: 1\n" in robots("robots-delay").body
    assert b"Crawl-delay: 600\n" in robots("robots-long-delay").body
    assert [robots(host).status for host in ("robots-503", "robots-429", "robots-moved")] == [503, 429, 301]
    assert b"Disallow: /private/" in robots("robots-deny").body
    assert b"Disallow: /private/" in fetch(newsroom, robots("robots-moved").headers["location"]).body
    assert talk(newsroom.port, get(newsroom, "robots-drop", "/robots.txt")) == b""
    assert fetch(newsroom, f"http://sahifa.{DOMAIN}:{newsroom.port}/robots.txt").status == 404


def odd(newsroom: Newsroom, name: str) -> Answer:
    return fetch(newsroom, f"http://odd.{DOMAIN}:{newsroom.port}/{name}")


def test_odd_pages_are_as_odd_as_they_are_named(newsroom: Newsroom) -> None:
    assert b"\x00" in odd(newsroom, "nul").body
    surrogate = odd(newsroom, "surrogate").body
    assert all(lone in surrogate for lone in (b"&#xD83D;", b"&#55357;", b"\xed\xa0\xbd", b"\\ud83d"))
    assert b"9999-12-31" in odd(newsroom, "year-9999").body
    assert b"\x1b]8;;" in odd(newsroom, "hostile-title").body
    assert odd(newsroom, "deep").body.count(b"<div>") == 20_000
    assert 2 * 1024 * 1024 < len(odd(newsroom, "large").body) < 10 * 1024 * 1024
    wrong = odd(newsroom, "misdeclared")
    assert "utf-8" in wrong.headers["content-type"]
    assert "ا" in wrong.body.decode("windows-1256")
    (slug,) = (url for url in newsroom.faults.expected if "/s/%D8" in url)
    assert len(urlsplit(slug).path) == 2000
    assert fetch(newsroom, slug).status == 200


def test_announced_faults_answer_as_declared(newsroom: Newsroom) -> None:
    feed = feedparser.parse(fetch(newsroom, f"http://odd.{DOMAIN}:{newsroom.port}/feed.xml").body)
    assert not feed.bozo
    assert {entry.link for entry in feed.entries} == {url for url in newsroom.faults.expected if "//odd." in url}
    home = f"http://faults.{DOMAIN}:{newsroom.port}"
    assert [fetch(newsroom, f"{home}/status/{status}").status for status in (404, 410, 403, 500)] == [
        404,
        410,
        403,
        500,
    ]
    assert [fetch(newsroom, f"{home}/flaky-500").status for _ in range(2)] == [500, 200]
    assert fetch(newsroom, f"{home}/large.xml?entries=250").body.count(b"<item>") == 250
    assert b"file:///etc/hostname" in fetch(newsroom, f"{home}/outside.xml").body


# ------------------------------------------------------------------------------------------- oracle


def test_oracle_sees_gaps_repeats_validators_and_early_requests(newsroom: Newsroom) -> None:
    feed = f"http://alwatan.{DOMAIN}:{newsroom.port}/feed/"
    etag = fetch(newsroom, feed).headers["etag"]
    time.sleep(0.05)
    fetch(newsroom, feed)
    fetch(newsroom, feed, If_None_Match=etag)
    log = wait_for(newsroom, 3)
    first, second = oracle.gaps(log)
    assert first.seconds >= 0.05
    assert oracle.least_gaps(log) == {f"alwatan.{DOMAIN}": min(first.seconds, second.seconds)}
    assert oracle.sent_twice(log) == {feed: 2}
    assert oracle.sent_twice(oracle.since(log, 1)) == {}
    assert [(item.validator, item.status) for item in oracle.conditionals(log)] == [("etag", 304)]
    assert [len(bodies) for bodies in oracle.whole_bodies(log).values()] == [2]
    assert oracle.offers_validator(log[0])
    newsroom.pause("alwatan", retry_after="60")
    fetch(newsroom, feed)
    fetch(newsroom, feed)
    (pair,) = oracle.early_requests(wait_for(newsroom, 5))
    assert [item.status for item in pair] == [429, 429]


# ---------------------------------------------------------------------------------------- processes


def test_sources_file_names_every_discovery_at_the_port(newsroom: Newsroom, tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    names = write_sources(path, newsroom.port, faults=True)
    sources = {source["name"]: source for source in tomllib.loads(path.read_text(encoding="utf-8"))["source"]}
    assert tuple(sources) == names
    assert {article.source for article in newsroom.expected.articles.values()} <= set(sources)
    assert {fault.host for fault in newsroom.faults.expected.values()} <= set(sources)
    assert sources["sahifa"]["css"] == {"body": ".newsbody"}
    for source in sources.values():
        for key in ("feeds", "sitemaps"):
            assert all(f":{newsroom.port}/" in url for url in source.get(key, []))
    assert sources["nashra"]["sections"][0]["links"] == r"/world/\d+"
    assert write_sources(path, newsroom.port, only=("alwatan",)) == ("alwatan",)


def test_newsroom_runs_as_a_process_and_stops_on_sigterm(tmp_path: Path) -> None:
    ready, log, sources = tmp_path / "ready.json", tmp_path / "log.jsonl", tmp_path / "sources.toml"
    command = [sys.executable, "-m", "demo", "--now", NOW.isoformat()]
    command += ["--ready-file", str(ready), "--log", str(log), "--sources", str(sources)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    try:
        deadline = time.monotonic() + 120
        while not ready.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        told = json.loads(ready.read_text(encoding="utf-8"))
        host = f"alwatan.{DOMAIN}"
        assert f"{host}=127.0.0.1:{told['port']}" in told["allow_addresses"]
        request = f"GET /feed/ HTTP/1.1\r\nHost: {host}:{told['port']}\r\nConnection: close\r\n\r\n".encode()
        received = talk(told["port"], request)
        (served,) = read_log(log)
        assert (served.request, served.response) == (request, received)
        assert str(told["port"]) in sources.read_text(encoding="utf-8")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0
