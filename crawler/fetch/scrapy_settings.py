"""Scrapy's settings for one crawl: only the parts that are named here are in, everything else is off."""

from __future__ import annotations

from typing import Any

from scrapy.downloadermiddlewares.defaultheaders import DefaultHeadersMiddleware
from scrapy.downloadermiddlewares.downloadtimeout import DownloadTimeoutMiddleware
from scrapy.downloadermiddlewares.useragent import UserAgentMiddleware
from scrapy.statscollectors import DummyStatsCollector

from crawler.fetch.decoding import BoundedDecompression, CountedRedirects
from crawler.fetch.handler import RecordingHandler
from crawler.fetch.robots_gate import RobotsMiddleware
from crawler.fetch.tasks import CrawlPlan
from crawler.fetch.wire import WireMiddleware

MAX_REDIRECTS = 5

# All that touches a request, outermost first. Scrapy's own lists are empty: a part that is only switched off by name is
# still imported (its remote control brings a web server along; 0.6 s of a worker's first crawl). Parts are named as
# classes, so that a worker imports them before it says that it has started, not in its first crawl.
_MIDDLEWARES = {
    RobotsMiddleware: 100,
    DownloadTimeoutMiddleware: 350,
    DefaultHeadersMiddleware: 400,
    UserAgentMiddleware: 500,
    BoundedDecompression: 590,
    CountedRedirects: 600,
    WireMiddleware: 990,
}


def scrapy_settings(plan: CrawlPlan) -> dict[str, Any]:
    """The whole set for a plan."""
    return {**_limits(plan), **_parts(plan), **_quiet()}


def _limits(plan: CrawlPlan) -> dict[str, Any]:
    """Politeness, sizes and times."""
    return {
        "AUTOTHROTTLE_ENABLED": False,  # it undoes a crawl-delay
        "COMPRESSION_ENABLED": True,  # gzip, br, zstd, deflate, each bounded by DOWNLOAD_MAXSIZE
        # One request more than the plan's: robots.txt is fetched while the page that asks for it waits.
        "CONCURRENT_REQUESTS": 0,
        "CONCURRENT_REQUESTS_PER_DOMAIN": plan.concurrency,
        "CONCURRENT_ITEMS": plan.concurrency,
        "COOKIES_ENABLED": False,
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,application/json;q=0.8,*/*;q=0.5",
            # No br: it is decoded where it comes unasked, but `warcio check` breaks on a br body wherever the module
            # brotli is installed (warcio 1.8.1 knows brotlipy's only), and files must pass it.
            "Accept-Encoding": "gzip, deflate, zstd",
            "Accept-Language": plan.accept_language,
        },
        "DNSCACHE_ENABLED": False,  # it never expires
        "DNS_TIMEOUT": plan.timeout,
        "DOWNLOAD_DELAY": 0,  # the pace is the host's, over all crawls
        "DOWNLOAD_DELAY_JITTER": 0,
        "DOWNLOAD_FAIL_ON_DATALOSS": True,
        "DOWNLOAD_MAXSIZE": plan.max_body,
        "DOWNLOAD_TIMEOUT": plan.timeout,
        "DOWNLOAD_VERIFY_CERTIFICATES": plan.verify_tls,
        "DOWNLOAD_WARNSIZE": 0,
        "METAREFRESH_ENABLED": False,
        "REDIRECT_ENABLED": True,
        "REDIRECT_MAX_TIMES": MAX_REDIRECTS,
        "REFERRER_POLICY": "scrapy.spidermiddlewares.referer.NoReferrerPolicy",
        "RETRY_ENABLED": False,
        "ROBOTSTXT_OBEY": False,  # ours takes its place
        "URLLENGTH_LIMIT": 0,
        "USER_AGENT": plan.user_agent,
    }


def _parts(plan: CrawlPlan) -> dict[str, Any]:
    """What Scrapy is made of."""
    closed = dict.fromkeys(("data", "file", "ftp", "s3"))
    return {
        "DOWNLOAD_HANDLERS": {"http": RecordingHandler, "https": RecordingHandler, **closed},
        "DOWNLOADER_MIDDLEWARES": _MIDDLEWARES,
        "DOWNLOADER_MIDDLEWARES_BASE": {},  # no retries (they live in the frontier), cookies, proxies, cache, robots
        "EXTENSIONS_BASE": {},
        "HTTPCACHE_ENABLED": False,
        "HTTPPROXY_ENABLED": False,
        "ITEM_PIPELINES": {plan.pipeline: 500} if plan.pipeline else {},
        "JOBDIR": None,  # not crash-safe; the frontier is in PostgreSQL
        "REMOTE_CONTROL_ENABLED": False,  # a port that executes code
        "SPIDER_MIDDLEWARES_BASE": {},  # for responses that a spider's callback gets; ours has none
        "STATS_CLASS": DummyStatsCollector,
        "TELNETCONSOLE_ENABLED": False,
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
    }


def _quiet() -> dict[str, Any]:
    """Scrapy's own log; ours says what a crawl did."""
    return {"LOG_ENABLED": False, "LOG_LEVEL": "ERROR", "LOG_VERSIONS": [], "STATS_DUMP": False}
