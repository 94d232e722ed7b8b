"""WARC files: what is appended is on disk, in order, readable by others, and survives torn ends."""

from __future__ import annotations

import contextlib
import errno
import gzip
import io
import multiprocessing
import os
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from archive import warc, warc_writer
from archive.errors import ArchiveError, DiskFull, WarcDamaged
from archive.http_body import BodyTooLarge, decode_body, join_chunks
from archive.warc_format import digest, split_http

AT = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
REQUEST = b"GET /a HTTP/1.1\r\nHost: news.example\r\n\r\n"


class Books:
    """What the writer told: files opened and sealed."""

    def __init__(self) -> None:
        self.opened: list[tuple[UUID, str]] = []
        self.sealed: list[tuple[str, int]] = []


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def writer(tmp_path: Path, books: Books) -> Iterator[warc.WarcWriter]:
    made = make_writer(tmp_path, books)
    yield made
    made.close()


def make_writer(root: Path, books: Books, roll_size: int = 10**9) -> warc.WarcWriter:
    return warc.WarcWriter(
        root,
        roll_size=roll_size,
        software="Wirekeep/0.1",
        writer="Test_Host:1",
        on_open=lambda file_id, path: books.opened.append((file_id, path)),
        on_seal=lambda path, size: books.sealed.append((path, size)),
    )


def make_exchange(response: bytes, url: str = "https://news.example/a", **more: object) -> warc.WarcExchange:
    fields: dict[str, object] = {"started_at": AT, "ip_address": "203.0.113.5"} | more
    return warc.WarcExchange(url=url, request=REQUEST, response=response, **fields)  # type: ignore[arg-type]


def http(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    return b"\r\n".join((b"HTTP/1.1 " + status, *headers, b"", body))


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))


PAGE = "<p>نص الخبر كما كتبه المراسل</p>".encode() * 30
CHUNKED = b"Transfer-Encoding: chunked"

BODIES = {
    "plain": http(PAGE, b"Content-Length: %d" % len(PAGE)),
    "chunked": http(chunked(PAGE[:100], PAGE[100:]), CHUNKED),
    "gzip": http(gzip.compress(PAGE), b"Content-Encoding: gzip"),
    "gzip in chunks": http(chunked(gzip.compress(PAGE)), CHUNKED, b"Content-Encoding: gzip"),
    "two gzip members": http(gzip.compress(PAGE[:50]) + gzip.compress(PAGE[50:]), b"Content-Encoding: x-gzip"),
    "deflate": http(zlib.compress(PAGE), b"Content-Encoding: deflate"),
    "bare deflate": http(zlib.compress(PAGE, wbits=-15), b"Content-Encoding: deflate"),
    "br": http(brotli.compress(PAGE), b"Content-Encoding: br"),
    "zstd in chunks": http(chunked(zstandard.compress(PAGE)), CHUNKED, b"content-encoding: zstd"),
    "gzip over br": http(gzip.compress(brotli.compress(PAGE)), b"Content-Encoding: br, gzip"),
    "overlong": http(PAGE + b"more", b"Content-Length: %d" % len(PAGE)),
    "no length": http(PAGE, b"Connection: close"),
    "bare line feeds": b"HTTP/1.0 200 OK\nServer: old\n\n" + PAGE,
}


def read(root: Path, written: warc.WarcWritten) -> warc.WarcRecordRead:
    place = written.place
    return warc.read_record(root, place.path, place.offset, place.length)


def warc_files(root: Path) -> list[Path]:
    return sorted(root.glob("**/*.warc.gz*"))


@pytest.mark.parametrize("name", BODIES)
def test_exact_bytes_and_decoded_body_come_back(writer: warc.WarcWriter, tmp_path: Path, name: str) -> None:
    written = writer.append(make_exchange(BODIES[name]))
    record = read(tmp_path, written)
    assert record.raw_http_bytes == BODIES[name]
    assert record.http_status == 200
    assert record.headers["warc-payload-digest"] == written.payload_digest == digest(record.payload_as_transferred)
    place = written.place
    assert warc.read_body(tmp_path, place.path, place.offset, place.length) == PAGE


