"""The downloader middleware nearest the wire: claims the host's next moment, and keeps every exchange.

Every request passes it: pages, feeds, robots.txt, each hop of a redirect, conditional and forced ones. An answer goes
on only after its bytes are safe; a 429 or 503 pauses the host; a failure leaves as `FetchFailed`, `BlockedAddress` or
`HostPaused`, and the cut-off exchange is kept too.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.errors import HostPaused
from crawler.fetch.failures import classify
from crawler.fetch.ports import LEASE, Ports
from crawler.fetch.recording import Recording
from crawler.fetch.retry_after import pause_until
from crawler.fetch.robots import host_of
from crawler.fetch.tasks import CrawlPlan
from crawler.fetch.trail import Trail, Turn
from crawler.records import PriorCapture

PAUSING = frozenset({429, 503})
_MARGIN = 1.0  # seconds of the lease left unused: the request must be written before others may claim
_POLL = 0.25  # seconds; other processes may release the host earlier than a claim's answer says


class WireMiddleware:
    """See the module. One for each crawl."""

    def __init__(self, plan: CrawlPlan, ports: Ports) -> None:
        self._plan = plan
        self._ports = ports
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy; plan and ports hang on the crawler (see `crawl.crawler_for`)."""
        return cls(crawler.plan, crawler.ports)  # type: ignore[attr-defined]

    async def process_request(self, request: Request) -> None:
        """Dress the request for this hop and wait for the host's next moment.

        Raises:
            HostPaused: the host is paused for longer than the plan waits.
        """
        trail: Trail = request.meta["trail"]
        host = host_of(request.url)
        trail.recording, trail.status = None, None
        trail.hops = list(request.meta.get("redirect_urls", ()))
        self._dress(request, trail, host)
        await self._claim(trail, host)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Keep the exchange; pause the host where it asks for that.

        Raises:
            HostPaused: the answer was 429 or 503.
        """
        trail: Trail = request.meta["trail"]
        recording, trail.recording = trail.recording, None
        assert recording is not None, "the handler leaves a recording with every answer"
        trail.status, trail.headers, trail.fetched_at = response.status, _headers(response), recording.started_at
        # The pause comes before the bytes are kept: another request may be about to leave for the same host.
        busy = await self._pause(request, trail, response.status) if response.status in PAUSING else None
        await self._keep(request, trail, recording, response.status)
        await self._ports.pace.ended(host_of(request.url), recording.latency, busy is None)
        if busy is not None:
            raise busy
        if recording.overlong:
            response.flags.append("overlong")
        return response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Keep what there is of the exchange and say in our words what went wrong.

        Raises:
            CrawlError: unless the request is sent once more, because the server had dropped an idle connection.
        """
        trail: Trail = request.meta["trail"]
        recording, trail.recording = trail.recording, None
        if recording is None:  # it never came to an exchange
            _release(trail)
            return None
        error = classify(exception, request.url)
        if recording.response:
            trail.status, trail.headers = read_head(bytes(recording.response[:65536]))
            await self._keep(request, trail, recording, trail.status)
        await self._settle(request, trail, recording)
        if error is None:
            return None
        if _dropped_while_idle(recording) and not trail.resent:
            trail.resent = True
            return request.replace(dont_filter=True)
        raise error from exception

    def _dress(self, request: Request, trail: Trail, host: str) -> None:
        """Headers that depend on the hop: validators of this very URL, the source's own for its own hosts."""
        ours = {"user-agent": self._plan.user_agent, "accept-language": self._plan.accept_language}
        for name in ("If-None-Match", "If-Modified-Since"):
            request.headers.pop(name, None)
        for name, value in self._plan.headers:  # a redirect has brought them along
            if host in self._plan.header_hosts:
                request.headers[name] = value
            elif name.lower() in ours:
                request.headers[name] = ours[name.lower()]
            else:
                request.headers.pop(name, None)
        trail.conditional = False
        prior = self._prior(request, trail)
        if prior is None or trail.force:
            return
        validators = {"If-None-Match": prior.etag, "If-Modified-Since": prior.last_modified}
        for name, validator in validators.items():
            if validator and validator.isprintable():
                # Byte for byte as it came: headers are read as Latin-1 (see _headers), Scrapy would send UTF-8.
                request.headers[name] = validator.encode("latin-1", "ignore")
                trail.conditional = True

    async def _claim(self, trail: Trail, host: str) -> None:
        """Wait, first behind this crawl's own requests, then for the pace, until the host is ours to ask."""
        lock = self._locks[host]
        await lock.acquire()
        turn = trail.turn = Turn(lock=lock)
        try:
            turn.strikes = await self._granted(host)
        except BaseException:
            turn.release()
            raise
        granted = monotonic()
        trail.send_by = granted + LEASE - _MARGIN
        trail.on_sent = lambda: _tell(turn, self._ports, host)

    async def _granted(self, host: str) -> int:
        """Ask until the claim is granted; the host's strikes."""
        patience = self._plan.max_wait
        while True:
            asked = monotonic()
            claimed = await self._ports.pace.claim(host, self._plan.delay)
            granted_after = monotonic() - asked
            if claimed.paused_until is not None:
                wait = (claimed.paused_until - datetime.now(UTC)).total_seconds()
                if wait > patience:
                    raise HostPaused(
                        f"{host} is paused until {claimed.paused_until:%Y-%m-%d %H:%M:%S} UTC ({claimed.why})",
                        host=host,
                        until=claimed.paused_until,
                    )
                patience -= max(wait, 0.0)
                await asyncio.sleep(max(wait, 0.01))
            elif claimed.wait > 0:
                await asyncio.sleep(min(claimed.wait, max(self._plan.delay, _POLL)))
            elif granted_after < LEASE / 4:  # an answer that took longer has spent too much of its lease
                return claimed.strikes

    async def _keep(self, request: Request, trail: Trail, recording: Recording, status: int | None) -> None:
        await _told(trail)
        token = await self._ports.recorder.append(
            recording.exchange(),
            purpose=trail.purpose,
            prior=self._prior(request, trail),
            status=status,
            headers=trail.headers,
        )
        trail.captures.append(token)

    async def _pause(self, request: Request, trail: Trail, status: int) -> AnsweredBusy:
        """Pause the host for as long as it asks; the error that ends this request."""
        host = host_of(request.url)
        strikes = trail.turn.strikes if trail.turn else 0
        until, why = pause_until(trail.headers.get("retry-after"), datetime.now(UTC), strikes)
        why = f"status {status}, {why}"
        await self._ports.pace.pause(host, until, why)
        return AnsweredBusy(
            f"{request.url}: {why}; {host} is paused until {until:%Y-%m-%d %H:%M:%S} UTC",
            host=host,
            until=until,
            status=status,
        )

    async def _settle(self, request: Request, trail: Trail, recording: Recording) -> None:
        """After a failure: the host's next moment counts from now where the request never left."""
        host = host_of(request.url)
        if recording.sent_at is None:
            await self._ports.pace.sent(host)
        await _told(trail)
        _release(trail)
        await self._ports.pace.ended(host, recording.latency, ok=False)

    def _prior(self, request: Request, trail: Trail) -> PriorCapture | None:
        """The last capture of this hop's URL; a redirect leads to another URL with its own."""
        prior = trail.prior
        if prior is None or Request(prior.url).url != request.url:
            return None
        return prior


