"""Every way a server misbehaves ends in its own word, and what came of the exchange is kept."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import socket
import ssl
import subprocess
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import brotli
import pytest
import zstandard
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fetching import Crawl, Recorder
from loopthread import run_in_loop
from misbehaving import (
    Handler,
    Hit,
    Site,
    answer,
    drip,
    endless,
    flood,
    hang,
    once,
    raw,
    redirect,
    reset,
    serving,
    truncated,
)

from crawler.fetch import wire
from crawler.fetch.tasks import Fetched, Missed


@pytest.fixture
def crawl(tmp_path: Path) -> Iterator[Crawl]:
    made = Crawl(recorder=Recorder(tmp_path))
    yield made
    made.recorder.writer.close()


def fetch_from(crawl: Crawl, handler: Handler, **plan: object) -> Fetched | Missed:
    """The outcome of one URL that is answered so."""
    site = Site(host="news.test", routes={"/a": handler})

    async def work() -> Fetched | Missed:
        async with serving(site):
            [outcome] = await crawl.fetch(site.url("/a"), sites=[site], **plan)  # type: ignore[arg-type]
            return outcome

    return run_in_loop(work())


HEAD = b"HTTP/1.1 200 OK\r\n"

CUT = {
    "short of its length": (truncated(b"x" * 10, 100), "truncated", "disconnect"),
    "chunks that do not end": (
        raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        "truncated",
        "disconnect",
    ),
    "in the head": (raw(HEAD + b"Content-Le"), "reset", "disconnect"),
    "chunk size is no number": (
        raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n"),
        "truncated",
        "disconnect",
    ),
    "two lengths": (raw(HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), "protocol", "disconnect"),
    "another protocol": (raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "protocol", "disconnect"),
    "byte by byte": (drip, "timeout", "time"),
    "endless": (endless, "too_large", "length"),
    "endless headers": (flood(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"a" * 8000 + b"\r\n"), "too_large", "length"),
    "endless interim answers": (flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), "too_large", "length"),
    "endless chunk extensions": (
        flood(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", (b"1;" + b"e" * 900 + b"\r\nx\r\n") * 20),
        "too_large",
        "length",
    ),
    "a gigabyte announced": (answer(b"x" * 100, length=10**9), "too_large", "length"),
}


@pytest.mark.parametrize("name", CUT)
def test_partial_answer_is_no_page_but_kept_with_the_reason(crawl: Crawl, name: str) -> None:
    handler, kind, reason = CUT[name]
    # Only what falls silent is cut by the clock.
    missed = fetch_from(crawl, handler, timeout=2.0 if kind == "timeout" else 60.0, max_body=1_000_000)
    assert isinstance(missed, Missed), missed
    assert (missed.kind, missed.error_kind) == ("failed", kind), missed
    assert missed.retry is (kind != "too_large")
    record = crawl.recorder.read(missed.captures[-1])
    assert record.headers["warc-truncated"] == reason
    assert len(record.raw_http_bytes) < 3_000_000
    # Interim answers are left out of the record: cut right behind one, nothing is left.
    assert record.raw_http_bytes or name == "endless interim answers"


NOTHING = {
    "reset": (reset, "reset"),
    "closed": (raw(b""), "reset"),
    "silence": (hang, "timeout"),
}


@pytest.mark.parametrize("name", NOTHING)
def test_no_answer_at_all_leaves_nothing_to_keep(crawl: Crawl, name: str) -> None:
    handler, kind = NOTHING[name]
    missed = fetch_from(crawl, handler, timeout=1.0 if kind == "timeout" else 60.0, robots="ignore")
    assert isinstance(missed, Missed)
    assert (missed.kind, missed.error_kind, missed.retry, missed.captures) == ("failed", kind, True, ())


def test_overlong_answer_is_noted_and_its_connection_not_used_again(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={"/a": raw(HEAD + b"Content-Length: 5\r\n\r\n1234567890", close=False)})

    async def work() -> None:
        async with serving(site):
            page, other = await crawl.fetch(site.url("/a"), site.url("/b"), sites=[site], concurrency=1)
            assert (page.body, page.notes) == (b"12345", ("overlong",))
            assert crawl.recorder.read(page.captures[0]).payload_as_transferred == b"1234567890"
            assert crawl.recorder.body(page.captures[0]) == b"12345"
            assert other.body == b"<p>hello</p>"

    run_in_loop(work())
    assert len({hit.connection for hit in site.hits if hit.path in {"/a", "/b"}}) == 2


def test_bytes_that_come_unasked_are_not_taken_for_the_next_answer(crawl: Crawl) -> None:
    async def late(hit: Hit, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 2\r\n\r\nok")
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.write(HEAD + b"Content-Length: 6\r\n\r\nforged")

    site = Site(host="news.test", routes={"/a": late})

    async def work() -> None:
        async with serving(site):
            one, two = await crawl.fetch(site.url("/a"), site.url("/b"), sites=[site], concurrency=1, delay=0.4)
            assert (one.body, two.body) == (b"ok", b"<p>hello</p>")

    run_in_loop(work())


def test_end_of_connection_ends_a_body_without_length(crawl: Crawl) -> None:
    page = fetch_from(crawl, raw(HEAD + b"\r\nall there is"))
    assert isinstance(page, Fetched)
    assert (page.body, page.notes) == (b"all there is", ("no_length",))
    assert "warc-truncated" not in crawl.recorder.read(page.captures[0]).headers


BOMBS = {
    "gzip": gzip.compress(bytes(64 * 1024 * 1024)),
    "deflate": zlib.compress(bytes(64 * 1024 * 1024)),
    "br": brotli.compress(bytes(64 * 1024 * 1024), quality=5),
    "zstd": zstandard.compress(bytes(64 * 1024 * 1024)),
    "gzip, gzip": gzip.compress(gzip.compress(bytes(64 * 1024 * 1024))),
}


@pytest.mark.parametrize("coding", BOMBS)
def test_bomb_is_stopped_and_kept_as_it_came(crawl: Crawl, coding: str) -> None:
    missed = fetch_from(crawl, answer(BOMBS[coding], f"Content-Encoding: {coding}"), max_body=1_000_000)
    assert isinstance(missed, Missed)
    assert (missed.error_kind, missed.retry, missed.status) == ("too_large", False, 200)
    assert crawl.recorder.read(missed.captures[0]).payload_as_transferred == BOMBS[coding]


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
def test_body_that_is_not_in_its_coding_fails_and_is_kept(crawl: Crawl, coding: str) -> None:
    missed = fetch_from(crawl, answer(b"\x00\x01\x02 no such thing \xff" * 9, f"Content-Encoding: {coding}"))
    assert isinstance(missed, Missed)
    assert (missed.error_kind, missed.retry, len(missed.captures)) == ("protocol", True, 1)


@pytest.mark.parametrize(
    "location", ["http://[half", "http://a..test/", f"http://{'a' * 64}.test/", "http://a.test:0/"]
)
def test_location_that_is_no_url_fails(crawl: Crawl, location: str) -> None:
    missed = fetch_from(crawl, redirect(location))
    assert isinstance(missed, Missed)
    assert missed.error_kind == "protocol"
    assert "Location" in missed.detail


def test_dropped_idle_connection_costs_one_repetition(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={"/b": once(reset, answer(b"second"))})

    async def work() -> None:
        async with serving(site):
            one, two = await crawl.fetch(site.url("/a"), site.url("/b"), sites=[site], concurrency=1)
            assert (one.status, two.body) == (200, b"second")

    run_in_loop(work())
    assert site.paths() == ["/a", "/b", "/b"]


def test_request_is_not_repeated_on_a_connection_of_its_own(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={"/a": once(reset, answer(b"second"))})

    async def work() -> None:
        async with serving(site):
            [missed] = await crawl.fetch(site.url("/a"), sites=[site], robots="ignore")
            assert missed.error_kind == "reset"

    run_in_loop(work())
    assert site.paths() == ["/a"]


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize("robots", ["ignore", "obey"])
def test_refused_and_unknown_hosts_have_their_own_kinds(crawl: Crawl, robots: str) -> None:
    shut = Site(host="shut.test", port=closed_port())
    refused, unknown = run_in_loop(crawl.fetch(shut.url("/a"), "http://nowhere.invalid/a", sites=[shut], robots=robots))
    assert (refused.kind, refused.error_kind, refused.retry) == ("failed", "refused", True)
    assert (unknown.kind, unknown.error_kind, unknown.retry) == ("failed", "dns", True)


class Authority:
    """A certificate authority of our own, trusted through SSL_CERT_FILE."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
        root = self._make(self.name, self.key, -1, 30).add_extension(x509.BasicConstraints(True, None), True)
        self.path = folder / "ca.pem"
        signed = root.sign(self.key, hashes.SHA256())
        self.path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def context(self, host: str, first_day: int, last_day: int) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        alternative = x509.SubjectAlternativeName([x509.DNSName(host)])
        leaf = self._make(subject, key, first_day, last_day).add_extension(alternative, False)
        path = self.folder / f"{host}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + leaf.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _make(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, first_day: int, last_day: int
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder(subject_name=subject, issuer_name=self.name, public_key=key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + dt.timedelta(days=first_day))
            .not_valid_after(now + dt.timedelta(days=last_day))
        )


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.path))
    return made


