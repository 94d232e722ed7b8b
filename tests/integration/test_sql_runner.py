"""`wirekeep sql`: one query, a reader's rights, whatever is tried."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from stored_rows import Desk, apply, cloned, extraction, one, source_row

from archive.ask import check_statement, run_sql
from archive.db import connect
from archive.errors import ArchiveError, ConfigError, QueryRefused
from archive.roles import apply_roles
from archive.sql_words import OddStatement, read_words
from archive.store import articles

PREFIX = "asking"
READER = f"{PREFIX}_reader"


@pytest.fixture(scope="module")
def archive(server: str, template: str) -> Iterator[str]:
    """DSN of a superuser on an archive with one article and all roles; no test here can change it."""
    with cloned(server, template, "asked") as dsn:
        with connect(dsn) as conn:
            apply(conn, source_row())
            desk = Desk(conn)
            begun, (leased,) = desk.owe("https://paper.example/1")
            articles.save_article(conn, desk.save(begun, leased, extraction=extraction()))
            apply_roles(conn, PREFIX)
        yield dsn


@pytest.fixture(params=["as the reader", "by SET ROLE"])
def dsn(archive: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The DSN of a superuser whom the socket lets in as the reader, and one whom it does not (a password is given)."""
    if request.param == "as the reader":
        yield archive
    else:
        yield make_conninfo(archive, password="given")


def ask(
    dsn: str, statement: str, *, role: str | None = READER, timeout: float = 20.0, **more: Any
) -> list[tuple[Any, ...]]:
    with run_sql(dsn, statement, role=role, timeout=timeout, **more) as answer:
        return list(answer.rows)


def test_a_query_is_answered_with_the_readers_rights(dsn: str) -> None:
    with run_sql(dsn, "SELECT title, agencies FROM articles;", role=READER, timeout=20) as answer:
        assert answer.columns == ("title", "agencies")
        assert answer.role == READER
        assert list(answer.rows) == [("قمة في بكين", ["Reuters"])]


@pytest.mark.parametrize(
    "statement",
    [
        "WITH a AS (SELECT 1 AS n) SELECT n FROM a",
        "VALUES (1)",
        "( SELECT 1 )",
        "-- a comment\nSELECT 1 /* ; drop */ ; ",
        "/* /* nested */ */ SELECT 1",
        "SELECT 1 WHERE 'a;b' = 'a;b' AND $$x;y$$ = 'x;y'",
    ],
)
def test_queries_of_every_form_are_taken(dsn: str, statement: str) -> None:
    assert ask(dsn, statement) == [(1,)]


def test_show_and_explain_and_table_are_taken(dsn: str) -> None:
    assert ask(dsn, "SHOW transaction_read_only") == [("on",)]
    assert ask(dsn, "EXPLAIN SELECT title FROM articles")
    assert ask(dsn, "TABLE coverage")


def test_percent_signs_and_placeholders_are_the_persons_own(dsn: str) -> None:
    assert ask(dsn, "SELECT 'a%sb' LIKE 'a%b', 7 % 4, '%(x)s'") == [(True, 3, "%(x)s")]


def test_rows_are_streamed_in_batches(dsn: str) -> None:
    with run_sql(dsn, "SELECT generate_series(1, 1000000000)", role=READER, timeout=20, batch=10) as answer:
        rows = answer.rows
        assert [next(rows)[0] for _ in range(25)] == list(range(1, 26))
    assert len(ask(dsn, "SELECT generate_series(1, 25)", batch=10)) == 25
    assert len(ask(dsn, "SELECT generate_series(1, 20)", batch=10)) == 20
    assert ask(dsn, "SELECT 1 WHERE false") == []


def test_times_are_utc_and_what_python_cannot_hold_is_text(dsn: str) -> None:
    assert ask(dsn, "SELECT timestamptz '2026-01-01 03:00+03', 'infinity'::timestamptz, date '0044-03-15 BC'") == [
        (datetime(2026, 1, 1, tzinfo=UTC), "infinity", "0044-03-15 BC")
    ]


def test_spans_and_times_are_given_as_they_are(dsn: str) -> None:
    query = (
        "SELECT interval '90 s', interval '1 mon 3 days', interval '-1 year', interval '3000000 years', "
        "time '24:00', timetz '24:00+02', interval '1000000000 days'"
    )
    assert ask(dsn, query) == [
        (
            timedelta(seconds=90), "1 mon 3 days", "-1 years", "3000000 years",
            "24:00:00", "24:00:00+02", "1000000000 days",
        )
    ]  # fmt: skip


