"""The exact byte log: what came in on each connection and what went out, cut into exchanges.

aiohttp hides raw bytes, so its protocol is subclassed where asyncio's own callbacks are (`connection_made`,
`data_received`) and given a transport that notes every write. Requests are cut at message boundaries (keep-alive and
pipelining included); what is written between a request's hand-over and its end is its response.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

from aiohttp.web_protocol import RequestHandler

from demo.bytelog import ByteLog, Served

_CONNECTIONS = count(1)


class RecordingTransport(asyncio.Transport):
    """A transport that notes each write on its way to the real one."""

    def __init__(self, real: asyncio.Transport, written: bytearray) -> None:
        super().__init__()
        self._real = real
        self._written = written

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Note and pass on."""
        self._written += data
        self._real.write(data)

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Note and pass on as one write."""
        self.write(b"".join(list_of_data))

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As the real transport has it."""
        return self._real.get_extra_info(name, default)

    def is_closing(self) -> bool:
        """As the real transport has it."""
        return self._real.is_closing()

    def close(self) -> None:
        """Close after what is buffered has been sent."""
        self._real.close()

    def abort(self) -> None:
        """Close at once."""
        self._real.abort()

    def is_reading(self) -> bool:
        """As the real transport has it."""
        return self._real.is_reading()

    def pause_reading(self) -> None:
        """Pass on."""
        self._real.pause_reading()

    def resume_reading(self) -> None:
        """Pass on."""
        self._real.resume_reading()

    def can_write_eof(self) -> bool:
        """As the real transport has it."""
        return self._real.can_write_eof()

    def write_eof(self) -> None:
        """Pass on."""
        self._real.write_eof()

    def get_write_buffer_size(self) -> int:
        """As the real transport has it."""
        return self._real.get_write_buffer_size()


class RecordingHandler(RequestHandler):
    """aiohttp's connection, with an exact account of its bytes.

    The server's handler calls `begin` first and `commit` last; what a connection received and nobody began (a request
    that does not parse) is committed when it ends.
    """

    def __init__(self, *args: Any, log: ByteLog, **options: Any) -> None:
        super().__init__(*args, **options)
        self.number = next(_CONNECTIONS)
        self._log = log
        self._received = bytearray()
        self._arrivals: list[tuple[int, float]] = []  # (bytes received by then, when), for the cut-off requests
        self._written = bytearray()
        self._request: tuple[bytes, float] | None = None
        self._flushed = asyncio.Event()
        self._flushed.set()
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Put the recording transport between aiohttp and the socket."""
        assert isinstance(transport, asyncio.Transport)
        # With a high-water mark of 0 `pause_writing` and `resume_writing` tell exactly when the buffer is empty.
        transport.set_write_buffer_limits(high=0)
        super().connection_made(RecordingTransport(transport, self._written))

    def data_received(self, data: bytes) -> None:
        """Note what arrived, and when."""
        self._arrivals.append((len(self._received), time.time()))
        self._received += data
        super().data_received(data)

    def pause_writing(self) -> None:
        """The write buffer holds something."""
        self._flushed.clear()
        super().pause_writing()

    def resume_writing(self) -> None:
        """The write buffer is empty again."""
        self._flushed.set()
        super().resume_writing()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Commit what never became a request."""
        self._lost = True
        self._flushed.set()
        if self._request is None and self._received:
            started = self._arrivals[0][1]
            self._request = (bytes(self._received), started)
            self._received.clear()
            self.commit(complete=False)
        super().connection_lost(exc)

    def begin(self) -> None:
        """Cut the next request off what was received and start its response."""
        length = _message_length(self._received)
        self._request = (bytes(self._received[:length]), self._arrivals[0][1])
        del self._received[:length]
        # What is left over began to arrive with the last piece that reached beyond this request.
        reached = [when for offset, when in self._arrivals if offset <= length][-1]
        later = [(offset - length, when) for offset, when in self._arrivals if offset > length]
        self._arrivals = [(0, reached), *later] if self._received else []
        self._written.clear()

    def write_raw(self, data: bytes) -> None:
        """Put bytes on the wire as they are.

        Raises:
            ConnectionResetError: the client has left.
        """
        if self._lost or self.transport is None or self.transport.is_closing():
            raise ConnectionResetError("client left")
        self.transport.write(data)

    async def flushed(self) -> None:
        """Wait until all that was written has left the buffer.

        Raises:
            ConnectionResetError: the client left before that.
        """
        await self._flushed.wait()
        if self._lost:
            raise ConnectionResetError("client left")

    def hang_up(self, *, reset: bool) -> None:
        """End the connection, by RST where `reset`, else after what is buffered."""
        if self.transport is not None:
            if reset:
                _linger_zero(self.transport)
                self.transport.abort()
            else:
                self.transport.close()

    def commit(self, *, complete: bool) -> None:
        """Log the exchange that `begin` started."""
        if self._request is None:
            return
        request, started = self._request
        self._request = None
        response = bytes(self._written)
        self._written.clear()
        method, path = _request_line(request)
        host, port = _split_host(_header(request, b"host"))
        self._log.append(
            Served(
                connection=self.number,
                started_at=started,
                finished_at=time.time(),
                host=host,
                port=port,
                method=method,
                path=path,
                request=request,
                response=response,
                status=_status(response),
                complete=complete,
            )
        )


def _linger_zero(transport: asyncio.BaseTransport) -> None:
    """Make closing send RST instead of FIN."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _message_length(buffer: bytes | bytearray) -> int:
    """Length of the first HTTP request in the buffer, head and body; the whole buffer where it is not all there."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return len(buffer)
    head = bytes(buffer[: end + 4])
    if _header(head, b"transfer-encoding").lower() == "chunked":
        return _chunked_end(buffer, len(head))
    length = _header(head, b"content-length")
    return min(len(buffer), len(head) + (int(length) if length.isdigit() else 0))


def _chunked_end(buffer: bytes | bytearray, position: int) -> int:
    """Where a chunked body that starts at `position` ends."""
    while (line_end := buffer.find(b"\r\n", position)) >= 0:
        size = int(bytes(buffer[position:line_end]).split(b";")[0], 16)
        position = line_end + 2 + size + 2
        if size == 0:
            return min(position, len(buffer))
    return len(buffer)


def _headers(message: bytes) -> Iterator[tuple[bytes, bytes]]:
    for line in message.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        yield name.strip().lower(), value.strip()


def _header(message: bytes, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in _headers(message) if key == name), "")


def _request_line(request: bytes) -> tuple[str, str]:
    parts = request.lstrip(b"\r\n").partition(b"\r\n")[0].decode("latin-1").split(" ")
    return (parts[0], parts[1]) if len(parts) == 3 else ("", "")


def _status(response: bytes) -> int | None:
    word = response[:64].partition(b"\r\n")[0].split(b" ")[1:2]
    return int(word[0]) if word and word[0].isdigit() else None


def _split_host(host: str) -> tuple[str, int | None]:
    name, _, port = host.lower().partition(":")
    return name, int(port) if port.isdigit() else None
