"""The newsroom as a running server: one port of loopback, hosts told apart by the Host header, every byte logged."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from aiohttp import web

from demo.bytelog import ByteLog, Served
from demo.control import control
from demo.desk import Desk
from demo.expected import Expected
from demo.faults import FAULT_HOSTS, FaultDesk
from demo.front import respond
from demo.publishers import CONTROL
from demo.recording import RecordingHandler
from demo.reply import Asked, RawReply, Reply, settle, text_reply
from demo.trap import Trap, listen

# Idle keep-alive connections are closed after this; longer than any pace a test would wait between two requests.
_KEEP_ALIVE_SECONDS = 75.0

# Bodies go out in pieces of this size, so that a chunked one has several chunks.
_PIECE = 8192

# What the newsroom's sources.toml says; older articles should end as too old.
BACKFILL = timedelta(days=3)


T = TypeVar("T")


class Newsroom:
    """A newsroom on a port of 127.0.0.1, served from a thread of its own.

    `port` 0 takes a free one. `now` is the newsroom's moment: articles are dated before it and it does not tick;
    default is the real time of opening. `log` writes the byte log to a file too. `address` is another one of this
    machine, for workers in other containers. The commands (`edit`, `remove`,
    `publish`, `change_template`, `pause`, `resume`, `reset_faults`) may be called from any thread.

    >>> with Newsroom() as newsroom:                                          # doctest: +SKIP
    ...     newsroom.edit("alwatan/rail-beijing")
    """

    def __init__(
        self,
        *,
        port: int = 0,
        now: datetime | None = None,
        log: Path | None = None,
        address: str = "127.0.0.1",
    ) -> None:
        self._socket = listen(port, address)
        self.address = address
        self.port: int = self._socket.getsockname()[1]
        self.trap = Trap()
        self.desk = Desk(port=self.port, now=now or datetime.now(UTC))
        self.faults = FaultDesk(port=self.port, trap_port=self.trap.port, now=self.desk.now)
        self._log = ByteLog(log)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="newsroom", daemon=True)
        self._opened = threading.Event()
        self._closing = asyncio.Event()

    # -------------------------------------------------------------------------------------- life

    def start(self) -> Newsroom:
        """Start serving; returns when the port answers."""
        self.trap.start()
        self._thread.start()
        self._opened.wait()
        return self

    def stop(self) -> None:
        """Stop serving; open exchanges are cut and logged as incomplete."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join()
        self.trap.stop()
        self._log.close()

    def __enter__(self) -> Newsroom:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._run())
        finally:
            self._loop.close()

    async def _run(self) -> None:
        manager: web.Server = web.Server(self._handle)
        server = await self._loop.create_server(
            lambda: RecordingHandler(
                manager, loop=self._loop, log=self._log, access_log=None, keepalive_timeout=_KEEP_ALIVE_SECONDS
            ),
            sock=self._socket,
        )
        self._opened.set()
        await self._closing.wait()
        server.close()
        await manager.shutdown(timeout=0.1)
        await server.wait_closed()

    # ---------------------------------------------------------------------------------- answering

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request and log it, however it ends."""
        wire = request.protocol
        assert isinstance(wire, RecordingHandler)
        complete = False
        body = await request.read()
        wire.begin()
        try:
            reply = self._answer(_asked(request, body))
            if isinstance(reply, RawReply):
                complete = await reply.play(wire)
                return _Ended()
            response = await _send(request, reply)
            await wire.flushed()
            complete = True
            return response
        except ConnectionError:
            return _Ended()
        finally:
            wire.commit(complete=complete)

    def _answer(self, asked: Asked) -> Reply | RawReply:
        if asked.host == CONTROL:
            return control(self.desk, self.faults, asked, BACKFILL)
        if asked.method != "GET":
            return Reply(status=405, content_type="text/plain", body=b"only GET\n", headers=(("Allow", "GET"),))
        if asked.host in self.desk.states:
            return settle(respond(self.desk, asked, datetime.now(UTC)), asked)
        if asked.host in FAULT_HOSTS:
            return self.faults.respond(asked)
        known = ", ".join(self.hosts)
        return text_reply(f"host {asked.host!r} is not of this newsroom; expected one of {known}\n", status=421)

    # ---------------------------------------------------------------------------------- addresses

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host name that is answered, control included."""
        return (*self.desk.states, *FAULT_HOSTS, CONTROL)

    @property
    def allow_addresses(self) -> tuple[str, ...]:
        """Entries for WIREKEEP_ALLOW_ADDRESSES, one a host."""
        return tuple(f"{host}={self.address}:{self.port}" for host in self.hosts if host != CONTROL)

    def url(self, name: str) -> str:
        """The canonical URL of ``publisher/story``, e.g. ``alwatan/seed``.

        Raises:
            KeyError: the publisher does not carry it.
        """
        return self.desk.url(name)

    # ---------------------------------------------------------------------------------- commands

    def edit(self, url: str, *, headline: str | None = None, paragraph: str | None = None, position: int = 2) -> str:
        """An article is edited (see `Desk.edit`)."""
        return self._in_loop(lambda: self.desk.edit(url, headline=headline, paragraph=paragraph, position=position))

    def remove(self, url: str) -> str:
        """An article disappears: 410, and no feed announces it."""
        return self._in_loop(lambda: self.desk.remove(url))

    def publish(self, name: str, story: str | None = None) -> str:
        """A publisher announces one more article."""
        return self._in_loop(lambda: self.desk.publish(name, story))

    def change_template(self) -> None:
        """`nashra` changes its template; texts stay."""
        self._in_loop(self.desk.change_template)

    def pause(self, name: str, *, status: int = 429, retry_after: str | None = "60") -> None:
        """A whole host answers `status` until `resume`."""
        self._in_loop(lambda: self.desk.pause(name, status=status, retry_after=retry_after))

    def resume(self, name: str) -> None:
        """A paused host answers again."""
        self._in_loop(lambda: self.desk.resume(name))

    def reset_faults(self) -> None:
        """Faults that end after some requests start over."""
        self._in_loop(self.faults.reset)

    def _in_loop(self, call: Callable[[], T]) -> T:
        """Run a command between two requests, so that no page is half old and half new."""
        if not self._thread.is_alive():
            return call()

        async def run() -> T:
            # Whoever saw the last byte of an answer has seen a write whose handler needs two turns more to log it.
            for _ in range(3):
                await asyncio.sleep(0)
            return call()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    # ---------------------------------------------------------------------------------- oracles

    @property
    def log(self) -> tuple[Served, ...]:
        """Every exchange so far, in the order in which they ended; one whose last byte a client holds is among them."""
        return self._in_loop(self._log.snapshot)

    @property
    def expected(self) -> Expected:
        """What a faultless archive holds of the well-behaved publishers, as they stand now."""
        return self.desk.expected(BACKFILL)


class _Ended(web.StreamResponse):
    """What aiohttp is given where the wire has already been served: nothing more is written, the connection ends."""

    async def prepare(self, request: web.BaseRequest) -> None:
        """Nothing."""
        self.force_close()

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing."""


def _asked(request: web.BaseRequest, body: bytes) -> Asked:
    return Asked(
        method=request.method,
        host=request.headers.get("Host", "").partition(":")[0].lower(),
        target=request.raw_path,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )


async def _send(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=list(reply.headers) or None)
    response.headers["Server"] = "newsroom"
    if reply.content_type:
        response.headers["Content-Type"] = reply.content_type
    if reply.chunked:
        response.enable_chunked_encoding()
    elif reply.status != 304:
        response.content_length = len(reply.body)
    await response.prepare(request)
    for start in range(0, len(reply.body), _PIECE):
        await response.write(reply.body[start : start + _PIECE])
    await response.write_eof()
    return response
