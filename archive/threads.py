"""The archive's synchronous functions called from an asyncio loop: one version of the code for both worlds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from archive.db import Connection, Pool, borrow
from archive.errors import ArchiveUnavailable

P = ParamSpec("P")
T = TypeVar("T")
PAUSE = 0.5  # seconds between two tries while the database is away; a killed one is back in a few


class ArchiveThreads:
    """Runs `work(conn, …)` in a thread with a connection of the pool, so that the loop stays free."""

    def __init__(self, pool: Pool, *, threads: int) -> None:
        self._pool = pool
        self._executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="archive")

    async def run(self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """`work(conn, *args, **kwargs)`.

        Once begun it is carried through even where the caller is cancelled: a transaction is never left in doubt.

        Raises:
            ArchiveUnavailable: the database cannot be reached.
        """

        def call() -> T:
            with borrow(self._pool) as conn:
                return work(conn, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._executor, call)

    async def insist(
        self, seconds: float, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `run`, again and again while the database is away: for what must be written, and may be twice.

        Raises:
            ArchiveUnavailable: it was away for `seconds`.
        """
        loop = asyncio.get_running_loop()
        last = loop.time() + seconds
        while True:
            try:
                return await self.run(work, *args, **kwargs)
            except ArchiveUnavailable:
                if loop.time() >= last:
                    raise
                await asyncio.sleep(PAUSE)

    async def call(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """`work(*args, **kwargs)` in a thread, without a connection (files, mostly)."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, lambda: work(*args, **kwargs))

    def close(self) -> None:
        """Wait for what is under way."""
        self._executor.shutdown(wait=True, cancel_futures=True)
