"""A newsroom and an installation of Wirekeep: for each test, or for a module that shares one."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.server import Newsroom
from tests.conftest import make_database

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
    _kill_roles(installed)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, server: str, template: str) -> Iterator[Wirekeep]:
    """An installation with a newsroom of its own for all tests of a module, for fixtures that set it to work.

    To start roles and crawl costs as much as most tests themselves; a test that changes something asserts a difference.
    """
    with Newsroom() as newsroom, make_database(server, template) as dsn:
        installed = Wirekeep(tmp_path_factory.mktemp("shared"), dsn, newsroom)
        yield installed
        _kill_roles(installed)


@pytest.fixture(scope="module")
def crawled(shared: Wirekeep) -> Wirekeep:
    """An installation that has crawled the well-behaved newsroom once, its roles still running."""
    shared.write_sources(every="7d")
    shared.start("scheduler")
    shared.start("worker")
    shared.crawl_all()
    return shared


def _kill_roles(installed: Wirekeep) -> None:
    for process in list(installed.roles):
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                installed.kill(process)
