"""A newsroom and an installation of Wirekeep for each test."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.server import Newsroom

from .running import Wirekeep


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    """The newsroom on a free port, in this process."""
    with Newsroom() as served:
        yield served


@pytest.fixture
def wirekeep(tmp_path: Path, database: str, newsroom: Newsroom) -> Iterator[Wirekeep]:
    """An installation on a fresh database; what was started is stopped at the end."""
    installed = Wirekeep(tmp_path, database, newsroom)
    yield installed
    for process in list(installed.roles):
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                installed.kill(process)
