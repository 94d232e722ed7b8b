"""Answers that break the wire: slow, dropped, truncated, overlong and endless messages, written byte by byte."""

from __future__ import annotations

import asyncio

from demo.recording import RecordingHandler

# A byte each half second: no deadline of a sane client lets a page of this length end.
SLOW_SECONDS = 0.5
# "Endless" ends here: above any cap on bodies (10 MiB, feeds 20 MiB), so that the log stays of a bounded size.
HUGE_BYTES = 24 * 1024 * 1024

_CHUNK = b"<p>" + b"x" * (64 * 1024 - 8) + b"</p>\n"


def head(status: str = "200 OK", **fields: str | int) -> bytes:
    """A response head of our own; underscores in names stand for hyphens."""
    lines = [f"HTTP/1.1 {status}", "Server: newsroom"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


_HTML = "text/html; charset=utf-8"


async def play_slow(wire: RecordingHandler, body: bytes) -> bool:
    """The head at once, then the body a byte at a time."""
    wire.write_raw(head(Content_Type=_HTML, Content_Length=len(body)))
    for position in range(len(body)):
        wire.write_raw(body[position : position + 1])
        await wire.flushed()
        await asyncio.sleep(SLOW_SECONDS)
    return True


async def play_drop(wire: RecordingHandler, body: bytes) -> bool:
    """A reset connection before the first byte."""
    wire.hang_up(reset=True)
    return False


async def play_drop_midway(wire: RecordingHandler, body: bytes) -> bool:
    """A chunked message that is reset after its first half."""
    half = body[: len(body) // 2]
    wire.write_raw(head(Content_Type=_HTML, Transfer_Encoding="chunked"))
    wire.write_raw(f"{len(half):x}\r\n".encode() + half + b"\r\n")
    await wire.flushed()
    # Time for the client to read the half: an RST at once would throw it away unread.
    await asyncio.sleep(0.1)
    wire.hang_up(reset=True)
    return False


async def play_truncated(wire: RecordingHandler, body: bytes) -> bool:
    """A Content-Length beyond the body, then an orderly close."""
    wire.write_raw(head(Content_Type=_HTML, Content_Length=len(body) + 500) + body)
    await wire.flushed()
    return False


async def play_truncated_chunks(wire: RecordingHandler, body: bytes) -> bool:
    """A chunked message without its last chunk, then an orderly close."""
    wire.write_raw(head(Content_Type=_HTML, Transfer_Encoding="chunked"))
    wire.write_raw(f"{len(body):x}\r\n".encode() + body + b"\r\n")
    await wire.flushed()
    return False


async def play_overlong(wire: RecordingHandler, body: bytes) -> bool:
    """A Content-Length 40 bytes short of the body."""
    wire.write_raw(head(Content_Type=_HTML, Content_Length=len(body) - 40) + body)
    await wire.flushed()
    return False


async def play_until_close(wire: RecordingHandler, body: bytes) -> bool:
    """A message whose end is the connection's: whole, by HTTP/1.0's rule."""
    wire.write_raw(head(Content_Type=_HTML, Connection="close") + body)
    await wire.flushed()
    return True


async def play_huge(wire: RecordingHandler, body: bytes) -> bool:
    """Chunks without end."""
    wire.write_raw(head(Content_Type=_HTML, Transfer_Encoding="chunked"))
    for _ in range(HUGE_BYTES // len(_CHUNK)):
        wire.write_raw(f"{len(_CHUNK):x}\r\n".encode() + _CHUNK + b"\r\n")
        await wire.flushed()
    wire.hang_up(reset=True)
    return False


async def play_not_http(wire: RecordingHandler, body: bytes) -> bool:
    """Something that is no HTTP at all."""
    wire.write_raw(b"SSH-2.0-OpenSSH_9.2\r\n")
    await wire.flushed()
    return False
