"""Migrations: from empty, twice, at once, from anywhere, as no superuser, past locks; and every column has its line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from procrastinate.schema import SchemaManager
from psycopg.conninfo import make_conninfo

from archive.db import check_schema, connect
from archive.errors import ArchiveUnavailable, SchemaMismatch
from archive.migrate import expected_version, is_empty, migrate
from archive.schema import migrations_path, queue_files, read_state

ROOT = Path(__file__).parents[2]
PYTHONPATH = os.pathsep.join([str(ROOT), *(path for path in sys.path if path.endswith("site-packages"))])
# Everything about the tables, columns, indexes, constraints, functions and triggers of a schema, names included.
SHAPE = """
    SELECT 'column', c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod) || a.attnotnull::text
           || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
      FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relnamespace = 'queue'::regnamespace AND c.relkind IN ('r', 'c')
    UNION ALL SELECT 'index', relname, pg_get_indexdef(oid) FROM pg_class
     WHERE relnamespace = 'queue'::regnamespace AND relkind = 'i'
    UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE connamespace = 'queue'::regnamespace AND contype <> 'n'
    UNION ALL SELECT 'function', oid::regprocedure::text, pg_get_functiondef(oid) FROM pg_proc
     WHERE pronamespace = 'queue'::regnamespace
    UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger
     WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'queue'::regnamespace)
    UNION ALL SELECT 'value', t.typname || '.' || e.enumlabel, ''
      FROM pg_enum AS e JOIN pg_type AS t ON t.oid = e.enumtypid
     WHERE t.typnamespace = 'queue'::regnamespace"""


def test_from_empty_to_the_expected_schema(empty_database: str) -> None:
    assert is_empty(empty_database)
    done = migrate(empty_database)
    assert (done.before, done.after) == (None, expected_version())
    assert len(done.queue_files) == len(queue_files()) > 30
    assert not is_empty(empty_database)
    with connect(empty_database) as conn:
        check_schema(conn)


def test_a_second_migration_does_nothing(database: str) -> None:
    done = migrate(database)
    assert not done.changed
    assert (done.before, done.after) == (expected_version(), expected_version())


def test_the_expected_version_is_the_newest_that_alembic_knows() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrations_path()))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [expected_version()]
    assert [revision.revision for revision in script.walk_revisions()] == sorted(
        (revision.revision for revision in script.walk_revisions()), reverse=True
    )


def test_the_queues_files_are_those_that_procrastinate_names() -> None:
    assert {path.parent for path in queue_files()} == {Path(SchemaManager.get_migrations_path())}


def test_the_queue_of_a_new_database_equals_the_sum_of_procrastinates_files(database: str, empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as conn:
        conn.execute("CREATE SCHEMA queue")
        conn.execute("SET search_path = queue")
        for path in queue_files():
            conn.execute(path.read_text(encoding="utf-8"))
        conn.execute("RESET search_path")
        expected = _shape(conn)
    with psycopg.connect(database) as conn:
        found = _shape(conn)
    assert found == expected
    assert len(found) > 50


def _shape(conn: psycopg.Connection[tuple[str, ...]]) -> set[tuple[str, ...]]:
    # Blank space, quoting, and our search_path on the functions are no part of what Procrastinate's files say.
    pinned = "SET search_path TO 'queue', 'pg_temp'"
    return {
        tuple(re.sub(r"\s+", " ", part.replace(pinned, "")) for part in row) for row in conn.execute(SHAPE).fetchall()
    }


def test_queue_files_that_a_newer_procrastinate_brings_are_applied_in_order(database: str) -> None:
    """An older database with rows in place: the state after the first files is rebuilt, then brought forward."""
    files = queue_files()
    names = [path.name for path in files]
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("DROP SCHEMA queue CASCADE")
        conn.execute("CREATE SCHEMA queue")
        conn.execute("SET search_path = queue")
        for path in files[:24]:
            conn.execute(path.read_text(encoding="utf-8"))
        conn.execute("INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('crawl', 'crawl_source')")
        conn.execute("DELETE FROM store.queue_migration WHERE name <> ALL(%s)", (names[:24],))
    with connect(database) as conn, pytest.raises(SchemaMismatch, match=r"the job queue lacks \d+ of Procrastinate's"):
        check_schema(conn)
    assert list(migrate(database).queue_files) == names[24:]
    with connect(database) as conn:
        check_schema(conn)
        assert conn.execute("SELECT task_name FROM queue.procrastinate_jobs").fetchall() == [
            {"task_name": "crawl_source"}
        ]


def test_two_migrations_at_once_do_it_once(empty_database: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = sorted((job.result() for job in [pool.submit(migrate, empty_database) for _ in range(2)]), key=str)
    assert sorted(item.changed for item in done) == [False, True]
    with connect(empty_database) as conn:
        check_schema(conn)


def test_a_migration_that_is_killed_leaves_nothing_or_all(empty_database: str) -> None:
    """The connection is cut while the queue's part runs, after our own tables were made."""
    with psycopg.connect(empty_database, autocommit=True) as conn:
        conn.execute("""
            CREATE FUNCTION public.halt() RETURNS event_trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands()
                            WHERE schema_name = 'queue' AND object_type = 'table') THEN
                    PERFORM pg_terminate_backend(pg_backend_pid());
                END IF;
            END $$""")
        conn.execute("CREATE EVENT TRIGGER halt ON ddl_command_end EXECUTE FUNCTION public.halt()")
        with pytest.raises(ArchiveUnavailable):
            migrate(empty_database)
        conn.execute("DROP EVENT TRIGGER halt")
        assert (
            conn.execute("SELECT 1 FROM pg_namespace WHERE nspname IN ('store', 'archive', 'queue')").fetchall() == []
        )
    assert is_empty(empty_database)
    assert migrate(empty_database).before is None