def test_request_and_response_name_each_other_and_their_file(
    writer: warc.WarcWriter, books: Books, tmp_path: Path
) -> None:
    written = writer.append(make_exchange(BODIES["plain"]))
    writer.close()
    [(file_id, path)] = books.opened
    info, request, response = [entry.record for entry in warc.iter_records(tmp_path / path)]
    assert info.record_type == "warcinfo"
    assert info.headers["warc-record-id"] == f"<urn:uuid:{file_id}>"
    assert b"software: Wirekeep/0.1" in info.raw_http_bytes
    assert request.raw_http_bytes == REQUEST
    assert request.headers["warc-concurrent-to"] == response.headers["warc-record-id"] == written.place.record_id
    assert response.headers["warc-ip-address"] == "203.0.113.5"
    assert response.headers["warc-date"] == "2026-03-01T12:30:15.123456Z"
    assert response.headers["warc-warcinfo-id"] == request.headers["warc-warcinfo-id"] == f"<urn:uuid:{file_id}>"


def test_file_name_is_the_machines_own_and_path_is_relative(writer: warc.WarcWriter, tmp_path: Path) -> None:
    path = writer.append(make_exchange(BODIES["plain"])).place.path
    now = datetime.now(UTC)
    assert path.startswith(f"{now:%Y/%m}/wirekeep-{now:%Y%m%d}")
    assert f"-test-host-{os.getpid()}-" in path
    assert path.endswith(".warc.gz")
    assert (tmp_path / (path + ".open")).exists()


def test_same_payload_becomes_a_revisit_without_its_body(writer: warc.WarcWriter, tmp_path: Path) -> None:
    first = writer.append(make_exchange(BODIES["gzip in chunks"]))
    prior = make_prior(first)
    again = writer.append(make_exchange(BODIES["gzip in chunks"], started_at=AT + timedelta(hours=1)), prior=prior)
    assert again.record_type == "revisit"
    assert again.payload_digest == first.payload_digest
    record = read(tmp_path, again)
    assert record.record_type == "revisit"
    assert record.payload_as_transferred == b""
    assert record.http_header("content-encoding") == "gzip"
    assert record.headers["warc-profile"].endswith("/1.1/revisit/identical-payload-digest")
    assert record.headers["warc-refers-to"] == first.place.record_id
    assert record.headers["warc-refers-to-target-uri"] == "https://news.example/a"
    assert record.headers["warc-refers-to-date"] == read(tmp_path, first).headers["warc-date"]
    with pytest.raises(WarcDamaged, match="revisit record has no body of its own"):
        warc.read_body(tmp_path, again.place.path, again.place.offset, again.place.length)


def make_prior(first: warc.WarcWritten, payload_digest: str | None = None) -> warc.PriorRecord:
    return warc.PriorRecord(
        record_id=first.place.record_id,
        url="https://news.example/a",
        fetched_at=AT,
        payload_digest=payload_digest or first.payload_digest,
    )


def test_not_modified_is_a_revisit_of_what_it_stands_for(writer: warc.WarcWriter, tmp_path: Path) -> None:
    first = writer.append(make_exchange(BODIES["plain"]))
    again = writer.append(make_exchange(http(b"", b'ETag: "x"', status=b"304 Not Modified")), prior=make_prior(first))
    assert again.record_type == "revisit"
    assert again.payload_digest == first.payload_digest
    assert read(tmp_path, again).headers["warc-profile"].endswith("/1.1/revisit/server-not-modified")


