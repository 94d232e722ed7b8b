"""Questions to the byte log that tests hold a crawler to."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from itertools import pairwise

import brotli
import zstandard

from demo.bytelog import Served


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A response cut into its parts: header names in lower case, `payload` as transferred, `body` decoded.

    `body` is None where the coding is not known or the bytes are broken.
    """

    status: int
    headers: Mapping[str, str]
    payload: bytes
    body: bytes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """Time between two successive requests to one host, in seconds."""

    host: str
    seconds: float
    first: Served
    second: Served


@dataclass(frozen=True, kw_only=True, slots=True)
class Conditional:
    """A request that carried a validator, and its answer's status."""

    url: str
    validator: str  # "etag", "last-modified" or "both"
    status: int | None


def read_message(response: bytes) -> Message:
    """A response's parts.

    Raises:
        ValueError: the bytes hold no whole response head.
    """
    head, found, rest = response.partition(b"\r\n\r\n")
    if not found:
        raise ValueError(f"no response head in {response[:80]!r}; expected a status line, headers and an empty line")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    payload = _unchunk(rest) if headers.get("transfer-encoding", "").lower() == "chunked" else rest
    return Message(
        status=int(status_line.split(" ")[1]),
        headers=headers,
        payload=rest,
        body=_decode(payload, headers.get("content-encoding", "")),
    )


def read_request_headers(request: bytes) -> dict[str, str]:
    """A request's headers, names in lower case."""
    lines = request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def gaps(log: Iterable[Served]) -> list[Gap]:
    """Gaps between successive requests of each host, in the order in which requests began."""
    by_host: dict[str, list[Served]] = defaultdict(list)
    for served in sorted(log, key=lambda item: item.started_at):
        by_host[served.host].append(served)
    return [
        Gap(host=host, seconds=second.started_at - first.started_at, first=first, second=second)
        for host, served in by_host.items()
        for first, second in pairwise(served)
    ]


def least_gaps(log: Iterable[Served]) -> dict[str, float]:
    """The smallest gap of each host that was asked more than once."""
    least: dict[str, float] = {}
    for gap in gaps(log):
        least[gap.host] = min(gap.seconds, least.get(gap.host, gap.seconds))
    return least


def early_requests(log: Sequence[Served]) -> list[tuple[Served, Served]]:
    """Pairs (answer with a valid Retry-After, request to the same host before that time was over)."""
    early: list[tuple[Served, Served]] = []
    for pausing in log:
        until = _retry_after(pausing)
        if until is not None:
            early += [
                (pausing, later)
                for later in log
                if later.host == pausing.host and pausing.finished_at < later.started_at < until
            ]
    return early


def sent_twice(log: Iterable[Served]) -> dict[str, int]:
    """URLs whose same complete 200 body went out more than once, with how often."""
    seen = Counter((served.url, _digest(served)) for served in log if is_whole(served))
    return {url: times for (url, _), times in seen.items() if times > 1}


def conditionals(log: Iterable[Served]) -> list[Conditional]:
    """Requests that carried validators."""
    found: list[Conditional] = []
    for served in log:
        headers = read_request_headers(served.request)
        etag, modified = "if-none-match" in headers, "if-modified-since" in headers
        if etag or modified:
            validator = "both" if etag and modified else "etag" if etag else "last-modified"
            found.append(Conditional(url=served.url, validator=validator, status=served.status))
    return found


def offers_validator(served: Served) -> bool:
    """Whether a response carried an ETag or a Last-Modified."""
    headers = read_message(served.response).headers
    return "etag" in headers or "last-modified" in headers


def whole_bodies(log: Iterable[Served]) -> dict[str, list[bytes]]:
    """The decoded bodies of complete 200 answers by URL, in the order in which they were sent."""
    bodies: dict[str, list[bytes]] = defaultdict(list)
    for served in log:
        body = read_message(served.response).body if is_whole(served) else None
        if body is not None:
            bodies[served.url].append(body)
    return dict(bodies)


def is_whole(served: Served) -> bool:
    """Whether this is a complete 200 answer."""
    return served.complete and served.status == 200


def since(log: Iterable[Served], mark: int) -> list[Served]:
    """The exchanges after the first `mark` ones: ``mark = len(newsroom.log)`` before a second crawl."""
    return list(log)[mark:]


def _digest(served: Served) -> bytes:
    return hashlib.sha256(read_message(served.response).payload).digest()


def _retry_after(served: Served) -> float | None:
    """Until when (epoch seconds) an answer asked for silence; None where it did not, or not in a form that counts."""
    if served.status not in (429, 503):
        return None
    value = read_message(served.response).headers.get("retry-after", "")
    if value.isdigit():
        # From when the request came: the end is noted only after the bytes have left, and who reads quickly counts from
        # before it (seen: 12 ms, and a request that long "too early").
        return served.started_at + int(value)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


def _unchunk(data: bytes) -> bytes:
    """The content of a chunked payload, as far as it goes."""
    parts: list[bytes] = []
    position = 0
    while (line_end := data.find(b"\r\n", position)) >= 0:
        size = int(data[position:line_end].split(b";")[0], 16)
        if size == 0:
            break
        parts.append(data[line_end + 2 : line_end + 2 + size])
        position = line_end + 2 + size + 2
    return b"".join(parts)


def _decode(payload: bytes, coding: str) -> bytes | None:
    try:
        match coding:
            case "":
                return payload
            case "gzip":
                return gzip.decompress(payload)
            case "br":
                return bytes(brotli.decompress(payload))
            case "zstd":
                return zstandard.ZstdDecompressor().decompressobj().decompress(payload)
            case _:
                return None
    except (EOFError, OSError, zlib.error, brotli.error, zstandard.ZstdError):
        return None
