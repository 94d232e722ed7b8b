"""How a download becomes the outcome of its task: `Fetched` or `Missed`."""

from __future__ import annotations

from datetime import UTC, datetime

from scrapy.http import Response

from crawler.errors import BlockedAddress, FetchFailed, HostPaused
from crawler.fetch.failures import classify
from crawler.fetch.robots_gate import RobotsRefusal
from crawler.fetch.tasks import Fetched, Missed
from crawler.fetch.trail import Trail
from crawler.fetch.wire import AnsweredBusy


def fetched_from(response: Response, trail: Trail) -> Fetched:
    """The answer, decoded, with what led to it."""
    notes = [flag for flag in response.flags if flag == "overlong"]
    if "partial" in response.flags:
        notes.append("no_length")
    return Fetched(
        url=response.url,
        status=response.status,
        headers=trail.headers,
        body=response.body,
        fetched_at=trail.fetched_at or datetime.now(UTC),
        captures=tuple(trail.captures),
        redirects=tuple(trail.hops),
        not_modified=response.status == 304 and trail.conditional,
        ip=str(response.ip_address) if response.ip_address else None,
        notes=tuple(notes),
    )


def missed_from(error: Exception, url: str, trail: Trail) -> Missed | None:
    """What an exception of the download means for its task; None where it is no fault of the web's."""
    found = classify(error, trail.url or url)
    if found is None:
        return None
    captures, hops = tuple(trail.captures), tuple(trail.hops)
    if isinstance(found, HostPaused):
        status = found.status if isinstance(found, AnsweredBusy) else None
        return Missed(
            kind="paused",
            detail=str(found),
            retry=True,
            until=found.until,
            status=status,
            captures=captures,
            url=trail.url,
            redirects=hops,
        )
    if isinstance(found, RobotsRefusal):
        verdict = found.verdict
        return Missed(
            kind="failed" if verdict.error_kind else "robots",
            detail=verdict.why,
            retry=verdict.until is not None,
            until=verdict.until,
            captures=captures,
            error_kind=verdict.error_kind,
            url=trail.url,
            redirects=hops,
        )
    failed = found if isinstance(found, FetchFailed) else None
    return Missed(
        kind="blocked" if isinstance(found, BlockedAddress) else "failed",
        detail=str(found),
        retry=failed is not None and failed.retry,
        status=trail.status,
        captures=captures,
        error_kind=failed.kind if failed else None,
        url=trail.url,
        redirects=hops,
    )
