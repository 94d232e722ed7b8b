"""Database roles: owner, writer, operator, reader, with no more rights than each needs. Printed as SQL, or applied.

- owner (cannot log in) has the schemas; migrations act as it;
- writer does the service's work: rows, not tables;
- operator reads everything and may ask for re-crawls;
- reader reads the views of schema `archive`, which show rows of tables that it cannot touch.

Every step may be run again. A step that the connected role may not do is left out and reported, never half done.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from archive.errors import ConfigError
from archive.role_steps import ROLES, STEPS, Step

# "wirekeep" and "roles": two programs must not alter the same role at once (PostgreSQL: tuple concurrently updated).
LOCK = (0x77697265, 0x726F6C65)


@dataclass(frozen=True, kw_only=True)
class RolesReport:
    """What is in force, and what is not, with why."""

    prefix: str
    in_force: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]

    def lines(self) -> Iterator[str]:
        """The report as lines for people."""
        yield f"roles {', '.join(f'{self.prefix}_{role}' for role in ROLES)}:"
        for what in self.in_force:
            yield f"  in force      {what}"
        for what, why in self.missing:
            yield f"  NOT in force  {what}: {why}"
        if self.missing:
            yield "An administrator puts the rest in force with: wirekeep db roles --print | psql …"


def roles_sql(prefix: str) -> str:
    """The SQL that makes the roles, for an administrator to read and run with psql on the archive's database.

    Raises:
        ConfigError: the prefix is not a plain lower-case name.
    """
    head = "-- Wirekeep's roles. Run it on the archive's database; running it again changes nothing.\n"
    return head + "\n".join(f"\n-- {step.what}\n{step.sql.strip()}" for step in _steps(prefix)) + "\n"


def apply_roles(conn: psycopg.Connection[Any], prefix: str) -> RolesReport:
    """Make the roles and their rights as far as the connected role may; the rest of Wirekeep works without them.

    Raises:
        ConfigError: the prefix is not a plain lower-case name.
    """
    in_force: list[str] = []
    missing: list[tuple[str, str]] = []
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(%s, %s)", LOCK)
        for step in _steps(prefix):
            trouble = _take(conn, step, prefix)
            if trouble is None:
                in_force.append(step.what)
            else:
                missing.append((step.what, trouble))
    return RolesReport(prefix=prefix, in_force=tuple(in_force), missing=tuple(missing))


def roles_exist(conn: psycopg.Connection[Any], prefix: str) -> bool:
    """Whether all four roles are there; says nothing of their rights."""
    names = [f"{prefix}_{role}" for role in ROLES]
    return len(_ask(conn, "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = ANY(%s)", (names,))) == len(names)


def _take(conn: psycopg.Connection[Any], step: Step, prefix: str) -> str | None:
    """Take one step; returns why it is not in force, or None."""
    wanted = [f"{prefix}_{role}" for role in step.needs]
    there = {name for (name,) in _ask(conn, "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", (wanted,))}
    if absent := [name for name in wanted if name not in there]:
        return f"{', '.join(absent)} does not exist" if len(absent) == 1 else f"{', '.join(absent)} do not exist"
    try:
        with conn.transaction():
            conn.execute(step.sql)
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidGrantOperation) as error:
        return str(error).splitlines()[0]
    if step.proof is not None and not _ask(conn, step.proof)[0][0]:
        return "the connected role may not do that (PostgreSQL only warned)"
    return None


def _ask(conn: psycopg.Connection[Any], query: str, parameters: tuple[Any, ...] | None = None) -> list[tuple[Any, ...]]:
    with conn.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(query, parameters).fetchall()


def _steps(prefix: str) -> list[Step]:
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", prefix):
        raise ConfigError(f"WIREKEEP_ROLE_PREFIX={prefix!r} is not a plain lower-case name such as wirekeep")
    names = {role: f"{prefix}_{role}" for role in ROLES}
    return [Step(what=step.what, sql=_fill(step.sql, names), needs=step.needs, proof=step.proof) for step in STEPS]


def _fill(text: str, names: dict[str, str]) -> str:
    # The prefix is a plain name (checked above), so it needs no quotes, inside string literals either.
    return re.sub(r"\{(\w+)\}", lambda match: names[match.group(1)], text)