def test_a_lock_that_is_held_ends_the_migration_with_a_clear_error(database: str) -> None:
    files = queue_files()
    with psycopg.connect(database) as holder:
        holder.execute("LOCK TABLE queue.procrastinate_jobs IN ACCESS SHARE MODE")
        with psycopg.connect(database, autocommit=True) as conn:
            conn.execute("DELETE FROM store.queue_migration WHERE name = %s", (files[0].name,))
            _make_file_lock_jobs(conn)
        with pytest.raises(ArchiveUnavailable, match=r"gave up after waiting 0\.2 s for a lock on a table"):
            migrate(database, lock_timeout=0.2)


def _make_file_lock_jobs(conn: psycopg.Connection[tuple[str, ...]]) -> None:
    # The missing file makes a type that is there already; an event trigger turns that into waiting for the table.
    conn.execute("CREATE FUNCTION public.wait() RETURNS event_trigger LANGUAGE plpgsql AS "
                 "$$ BEGIN LOCK TABLE queue.procrastinate_jobs IN ACCESS EXCLUSIVE MODE; END $$")  # fmt: skip
    conn.execute("CREATE EVENT TRIGGER wait ON ddl_command_start EXECUTE FUNCTION public.wait()")


def test_another_migrations_lock_is_waited_for(database: str) -> None:
    """`is_empty` and `migrate` wait while another holds the migrations' lock, and go on when it lets go."""
    from archive.migrate import LOCK

    answers: list[bool] = []
    with psycopg.connect(database, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        asking = threading.Thread(target=lambda: answers.append(is_empty(database)))
        asking.start()
        while not holder.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone():
            pass
        assert answers == []
        holder.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))
        asking.join(timeout=120)
    assert answers == [False]


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("9999", r"schema is newer than this program: current=9999 expected=\d{4}; use the Wirekeep that made it"),
        ("0000", r"schema is not up to date: current=0000 expected=\d{4}; run: wirekeep db migrate"),
        (None, r"has no Wirekeep schema \(expected \d{4}\); make it with: wirekeep db migrate"),
    ],
)
def test_another_schema_is_refused_with_both_versions_and_what_to_run(
    database: str, version: str | None, message: str
) -> None:
    with connect(database) as conn:
        if version is None:
            conn.execute("DELETE FROM store.schema_version")
        else:
            conn.execute("UPDATE store.schema_version SET version_num = %s", (version,))
        with pytest.raises(SchemaMismatch, match=message):
            check_schema(conn)


