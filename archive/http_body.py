"""An HTTP body free of transfer and content coding (pure): what a browser would see of the bytes on the wire."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Iterable, Iterator

import brotli
import zstandard

_STEP = 64 * 1024


class BodyTooLarge(ValueError):
    """The decoded body passes the limit."""


def decode_body(headers: Iterable[tuple[str, str]], payload: bytes, limit: int) -> bytes:
    """`payload` as transferred, decoded by Transfer-Encoding and Content-Encoding, up to `limit` bytes.

    A cut-off body gives what is there of it. Codings that we never ask for (compress, say) are left as they are.

    Raises:
        BodyTooLarge: more than `limit` bytes come out (a bomb is stopped there).
        ValueError: the bytes are not in the coding that the headers name.
    """
    named = [(name.lower(), value.lower()) for name, value in headers]
    if any(name == "transfer-encoding" and "chunked" in value for name, value in named):
        payload = join_chunks(payload)
    else:
        payload = payload[: _length(named, len(payload))]
    codings = [word.strip() for name, value in named if name == "content-encoding" for word in value.split(",")]
    if len(payload) > limit:
        raise BodyTooLarge(f"{len(payload)} bytes, expected at most {limit}")
    for coding in reversed(codings):
        decode = _DECODERS.get(coding)
        if decode is None:
            break
        payload = _bounded(decode(payload), limit, coding)
    return payload


def join_chunks(payload: bytes) -> bytes:
    """The data of a chunked body; what there is of a cut-off one.

    >>> join_chunks(b"3\\r\\nabc\\r\\n2;x=y\\r\\nde\\r\\n0\\r\\n\\r\\n")
    b'abcde'
    """
    parts: list[bytes] = []
    at = 0
    while True:
        newline = payload.find(b"\r\n", at)
        if newline < 0:
            return b"".join(parts)
        size_text = payload[at:newline].partition(b";")[0].strip()
        try:
            size = int(size_text, 16)
        except ValueError as error:
            raise ValueError(f"chunk size {size_text[:20]!r} is no hexadecimal number") from error
        if size <= 0:
            return b"".join(parts)
        parts.append(payload[newline + 2 : newline + 2 + size])
        at = newline + 2 + size + 2


def _length(named: Iterable[tuple[str, str]], found: int) -> int:
    """Content-Length, for an overlong body; what was found, where there is none."""
    for name, value in named:
        first = value.partition(",")[0].strip()
        if name == "content-length" and first.isdigit():
            return int(first)
    return found


def _bounded(parts: Iterator[bytes], limit: int, coding: str) -> bytes:
    out = bytearray()
    try:
        for part in parts:
            out += part
            if len(out) > limit:
                raise BodyTooLarge(f"{coding}: more than {limit} bytes come out")
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise ValueError(f"{coding}: {error}") from error
    return bytes(out)


def _gunzip(data: bytes) -> Iterator[bytes]:
    """Members one after another, and as much as there is of a damaged or cut-off one: Scrapy reads it so, too."""
    file = gzip.GzipFile(fileobj=io.BytesIO(data))
    found = False
    while True:
        try:
            part = file.read1(_STEP)
        except (OSError, EOFError, struct.error) as error:
            if found:
                return
            raise ValueError(f"gzip: {error}") from error
        if not part:
            return
        found = True
        yield part


def _deflate(data: bytes) -> Iterator[bytes]:
    """zlib-wrapped, as the standard says, or bare, as some servers send."""
    try:
        zlib.decompressobj().decompress(data[:_STEP], _STEP)
        wbits = zlib.MAX_WBITS
    except zlib.error:
        wbits = -zlib.MAX_WBITS
    yield from _inflate(zlib.decompressobj(wbits), data)


def _inflate(inflater: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    while data and not inflater.eof:
        yield inflater.decompress(data, _STEP)
        data = inflater.unconsumed_tail


def _unbrotli(data: bytes) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    part = decoder.process(data, output_buffer_limit=_STEP)
    while part:
        yield part
        part = b"" if decoder.is_finished() else decoder.process(b"", output_buffer_limit=_STEP)


def _unzstd(data: bytes) -> Iterator[bytes]:
    with zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True) as reader:
        while part := reader.read(_STEP):
            yield part


_DECODERS = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _deflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
