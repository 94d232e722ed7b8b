"""The download handler: Scrapy's HTTP/1.1 one, recording, guarded, and on time for its lease of the host.

A request's `meta` carries its `Trail` under ``trail``; the handler leaves there the `Recording` of the exchange,
also of one that failed. Nothing is retried here: a request is written at most once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler, _BindAddressAgent, _ScrapyAgent
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError
from scrapy.http import Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.web.client import URI, HTTPConnectionPool
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer  # type: ignore[import-untyped]

from crawler.fetch import guard
from crawler.fetch.recording import Recording, RecordingFactory, RecordingProtocol

# Seconds that an idle connection is kept: longer than the usual pace of 5 s, shorter than the 60-75 s after which many
# servers drop it. A request that hits a dropped one is sent once more by `wire`, under a new claim.
_IDLE = 45


class RecordingHandler(HTTP11DownloadHandler):
    """Downloads http and https requests and keeps the exact bytes of each exchange."""

    def __init__(self, crawler: Crawler) -> None:
        guard.require_installed()
        super().__init__(crawler)
        self._pool._factory = RecordingFactory
        self._pool.retryAutomatically = False
        self._pool.cachedConnectionTimeout = _IDLE
        self._under_way: set[Deferred[Any]] = set()

    async def download_request(self, request: Request) -> Response:
        """One exchange; the recording is in the request's trail however it ends."""
        trail = request.meta["trail"]
        max_body = request.meta.get("download_maxsize", self._default_maxsize)
        recording = Recording(request.url, trail.on_sent, max_body=max_body)
        trail.recording = recording
        agent = _RecordingAgent(
            recording,
            contextFactory=self._contextFactory,
            pool=self._pool,
            maxsize=self._default_maxsize,
            warnsize=0,
            fail_on_dataloss=True,
            crawler=self._crawler,
        )
        try:
            with wrap_twisted_exceptions():
                response = await self._within_lease(agent.download_request(request), recording, trail.send_by)
            recording.whole = True  # also where the end of the connection was the end of the body
            return response
        except Exception as error:
            recording.truncated = _truncation(recording, error)
            if recording.expired:
                raise DownloadTimeoutError("no connection in time to send the request") from error
            if recording.flooded:
                # We hung up: what the connection says of its end is no cause.
                raise DownloadCancelledError(f"more than {len(recording.response)} bytes of answer") from None
            raise
        finally:
            recording.end(whole=False)

    async def _within_lease(self, answer: Deferred[Response], recording: Recording, send_by: float) -> Response:
        """Wait for the answer, but give up a request that is not written by `send_by` (monotonic)."""
        from twisted.internet import reactor

        def expire() -> None:
            if recording.sent_at is None:
                recording.expired = True
                answer.cancel()

        clock: Any = reactor
        timer = clock.callLater(max(0.0, send_by - monotonic()), expire)
        self._under_way.add(answer)
        try:
            return await maybe_deferred_to_future(answer)
        finally:
            self._under_way.discard(answer)
            if timer.active():
                timer.cancel()

    async def close(self) -> None:
        """Drop what is under way, then the idle connections."""
        for answer in list(self._under_way):
            answer.cancel()
        await super().close()


def _truncation(recording: Recording, error: Exception) -> str:
    """WARC's word for what cut the exchange off."""
    if recording.expired or isinstance(error, DownloadTimeoutError):
        return "time"
    return "length" if recording.flooded or isinstance(error, DownloadCancelledError) else "disconnect"


class _RecordingAgent(_ScrapyAgent):
    """Scrapy's agent of one request, with our endpoints and our view of the pool."""

    def __init__(self, recording: Recording, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._recording = recording

    def _get_agent(self, request: Request, timeout: float) -> Any:
        from twisted.internet import reactor

        return _BindAddressAgent.usingEndpointFactory(  # type: ignore[no-untyped-call]
            reactor,
            _GuardedEndpoints(reactor, self._contextFactory, timeout),
            pool=_BindingPool(self._pool, self._recording),
        )


class _BindingPool:
    """The shared pool as one request sees it: the connection it gets is bound to its recording."""

    def __init__(self, pool: HTTPConnectionPool | None, recording: Recording) -> None:
        assert pool is not None
        self._pool = pool
        self._recording = recording
        self.persistent = pool.persistent

    def getConnection(self, key: Any, endpoint: Any) -> Deferred[RecordingProtocol]:  # noqa: N802 - Twisted's name
        """A connection for one request."""
        connected: Deferred[Any] = self._pool.getConnection(key, endpoint)
        return connected.addCallback(self._bind)

    def _bind(self, protocol: RecordingProtocol) -> RecordingProtocol:
        protocol.bind(self._recording)
        return protocol


@implementer(IAgentEndpointFactory)
class _GuardedEndpoints:
    """Where a URL is connected: by the guarded reactor, or at the address that the allow-list gives its host."""

    _bindAddress = None  # noqa: N815 - read by Scrapy's agent

    def __init__(self, reactor: Any, policy: Any, timeout: float) -> None:
        self._reactor = reactor
        self._policy = policy
        self._timeout = timeout

    def endpointForURI(self, uri: URI) -> Any:  # noqa: N802 - Twisted's name
        """The endpoint for a URL, TLS included, which is made once it is connected to."""
        return _LateEndpoint(partial(self._make, uri))

    def _make(self, uri: URI) -> Any:
        host = uri.host.decode("ascii")
        address = guard.allowed_address(host, uri.port)
        reactor = self._reactor if address is None else guard.AllowedReactor()
        endpoint: Any = HostnameEndpoint(reactor, address or host, uri.port, timeout=self._timeout)
        if uri.scheme == b"https":
            return wrapClientTLS(self._policy.creatorForNetloc(uri.host, uri.port), endpoint)
        return endpoint


@implementer(IStreamClientEndpoint)
class _LateEndpoint:
    """An endpoint that is made when it is connected to: most requests get a connection that is there already."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def connect(self, factory: Any) -> Deferred[Any]:
        """Connect the factory's protocol, as the endpoint itself does."""
        connecting: Deferred[Any] = self._make().connect(factory)
        return connecting
