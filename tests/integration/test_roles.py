"""Each role may do its work and nothing else; without the right to make roles, what is not in force is said."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict
from stored_rows import DAY, Desk, apply, source_row

from archive.db import Connection, check_schema, connect
from archive.errors import ConfigError
from archive.migrate import migrate
from archive.role_steps import ROLES
from archive.roles import apply_roles, roles_sql
from archive.store import boilerplate, requests, slots

PREFIX = f"wk_{os.getpid()}"


@pytest.fixture
def with_roles(conn: Connection) -> Iterator[Connection]:
    """A connection to a database whose roles are in force; the roles are dropped afterwards (they are the server's)."""
    report = apply_roles(conn, PREFIX)
    conn.commit()
    assert report.missing == ()
    yield conn
    conn.rollback()
    conn.execute("RESET SESSION AUTHORIZATION")
    _drop_roles(conn, PREFIX)


def _drop_roles(conn: Connection, prefix: str) -> None:
    for role in reversed(ROLES):
        name = sql.Identifier(f"{prefix}_{role}")
        conn.execute(sql.SQL("REASSIGN OWNED BY {} TO current_user").format(name))
        conn.execute(sql.SQL("DROP OWNED BY {}").format(name))
        conn.execute(sql.SQL("DROP ROLE {}").format(name))
    conn.commit()


def _act_as(conn: Connection, role: str) -> None:
    conn.rollback()
    conn.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(sql.Identifier(f"{PREFIX}_{role}")))


def _refused(conn: Connection, statement: str) -> bool:
    try:
        with conn.transaction():
            conn.execute(statement)
    except (errors.InsufficientPrivilege, errors.UndefinedTable, errors.InvalidSchemaName):
        return True
    return False


def test_reader_reads_the_views_and_cannot_touch_what_is_behind_them(with_roles: Connection) -> None:
    _act_as(with_roles, "reader")
    query = "SELECT relname AS name FROM pg_class WHERE relnamespace = 'archive'::regnamespace AND relkind = 'v'"
    views = [row["name"] for row in with_roles.execute(query)]
    assert "articles" in views
    for view in views:
        with_roles.execute(sql.SQL("SELECT * FROM archive.{} LIMIT 1").format(sql.Identifier(view)))
    for statement in (
        "SELECT * FROM store.article",
        "INSERT INTO store.source (name) VALUES ('x')",
        "DELETE FROM queue.procrastinate_jobs",
        "CREATE TABLE archive.mine (x integer)",
        "CREATE TABLE public.mine (x integer)",
        "CREATE TEMP TABLE mine (x integer)",
        "CREATE SCHEMA mine",
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_advisory_xact_lock_shared(1, 2)",
        "SELECT pg_try_advisory_lock(1)",
        "SELECT lo_create(0)",
        "SELECT lo_from_bytea(0, 'x')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT archive.recrawl('https://a.example/')",
        "ALTER ROLE CURRENT_USER SUPERUSER",
    ):
        assert _refused(with_roles, statement), statement


def test_reader_may_search_as_that_changes_nothing(with_roles: Connection) -> None:
    _act_as(with_roles, "reader")
    assert with_roles.execute("SELECT * FROM archive.search('خبر')").fetchall() == []


def test_writer_changes_rows_but_neither_tables_nor_what_was_migrated(with_roles: Connection) -> None:
    _act_as(with_roles, "writer")
    with_roles.execute("INSERT INTO store.source (name) VALUES ('one')")
    with_roles.execute("UPDATE store.source SET enabled = false")
    with_roles.execute("DELETE FROM store.source")
    check_schema(with_roles)
    for statement in (
        "DROP TABLE store.source",
        "ALTER TABLE store.source ADD COLUMN x integer",
        "TRUNCATE store.source",
        "UPDATE store.schema_version SET version_num = '9999'",
        "DELETE FROM store.queue_migration",
        "CREATE TABLE store.mine (x integer)",
    ):
        assert _refused(with_roles, statement), statement


def test_writer_takes_the_locks_that_the_service_takes(with_roles: Connection) -> None:
    _act_as(with_roles, "writer")
    with_roles.commit()
    apply(with_roles, source_row())
    _, (leased,) = Desk(with_roles).owe("https://paper.example/1")
    assert boilerplate.learn(with_roles, leased.host).version == 0
    assert slots.rescue_jobs(with_roles, DAY) == slots.Rescued()
    assert requests.take_request(with_roles, requests.ask_url(with_roles, leased.url, force=False)) is not None


