"""`wirekeep up`: starts each role as a child process, restarts one that died with backoff, stops them cleanly."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from archive.errors import ArchiveError

log = structlog.get_logger("supervisor")

FIRST_BACKOFF = 1.0
LONGEST_BACKOFF = 60.0
# A role that ran so long has recovered: its next death starts from the shortest backoff again.
STEADY_AFTER = 60.0
# What a role gets beyond its own stop timeout before it is killed.
KILL_MARGIN = 10.0
# How often the embedded database is looked after: a killed one is back well within the 30 s that a role waits.
KEEP_EVERY = 2.0


@dataclass(kw_only=True)
class Role:
    """A child process that should always run."""

    name: str
    arguments: Sequence[str]
    process: asyncio.subprocess.Process | None = None
    deaths: list[int] = field(default_factory=list)


def next_backoff(previous: float, ran_for: float) -> float:
    """Seconds to wait before a restart.

    >>> next_backoff(0.0, 5.0), next_backoff(8.0, 5.0), next_backoff(60.0, 5.0), next_backoff(60.0, 3600.0)
    (1.0, 16.0, 60.0, 1.0)
    """
    if ran_for >= STEADY_AFTER or previous <= 0:
        return FIRST_BACKOFF
    return min(LONGEST_BACKOFF, previous * 2)


class Supervisor:
    """Keeps roles running until asked to stop."""

    def __init__(self, roles: Sequence[Role], *, stop_timeout: float, keeper: Callable[[], None] | None = None) -> None:
        """`keeper` is called every few seconds in a thread: it brings the embedded database back where it died."""
        self._roles = roles
        self._keeper = keeper
        self._stop_timeout = stop_timeout
        self._stop = asyncio.Event()

    def request_stop(self) -> None:
        """Begin a clean stop (SIGTERM, SIGINT)."""
        self._stop.set()

    def forward(self, number: int) -> None:
        """Pass a signal (SIGHUP) on to every role."""
        for role in self._roles:
            if role.process is not None and role.process.returncode is None:
                role.process.send_signal(number)

    async def run(self) -> int:
        """Run until stopped. Returns 0 where every role ended cleanly, else 1."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.request_stop)
        loop.add_signal_handler(signal.SIGHUP, self.forward, signal.SIGHUP)
        keepers = [asyncio.create_task(self._keep(role)) for role in self._roles]
        keeping = asyncio.create_task(self._keep_database())
        await self._stop.wait()
        keeping.cancel()
        log.info("stopping", roles=[role.name for role in self._roles])
        codes = await asyncio.gather(*keepers)
        return 0 if all(code == 0 for code in codes) else 1

    async def _keep_database(self) -> None:
        down = False
        while self._keeper is not None:
            await asyncio.sleep(KEEP_EVERY)
            try:
                await asyncio.to_thread(self._keeper)
            except ArchiveError as error:
                down = True
                log.error("database_down", error=str(error))
            else:
                if down:
                    log.warning("database_back")
                down = False

    async def _keep(self, role: Role) -> int:
        backoff = 0.0
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            role.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "cli", *role.arguments, start_new_session=True
            )
            log.info("role_started", role=role.name, pid=role.process.pid)
            code = await self._wait(role.process)
            if self._stop.is_set():
                # A role that was asked to stop before it had its handlers dies of the asking: it held nothing yet.
                return 0 if code == -signal.SIGTERM else code
            role.deaths.append(code)
            backoff = next_backoff(backoff, loop.time() - began)
            log.error("role_died", role=role.name, code=code, restart_in=backoff)
            if await self._stopped_within(backoff):
                return 0

    async def _wait(self, process: asyncio.subprocess.Process) -> int:
        """The exit code, once the process ended by itself or was stopped."""
        ended = asyncio.create_task(process.wait())
        asked = asyncio.create_task(self._stop.wait())
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if not ended.done():
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(asyncio.shield(ended), timeout=self._stop_timeout + KILL_MARGIN)
            except TimeoutError:
                log.error("role_killed", pid=process.pid, after=self._stop_timeout + KILL_MARGIN)
                os.killpg(process.pid, signal.SIGKILL)
        return await ended

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stop.wait(), timeout=seconds)
        except TimeoutError:
            return False
        return True