class AnsweredBusy(HostPaused):
    """This very request was answered 429 or 503."""

    def __init__(self, message: str, *, host: str, until: datetime, status: int) -> None:
        super().__init__(message, host=host, until=until)
        self.status = status


def read_head(response: bytes) -> tuple[int | None, Mapping[str, str]]:
    """Status and headers of as much of a response as there is; (None, {}) where there is no status line.

    >>> read_head(b"HTTP/1.1 200 OK\\r\\nETag: x\\r\\nCont")
    (200, {'etag': 'x'})
    """
    head = response.partition(b"\r\n\r\n")[0]
    line, *rest = head.split(b"\r\n")
    if b"\r\n\r\n" not in response:
        rest = rest[:-1]  # the last one may be cut
    parts = line.split(b" ", 2)
    if not line.startswith(b"HTTP/") or len(parts) < 2 or not parts[1].isdigit():
        return None, {}
    headers: dict[str, str] = {}
    for field in rest:
        name, colon, value = field.partition(b":")
        if colon:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1").strip()
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return int(parts[1]), headers


def _headers(response: Response) -> Mapping[str, str]:
    """Headers by lower-case name, fields of a name joined."""
    return {
        (name.decode("latin-1") if isinstance(name, bytes) else name).lower(): ", ".join(
            value.decode("latin-1") for value in values
        )
        for name, values in response.headers.items()
    }


def _dropped_while_idle(recording: Recording) -> bool:
    """The server closed a kept-alive connection before it saw the request: nothing came back on it."""
    return recording.reused and recording.truncated == "disconnect" and not recording.response


def _tell(turn: Turn, ports: Ports, host: str) -> None:
    """The request was written: tell the pace, and let this crawl's next request to the host claim."""

    async def tell() -> None:
        try:
            await ports.pace.sent(host)
        finally:
            turn.release()

    turn.told = asyncio.ensure_future(tell())


async def _told(trail: Trail) -> None:
    """Wait until the pace knows; its failure is the crawl's."""
    if trail.turn is not None and trail.turn.told is not None:
        await trail.turn.told


def _release(trail: Trail) -> None:
    if trail.turn is not None:
        trail.turn.release()