def test_ranges_are_given_as_postgresql_writes_them(dsn: str) -> None:
    query = (
        "SELECT int4range(NULL, 5), '{[1,3),[5,7)}'::int4multirange, daterange('2026-01-01', NULL), 'empty'::numrange"
    )
    assert ask(dsn, query) == [("(,5)", "{[1,3),[5,7)}", "[2026-01-01,)", "empty")]


def test_an_infinite_span_is_no_span_of_nothing(dsn: str) -> None:
    with connect(dsn) as conn:
        if conn.info.server_version < 170000:
            pytest.skip("PostgreSQL has infinite intervals from 17 on")
    assert ask(dsn, "SELECT interval 'infinity'") == [("infinity",)]


def test_spans_are_read_alike_whatever_style_the_database_writes_them_in(archive: str) -> None:
    options = make_conninfo(archive, options="-c intervalstyle=iso_8601")
    assert ask(options, "SELECT interval '1 day 2 hours'") == [(timedelta(days=1, hours=2),)]


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan"), float("inf"), 1e12])
def test_a_limit_that_cannot_be_kept_is_refused(archive: str, timeout: float) -> None:
    with pytest.raises(ConfigError, match="cannot be kept; expected more than 0, at most 2147483"):
        ask(archive, "SELECT 1", timeout=timeout)


