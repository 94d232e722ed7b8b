"""The exact bytes of one HTTP exchange, collected while it happens.

A `Recording` goes with one request through the handler; `RecordingProtocol` tees into it what a pooled keep-alive
connection writes and receives for that request, and tells it the moment the request was written.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from scrapy.core.downloader.handlers.http11 import _LenientHTTP11ClientFactory, _LenientHTTP11ClientProtocol
from twisted.internet.interfaces import IHandshakeListener, ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web._newclient import BODY
from zope.interface import implementer  # type: ignore[import-untyped]

from crawler.records import Exchange

# Status line and headers, interim answers included: what browsers take. Twisted bounds a line, not their number.
MAX_HEAD = 256 * 1024


class Recording:
    """What one exchange wrote and received so far. `on_sent` is called once, when the request was written.

    `max_body` is the largest body taken, in bytes: what is received may be twice that, framing included.
    """

    def __init__(self, url: str, on_sent: Callable[[], None], *, max_body: int) -> None:
        self.url = url
        self._most = 2 * max_body + MAX_HEAD
        self.request = bytearray()
        self.response = bytearray()
        self.started_at = datetime.now(UTC)
        self.finished_at: datetime | None = None
        self.sent_at: float | None = None  # monotonic
        self.ended_at: float | None = None
        self.ip_address: str | None = None
        self.reused = False  # the connection had carried another exchange before
        self.whole = False  # status line, headers and body arrived whole
        self.overlong = False  # the server sent more bytes than it had announced
        self.flooded = False  # given up because more came than any answer needs
        self.truncated: str | None = None
        self.expired = False  # given up because the request could not be written within the lease
        self._on_sent = on_sent

    def sent(self) -> None:
        """The request left for the server."""
        if self.sent_at is None:
            self.started_at = datetime.now(UTC)
            self.sent_at = monotonic()
            self._on_sent()

    def end(self, *, whole: bool) -> None:
        """Nothing more belongs to this exchange."""
        if self.ended_at is None:
            self.ended_at = monotonic()
            self.finished_at = datetime.now(UTC)
            self.whole = whole

    def has_room(self, *, in_body: bool) -> bool:
        """Whether more may be received: endless headers and chunk extensions pass every limit of a body's size."""
        return len(self.response) <= (self._most if in_body else MAX_HEAD)

    @property
    def latency(self) -> float:
        """Seconds from the request's last byte to the end of the response; 0 where it was never sent."""
        if self.sent_at is None:
            return 0.0
        return (self.ended_at or monotonic()) - self.sent_at

    def exchange(self) -> Exchange:
        """The record of this exchange, interim (1xx) answers left out."""
        return Exchange(
            url=self.url,
            request=bytes(self.request),
            response=_final(bytes(self.response)),
            started_at=self.started_at,
            finished_at=self.finished_at or datetime.now(UTC),
            ip_address=self.ip_address,
            truncated=None if self.whole else self.truncated or "unspecified",
        )


def _final(response: bytes) -> bytes:
    """The response without the interim answers (100, 103 …) that went before it."""
    start = 0
    while response.startswith(b"HTTP/", start) and response.startswith(b" 1", start + 8):
        blank = response.find(b"\r\n\r\n", start)
        if blank < 0 or response.startswith(b"101", start + 9):
            break
        start = blank + 4
    return response[start:]


class _Tee:
    """A transport that also writes into a recording."""

    def __init__(self, transport: Any, recording: Recording) -> None:
        self._transport = transport
        self._recording = recording

    def write(self, data: bytes) -> None:
        self._recording.request += data
        self._transport.write(data)

    def writeSequence(self, chunks: Any) -> None:  # noqa: N802 - Twisted's name
        self.write(b"".join(chunks))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


@implementer(IHandshakeListener)
class RecordingProtocol(_LenientHTTP11ClientProtocol):
    """Scrapy's HTTP/1.1 client connection, teeing each exchange into the recording bound to it."""

    recording: Recording | None = None
    exchanges = 0
    handshaken = False

    def bind(self, recording: Recording) -> None:
        """The next request on this connection belongs to `recording`."""
        transport: Any = self.transport
        recording.reused = self.exchanges > 0
        recording.ip_address = transport.getPeer().host.partition("%")[0]
        self.recording = recording
        self.exchanges += 1

    def request(self, request: Any) -> Any:
        """Issue the request through the tee; plain connections have sent it when this returns."""
        recording, write_to = self.recording, request.writeTo
        assert recording is not None, "a connection is bound to a recording before it is asked"
        request.writeTo = lambda transport: write_to(_Tee(transport, recording))
        answer = super().request(request)
        if self.handshaken or not ISSLTransport.providedBy(self.transport):
            recording.sent()
        return answer

    def handshakeCompleted(self) -> None:  # noqa: N802 - Twisted's name
        """TLS is up: what was written before leaves only now."""
        self.handshaken = True
        if self.recording is not None:
            self.recording.sent()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Bytes from the server; unasked ones would be taken for the next answer, so they end the connection."""
        if self.recording is None:
            assert self.transport is not None
            self.transport.abortConnection()
            return
        if not self.recording.has_room(in_body=self._parser is not None and self._parser.state == BODY):
            self.recording.flooded = True
            assert self.transport is not None
            self.transport.abortConnection()
            return
        self.recording.response += data
        super().dataReceived(data)  # type: ignore[no-untyped-call]

    def _finishResponse(self, rest: bytes) -> None:  # noqa: N802 - Twisted's name
        recording, self.recording = self.recording, None
        if recording is not None:
            recording.overlong = bool(rest)
            recording.end(whole=True)
        if rest and self._currentRequest is not None:
            self._currentRequest.persistent = False  # what follows on this connection cannot be trusted
        super()._finishResponse(rest)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 - Twisted's name
        """The connection is gone, in the middle of an exchange or between two."""
        recording, self.recording = self.recording, None
        if recording is not None:
            recording.end(whole=False)
        super().connectionLost(reason)  # type: ignore[no-untyped-call]


class RecordingFactory(_LenientHTTP11ClientFactory):
    """Builds `RecordingProtocol`s for Twisted's connection pool."""

    def buildProtocol(self, addr: Any) -> RecordingProtocol:  # noqa: N802 - Twisted's name
        """A new connection."""
        return RecordingProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
