"""What stands in a WARC file: exchanges as records, each compressed into a gzip member of its own (no files here)."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

from fastwarc.warc import WarcRecord, WarcRecordType
from isal import igzip

from archive.errors import ArchiveError

RecordType = Literal["response", "revisit"]

# Profiles of revisit records, from the WARC 1.1 specification, section 6.7.
SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"

# ISA-L's levels and, after them, those of fastwarc's own zlib on 100 pages of the evaluation set (200 kB each), ms CPU
# and kB a page: 1: 0.5, 47.5; 2: 0.5, 47.1; 3: 0.9, 45.4; zlib 2: 1.8, 46.4; 4: 2.4, 42.1; 6: 3.2, 41.1. Nearly 2 ms,
# a thirtieth of all that a page costs, are worth a tenth of the space.
_LEVEL = 2
_TRUNCATED = frozenset({"length", "time", "disconnect", "unspecified"})


@dataclass(frozen=True, kw_only=True, slots=True)
class WarcExchange:
    """One exchange as written to and read from the connection: heads and bodies as transferred.

    `started_at` is aware (WARC-Date), `truncated` a WARC-Truncated reason where the response is not whole.
    """

    url: str
    request: bytes
    response: bytes
    started_at: datetime
    ip_address: str | None = None
    truncated: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PriorRecord:
    """The record that holds the body which an unchanged answer stands for."""

    record_id: str  # "<urn:uuid:…>"
    url: str
    fetched_at: datetime
    payload_digest: str | None  # "sha1:BASE32"


@dataclass(frozen=True, kw_only=True, slots=True)
class Members:
    """An exchange as gzip members: what goes before its main record (the request), and that record."""

    before: bytes
    main: bytes
    record_id: str
    record_type: RecordType
    payload_digest: str | None


def make_members(exchange: WarcExchange, prior: PriorRecord | None, warcinfo_id: str) -> Members:
    """The records of an exchange: request, then response, or revisit where the body is the prior one's.

    Raises:
        ArchiveError: a URL or another value would break out of its header line.
    """
    response = _response_record(exchange, prior, warcinfo_id)
    request = compress(
        WarcRecordType.request,
        _headers(
            exchange,
            warcinfo_id,
            ("WARC-Concurrent-To", response.record_id),
            ("Content-Type", "application/http; msgtype=request"),
            ("WARC-Block-Digest", digest(exchange.request)),
        ),
        exchange.request,
        make_id(),
    )
    return Members(
        before=request,
        main=response.main,
        record_id=response.record_id,
        record_type=response.record_type,
        payload_digest=response.payload_digest,
    )


def make_warcinfo(record_id: str, path: str, at: datetime, software: str, writer: str) -> bytes:
    """The first member of a file."""
    fields = {
        "software": software,
        "format": "WARC File Format 1.1",
        "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "hostname": writer,
    }
    block = "".join(f"{name}: {one_line(value)}\r\n" for name, value in fields.items()).encode()
    headers = (
        ("WARC-Date", warc_date(at)),
        ("WARC-Filename", path.rpartition("/")[2]),
        ("WARC-Block-Digest", digest(block)),
        ("Content-Type", "application/warc-fields"),
    )
    return compress(WarcRecordType.warcinfo, headers, block, record_id)


def compress(kind: WarcRecordType, headers: Iterable[tuple[str, str]], block: bytes, record_id: str) -> bytes:
    """One record as one gzip member."""
    record = WarcRecord()
    record.init_headers(record_type=kind, record_urn=record_id.strip("<>").removeprefix("urn:").encode())
    for name, value in headers:
        record.headers.set(name, checked(value))
    record.set_bytes_content(block)
    out = io.BytesIO()
    record.write(out)
    member: bytes = igzip.compress(out.getbuffer(), _LEVEL, mtime=0)
    return member


def split_http(message: bytes) -> int:
    """Where the payload begins: after the first blank line, as warcio and pywb read it; the end where there is none."""
    at = 0
    while True:
        newline = message.find(b"\n", at)
        if newline < 0:
            return len(message)
        line, at = message[at:newline], newline + 1
        if not line.strip():
            return at


def digest(data: bytes) -> str:
    """As in WARC-Block-Digest and WARC-Payload-Digest.

    >>> digest(b"")
    'sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ'
    """
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def warc_date(at: datetime) -> str:
    """A moment as WARC 1.1 writes it, to the microsecond.

    >>> warc_date(datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=UTC))
    '2026-01-02T03:04:05.000060Z'
    """
    if at.tzinfo is None:
        raise ValueError(f"{at!r} is naive; expected an aware time")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def make_id() -> str:
    """A new WARC-Record-ID."""
    return f"<urn:uuid:{uuid4()}>"


def checked(value: str) -> str:
    """A header value that stays on its line.

    Raises:
        ArchiveError: it holds a control character.
    """
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise ArchiveError(f"WARC header value {value[:200]!r} holds a control character; expected one line")
    return value


def one_line(value: str) -> str:
    """A value of ours with control characters taken out."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", value).strip()


