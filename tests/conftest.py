"""A real PostgreSQL for the tests: one server a process, one fresh database a test, cloned from a migrated template.

``WIREKEEP_TEST_DATABASE_URL`` names another server (with CREATEDB) to run against; ``WIREKEEP_TEST_BINDIR`` other
programs for the embedded one, such as Debian's ``/usr/lib/postgresql/15/bin``.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

from archive.db import Connection, connect
from archive.embedded import open_cluster
from archive.migrate import migrate

_numbers = itertools.count(1)

# Hypothesis' own deadline is a timed assertion: on a busy machine an example may take what it takes.
settings.register_profile("wirekeep", deadline=None)
settings.load_profile("wirekeep")

# Containers set it. Then each of some two hundred processes that the tests start would compile our modules anew: about
# a fifth of what the start of a worker costs.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


# Modules whose tests say what PostgreSQL itself does with our schema and statements: run on every major that is here.
ON_EVERY_MAJOR = frozenset(
    {
        "test_functions",
        "test_roles",
        "test_sql_runner",
        "test_store_articles",
        "test_views",
        "test_host_lines",
        "test_migrations",
        "test_index_places",
        "test_spellings",
    }
)
DEBIAN = Path("/usr/lib/postgresql/15/bin")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that ask PostgreSQL run on the wheel's major and on Debian's, unless one was named."""
    named = os.environ.get("WIREKEEP_TEST_DATABASE_URL") or os.environ.get("WIREKEEP_TEST_BINDIR")
    if "server" in metafunc.fixturenames and Path(metafunc.module.__file__).stem in ON_EVERY_MAJOR and not named:
        metafunc.parametrize("server", ["wheel", "debian-15"], indirect=True, scope="session")


class Servers:
    """Servers of this test process, by name, each started once: what asks now one and now the other waits for none."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._dsns: dict[str, str] = {}
        self._templates: dict[str, str] = {}

    def find(self, name: str) -> str:
        """DSN of the server that is called `wheel` or `debian-15`, or of the one that the environment gives."""
        if name not in self._dsns:
            given = os.environ.get("WIREKEEP_TEST_DATABASE_URL")
            self._dsns[name] = given or self._start(name)
        return self._dsns[name]

    def find_template(self, dsn: str) -> str:
        """Name of a migrated database on that server, which is only ever cloned."""
        if dsn not in self._templates:
            name = f"wirekeep_template_{os.getpid()}"
            _run(dsn, "CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0", name)
            self._stack.callback(_run, dsn, "DROP DATABASE {} WITH (FORCE)", name)
            migrate(make_conninfo(dsn, dbname=name))
            self._templates[dsn] = name
        return self._templates[dsn]

    def _start(self, name: str) -> str:
        named = os.environ.get("WIREKEEP_TEST_BINDIR")
        bindir = DEBIAN if name == "debian-15" else Path(named) if named else None
        # Not pytest's own folder: as root that is 0700, and the server's user must be able to enter.
        home = Path(tempfile.mkdtemp(prefix="wirekeep-test-"))
        self._stack.callback(shutil.rmtree, home)
        home.chmod(0o711)
        return self._stack.enter_context(open_cluster(home, bindir=bindir, fsync=False))


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The servers that were asked for so far."""
    with contextlib.ExitStack() as stack:
        yield Servers(stack)


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, servers: Servers) -> str:
    """DSN of a server on which databases may be made."""
    name = getattr(request, "param", "wheel")
    if name == "debian-15" and not (DEBIAN / "postgres").exists():
        pytest.skip("Debian's PostgreSQL 15 is not installed")
    return servers.find(name)


@pytest.fixture(scope="session")
def template(server: str, servers: Servers) -> str:
    """Name of a migrated database that is only ever cloned."""
    return servers.find_template(server)


@contextlib.contextmanager
def make_database(server: str, template: str) -> Iterator[str]:
    """DSN of a fresh, migrated database, dropped at the end."""
    name = f"wirekeep_test_{os.getpid()}_{next(_numbers)}"
    _run(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
    yield make_conninfo(server, dbname=name)
    _run(server, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
def database(server: str, template: str) -> Iterator[str]:
    """DSN of a fresh, migrated database for one test."""
    with make_database(server, template) as dsn:
        yield dsn


@pytest.fixture
def empty_database(server: str) -> Iterator[str]:
    """DSN of a fresh database without any schema of ours."""
    name = f"wirekeep_empty_{os.getpid()}_{next(_numbers)}"
    _run(server, "CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0", name)
    yield make_conninfo(server, dbname=name)
    _run(server, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
def conn(database: str) -> Iterator[Connection]:
    """A connection to a fresh database; what is not committed is dropped with it."""
    connection = connect(database)
    try:
        yield connection
    finally:
        connection.close()


def _run(server: str, statement: str, *names: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))  # type: ignore[arg-type]