def test_a_newer_schema_is_not_migrated(database: str) -> None:
    with connect(database) as conn:
        conn.execute("UPDATE store.schema_version SET version_num = '9999'")
    with pytest.raises(SchemaMismatch, match="schema is newer than this program: current=9999"):
        migrate(database)


def test_every_table_view_and_column_has_its_comment(conn: psycopg.Connection[dict[str, str]]) -> None:
    bare = conn.execute("""
        SELECT c.oid::regclass::text AS name FROM pg_class AS c
         WHERE c.relnamespace::regnamespace::text IN ('store', 'archive') AND c.relkind IN ('r', 'p', 'v', 'm')
           AND obj_description(c.oid, 'pg_class') IS NULL
        UNION ALL
        SELECT c.oid::regclass || '.' || a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
         WHERE c.relnamespace::regnamespace::text IN ('store', 'archive') AND c.relkind IN ('r', 'p', 'v', 'm')
           AND a.attnum > 0 AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL
        UNION ALL
        SELECT p.oid::regprocedure::text FROM pg_proc AS p
         WHERE p.pronamespace::regnamespace::text IN ('store', 'archive') AND obj_description(p.oid, 'pg_proc') IS NULL
    """).fetchall()
    assert [row["name"] for row in bare] == []


def test_every_function_of_the_queue_runs_in_a_plain_session(conn: psycopg.Connection[dict[str, str]]) -> None:
    loose = conn.execute(
        "SELECT oid::regprocedure::text AS name FROM pg_proc WHERE pronamespace = 'queue'::regnamespace "
        "AND (proconfig IS NULL OR NOT 'search_path=queue, pg_temp' = ANY(proconfig))"
    ).fetchall()
    assert loose == []
    conn.execute("SET search_path = pg_catalog")
    conn.execute("INSERT INTO queue.procrastinate_jobs (queue_name, task_name) VALUES ('crawl', 'x')")
    row = conn.execute("SELECT (queue.procrastinate_fetch_job_v2(NULL, NULL)).id AS id").fetchone()
    assert row is not None


def test_migrating_works_from_another_folder(empty_database: str, tmp_path: Path) -> None:
    script = "import sys; from archive.migrate import migrate; print(migrate(sys.argv[1]).after)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, empty_database],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": PYTHONPATH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == (expected_version(), "")
    assert list(tmp_path.iterdir()) == []


def test_a_database_in_another_encoding_is_refused(server: str) -> None:
    from archive.errors import ConfigError

    name = f"wirekeep_latin_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'")
        try:
            with pytest.raises(ConfigError, match="has encoding SQL_ASCII, expected UTF8"):
                migrate(make_conninfo(server, dbname=name))
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_migrations_are_those_that_were_released() -> None:
    """A revision's file is named by its number and runs the SQL folder of that number."""
    revisions = sorted(path.name[:4] for path in (migrations_path() / "versions").glob("[0-9]*.py"))
    folders = sorted(path.name for path in (migrations_path() / "sql").iterdir() if path.is_dir())
    assert revisions == folders == [f"{number:04}" for number in range(1, len(revisions) + 1)]


def test_what_was_migrated_can_be_read_back(database: str) -> None:
    with psycopg.connect(database) as conn:
        state = read_state(conn)
    assert state.version == expected_version()
    assert state.queue_files == {path.name for path in queue_files()}