def test_operator_takes_no_locks_and_asks_all_the_same(with_roles: Connection) -> None:
    apply(with_roles, source_row())
    _act_as(with_roles, "operator")
    assert _refused(with_roles, "SELECT pg_advisory_xact_lock(1)")
    assert requests.ask_url(with_roles, "https://paper.example/1", force=False)


def test_writer_can_defer_a_job(with_roles: Connection) -> None:
    _act_as(with_roles, "writer")
    row = with_roles.execute("SELECT store.defer('crawl', 'crawl_source', 'a', 'a', '{}'::jsonb) AS job_id").fetchone()
    assert row is not None
    assert row["job_id"] is not None


def test_operator_reads_everything_and_changes_nothing(with_roles: Connection) -> None:
    _act_as(with_roles, "operator")
    for table in ("store.article", "queue.procrastinate_jobs", "archive.articles"):
        with_roles.execute(f"SELECT * FROM {table} LIMIT 1")
    assert _refused(with_roles, "INSERT INTO store.source (name) VALUES ('x')")
    assert _refused(with_roles, "DELETE FROM queue.procrastinate_jobs")


def test_only_operator_and_writer_may_call_functions_that_change_something(with_roles: Connection) -> None:
    rows = with_roles.execute(
        "SELECT oid::regprocedure::text AS name FROM pg_proc "
        "WHERE pronamespace = 'archive'::regnamespace AND provolatile = 'v'"
    ).fetchall()
    assert any("recrawl" in row["name"] for row in rows)
    for row in rows:
        may = {
            role: with_roles.execute(
                "SELECT has_function_privilege(%s, %s, 'EXECUTE') AS may", (f"{PREFIX}_{role}", row["name"])
            ).fetchone()
            for role in ("writer", "operator", "reader")
        }
        assert {role: found["may"] for role, found in may.items() if found} == {
            "writer": True, "operator": True, "reader": False,
        }  # fmt: skip
        assert _one(with_roles, f"SELECT has_function_privilege('public', '{row['name']}', 'EXECUTE')") is False


def test_everything_belongs_to_the_owner_and_a_second_application_changes_nothing(with_roles: Connection) -> None:
    owners = """
        SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname IN ('store', 'archive', 'queue')
        UNION SELECT pg_get_userbyid(relowner) FROM pg_class
         WHERE relnamespace::regnamespace::text IN ('store', 'archive', 'queue')
        UNION SELECT pg_get_userbyid(proowner) FROM pg_proc
         WHERE pronamespace::regnamespace::text IN ('store', 'archive', 'queue')
        UNION SELECT pg_get_userbyid(typowner) FROM pg_type
         WHERE typnamespace::regnamespace::text IN ('store', 'archive', 'queue')"""
    assert _one(with_roles, f"SELECT array_agg(x) FROM ({owners}) AS o(x)") == [f"{PREFIX}_owner"]
    before = _one(with_roles, "SELECT array_agg(relacl::text ORDER BY oid) FROM pg_class WHERE relacl IS NOT NULL")
    assert apply_roles(with_roles, PREFIX).missing == ()
    after = _one(with_roles, "SELECT array_agg(relacl::text ORDER BY oid) FROM pg_class WHERE relacl IS NOT NULL")
    assert after == before