def _response_record(exchange: WarcExchange, prior: PriorRecord | None, warcinfo_id: str) -> Members:
    start = split_http(exchange.response)
    payload, record_id = exchange.response[start:], make_id()
    payload_digest = digest(payload)
    profile = _profile(exchange, prior, payload, payload_digest)
    is_http = exchange.response.startswith(b"HTTP/")
    headers = _headers(
        exchange,
        warcinfo_id,
        ("WARC-Truncated", exchange.truncated),
        ("Content-Type", "application/http; msgtype=response" if is_http else "application/octet-stream"),
        addressed=True,
    )
    if profile is None or prior is None:
        kind = WarcRecordType.response if is_http else WarcRecordType.resource
        headers += [("WARC-Payload-Digest", payload_digest)] if is_http else []
        return Members(
            before=b"",
            main=compress(
                kind, [*headers, ("WARC-Block-Digest", digest(exchange.response))], exchange.response, record_id
            ),
            record_id=record_id,
            record_type="response",
            payload_digest=payload_digest,
        )
    block = exchange.response[:start]
    stands_for = prior.payload_digest or payload_digest
    headers += [
        ("WARC-Profile", profile),
        ("WARC-Refers-To", prior.record_id),
        ("WARC-Refers-To-Target-URI", _url(prior.url)),
        ("WARC-Refers-To-Date", warc_date(prior.fetched_at)),
        ("WARC-Payload-Digest", stands_for),
        ("WARC-Block-Digest", digest(block)),
    ]
    return Members(
        before=b"",
        main=compress(WarcRecordType.revisit, headers, block, record_id),
        record_id=record_id,
        record_type="revisit",
        payload_digest=stands_for,
    )


def _profile(exchange: WarcExchange, prior: PriorRecord | None, payload: bytes, payload_digest: str) -> str | None:
    """Why the answer stands for the prior one's body; None where it brings its own."""
    if prior is None or exchange.truncated is not None:
        return None
    status = exchange.response[9:12] if exchange.response.startswith(b"HTTP/") else b""
    if status == b"304":
        return NOT_MODIFIED
    if status == b"200" and payload and payload_digest == prior.payload_digest:
        return SAME_PAYLOAD
    return None


def _headers(
    exchange: WarcExchange, warcinfo_id: str, *more: tuple[str, str | None], addressed: bool = False
) -> list[tuple[str, str]]:
    if exchange.truncated is not None and exchange.truncated not in _TRUNCATED:
        raise ArchiveError(f"truncated={exchange.truncated!r} is none of WARC's reasons {sorted(_TRUNCATED)}")
    wanted = [
        ("WARC-Target-URI", _url(exchange.url)),
        ("WARC-Date", warc_date(exchange.started_at)),
        ("WARC-IP-Address", exchange.ip_address if addressed else None),
        ("WARC-Warcinfo-ID", warcinfo_id),
        *more,
    ]
    return [(name, value) for name, value in wanted if value is not None]


def _url(url: str) -> str:
    if re.search(r"[\s\x00-\x1f\x7f<>]", url):
        raise ArchiveError(
            f"URL {url[:200]!r} holds white space, a control character or <>; expected it percent-encoded"
        )
    return url
