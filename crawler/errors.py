"""The crawler's branch of the exception tree.

WirekeepError                (archive.errors)
├── ConfigError              a setting or sources.toml is wrong; the program stops before it does harm
├── CrawlError               an exchange with the web failed
│   ├── BlockedAddress       the address guard refused the connection; never retried
│   ├── FetchFailed          network, TLS or protocol failure; `retry` says whether a later attempt may succeed
│   └── HostPaused           the host may not be asked before `until`
├── ExtractionFailed         our own code broke on one page; tried again later, the other pages go on
└── ArchiveError             (archive.errors)
"""

from __future__ import annotations

from datetime import datetime

from archive.errors import ConfigError, WirekeepError

__all__ = [
    "BlockedAddress",
    "ConfigError",
    "CrawlError",
    "ExtractionFailed",
    "FetchFailed",
    "HostPaused",
    "WirekeepError",
]


class CrawlError(WirekeepError):
    """An exchange with the web failed."""


class BlockedAddress(CrawlError):
    """The address guard refused to connect; retrying cannot help."""


class FetchFailed(CrawlError):
    """Network, TLS or protocol failure.

    `kind` is a short stable word (``dns``, ``refused``, ``reset``, ``tls``, ``timeout``, ``truncated``,
    ``too_large``, ``redirects``, ``protocol``); `retry` says whether a later attempt may succeed.
    """

    def __init__(self, message: str, *, kind: str, retry: bool) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry = retry


class HostPaused(CrawlError):
    """The host asked us to stay away (429, 503, Retry-After) or its crawl-delay is too long to wait for."""

    def __init__(self, message: str, *, host: str, until: datetime) -> None:
        super().__init__(message)
        self.host = host
        self.until = until


class ExtractionFailed(WirekeepError):
    """Our own code broke on one page. Its bytes are in the WARC; a later version may read them."""