def test_what_a_later_migration_makes_gets_its_rights_by_itself(with_roles: Connection) -> None:
    with_roles.execute(f"SET ROLE {PREFIX}_owner")
    with_roles.execute("CREATE TABLE store.later (x integer)")
    with_roles.execute("CREATE VIEW archive.later AS SELECT x FROM store.later")
    with_roles.execute("CREATE FUNCTION archive.change() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
    with_roles.execute("RESET ROLE")
    with_roles.commit()
    _act_as(with_roles, "reader")
    with_roles.execute("SELECT * FROM archive.later")
    assert _refused(with_roles, "SELECT * FROM store.later")
    assert _refused(with_roles, "SELECT archive.change()")
    _act_as(with_roles, "writer")
    with_roles.execute("INSERT INTO store.later VALUES (1)")


def test_the_reader_login_has_its_limits(with_roles: Connection) -> None:
    settings = _one(with_roles, f"SELECT rolconfig FROM pg_roles WHERE rolname = '{PREFIX}_reader'")
    assert "default_transaction_read_only=on" in settings
    assert "statement_timeout=60s" in settings
    assert "temp_file_limit=1GB" in settings
    assert _one(with_roles, f"SELECT rolconnlimit FROM pg_roles WHERE rolname = '{PREFIX}_reader'") == 20


def test_the_printed_sql_does_the_same_as_applying_it(conn: Connection, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as plain:
        plain.execute(roles_sql(PREFIX))
    try:
        assert apply_roles(conn, PREFIX).missing == ()
        _act_as(conn, "reader")
        conn.execute("SELECT * FROM archive.articles")
        assert _refused(conn, "SELECT * FROM store.article")
    finally:
        conn.rollback()
        conn.execute("RESET SESSION AUTHORIZATION")
        _drop_roles(conn, PREFIX)


@pytest.mark.parametrize("prefix", ["Wire", "a;b", "", "1a", "a" * 50, "a-b"])
def test_a_prefix_that_is_no_plain_name_is_refused(prefix: str) -> None:
    with pytest.raises(ConfigError, match="is not a plain lower-case name"):
        roles_sql(prefix)


@pytest.fixture
def plain_owner(server: str, empty_database: str) -> Iterator[str]:
    """A login without CREATEROLE that owns the three schemas of a database, and nothing else. Yields its name."""
    name = f"wk_plain_{os.getpid()}"
    with psycopg.connect(empty_database, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
        for schema in ("store", "archive", "queue"):
            admin.execute(
                sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(sql.Identifier(schema), sql.Identifier(name))
            )
    yield name
    with psycopg.connect(empty_database, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
        admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def test_owning_the_schemas_is_enough_to_migrate_and_what_roles_lack_is_said(
    empty_database: str, plain_owner: str
) -> None:
    dsn = psycopg.conninfo.make_conninfo(empty_database, user=plain_owner)
    if "password" in conninfo_to_dict(dsn):
        pytest.skip("the test server asks for passwords; the plain login has none")
    assert migrate(dsn).before is None
    with connect(dsn) as conn:
        report = apply_roles(conn, PREFIX)
        assert conn.execute("SELECT count(*) AS n FROM archive.articles").fetchone() == {"n": 0}
    missing = dict(report.missing)
    assert missing["role reader: reads the views"] == "permission denied to create role"
    assert missing["reader reads the views of schema archive"] == f"{PREFIX}_owner, {PREFIX}_reader do not exist"
    assert "nobody but superusers may make large objects" in missing
    assert "only warned" in missing["nobody else may make schemas or temporary tables in this database"]
    assert any("NOT in force" in line for line in report.lines())


def test_an_administrator_who_is_no_superuser_gets_all_but_the_superusers_measures(
    empty_database: str, plain_owner: str
) -> None:
    dsn = psycopg.conninfo.make_conninfo(empty_database, user=plain_owner)
    if "password" in conninfo_to_dict(dsn):
        pytest.skip("the test server asks for passwords; the plain login has none")
    with psycopg.connect(empty_database, autocommit=True) as admin:
        admin.execute(sql.SQL("ALTER ROLE {} CREATEROLE").format(sql.Identifier(plain_owner)))
        name = sql.Identifier(admin.info.dbname)
        admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, sql.Identifier(plain_owner)))
    try:
        migrate(dsn)
        with connect(dsn) as conn:
            report = apply_roles(conn, PREFIX)
        assert {what for what, _ in report.missing} == {
            "nobody but superusers may make large objects",
            "nobody but owner and writer may take advisory locks: crawls and migrations wait by them",
            "reader and operator: at most 1 GB of temporary files",
        }
        assert not migrate(dsn).changed
        with connect(dsn, role=f"{PREFIX}_reader") as conn:
            conn.execute("SELECT * FROM archive.articles")
            assert _refused(conn, "SELECT * FROM store.article")
    finally:
        with connect(empty_database) as conn:
            conn.execute(sql.SQL("ALTER DATABASE {} OWNER TO current_user").format(name))
            _drop_roles(conn, PREFIX)


def _one(conn: Connection, query: str) -> object:
    row = conn.execute(query).fetchone()
    assert row is not None
    return next(iter(row.values()))