@pytest.mark.parametrize(
    "response",
    [http(PAGE + b"!"), http(PAGE, status=b"404 Not Found"), http(b"")],
    ids=["changed", "other status", "empty"],
)
def test_anything_else_stays_a_response(writer: warc.WarcWriter, response: bytes) -> None:
    first = writer.append(make_exchange(http(PAGE)))
    assert writer.append(make_exchange(response), prior=make_prior(first)).record_type == "response"


def test_cut_off_exchange_says_so_and_never_becomes_a_revisit(writer: warc.WarcWriter, tmp_path: Path) -> None:
    first = writer.append(make_exchange(http(PAGE)))
    cut = writer.append(make_exchange(http(PAGE), truncated="time"), prior=make_prior(first))
    assert cut.record_type == "response"
    assert read(tmp_path, cut).headers["warc-truncated"] == "time"
    with pytest.raises(ArchiveError, match="truncated='tired' is none of WARC's reasons"):
        writer.append(make_exchange(http(PAGE), truncated="tired"))


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/\r\nWARC-Type: warcinfo",
        "https://a.example/a b",
        "https://a.example/\tx",
        "<https://a.example/>",
    ],
)
def test_url_that_would_break_out_of_its_line_is_refused(writer: warc.WarcWriter, tmp_path: Path, url: str) -> None:
    writer.append(make_exchange(BODIES["plain"]))
    with pytest.raises(ArchiveError, match="percent-encoded"):
        writer.append(make_exchange(BODIES["plain"], url=url))
    writer.close()
    [path] = warc_files(tmp_path)
    assert len(list(warc.iter_records(path))) == 3


def test_long_arabic_url_is_kept(writer: warc.WarcWriter, tmp_path: Path) -> None:
    url = "https://news.example/" + "%D8%AE%D8%A8%D8%B1" * 110
    assert read(tmp_path, writer.append(make_exchange(BODIES["plain"], url=url))).url == url


def write_everything(root: Path, books: Books) -> None:
    writer = make_writer(root, books)
    first = writer.append(make_exchange(BODIES["plain"]))
    for response in BODIES.values():
        writer.append(make_exchange(response))
    writer.append(make_exchange(BODIES["plain"]), prior=make_prior(first))
    writer.append(make_exchange(http(b"", status=b"304 Not Modified")), prior=make_prior(first))
    writer.append(make_exchange(http(chunked(PAGE)[:90], CHUNKED), truncated="disconnect"))
    writer.append(make_exchange(http(gzip.compress(PAGE)[:90], b"Content-Encoding: gzip"), truncated="length"))
    writer.append(make_exchange(b"HTTP/1.1 200 OK\r\nContent-Le", truncated="disconnect"))
    writer.append(make_exchange(b"SSH-2.0-OpenSSH_9.2\r\n", truncated="disconnect"))
    writer.append(make_exchange(http(b"", b"Location: /b", status=b"302 Found")))
    writer.close()