def test_tls_page_arrives_and_its_bytes_are_kept_in_clear(crawl: Crawl, authority: Authority) -> None:
    site = Site(host="secure.test")

    async def work() -> None:
        async with serving(site, authority.context("secure.test", -1, 1)):
            one, two = await crawl.fetch(site.url("/a"), site.url("/b"), sites=[site], concurrency=1)
            assert one.status == two.status == 200
            assert crawl.recorder.body(one.captures[0]) == b"<p>hello</p>"
            assert one.captures[0].exchange.request.startswith(b"GET /a HTTP/1.1\r\n")

    run_in_loop(work())
    assert site.connections == 1


@pytest.mark.parametrize(
    ("name", "first_day", "last_day"), [("secure.test", -9, -1), ("other.test", -1, 1), ("secure.test", 1, 9)]
)
def test_certificate_expired_early_or_of_another_host_is_refused(
    crawl: Crawl, authority: Authority, name: str, first_day: int, last_day: int
) -> None:
    site = Site(host="secure.test")

    async def work() -> None:
        async with serving(site, authority.context(name, first_day, last_day)):
            for robots in ("ignore", "obey"):
                [missed] = await crawl.fetch(site.url("/a"), sites=[site], robots=robots)
                assert (missed.kind, missed.error_kind, missed.retry) == ("failed", "tls", True), missed
            [page] = await crawl.fetch(site.url("/a"), sites=[site], robots="ignore", verify_tls=False)
            assert page.status == 200

    run_in_loop(work())


