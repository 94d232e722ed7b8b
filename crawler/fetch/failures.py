"""What went wrong, in our words: Scrapy's and Twisted's exceptions become `FetchFailed` or `BlockedAddress`."""

from __future__ import annotations

from collections.abc import Iterator

from OpenSSL import SSL
from scrapy import exceptions as scrapy
from service_identity import CertificateError, VerificationError
from twisted.internet import error as twisted
from twisted.web._newclient import ParseError, _WrapperException

from crawler.errors import CrawlError, FetchFailed

# The first kind that the exception, or one it was made from, is an instance of.
_KINDS: tuple[tuple[str, bool, tuple[type[BaseException], ...]], ...] = (
    ("tls", True, (SSL.Error, VerificationError, CertificateError)),
    ("dns", True, (scrapy.CannotResolveHostError, twisted.DNSLookupError)),
    ("refused", True, (scrapy.DownloadConnectionRefusedError, twisted.ConnectionRefusedError)),
    ("truncated", True, (scrapy.ResponseDataLossError,)),
    ("timeout", True, (scrapy.DownloadTimeoutError, twisted.TimeoutError, twisted.ConnectingCancelledError)),
    ("too_large", False, (scrapy.DownloadCancelledError,)),
    ("url", False, (scrapy.UnsupportedURLSchemeError,)),
    ("protocol", True, (ParseError, KeyError, ValueError)),
    ("reset", True, (twisted.ConnectionLost, twisted.ConnectionDone, twisted.ConnectionAborted, twisted.ConnectError)),
    ("protocol", True, (scrapy.DownloadFailedError, _WrapperException)),
)


def classify(error: BaseException, url: str) -> CrawlError | None:
    """What a failed download means; None for an exception that is none of the web's: a fault of ours.

    A `CrawlError` among the causes (the guard's refusal, the pace's) stands for itself.
    """
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, CrawlError):
            return cause
    for kind, retry, types in _KINDS:
        for cause in causes:
            if isinstance(cause, types):
                return FetchFailed(f"{url}: {_words(kind, cause)}", kind=kind, retry=retry)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all it was made from: causes, and the reasons that Twisted wraps."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        found = waiting.pop(0)
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        if isinstance(found, _WrapperException):
            waiting.extend(failure.value for failure in found.reasons)
        waiting.append(found.__cause__)


def _words(kind: str, cause: BaseException) -> str:
    text = str(cause).strip()
    if isinstance(cause, SSL.Error) and cause.args and isinstance(cause.args[0], list):
        text = "; ".join(str(part[-1]) for part in cause.args[0] if part) or "TLS handshake failed"
    plain = text.splitlines()[0][:300] if text else type(cause).__name__
    return f"{kind.replace('_', ' ')}: {plain}"
