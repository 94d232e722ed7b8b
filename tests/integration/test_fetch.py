"""One URL after another over real sockets: what arrives, what is kept of it, and what is refused."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli
import pytest
import zstandard
from fetching import PLAN, Crawl, ListSink, Recorder
from loopthread import run_in_loop
from misbehaving import Site, answer, endless, raw, redirect, serving

from archive.warc_format import digest
from crawler.fetch import guard
from crawler.fetch.crawl import fetch_once
from crawler.fetch.ports import Ports
from crawler.fetch.tasks import DocumentTask, Fetched, Missed
from crawler.records import DocumentKind, PriorCapture

PAGE = "<html><p>نص الخبر كما كتبه المراسل في بيروت</p></html>".encode() * 40


@pytest.fixture
def crawl(tmp_path: Path) -> Iterator[Crawl]:
    made = Crawl(recorder=Recorder(tmp_path))
    yield made
    made.recorder.writer.close()


def make_prior(url: str, fetched: Fetched, crawl: Crawl, **more: object) -> PriorCapture:
    token = fetched.captures[-1]
    fields = {
        "url": url,
        "fetched_at": fetched.fetched_at,
        "etag": fetched.header("etag"),
        "last_modified": fetched.header("last-modified"),
        "payload_digest": token.written.payload_digest,  # type: ignore[attr-defined]
        "body_digest": None,
        "record_id": token.written.place.record_id,  # type: ignore[attr-defined]
    }
    return PriorCapture(**(fields | more))  # type: ignore[arg-type]


def test_page_arrives_whole_and_its_exact_bytes_are_kept(crawl: Crawl) -> None:
    head = "Server: Old/1.0", "X-Odd:   two  spaces", "Content-Type: text/html; charset=utf-8"
    site = Site(host="news.test", routes={"/a": answer(PAGE, *head)})

    async def work() -> None:
        async with serving(site):
            [page] = await crawl.fetch(site.url("/a"), sites=[site])
            assert (page.status, page.body, page.url, page.ip) == (200, PAGE, site.url("/a"), "127.0.0.1")
            assert page.header("Content-Type") == "text/html; charset=utf-8"
            record = crawl.recorder.read(page.captures[0])
            sent = f"HTTP/1.1 200 OK\r\nContent-Length: {len(PAGE)}\r\n" + "\r\n".join(head) + "\r\n\r\n"
            assert record.raw_http_bytes == sent.encode() + PAGE
            assert page.captures[0].exchange.request == site.hits[-1].head
            assert record.headers["warc-ip-address"] == "127.0.0.1"

    run_in_loop(work())


def test_requests_say_who_we_are_and_carry_nothing_else(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={"/a": answer(b"x", "Set-Cookie: id=1"), "/r": redirect("/a")})

    async def work() -> None:
        async with serving(site):
            await crawl.fetch(site.url("/a"), site.url("/r"), sites=[site], concurrency=1)

    run_in_loop(work())
    for hit in site.hits:
        assert hit.header("User-Agent") == "Wirekeep/0.1 (+https://who.test)"
        assert hit.header("Accept-Language") == "ar,en;q=0.7,*;q=0.3"
        assert hit.header("Host") == f"news.test:{site.port}"
        assert hit.header("Cookie") is hit.header("Referer") is None


def test_connection_is_kept_alive_and_each_exchange_has_its_own_bytes(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={f"/{n}": answer(b"page %d" % n) for n in range(10)})

    async def work() -> None:
        async with serving(site):
            pages = await crawl.fetch(*(site.url(f"/{n}") for n in range(10)), sites=[site], concurrency=1)
        for number, page in enumerate(pages):
            assert crawl.recorder.body(page.captures[0]) == page.body == b"page %d" % number

    run_in_loop(work())
    assert site.connections == 1


CODINGS = {
    "gzip": gzip.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "x-gzip": gzip.compress,
}


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("chunks", [True, False], ids=["in chunks", "with length"])
def test_body_is_decoded_as_the_archive_decodes_it(crawl: Crawl, coding: str, chunks: bool) -> None:
    coded = CODINGS[coding](PAGE)
    if chunks:
        parts = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (coded[:7], coded[7:], b""))
        head = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: {coding}\r\n\r\n"
        route = raw(head.encode() + parts, close=False)
    else:
        route = answer(coded, f"Content-Encoding: {coding}")
    site = Site(host="news.test", routes={"/a": route})

    async def work() -> None:
        async with serving(site):
            [page] = await crawl.fetch(site.url("/a"), sites=[site])
            assert page.body == PAGE == crawl.recorder.body(page.captures[0])
            assert page.header("content-encoding") == coding

    run_in_loop(work())


def test_unchanged_answer_is_asked_for_conditionally_and_kept_as_revisit(crawl: Crawl) -> None:
    site = Site(host="news.test")
    stamp = "Sun, 01 Mar 2026 12:00:00 GMT"
    site.routes["/a"] = answer(PAGE, 'ETag: W/"v1"', f"Last-Modified: {stamp}")

    async def work() -> None:
        async with serving(site):
            url = site.url("/a")
            [first] = await crawl.fetch(url, sites=[site])
            prior = make_prior(url, first, crawl)
            site.routes["/a"] = raw(b'HTTP/1.1 304 Not Modified\r\nETag: W/"v1"\r\n\r\n', close=False)
            [again] = await crawl.fetch(url, sites=[site], prior=prior)
            assert (again.status, again.not_modified, again.body) == (304, True, b"")
            assert site.hits[-1].header("If-None-Match") == 'W/"v1"'
            assert site.hits[-1].header("If-Modified-Since") == stamp
            record = crawl.recorder.read(again.captures[0])
            assert record.record_type == "revisit"
            assert record.headers["warc-refers-to"] == first.captures[0].written.place.record_id

            site.routes["/a"] = answer(PAGE)
            [forced] = await crawl.fetch(url, sites=[site], prior=prior, force=True)
            assert forced.body == PAGE
            assert site.hits[-1].header("If-None-Match") is None
            assert crawl.recorder.read(forced.captures[0]).record_type == "revisit"

    run_in_loop(work())


def test_validators_go_to_the_url_they_came_from_and_to_no_other(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={"/old": redirect("/new"), "/new": answer(PAGE)})

    async def work() -> None:
        async with serving(site):
            prior = PriorCapture(
                url=site.url("/new"),
                fetched_at=datetime.now(UTC) - timedelta(days=1),
                etag='"n"',
                last_modified=None,
                payload_digest=None,
                body_digest=None,
                record_id="<urn:uuid:0>",
            )
            await crawl.fetch(site.url("/old"), sites=[site], prior=prior)
            await crawl.fetch(site.url("/old"), sites=[site], prior=replace(prior, url=site.url("/old")))

    run_in_loop(work())
    assert [(hit.path, hit.header("If-None-Match")) for hit in site.hits if "robots" not in hit.path] == [
        ("/old", None), ("/new", '"n"'), ("/old", '"n"'), ("/new", None),
    ]  # fmt: skip


def test_redirects_are_followed_and_every_hop_is_kept(crawl: Crawl) -> None:
    site = Site(host="news.test")
    for number in range(5):
        site.routes[f"/{number}"] = redirect(f"/{number + 1}", status="301 Moved")
    site.routes["/5"] = answer(PAGE)

    async def work() -> None:
        async with serving(site):
            [page] = await crawl.fetch(site.url("/0"), sites=[site])
            assert page.url == site.url("/5")
            assert page.redirects == tuple(site.url(f"/{number}") for number in range(5))
            assert [crawl.recorder.read(token).http_status for token in page.captures] == [301] * 5 + [200]

    run_in_loop(work())


def test_redirect_loop_ends_after_six_requests_and_is_recorded(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={"/a": redirect("/b"), "/b": redirect("/a")})

    async def work() -> None:
        async with serving(site):
            [missed] = await crawl.fetch(site.url("/a"), sites=[site])
            assert (missed.kind, missed.error_kind, missed.retry) == ("failed", "redirects", False)
            assert len(missed.captures) == 6

    run_in_loop(work())
    assert len(site.paths()) == 6


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://2130706433:{port}/", "http://0x7f000001:{port}/",
        "http://127.1:{port}/", "http://0:{port}/", "http://[::1]:{port}/", "http://[::ffff:127.0.0.1]:{port}/",
        "//127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "http://169.254.169.254/latest/", "http://user@127.0.0.1:{port}/",
        "http://news.test@127.0.0.1:{port}/",
    ],
)  # fmt: skip
def test_redirect_to_a_private_address_is_refused_without_a_connection(crawl: Crawl, target: str) -> None:
    inner, site = Site(host="inner.test"), Site(host="news.test")

    async def work() -> None:
        async with serving(inner), serving(site):
            site.routes["/a"] = redirect(target.format(port=inner.port))
            [missed] = await crawl.fetch(site.url("/a"), sites=[site])
            assert (missed.kind, missed.retry) == ("blocked", False)
            assert "not a public address" in missed.detail
            assert len(missed.captures) == 1

    run_in_loop(work())
    assert inner.connections == 0


def test_allow_list_is_for_its_name_at_its_port_only(crawl: Crawl) -> None:
    site, other = Site(host="news.test"), Site(host="other.test")

    async def work() -> None:
        async with serving(site), serving(other):
            urls = (
                f"http://127.0.0.1:{site.port}/",
                f"http://localhost:{site.port}/",
                f"http://news.test:{other.port}/",
            )
            outcomes = await crawl.fetch(*urls, site.url("/"), sites=[site])
            assert [one.kind for one in outcomes[:2]] == ["blocked", "blocked"]
            assert (outcomes[2].kind, outcomes[2].error_kind) == ("failed", "dns")
            assert outcomes[3].status == 200

    run_in_loop(work())
    assert other.connections == 0


def test_proxies_of_the_environment_are_not_asked(crawl: Crawl, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, site = Site(host="proxy.test"), Site(host="news.test")

    async def work() -> None:
        async with serving(proxy), serving(site):
            for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
                monkeypatch.setitem(os.environ, name, f"http://127.0.0.1:{proxy.port}")
            [page] = await crawl.fetch(site.url("/"), sites=[site])
            assert page.status == 200

    run_in_loop(work())
    assert proxy.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://news.test/\r\nX-Bad: 1",
        "http://news.test/a b",
        "file:///etc/passwd",
        "ftp://news.test/",
        "data:,x",
        "nonsense",
        "",
    ],
)
def test_what_is_no_web_address_is_not_asked_for(crawl: Crawl, url: str) -> None:
    [missed] = run_in_loop(crawl.fetch(url, sites=[]))
    assert (missed.kind, missed.error_kind, missed.retry) == ("failed", "url", False)
    assert crawl.recorder.kept == []


def test_location_with_line_breaks_adds_no_header(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={"/a": redirect("/b%0d%0aX-Bad:1"), "/c": redirect("/d\x0b\x01 e")})

    async def work() -> None:
        async with serving(site):
            await crawl.fetch(site.url("/a"), site.url("/c"), sites=[site])

    run_in_loop(work())
    assert all(hit.header("X-Bad") is None for hit in site.hits)
    for kept in crawl.recorder.kept:
        assert "x-bad" not in crawl.recorder.read(kept).headers


def test_long_and_arabic_urls_work(crawl: Crawl) -> None:
    site = Site(host="news.test")
    slug = "%D8%AE%D8%A8%D8%B1-" * 110

    async def work() -> None:
        async with serving(site):
            long, utf8 = await crawl.fetch(site.url("/" + slug), site.url("/أخبار/عاجل?ص=١"), sites=[site])
            assert long.status == utf8.status == 200

    run_in_loop(work())
    assert len(slug) > 2000
    assert sorted(site.paths()) == sorted(
        ["/" + slug, "/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1/%D8%B9%D8%A7%D8%AC%D9%84?%D8%B5=%D9%A1"]
    )


@pytest.mark.parametrize("status", [201, 204, 400, 401, 403, 404, 410, 451, 500, 502])
def test_every_other_status_arrives_as_an_answer(crawl: Crawl, status: int) -> None:
    site = Site(host="news.test", routes={"/a": answer(b"" if status == 204 else b"gone", status=f"{status} X")})

    async def work() -> None:
        async with serving(site):
            [page] = await crawl.fetch(site.url("/a"), sites=[site])
            assert isinstance(page, Fetched)
            assert page.status == status
            assert crawl.recorder.read(page.captures[0]).http_status == status

    run_in_loop(work())


def test_sources_headers_go_to_its_own_hosts_only(crawl: Crawl) -> None:
    site, other = Site(host="news.test"), Site(host="other.test")

    async def work() -> None:
        async with serving(site), serving(other):
            site.routes["/a"] = redirect(other.url("/b"))
            plan = {
                "headers": (("X-Key", "s3cret"), ("User-Agent", "Odd/1")),
                "header_hosts": {f"news.test:{site.port}"},
            }
            await crawl.fetch(site.url("/a"), other.url("/c"), sites=[site, other], **plan)

    run_in_loop(work())
    assert {hit.header("X-Key") for hit in site.hits} == {"s3cret"}
    assert {hit.header("X-Key") for hit in other.hits} == {None}
    assert {hit.header("User-Agent") for hit in other.hits} == {PLAN.user_agent}
    assert "s3cret" not in repr(replace(PLAN, headers=(("X-Key", "s3cret"),)))


def test_interim_answers_are_not_taken_for_the_answer(crawl: Crawl) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </x.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    site = Site(host="news.test", routes={"/a": raw(early + final, close=False)})

    async def work() -> None:
        async with serving(site):
            [page] = await crawl.fetch(site.url("/a"), sites=[site])
            assert (page.status, page.body) == (200, b"ok")
            assert crawl.recorder.read(page.captures[0]).raw_http_bytes == final

    run_in_loop(work())


def test_one_url_is_fetched_as_a_crawl_would(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={"/robots.txt": answer(b"User-agent: *\nDisallow: /no")})

    async def work() -> tuple[Fetched | Missed, Fetched | Missed]:
        async with serving(site):
            guard.install([site.allowed])
            ports = Ports(recorder=crawl.recorder, pace=crawl.pace, robots=crawl.robots, sink=None)  # type: ignore[arg-type]
            yes = await fetch_once(site.url("/yes"), plan=PLAN, ports=ports)
            no = await fetch_once(site.url("/no"), plan=PLAN, ports=ports)
            return yes, no

    yes, no = run_in_loop(work())
    assert isinstance(yes, Fetched)
    assert isinstance(no, Missed)
    assert [kept.purpose for kept in crawl.recorder.kept] == ["robots", "check"]


def test_payload_digest_is_over_the_payload_as_transferred(crawl: Crawl) -> None:
    coded = gzip.compress(PAGE)
    framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(coded), coded)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    site = Site(host="news.test", routes={"/a": raw(head + framed, close=False)})

    async def work() -> None:
        async with serving(site):
            [page] = await crawl.fetch(site.url("/a"), sites=[site])
            assert page.captures[0].written.payload_digest == digest(framed)

    run_in_loop(work())


def test_files_of_a_crawl_pass_warcio_check(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={"/robots.txt": answer(b"User-agent: *\nAllow: /")})
    site.routes |= {
        "/r": redirect("/0"),
        "/cut": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nhalf"),
        "/e": endless,
    }
    for number, coding in enumerate(CODINGS):
        site.routes[f"/{number}"] = answer(CODINGS[coding](PAGE), f"Content-Encoding: {coding}")

    async def work() -> None:
        async with serving(site):
            urls = [site.url(path) for path in ("/r", "/cut", "/e", "/0", "/1", "/2", "/3")]
            await crawl.fetch(*urls, sites=[site], max_body=200_000)

    run_in_loop(work())
    crawl.recorder.writer.close()
    [path] = crawl.recorder.root.glob("**/*.warc.gz")
    program = "import sys; sys.modules['brotli'] = None; from warcio.cli import main; main()"  # see test_warc
    done = subprocess.run(
        [sys.executable, "-c", program, "check", "-v", str(path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("digest pass") == 1 + 2 * len(crawl.recorder.kept)


def test_documents_may_be_larger_than_pages(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={"/feed": answer(b"x" * 3000), "/page": answer(b"x" * 3000), "/e": endless})

    async def work() -> None:
        async with serving(site):
            guard.install([site.allowed])
            feed = DocumentTask(document_id=1, url=site.url("/feed"), kind=DocumentKind.FEED)
            sink = await crawl.run(ListSink(), documents=(feed,), max_body=2000, max_document=4000)
            assert sink.documents[1].status == 200  # type: ignore[union-attr]
            [missed] = await crawl.fetch(site.url("/page"), sites=[site], max_body=2000)
            assert missed.error_kind == "too_large"

    run_in_loop(work())