def test_plain_server_behind_https_is_a_tls_failure(crawl: Crawl) -> None:
    site = Site(host="secure.test", routes={"/": raw(b"no TLS here")})

    async def work() -> None:
        async with serving(site):
            site.scheme = "https"
            [missed] = await crawl.fetch(site.url("/a"), sites=[site], robots="ignore", timeout=2.0)
            assert missed.error_kind in {"tls", "timeout"}

    run_in_loop(work())
    assert site.hits == []


def test_request_that_cannot_be_sent_within_its_lease_is_given_up(
    crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LEASE", 1.3)
    site = Site(host="secure.test")

    async def work() -> None:
        async with serving(site):  # plain: it waits for the end of a TLS hello that never comes
            site.scheme = "https"
            [missed] = await crawl.fetch(site.url("/a"), sites=[site], robots="ignore", timeout=30.0)
            assert (missed.kind, missed.error_kind, missed.retry) == ("failed", "timeout", True)
            assert "no connection in time" in missed.detail

    run_in_loop(work())
    assert site.hits == []


def at(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
@pytest.mark.parametrize(
    ("header", "seconds"), [("Retry-After: 3600", 3600), ("date", 3600), ("Retry-After: -1", 30), ("X-None: 1", 30)]
)
def test_busy_host_is_paused_and_hears_nothing_more(crawl: Crawl, status: str, header: str, seconds: int) -> None:
    pause, began = timedelta(seconds=seconds), datetime.now(UTC).replace(microsecond=0)  # a date has whole seconds
    sent = f"Retry-After: {at(3600)}" if header == "date" else header
    site = Site(host="news.test", routes={"/0": answer(b"", sent, status=status)})

    async def work() -> None:
        async with serving(site):
            urls = [site.url(f"/{number}") for number in range(5)]
            outcomes = await crawl.fetch(*urls, sites=[site], concurrency=1, max_wait=5.0)
            for missed in outcomes:
                assert (missed.kind, missed.retry) == ("paused", True)
                assert began + pause <= missed.until <= datetime.now(UTC) + pause
            assert outcomes[0].status == int(status[:3])
            assert len(outcomes[0].captures) == 1
            assert {missed.status for missed in outcomes[1:]} == {None}

    run_in_loop(work())
    assert site.paths() == ["/0"]
    [(until, why)] = crawl.pace.paused.values()
    assert status[:3] in why
    assert until > datetime.now(UTC)


def test_short_pause_is_waited_for(crawl: Crawl) -> None:
    busy = answer(b"", "Retry-After: 1", status="429 Busy")
    site = Site(host="news.test", routes={"/0": once(busy, answer(b"again"))})

    async def work() -> None:
        async with serving(site):
            first, second = await crawl.fetch(site.url("/0"), site.url("/1"), sites=[site], concurrency=1)
            assert (first.kind, second.status) == ("paused", 200)

    run_in_loop(work())
    zero, one = (hit.at for hit in site.hits if hit.path in {"/0", "/1"})
    assert one - zero >= 1


def test_each_strike_makes_the_pause_longer(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={"/a": answer(b"", status="503 Busy")})

    async def work() -> None:
        async with serving(site):
            for pause in (timedelta(seconds=seconds) for seconds in (30, 60, 120)):
                began = datetime.now(UTC)
                [missed] = await crawl.fetch(site.url("/a"), sites=[site])
                assert began + pause <= missed.until <= datetime.now(UTC) + pause
                crawl.pace.paused.clear()

    run_in_loop(work())


def test_slow_host_does_not_hold_up_others(crawl: Crawl) -> None:
    """It answers only when the others have: were they to wait for it, all would wait until the time is up."""
    quick_ones = 30
    quick = Site(host="quick.test")

    async def last(hit: Hit, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n<p>")
        while len(quick.paths()) < quick_ones:
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.write(b"the slow story")

    slow = Site(host="slow.test", routes={"/a": last})

    async def work() -> None:
        async with serving(slow), serving(quick):
            urls = [slow.url("/a"), *(quick.url(f"/{number}") for number in range(quick_ones))]
            outcomes = await crawl.fetch(*urls, sites=[slow, quick], timeout=60.0)
            assert all(isinstance(one, Fetched) for one in outcomes)

    run_in_loop(work())


# What a process grows by: half a gigabyte of bomb and an endless body, each stopped at 10 MiB.
_MEASURE = """
import asyncio, resource, sys
sys.path[:0] = {path!r}
from pathlib import Path
from fetching import Crawl, Recorder
from loopthread import run_in_loop
from misbehaving import answer, endless, flood, serving, Site
import gzip, zlib

block = zlib.compressobj(9, zlib.DEFLATED, 31)
bomb = b"".join(block.compress(bytes(1 << 20)) for _ in range(512)) + block.flush()
site = Site(host="news.test", routes={{"/bomb": answer(bomb, "Content-Encoding: gzip"), "/endless": endless}})

async def work():
    async with serving(site):
        crawl = Crawl(recorder=Recorder(Path({root!r})))
        await crawl.fetch(site.url("/ok"), sites=[site])
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for path in ("/bomb", "/endless"):
            [missed] = await crawl.fetch(site.url(path), sites=[site], max_body=10 << 20)
            assert missed.error_kind == "too_large", missed
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

print(run_in_loop(work()))
"""


def test_bombs_and_endless_bodies_do_not_fill_the_memory(tmp_path: Path) -> None:
    program = _MEASURE.format(path=[str(Path(__file__).parent), *sys.path], root=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) <= 64 * 1024, f"grew by {done.stdout} KiB"
