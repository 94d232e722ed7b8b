"""Schedulers and workers with their heartbeats."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from psycopg.types.json import Jsonb

from archive.db import Connection, single_statement
from archive.records import Json, ProcessRow
from archive.store.cleaning import clean_json
from archive.store.statements import execute, list_rows


def register(conn: Connection, row: ProcessRow) -> None:
    """A process begins; rows of processes that nobody has heard of for a month go."""
    with conn.transaction():
        execute(conn, "forget_processes")
        execute(
            conn,
            "register_process",
            process_id=row.process_id,
            role=row.role,
            host=row.host,
            pid=row.pid,
            version=row.version,
            state=Jsonb(clean_json(dict(row.state))),
        )


def beat(conn: Connection, process_id: UUID, state: Json) -> None:
    """The process lives; `state` is what it says of itself."""
    with single_statement(conn):
        execute(conn, "beat_process", process_id=process_id, state=Jsonb(clean_json(dict(state))))


def stop(conn: Connection, process_id: UUID) -> None:
    """The process ends."""
    with conn.transaction():
        execute(conn, "stop_process", process_id=process_id)


def dead(conn: Connection, dead_after: timedelta) -> list[ProcessRow]:
    """Processes that have not beaten for `dead_after` without having stopped."""
    with conn.transaction():
        return [ProcessRow(**row) for row in list_rows(conn, "list_dead_processes", dead_after=dead_after)]
