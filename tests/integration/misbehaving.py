"""A small web server with a path for each way to misbehave, and a log of what reached it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

Handler = Callable[["Hit", asyncio.StreamWriter], Awaitable[None]]


@dataclass(kw_only=True)
class Hit:
    """One request as it came."""

    path: str
    at: float
    connection: int
    head: bytes

    def header(self, name: str) -> str | None:
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.decode().lower() == name.lower():
                return value.decode().strip()
        return None


@dataclass(kw_only=True)
class Site:
    """A server on loopback. `routes` maps a path (without query) to what happens; robots.txt is 404 unless routed."""

    host: str
    port: int = 0
    scheme: str = "http"
    routes: dict[str, Handler] = field(default_factory=dict)
    hits: list[Hit] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str) -> str:
        return f"{self.scheme}://{self.host}:{self.port}{path}"

    @property
    def allowed(self) -> str:
        return f"{self.host}=127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        return [hit.path for hit in self.hits if hit.path != "/robots.txt"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection = self.connections
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ")[1].decode()
                hit = Hit(path=path, at=monotonic(), connection=connection, head=head)
                self.hits.append(hit)
                handler = self.routes.get(path.partition("?")[0])
                if handler is None and path == "/robots.txt":
                    handler = answer(b"", status="404 Not Found")
                await (handler or answer(b"<p>hello</p>"))(hit, writer)
                await writer.drain()
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(site: Site, tls: ssl.SSLContext | None = None) -> AsyncIterator[Site]:
    """The site, listening on a free port of loopback."""
    server = await asyncio.start_server(site.serve, "127.0.0.1", site.port, ssl=tls)
    site.port = server.sockets[0].getsockname()[1]
    if tls is not None:
        site.scheme = "https"
    try:
        yield site
    finally:
        server.close()


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> Handler:
    """A well-formed answer; `length` announces another Content-Length than the body has."""

    async def handle(hit: Hit, writer: asyncio.StreamWriter) -> None:
        size = len(body) if length is None else length
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {size}", *headers, "", ""]
        writer.write("\r\n".join(lines).encode() + body)

    return handle


def redirect(location: str, status: str = "302 Found") -> Handler:
    return answer(b"", f"Location: {location}", status=status)


def raw(data: bytes, *, close: bool = True) -> Handler:
    """These bytes and no others."""

    async def handle(hit: Hit, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        if close:
            await writer.drain()
            writer.close()

    return handle


def truncated(body: bytes, length: int) -> Handler:
    """Announces `length` bytes, sends `body`, closes."""
    return raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (length, body))


async def drip(hit: Hit, writer: asyncio.StreamWriter) -> None:
    """Slowloris: a byte each fifth of a second, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.2)


async def hang(hit: Hit, writer: asyncio.StreamWriter) -> None:
    """Never answers."""
    await asyncio.sleep(3600)


async def endless(hit: Hit, writer: asyncio.StreamWriter) -> None:
    """Chunk after chunk."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        await writer.drain()


def flood(first: bytes, then: bytes) -> Handler:
    """`first` once, then `then` for ever."""

    async def handle(hit: Hit, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(then)
            await writer.drain()

    return handle


async def reset(hit: Hit, writer: asyncio.StreamWriter) -> None:
    """Drops the connection with a TCP reset."""
    transport = writer.transport
    transport.abort()


def once(first: Handler, then: Handler) -> Handler:
    """`first` for the first request, `then` for those after."""
    handlers = iter([first])

    async def handle(hit: Hit, writer: asyncio.StreamWriter) -> None:
        await next(handlers, then)(hit, writer)

    return handle
