"""A role's row in the table of processes: registered, kept alive, signed off."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from importlib.metadata import version
from typing import Literal
from uuid import UUID, uuid4

import structlog

from archive.errors import ArchiveUnavailable
from archive.records import Json, ProcessRow
from archive.store import processes
from archive.threads import ArchiveThreads

log = structlog.get_logger("heartbeat")


class Heartbeat:
    """Says every `seconds` that this process lives, and what it is doing."""

    def __init__(
        self,
        role: Literal["scheduler", "worker"],
        threads: ArchiveThreads,
        *,
        seconds: float,
        describe: Callable[[], Json],
    ) -> None:
        self.process_id: UUID = uuid4()
        self._role: Literal["scheduler", "worker"] = role
        self._threads = threads
        self._seconds = seconds
        self._describe = describe
        self._parent = os.getppid()

    async def start(self) -> None:
        """Make the row.

        Raises:
            ArchiveUnavailable: the database is away.
        """
        row = ProcessRow(
            process_id=self.process_id,
            role=self._role,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=version("wirekeep"),
            state=self._describe(),
        )
        await self._threads.run(processes.register, row)

    async def beat(self) -> None:
        """Beat until cancelled; a database that is away is waited for. Returns where the supervisor is gone."""
        away = False
        while True:
            await asyncio.sleep(self._seconds)
            if os.getppid() != self._parent and os.environ.get("WIREKEEP_SUPERVISED"):
                log.error("supervisor_gone", role=self._role)
                return
            try:
                await self._threads.run(processes.beat, self.process_id, self._describe())
            except ArchiveUnavailable as error:
                away = True
                log.warning("database_away", error=str(error))
            else:
                if away:
                    log.warning("database_back")
                away = False

    async def stop(self) -> None:
        """Sign off; a database that is away finds out by silence."""
        try:
            await self._threads.run(processes.stop, self.process_id)
        except ArchiveUnavailable as error:
            log.warning("sign_off_failed", error=str(error))
