"""Which schema this program expects, and which one a database has: told without importing Alembic or Procrastinate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from archive.errors import SchemaMismatch

VERSION_TABLE = "schema_version"
_REVISION_FILE = re.compile(r"^(\d{4})_\w+\.py$")


@dataclass(frozen=True, kw_only=True)
class SchemaState:
    """What a database has: our schema's version (None: no schema at all) and the queue files that were applied."""

    version: str | None
    queue_files: frozenset[str]


def migrations_path() -> Path:
    """The folder of the migrations package."""
    return _package_path("migrations")


@cache
def expected_version() -> str:
    """The newest revision in `migrations/versions`, such as ``0001``."""
    names = (_REVISION_FILE.match(path.name) for path in (migrations_path() / "versions").iterdir())
    return max(match.group(1) for match in names if match)


@cache
def queue_files() -> tuple[Path, ...]:
    """Procrastinate's numbered migration files, in the order in which they apply."""
    return tuple(
        sorted((_package_path("procrastinate") / "sql" / "migrations").glob("*.sql"), key=lambda path: path.name)
    )


def queue_schema() -> Path:
    """Procrastinate's whole schema in one file: what its migration files come to (a test holds it to that)."""
    return _package_path("procrastinate") / "sql" / "schema.sql"


def read_state(conn: psycopg.Connection[Any]) -> SchemaState:
    """What the database has; leaves no transaction open where none was."""
    with conn.transaction(), conn.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        found = cursor.execute(
            "SELECT to_regclass('store.schema_version'), to_regclass('store.queue_migration')"
        ).fetchone()
        assert found is not None  # a SELECT without FROM has one row
        version, applied = None, frozenset[str]()
        if found[0] is not None:
            row = cursor.execute("SELECT version_num FROM store.schema_version").fetchone()
            version = str(row[0]) if row else None
        if found[1] is not None:
            applied = frozenset(name for (name,) in cursor.execute("SELECT name FROM store.queue_migration"))
    return SchemaState(version=version, queue_files=applied)


def check_schema(conn: psycopg.Connection[Any]) -> None:
    """Refuse a database whose schema this program does not know how to use.

    Raises:
        SchemaMismatch: the schema is absent, older or newer; the message says what to run.
    """
    state, expected = read_state(conn), expected_version()
    where = f"database {conn.info.dbname!r}"
    if state.version is None:
        raise SchemaMismatch(f"{where} has no Wirekeep schema (expected {expected}); make it with: wirekeep db migrate")
    if state.version > expected:
        raise SchemaMismatch(
            f"{where}: schema is newer than this program: current={state.version} expected={expected}; "
            "use the Wirekeep that made it, or a newer one"
        )
    if state.version < expected:
        raise SchemaMismatch(
            f"{where}: schema is not up to date: current={state.version} expected={expected}; run: wirekeep db migrate"
        )
    missing = [path.name for path in queue_files() if path.name not in state.queue_files]
    if missing:
        raise SchemaMismatch(
            f"{where}: the job queue lacks {len(missing)} of Procrastinate's migrations (first: {missing[0]}); "
            "run: wirekeep db migrate"
        )


def _package_path(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SchemaMismatch(f"package {package!r} is not installed; expected it beside Wirekeep: reinstall Wirekeep")
    return Path(next(iter(spec.submodule_search_locations)))