def test_warcio_check_passes_over_every_kind_of_record(tmp_path: Path, books: Books) -> None:
    write_everything(tmp_path, books)
    [path] = warc_files(tmp_path)
    # warcio 1.8 knows brotlipy's decompressor only and breaks on any br body where `brotli` is installed beside it.
    program = "import sys; sys.modules['brotli'] = None; from warcio.cli import main; main()"
    check = [sys.executable, "-c", program, "check", "-v", str(path)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("digest pass") >= 2 * len(BODIES)
    assert "fail" not in done.stdout
    assert done.stderr == ""


def test_pywbs_indexer_finds_every_exchange_at_its_place(tmp_path: Path, books: Books) -> None:
    write_everything(tmp_path, books)
    [path] = warc_files(tmp_path)
    python = os.environ.get("PYWB_PYTHON")  # an environment of its own: pywb shadows brotli
    if python:
        command = [python, "-m", "pywb.indexer.cdxindexer", "-j", str(path)]
    else:
        command = [sys.executable, "-m", "cdxj_indexer.main", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if "{" in line]
    captures = [one for one in warc.iter_records(path) if one.record.record_type in {"response", "revisit", "resource"}]
    assert len(lines) == len(captures)
    for entry in captures:
        assert any(f'"offset": "{entry.offset}"' in line and f'"length": "{entry.length}"' in line for line in lines)
    assert sum('"mime": "warc/revisit"' in line for line in lines) == 2


def test_file_rolls_past_its_size_and_is_sealed(tmp_path: Path, books: Books) -> None:
    writer = make_writer(tmp_path, books, roll_size=2000)
    noise = [os.urandom(900).hex().encode() for _ in range(6)]
    written = [writer.append(make_exchange(http(body))) for body in noise]
    writer.close()
    assert len(books.opened) == len(books.sealed) > 1
    assert {path for path, _ in books.sealed} == {one.place.path for one in written}
    assert all(path.suffix == ".gz" for path in warc_files(tmp_path))
    assert all((tmp_path / path).stat().st_size == size for path, size in books.sealed)
    assert [read(tmp_path, one).payload_as_transferred for one in written] == noise


def test_closing_twice_or_unused_makes_no_file(tmp_path: Path, books: Books) -> None:
    writer = make_writer(tmp_path, books)
    writer.close()
    writer.close()
    assert warc_files(tmp_path) == []


def test_threads_share_one_file_and_every_place_is_right(tmp_path: Path, books: Books) -> None:
    writer = make_writer(tmp_path, books, roll_size=2_500)
    kept: dict[str, warc.WarcWritten] = {}

    def work(name: int) -> None:
        for number in range(25):
            body = f"{name}-{number} ".encode() * 20
            kept[body.decode()] = writer.append(make_exchange(http(body)))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    assert len(kept) == 200
    for body, written in kept.items():
        assert read(tmp_path, written).payload_as_transferred == body.encode()
    sizes = [sum(1 for _ in warc.iter_records(path)) for path in warc_files(tmp_path)]
    assert sum(sizes) == 400 + len(sizes)


def test_appends_that_meet_share_a_sync(tmp_path: Path, books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = make_writer(tmp_path, books)
    writer.append(make_exchange(BODIES["plain"]))
    syncs: list[int] = []
    started, release = threading.Event(), threading.Event()

    def slow(fd: int) -> None:
        syncs.append(fd)
        started.set()
        release.wait(10)

    monkeypatch.setattr(warc_writer.os, "fdatasync", slow)
    threads = [threading.Thread(target=writer.append, args=(make_exchange(BODIES["plain"]),)) for _ in range(6)]
    threads[0].start()
    started.wait(10)
    for thread in threads[1:]:
        thread.start()
    while sum(1 for _ in warc.iter_records(warc_files(tmp_path)[0])) < 15:
        pass  # until all have written and wait for the sync
    release.set()
    for thread in threads:
        thread.join()
    writer.close()
    assert len(syncs) == 2


def test_full_disk_keeps_what_was_whole_and_the_writer_goes_on(
    tmp_path: Path, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = make_writer(tmp_path, books)
    before = writer.append(make_exchange(BODIES["plain"]))
    real = os.pwrite

    def torn(fd: int, data: bytes, offset: int) -> int:
        if len(data) < 60:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, bytes(data)[:50], offset)

    monkeypatch.setattr(warc_writer.os, "pwrite", torn)
    with pytest.raises(DiskFull, match="no space left"):
        writer.append(make_exchange(BODIES["gzip"]))
    monkeypatch.setattr(warc_writer.os, "pwrite", real)
    assert warc_files(tmp_path)[0].stat().st_size == end_of(before)
    after = writer.append(make_exchange(BODIES["br"]))
    writer.close()
    assert after.place.offset > before.place.offset
    [path] = warc_files(tmp_path)
    assert len(list(warc.iter_records(path))) == 5
    assert read(tmp_path, after).raw_http_bytes == BODIES["br"]


def test_failed_sync_fails_every_append_that_hung_on_it(
    tmp_path: Path, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = make_writer(tmp_path, books)
    writer.append(make_exchange(BODIES["plain"]))
    failures: list[Exception] = []

    def failing(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def work() -> None:
        try:
            writer.append(make_exchange(BODIES["gzip"]))
        except DiskFull as error:
            failures.append(error)

    monkeypatch.setattr(warc_writer.os, "fdatasync", failing)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    monkeypatch.undo()
    assert len(failures) == 4
    after = writer.append(make_exchange(BODIES["br"]))
    writer.close()
    [path] = warc_files(tmp_path)
    assert [entry.record.record_type for entry in warc.iter_records(path)] == [
        "warcinfo", "request", "response", "request", "response",
    ]  # fmt: skip
    assert read(tmp_path, after).raw_http_bytes == BODIES["br"]


def test_file_is_not_kept_where_nobody_took_note_of_it(tmp_path: Path, books: Books) -> None:
    writer = make_writer(tmp_path, books)

    def unavailable(file_id: UUID, path: str) -> None:
        raise ArchiveError("no database")

    writer._on_open = unavailable
    with pytest.raises(ArchiveError, match="no database"):
        writer.append(make_exchange(BODIES["plain"]))
    assert warc_files(tmp_path) == []


def crash(root: Path, books: Books) -> tuple[Path, list[warc.WarcWritten]]:
    """A file whose writer is gone: its lock is free, its name still ends in .open."""
    writer = make_writer(root, books)
    written = [writer.append(make_exchange(response)) for response in (BODIES["plain"], BODIES["gzip"])]
    assert writer._file is not None
    os.close(writer._file.fd)
    [path] = warc_files(root)
    return path, written


def end_of(written: warc.WarcWritten) -> int:
    return written.place.offset + written.place.length


def test_torn_tail_is_cut_at_every_position_of_the_last_record(tmp_path: Path, books: Books) -> None:
    path, (first, last) = crash(tmp_path / "origin", books)
    whole = path.read_bytes()
    for cut in range(last.place.offset, len(whole)):
        root = tmp_path / str(cut)
        opened = root / path.relative_to(tmp_path / "origin")
        opened.parent.mkdir(parents=True)
        opened.write_bytes(whole[:cut])
        [found] = warc.recover(root, committed_end=lambda path: end_of(first))
        assert (found.size, found.cut, found.orphans) == (last.place.offset, cut - last.place.offset, 0)
        assert (root / found.path).read_bytes() == whole[: last.place.offset]
        assert not opened.exists()


def test_whole_records_past_the_committed_one_are_kept_and_counted(tmp_path: Path, books: Books) -> None:
    path, (first, last) = crash(tmp_path, books)
    with path.open("ab") as file:
        file.write(b"\x00" * 4096)  # a file system's idea of unwritten blocks
    [found] = warc.recover(tmp_path, committed_end=lambda path: end_of(first))
    assert found == warc.Recovered(path=last.place.path, size=end_of(last), cut=4096, orphans=1)
    assert read(tmp_path, last).raw_http_bytes == BODIES["gzip"]


def test_damaged_committed_record_is_reported_and_nothing_is_cut(tmp_path: Path, books: Books) -> None:
    path, (first, last) = crash(tmp_path, books)
    data = bytearray(path.read_bytes())
    data[first.place.offset + first.place.length - 6] ^= 0xFF  # within the checksum
    path.write_bytes(data)
    [found] = warc.recover(tmp_path, committed_end=lambda path: end_of(last))
    assert found.size == len(data)
    assert found.damaged is not None
    assert f"whole ones end at {first.place.offset}" in found.damaged
    assert read(tmp_path, last).raw_http_bytes == BODIES["gzip"]
    with pytest.raises(WarcDamaged, match="no whole gzip member"):
        read(tmp_path, first)


def test_file_without_one_whole_record_goes(tmp_path: Path) -> None:
    opened = tmp_path / "2026/01/x.warc.gz.open"
    opened.parent.mkdir(parents=True)
    opened.write_bytes(b"\x1f\x8b\x08torn")
    [found] = warc.recover(tmp_path, committed_end=lambda path: 0)
    assert (found.path, found.size, found.cut) == ("2026/01/x.warc.gz", 0, 7)
    assert warc_files(tmp_path) == []


def test_live_writers_file_is_left_alone(writer: warc.WarcWriter, tmp_path: Path) -> None:
    written = writer.append(make_exchange(BODIES["plain"]))
    assert warc.recover(tmp_path, committed_end=lambda path: 0) == []
    assert read(tmp_path, written).raw_http_bytes == BODIES["plain"]
    writer.append(make_exchange(BODIES["gzip"]))


def _write_and_die(root: Path) -> None:
    make_writer(root, Books()).append(make_exchange(BODIES["plain"]))
    os.kill(os.getpid(), 9)


def test_killed_writers_file_is_recovered_by_another_process(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_write_and_die, args=(tmp_path,))
    process.start()
    process.join()
    assert process.exitcode == -9
    [found] = warc.recover(tmp_path, committed_end=lambda path: 0)
    assert (found.cut, found.orphans) == (0, 1)
    assert warc.recover(tmp_path, committed_end=lambda path: 0) == []


def test_wrong_places_are_told_apart(writer: warc.WarcWriter, tmp_path: Path) -> None:
    place = writer.append(make_exchange(BODIES["plain"])).place
    with pytest.raises(WarcDamaged, match="no whole gzip member"):
        warc.read_record(tmp_path, place.path, place.offset + 1, place.length - 1)
    with pytest.raises(WarcDamaged, match="cut off"):
        warc.read_record(tmp_path, place.path, place.offset, place.length - 1)
    with pytest.raises(WarcDamaged, match="the file is shorter than its rows say"):
        warc.read_record(tmp_path, place.path, place.offset, place.length + 1)
    with pytest.raises(WarcDamaged, match="is not in"):
        warc.read_record(tmp_path, "2026/01/other.warc.gz", 0, 1)
    with pytest.raises(WarcDamaged, match="not a path within"):
        warc.read_record(tmp_path, "../../etc/passwd", 0, 1)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
def test_bomb_is_stopped_at_the_limit(coding: str) -> None:
    compress = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstandard.compress, "deflate": zlib.compress}
    bomb = compress[coding](bytes(50 * 1024 * 1024))
    with pytest.raises(BodyTooLarge, match="more than 1000000 bytes"):
        decode_body([("Content-Encoding", coding)], bomb, 1_000_000)


@given(st.binary(max_size=300), st.sampled_from(["gzip", "br", "zstd", "deflate"]))
def test_garbage_is_decoded_or_refused_but_never_worse(payload: bytes, coding: str) -> None:
    with contextlib.suppress(ValueError):
        decode_body([("Content-Encoding", coding)], payload, 10_000)


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8), st.integers(min_value=0))
def test_chunks_come_together_and_cut_ones_are_a_beginning(parts: list[bytes], cut: int) -> None:
    framed, data = chunked(*parts), b"".join(parts)
    assert join_chunks(framed) == data
    assert data.startswith(join_chunks(framed[: cut % (len(framed) + 1)]))


@given(st.binary(max_size=200))
def test_payload_begins_where_warcio_says(message: bytes) -> None:
    from warcio.statusandheaders import StatusAndHeadersParser

    stream = io.BytesIO(b"HTTP/1.1 200 OK\r\n" + message.replace(b"\xa0", b"").replace(b"\x85", b""))
    if b"\r" in stream.getvalue().replace(b"\r\n", b"") or any(0x1C <= byte <= 0x1F for byte in message):
        return  # lone carriage returns and separators: blank to Python's str, not to HTTP
    StatusAndHeadersParser(["HTTP/1.1"], verify=False).parse(stream)
    assert split_http(stream.getvalue()) == stream.tell()
