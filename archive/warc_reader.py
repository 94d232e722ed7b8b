"""Reads WARC records back: one by its place, or all of a file, and decodes bodies as the crawl did."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from archive.errors import WarcDamaged
from archive.http_body import BodyTooLarge, decode_body
from archive.warc_format import split_http
from archive.warc_writer import OPEN

MAX_BODY = 64 * 1024 * 1024  # bytes of a decoded body, unless the caller says otherwise
_CHUNK = 64 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class WarcRecordRead:
    """One record. Header names are in lower case; those of HTTP are pairs, as sent.

    `raw_http_bytes` is the record's block: head and payload exactly as on the wire. `http_status` and `http_headers`
    are of a response or revisit; None and empty for other records.
    """

    headers: Mapping[str, str]
    http_status: int | None
    http_headers: tuple[tuple[str, str], ...]
    raw_http_bytes: bytes
    payload_as_transferred: bytes

    @property
    def record_type(self) -> str:
        """WARC-Type."""
        return self.headers.get("warc-type", "")

    @property
    def url(self) -> str | None:
        """WARC-Target-URI."""
        return self.headers.get("warc-target-uri")

    def http_header(self, name: str) -> str | None:
        """An HTTP header's value, fields of the name joined, by name in any case."""
        found = [value for key, value in self.http_headers if key.lower() == name.lower()]
        return ", ".join(found) if found else None


@dataclass(frozen=True, kw_only=True, slots=True)
class WarcEntry:
    """A record met on the way through a file, with its place."""

    offset: int
    length: int
    record: WarcRecordRead


def read_record(root: Path, path: str, offset: int, length: int) -> WarcRecordRead:
    """The record at a place; the file may be sealed or still in writing.

    Raises:
        WarcDamaged: the file is missing, or does not hold one whole record there.
    """
    where = f"{path} at {offset}"
    with _open(root, path) as file:
        file.seek(offset)
        member = file.read(length)
    if len(member) < length:
        raise WarcDamaged(
            f"{where}: {len(member)} bytes found, expected {length}; the file is shorter than its rows say"
        )
    inflater = zlib.decompressobj(31)
    try:
        data = inflater.decompress(member)
    except zlib.error as error:
        raise WarcDamaged(f"{where}: no whole gzip member ({error}); restore the file from a backup") from error
    if not inflater.eof or inflater.unused_data:
        found = "more than one member" if inflater.unused_data else "a member that is cut off"
        raise WarcDamaged(f"{where}: {found} in {length} bytes, expected one")
    return parse_record(data, where)


def read_body(root: Path, path: str, offset: int, length: int, *, max_bytes: int = MAX_BODY) -> bytes:
    """The body of the response at a place, free of chunks and content coding, as the crawl saw it.

    Raises:
        WarcDamaged: as `read_record`; or the record holds no body of its own (a revisit), or one that cannot be
            decoded, or one larger than `max_bytes`.
    """
    record = read_record(root, path, offset, length)
    where = f"{path} at {offset}"
    if record.record_type != "response":
        raise WarcDamaged(f"{where}: a {record.record_type} record has no body of its own; read what it refers to")
    try:
        return decode_body(record.http_headers, record.payload_as_transferred, max_bytes)
    except BodyTooLarge as error:
        raise WarcDamaged(f"{where}: the body is larger than {max_bytes} bytes once decoded") from error
    except ValueError as error:
        raise WarcDamaged(f"{where}: the body cannot be decoded ({error})") from error


def iter_records(path: Path) -> Iterator[WarcEntry]:
    """Every record of a file, in order.

    Raises:
        WarcDamaged: at the first member that is not whole.
    """
    with path.open("rb") as file:
        for offset, length, data in iter_members(file):
            yield WarcEntry(offset=offset, length=length, record=parse_record(data, f"{path.name} at {offset}"))


def iter_members(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """(offset, length, content) of each gzip member.

    Raises:
        WarcDamaged: at the first that is not whole or does not match its checksum.
    """
    offset, rest = file.tell(), b""
    while True:
        inflater, parts, length = zlib.decompressobj(31), [], 0
        while not inflater.eof:
            data = rest or file.read(_CHUNK)
            if not data:
                if length:
                    raise WarcDamaged(f"the gzip member at {offset} is cut off after {length} bytes")
                return
            try:
                parts.append(inflater.decompress(data))
            except zlib.error as error:
                raise WarcDamaged(f"the gzip member at {offset} is damaged ({error})") from error
            rest = inflater.unused_data
            length += len(data) - len(rest)
        yield offset, length, b"".join(parts)
        offset += length


def parse_record(data: bytes, where: str) -> WarcRecordRead:
    """A record from its uncompressed bytes.

    Raises:
        WarcDamaged: it is no WARC record, or its block is not as long as it says.
    """
    head, blank, rest = data.partition(b"\r\n\r\n")
    version, _, fields = head.partition(b"\r\n")
    if not version.startswith(b"WARC/1.") or not blank:
        raise WarcDamaged(f"{where}: found {data[:20]!r}, expected a WARC record")
    headers = {name.lower(): value for name, value in _fields(fields, "utf-8")}
    length = headers.get("content-length", "")
    if not length.isdigit() or len(rest) < int(length):
        raise WarcDamaged(f"{where}: a block of {len(rest)} bytes, expected Content-Length {length!r}")
    block = rest[: int(length)]
    if not headers.get("content-type", "").startswith("application/http"):
        return _record(headers, None, (), block, block)
    start = split_http(block)
    line, _, http_fields = block[:start].partition(b"\n")
    status = line[9:12] if line.startswith(b"HTTP/") else b""
    return _record(
        headers, int(status) if status.isdigit() else None, tuple(_fields(http_fields, "latin-1")), block, block[start:]
    )


def _record(
    headers: Mapping[str, str],
    status: int | None,
    http_headers: tuple[tuple[str, str], ...],
    block: bytes,
    payload: bytes,
) -> WarcRecordRead:
    return WarcRecordRead(
        headers=headers,
        http_status=status,
        http_headers=http_headers,
        raw_http_bytes=block,
        payload_as_transferred=payload,
    )


def _fields(head: bytes, encoding: str) -> Iterator[tuple[str, str]]:
    for line in head.splitlines():
        name, colon, value = line.partition(b":")
        if colon:
            yield name.decode(encoding, "replace").strip(), value.decode(encoding, "replace").strip()


def _open(root: Path, path: str) -> BinaryIO:
    """The file, sealed or in writing; a writer may seal it between two looks."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts:
        raise WarcDamaged(f"{path!r} is not a path within the WARC directory")
    for name in (path, path + OPEN, path):
        try:
            return (root / name).open("rb")
        except FileNotFoundError:
            continue
    raise WarcDamaged(f"{path} is not in {root}; was the WARC directory moved, or is it on another machine?")
