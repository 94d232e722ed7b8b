"""The downloader middleware that obeys robots.txt: it comes before the wire, and fetches robots.txt through it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Self
from weakref import WeakValueDictionary

from scrapy import Request
from scrapy.crawler import Crawler

from crawler.errors import CrawlError, FetchFailed
from crawler.fetch.ports import Ports, RobotsCopy
from crawler.fetch.robots import MAX_CRAWL_DELAY, RobotsAnswer, Rules, Verdict, host_of, needs_fetch, origin_of, renew
from crawler.fetch.tasks import CrawlPlan
from crawler.fetch.trail import Trail
from crawler.fetch.wire import AnsweredBusy

# One fetch an origin at a time in the whole process: the crawl that waits finds the copy that the other one kept.
_fetching: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


class RobotsRefusal(CrawlError):
    """robots.txt keeps us from a URL; `verdict` says whether for good or because it cannot be had now."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.why)
        self.verdict = verdict


class RobotsMiddleware:
    """Lets a request pass, or ends it with `RobotsRefusal`. One for each crawl."""

    def __init__(self, crawler: Crawler, plan: CrawlPlan, ports: Ports) -> None:
        self._crawler = crawler
        self._plan = plan
        self._ports = ports
        self._rules: dict[str, tuple[RobotsCopy, Rules]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy; plan and ports hang on the crawler (see `crawl.crawler_for`)."""
        return cls(crawler, crawler.plan, crawler.ports)  # type: ignore[attr-defined]

    async def process_request(self, request: Request) -> None:
        """Judge the URL.

        Raises:
            RobotsRefusal: the URL may not be fetched, or its host wants more delay than we wait.
            HostPaused, BlockedAddress: robots.txt met the same obstacle as the page would.
        """
        trail: Trail = request.meta["trail"]
        trail.url = request.url
        if trail.purpose == "robots" or self._plan.robots == "ignore":
            return
        rules = await self._rules_of(origin_of(request.url), host_of(request.url))
        verdict = rules.judge(request.url)
        if not verdict.allowed:
            raise RobotsRefusal(verdict)

    async def _rules_of(self, origin: str, host: str) -> Rules:
        now = datetime.now(UTC)
        kept = self._rules.get(origin)
        if kept is not None and not needs_fetch(kept[0], now):
            return kept[1]
        lock = _fetching.setdefault(origin, asyncio.Lock())
        async with lock:
            copy = await self._ports.robots.load(origin)
            if copy is None or needs_fetch(copy, datetime.now(UTC)):
                copy = await self._fetch(origin, copy)
        rules = Rules(copy, self._plan.token, datetime.now(UTC))
        if kept is None or kept[1].crawl_delay != rules.crawl_delay:
            # A host that wants more is not asked at all, and a number without bounds is no time in any database.
            wanted = None if rules.crawl_delay is None else min(rules.crawl_delay, MAX_CRAWL_DELAY)
            await self._ports.pace.crawl_delay(host, wanted)
        self._rules[origin] = (copy, rules)
        return rules

    async def _fetch(self, origin: str, previous: RobotsCopy | None) -> RobotsCopy:
        trail = Trail(purpose="robots")
        answer = await self._answer(origin, trail)
        copy = renew(origin, answer, previous, datetime.now(UTC))
        await self._ports.robots.save(copy, tuple(trail.captures))
        return copy

    async def _answer(self, origin: str, trail: Trail) -> RobotsAnswer:
        """What asking for robots.txt brought; 429 and 503 pause the host beside it."""
        request = Request(f"{origin}/robots.txt", meta={"trail": trail}, dont_filter=True)
        try:
            response = await self._crawler.engine.download_async(request)
        except AnsweredBusy as busy:
            return RobotsAnswer(status=busy.status)
        except FetchFailed as failed:
            if failed.kind == "redirects":  # RFC 9309 2.3.1.2: past five, robots.txt may be taken for missing
                return RobotsAnswer(status=trail.status, reason="more than five redirects")
            return RobotsAnswer(status=None, reason=f"{failed.kind}: {failed}")
        return RobotsAnswer(status=response.status, body=response.body)