REFUSED = [
    "commit; delete from store.article",
    "SELECT 1; DELETE FROM store.article",
    "SELECT 1;;SELECT 2",
    "reset role",
    "RESET SESSION AUTHORIZATION",
    "SET ROLE postgres",
    "SET statement_timeout = 0",
    "DO $$ BEGIN DELETE FROM store.article; END $$",
    "COPY (SELECT 1) TO PROGRAM 'touch /tmp/pwned'",
    "COPY store.article TO '/tmp/x'",
    "CREATE TABLE x (y int)",
    "CREATE TEMP TABLE x (y int)",
    "DELETE FROM store.article",
    "CALL x()",
    "LISTEN x",
    "VACUUM",
    "",
    "  -- nothing",
    ";",
    "WITH gone AS (DELETE FROM store.article RETURNING *) SELECT * FROM gone",
    "SELECT * INTO x FROM archive.articles",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT \"pg_read_file\"('/etc/passwd')",
    "SELECT pg_catalog.pg_read_binary_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT * FROM store.article",
    "SELECT * FROM queue.procrastinate_jobs",
    "SELECT archive.recrawl('https://paper.example/1')",
    "SELECT set_config('role', 'none', true)",
    "SELECT set_config('role', 'none', true), pg_read_file('/etc/passwd')",
    "SELECT set_config('role', 'none', true), query_to_xml($$SELECT pg_read_file('/etc/passwd')$$, true, true, '')",
    "SELECT pg_catalog . set_config /* x */ ('role', 'none', true)",
    "SELECT U&\"\\0073et_config\"('role', 'none', true)",
    "SELECT E'a'\n'\\'', set_config('role', 'none', true) --'",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT dblink_exec('dbname=x', 'DELETE FROM store.article')",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename <> current_user",
    "SELECT pg_terminate_backend(pg_backend_pid())",
    "SELECT pg_cancel_backend(1)",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_advisory_xact_lock(hashtextextended('wirekeep frontier', 0)), generate_series(1, 1000000)",
    "SELECT pg_catalog.pg_try_advisory_lock_shared(1)",
    "SELECT pg_notify('procrastinate_any_queue', '')",
    "SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000)) FROM generate_series(1, 1000)",
    "SELECT '\udcff'",
    "SELECT FROM archive.articles",
    "SELECT",
    "SELECT pg_reload_conf()",
    "SELECT nextval('store.article_article_id_seq')",
    "SELECT 1 FROM archive.articles FOR UPDATE",
    "EXPLAIN ANALYZE DELETE FROM store.article",
    "EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1",
    "SELECT 1\0; DROP SCHEMA store",
    "SELECT rolpassword FROM pg_authid",
    "SELECT nonsense FROM articles",
    "SELEKT 1",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_what_is_not_a_readers_query_is_refused(dsn: str, archive: str, statement: str) -> None:
    with pytest.raises(QueryRefused):
        ask(dsn, statement)
    with connect(archive) as conn:
        assert one(conn, "SELECT count(*) FROM store.article") == 1
        assert one(conn, "SELECT count(*) FROM store.request") == 0


def test_the_clock_stops_a_query_that_sleeps(dsn: str) -> None:
    with pytest.raises(ArchiveError, match=r"longer than 0\.2 s"):
        ask(dsn, "SELECT pg_sleep(30)", timeout=0.2)


def test_nothing_of_an_answer_stays_behind(dsn: str, archive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.ask._REFUSED_PREFIXES", ())
    ask(dsn, "SELECT pg_notify('x', 'y')")
    with connect(archive) as conn:
        assert one(conn, "SELECT count(*) FROM pg_largeobject_metadata") == 0


def test_by_the_socket_the_session_itself_is_the_readers(archive: str) -> None:
    assert ask(archive, "SELECT session_user, current_user") == [(READER, READER)]


def test_the_rights_hold_even_where_the_words_are_not_looked_at(archive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.ask._REFUSED", frozenset())
    monkeypatch.setattr("archive.ask._REFUSED_PREFIXES", ())
    with pytest.raises(QueryRefused, match="permission denied"):
        ask(
            archive,
            "SELECT set_config('role', 'none', true), "
            "(SELECT word FROM ts_stat('SELECT to_tsvector(pg_read_file(''/etc/passwd''))') LIMIT 1)",
        )
    with pytest.raises(QueryRefused, match="permission denied for function pg_advisory_lock"):
        ask(archive, "SELECT pg_advisory_lock(1)")


def test_the_wire_takes_one_statement_even_where_the_words_are_not_looked_at(
    archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.ask.check_statement", lambda statement: statement.startswith("SHOW"))
    for statement in ("SELECT 1; COMMIT; SELECT 2", "SHOW work_mem; COMMIT"):
        with pytest.raises(QueryRefused, match="multiple commands"):
            ask(archive, statement)
    with pytest.raises(QueryRefused, match="syntax error"):
        ask(archive, "DELETE FROM store.article")


def test_without_that_refusal_set_role_alone_would_not_hold(archive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Why the words are looked at: were this to fail one day, the list may go."""
    monkeypatch.setattr("archive.ask._REFUSED", frozenset())
    dsn = make_conninfo(archive, password="given")
    statement = (
        "SELECT set_config('role', 'none', true), "
        "(SELECT word FROM ts_stat('SELECT array_to_tsvector(ARRAY[current_user::text])'))"
    )
    assert ask(dsn, statement)[0][1] not in (None, READER)


def test_a_superuser_without_a_reader_role_is_refused(database: str) -> None:
    with pytest.raises(QueryRefused, match="wirekeep db roles --apply"):
        ask(database, "SELECT 1", role="nobody_reader")


def test_a_plain_user_without_a_reader_role_asks_with_its_own_rights(archive: str) -> None:
    user = f"{PREFIX}_operator"
    dsn = make_conninfo(archive, user=user)
    with run_sql(dsn, "SELECT 1", role="nobody_reader", timeout=20) as answer:
        assert answer.role == user
    with pytest.raises(QueryRefused, match=r"read-only transaction|permission denied"):
        ask(dsn, "SELECT archive.recrawl('https://paper.example/1')", role="nobody_reader")


@given(st.text(alphabet="aE'\"$-/*\\;U&\n (", max_size=20))
def test_words_are_read_or_refused_and_never_hang(text: str) -> None:
    try:
        list(read_words("SELECT " + text))
    except OddStatement:
        return


def is_taken_as_one(statement: str) -> bool:
    """Taken, or refused for a string that goes on in another: never for what a string or comment holds."""
    try:
        check_statement(statement)
    except QueryRefused as refused:
        return "goes on in another" in str(refused)
    return True


def test_a_statement_that_postgresql_takes_as_one_is_read_as_one(database: str) -> None:
    """The two readers agree on where strings and comments end, on statements that PostgreSQL can parse."""
    pieces = [
        "'a'",
        "E'b\\''",
        "$$c;$$",
        "$t$d'$t$",
        '"e;"',
        "--f;\n",
        "/* g; /* h */ */",
        "1",
        ",",
        "\n",
        "e''",
        "n'x'",
    ]
    taken = 0
    with connect(database, autocommit=True) as conn:
        for first in pieces:
            for second in pieces:
                for third in pieces:
                    statement = f"SELECT {first} {second} {third}"
                    try:
                        conn.execute(
                            sql.SQL("DO {}").format(f"BEGIN IF false THEN PERFORM 1 FROM ({statement}) x; END IF; END")
                        )
                    except psycopg.errors.SyntaxError:
                        continue
                    taken += 1
                    assert is_taken_as_one(statement)
    assert taken > 20


def test_the_dsn_keeps_its_other_parts(archive: str) -> None:
    parts = conninfo_to_dict(archive)
    assert ask(archive, "SELECT current_database()") == [(parts["dbname"],)]
