"""The URLs that a crawl has in hand, so that a page can wait for another one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class InHand:
    """Counts the URLs taken and not concluded yet. At most `waiters` wait at a time.

    A page that waits keeps one of the crawl's places. With the last of them, nobody could fetch what all wait for.
    """

    def __init__(self, *, waiters: int) -> None:
        self._waiters = waiters
        self._taken: Counter[str] = Counter()
        self._waiting: set[str] = set()
        self._changed = asyncio.Condition()

    def take(self, url: str) -> None:
        """A URL is under way."""
        self._taken[url] += 1

    async def conclude(self, url: str) -> None:
        """It has its outcome; whoever waits for it goes on."""
        self._taken[url] -= 1
        if self._taken[url] <= 0:
            del self._taken[url]
        async with self._changed:
            self._changed.notify_all()

    async def wait_for(self, url: str, *, by: str, seconds: float) -> bool:
        """Wait until `url` is not under way any more, at most `seconds`; not for itself, nor for one that waits too.

        Returns whether it may go on because of that, False after the time is over or where too many wait already.
        """
        if url == by or self._is_free(url):
            return True
        if len(self._waiting) >= self._waiters:
            return False
        with self._wait(by):
            try:
                async with asyncio.timeout(seconds), self._changed:
                    await self._changed.wait_for(lambda: self._is_free(url))
            except TimeoutError:
                return False
        return True

    def _is_free(self, url: str) -> bool:
        return url not in self._taken or url in self._waiting

    @contextmanager
    def _wait(self, url: str) -> Iterator[None]:
        self._waiting.add(url)
        try:
            yield
        finally:
            self._waiting.discard(url)
