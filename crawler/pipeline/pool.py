"""Extraction in a pool of processes, with a hard limit for each page.

Pebble ends only the process of a page that is past its limit, and its neighbours finish (measured); with
`concurrent.futures` every future of the pool breaks. A page whose process crashed is tried once more, alone, and then
quarantined: rejected as `crashed`.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from concurrent.futures import TimeoutError as LimitPassed
from typing import ParamSpec, TypeVar

import structlog
from pebble import CONSTS, ProcessExpired, ProcessPool

from crawler.errors import ExtractionFailed
from crawler.process import process, versions_of
from crawler.records import Article, Page, Rejected, RejectReason

log = structlog.get_logger("extraction")
P = ParamSpec("P")
R = TypeVar("R")

# A fresh process every thousand pages: trafilatura's and lxml's caches never grow past what that many pages leave.
MAX_TASKS = 1000
# Seconds between two looks of pebble's own threads for processes that died or are past their limit; a quarter of the
# limit where that is less. Its default of 0.1 cost an idle worker 3 ms of CPU a second.
LOOK_EVERY = 0.5


class ExtractionPool:
    """Runs the pure stages beside the loop. Its processes start with it; close it when done."""

    def __init__(self, processes: int, *, timeout: float, max_parse: int) -> None:
        CONSTS.sleep_unit = min(LOOK_EVERY, timeout / 4)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["crawler.warm"])
        self._pool = ProcessPool(max_workers=processes, max_tasks=MAX_TASKS, context=context)
        # Pebble starts with its first task, and starting takes a second or two (the fork server's imports) in which the
        # loop would stand still: now rather than at the first page.
        self._pool.schedule(int)
        self._timeout = timeout
        self._max_parse = max_parse
        self._alone = asyncio.Lock()

    async def process(self, page: Page) -> Article | Rejected:
        """The article in `page`, or why there is none (also ``too_large``, ``timed_out``, ``crashed``).

        Raises:
            ExtractionFailed: a fault of ours came to light on this page.
        """
        if len(page.body) > self._max_parse:
            detail = f"{len(page.body)} bytes decoded, at most {self._max_parse} are parsed"
            return _refuse(page, RejectReason.TOO_LARGE, detail)
        try:
            return await self._process(page)
        except LimitPassed:
            return _refuse(page, RejectReason.TIMED_OUT, f"extraction took longer than {self._timeout:g} s")
        except ProcessExpired as first:
            log.warning("extraction_crashed", url=page.url, code=first.exitcode)
        async with self._alone:
            try:
                return await self._process(page)
            except (LimitPassed, ProcessExpired) as second:
                return _refuse(page, RejectReason.CRASHED, f"extraction crashed twice: {second!r}")

    async def _process(self, page: Page) -> Article | Rejected:
        future = self._pool.schedule(process, args=[page], timeout=self._timeout)
        try:
            result: Article | Rejected = await asyncio.wrap_future(future)
        except (LimitPassed, ProcessExpired):
            raise
        except Exception as error:
            log.error("extraction_failed", url=page.url, error=repr(error), traceback=str(error.__cause__))
            raise ExtractionFailed(f"extraction failed: {type(error).__name__}: {error}") from error
        return result

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """`work(*args)` in the pool.

        Raises:
            ExtractionFailed: past the limit (its process was ended), or its process died.
        """
        future = self._pool.schedule(work, args=list(args), kwargs=dict(kwargs), timeout=self._timeout)
        try:
            result: R = await asyncio.wrap_future(future)
        except LimitPassed as error:
            raise ExtractionFailed(f"reading took longer than {self._timeout:g} s") from error
        except ProcessExpired as error:
            raise ExtractionFailed(f"reading crashed its process (exit code {error.exitcode})") from error
        return result

    def close(self) -> None:
        """End the processes; what is under way is dropped (its URL stays owed)."""
        self._pool.stop()
        self._pool.join()


def _refuse(page: Page, reason: RejectReason, detail: str) -> Rejected:
    return Rejected(reason=reason, detail=detail, versions=versions_of(page))
