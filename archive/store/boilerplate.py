"""Learned boilerplate: sightings on new articles, lines that recur, and the host states that pages are read by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from psycopg.rows import DictRow

from archive.db import Connection, retry_transaction, single_statement
from archive.errors import ConfigError
from archive.records import HostSighting, ObservedLine
from archive.recurrence import (
    WINDOW,
    LineState,
    Recurrence,
    Sighting,
    find_recurrences,
    judge_line,
)
from archive.store.cleaning import clean_text, clean_texts
from archive.store.statements import execute, find_row, get_row, list_rows

# Lines kept a host that are neither taken out nor decided on; a window of listicles proposes a few dozen.
MOST_UNDECIDED = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Learned:
    """What learning a host found: the version in force, whether it is new, lines in force, proposed and retired."""

    version: int
    changed: bool
    in_force: int
    proposed: int
    retired: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BoilerplateLine:
    """A line of a source's host with its counts in the window and URLs of articles that have it."""

    line_id: int
    host: str
    line: str
    state: LineState
    state_since: datetime
    articles: int
    stories: int
    days: int
    share: float
    at_an_end: float
    first_seen: datetime
    last_seen: datetime
    examples: tuple[str, ...]


def observe(conn: Connection, article_id: int, sighting: HostSighting, at: datetime) -> None:
    """Keep what a new article shows of its host's template. Belongs to the transaction that saves the article."""
    execute(
        conn,
        "insert_sighting",
        article_id=article_id,
        host=sighting.host,
        seen_at=at,
        lines=clean_texts(line.line for line in sighting.lines),
        samples=clean_texts(line.sample for line in sighting.lines),
        zones=[line.zone for line in sighting.lines],
        paragraphs=list(sighting.paragraphs),
    )


def host_lines(conn: Connection, host: str) -> tuple[int, frozenset[str]]:
    """Version and lines of the host's state in force; (0, none) where nothing was ever learned."""
    with single_statement(conn):
        row = find_row(conn, "find_host_state", host=host)
    return (row["version"], frozenset(row["lines"])) if row else (0, frozenset())


def learn(conn: Connection, host: str) -> Learned:
    """Look at the host's newest articles; lines that cross the threshold, or aged out, make a new host state."""
    return retry_transaction(conn, _learn, host)


def _learn(conn: Connection, host: str) -> Learned:
    get_row(conn, "lock_host_lines", host=host)
    window = [_to_sighting(row) for row in list_rows(conn, "list_sightings", host=host, window=WINDOW)]
    if len(window) == WINDOW:
        execute(conn, "prune_sightings", host=host, oldest=window[-1].article_id)
    known = {row["line"]: row for row in list_rows(conn, "list_host_lines", host=host)}
    found = {one.line: one for one in find_recurrences(window)}
    states = {line: _judge(found.get(line), known.get(line)) for line in {*known, *found}}
    for line, recurrence in found.items():
        if (state := states[line]) is not None:
            _put_line(conn, host, recurrence, state)
    gone = [line for line in known if line not in found]
    _forget(conn, known, [line for line in gone if states[line] is None], "delete_host_lines")
    _forget(conn, known, [line for line in gone if states[line] == "retired"], "retire_host_lines")
    execute(conn, "trim_host_lines", host=host, most=MOST_UNDECIDED)
    version, changed = _renew(conn, host, "learned")
    counts = list(states.values())
    return Learned(
        version=version,
        changed=changed,
        in_force=counts.count("applied") + counts.count("accepted"),
        proposed=counts.count("proposed"),
        retired=counts.count("retired"),
    )


def _judge(recurrence: Recurrence | None, row: DictRow | None) -> LineState | None:
    return judge_line(recurrence, row["state"] if row else None)


def _to_sighting(row: DictRow) -> Sighting:
    lines = zip(row["lines"], row["samples"], row["zones"], strict=True)
    return Sighting(
        article_id=row["article_id"],
        day=row["day"],
        seen_at=row["seen_at"],
        lines=tuple(ObservedLine(line=line, sample=sample, zone=zone) for line, sample, zone in lines),
        paragraphs=frozenset(row["paragraphs"]),
    )


def _put_line(conn: Connection, host: str, recurrence: Recurrence, state: LineState) -> None:
    execute(
        conn,
        "put_host_line",
        host=host,
        line=recurrence.line,
        line_hash=hashlib.sha256(recurrence.line.encode()).digest(),
        sample=clean_text(recurrence.sample),
        state=state,
        stories=recurrence.stories,
        articles=recurrence.articles,
        days=recurrence.days,
        share=recurrence.share,
        at_an_end=recurrence.at_an_end,
        first_seen=recurrence.first_seen,
        last_seen=recurrence.last_seen,
        examples=list(recurrence.examples),
    )


def _forget(conn: Connection, known: dict[str, DictRow], lines: list[str], statement: str) -> None:
    if lines:
        execute(conn, statement, line_ids=[known[line]["line_id"] for line in lines])


def _renew(conn: Connection, host: str, why: Literal["learned", "decided"]) -> tuple[int, bool]:
    """The state in force, made new where the lines in force are not those of the last one; whether it is new."""
    lines = sorted(row["line"] for row in list_rows(conn, "list_lines_in_force", host=host))
    before = find_row(conn, "find_host_state", host=host)
    if lines == (sorted(before["lines"]) if before else []):
        return (before["version"] if before else 0), False
    version: int = get_row(conn, "insert_host_state", host=host, lines=lines, why=why)["version"]
    return version, True


def accept(conn: Connection, source: str, line_id: int) -> int:
    """Take a line out from now on, whatever its counts; the version of the host state that says so.

    Raises:
        ConfigError: the source has no such line.
    """
    return retry_transaction(conn, _decide, source, line_id, "accepted")


def reject(conn: Connection, source: str, line_id: int) -> int:
    """Never take a line out, whatever its counts; the version of the host state that says so.

    Raises:
        ConfigError: the source has no such line.
    """
    return retry_transaction(conn, _decide, source, line_id, "rejected")


def _decide(conn: Connection, source: str, line_id: int, state: LineState) -> int:
    lines = {row["id"]: row["host"] for row in list_rows(conn, "list_boilerplate", source=source)}
    if line_id not in lines:
        raise ConfigError(
            f"source {source!r} has no line {line_id}; found {len(lines)} lines; see: wirekeep boilerplate {source}"
        )
    get_row(conn, "lock_host_lines", host=lines[line_id])
    execute(conn, "decide_host_line", line_id=line_id, state=state)
    return _renew(conn, lines[line_id], "decided")[0]


def list_lines(conn: Connection, source: str, states: tuple[str, ...] = get_args(LineState)) -> list[BoilerplateLine]:
    """The lines of a source's hosts in these states: what is taken out first, then what is proposed."""
    with conn.transaction():
        rows = list_rows(conn, "list_boilerplate", source=source)
    return [_to_line(row) for row in rows if row["state"] in states]


def _to_line(row: DictRow) -> BoilerplateLine:
    return BoilerplateLine(
        line_id=row["id"], examples=tuple(row["examples"]), **{k: v for k, v in row.items() if k not in _RENAMED}
    )


_RENAMED = ("id", "examples")
