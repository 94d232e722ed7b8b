"""Re-crawls on demand: one request while one waits, any spelling, settled by what the URL comes to."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg import errors
from stored_rows import DAY, NOW, Desk, apply, link, one, source_row, table

from archive import query
from archive.db import Connection, connect
from archive.errors import ConfigError
from archive.records import Conclusion, Postponement, RequestRow
from archive.store import articles, frontier, hosts, requests, slots, sources

URL = "https://paper.example/1"


@pytest.fixture
def desk(conn: Connection) -> Desk:
    """A source with one article at URL, found under another spelling too."""
    apply(conn, source_row(), source_row("off", "off.example", enabled=False))
    desk = Desk(conn)
    begun, (leased,) = desk.owe(URL)
    articles.save_article(conn, desk.save(begun, leased, aliases=(("https://paper.example/amp/1", "redirect"),)))
    return desk


def jobs(conn: Connection) -> list[dict[str, Any]]:
    return table(conn, "SELECT queue_name, task_name, lock, args FROM queue.procrastinate_jobs ORDER BY id")


def take(conn: Connection, request_id: int) -> RequestRow:
    row = requests.take_request(conn, request_id)
    assert row is not None
    return row


def state(conn: Connection, request_id: int) -> query.RequestState:
    (found,) = query.request_states(conn, [request_id])
    return found


@pytest.mark.parametrize(
    "spelling",
    [
        URL,
        "HTTPS://Paper.Example:443/1?utm_source=x#top",
        " https://paper.example/./1\n",
        "https://paper.example/amp/1?fbclid=1",
    ],
)
def test_any_spelling_or_alias_is_one_request_for_the_url_that_is_fetched(
    conn: Connection, desk: Desk, spelling: str
) -> None:
    first = requests.ask_url(conn, URL, force=False)
    assert requests.ask_url(conn, spelling, force=False) == first
    row = take(conn, first)
    assert (row.kind, row.key, row.force, row.finished_at) == ("url", URL, False, None)
    assert jobs(conn) == [
        {"queue_name": "demand", "task_name": "serve_request", "lock": None, "args": {"request_id": first}}
    ]


def test_a_forced_request_forces_the_one_that_waits(conn: Connection, desk: Desk) -> None:
    request_id = requests.ask_url(conn, URL, force=False)
    assert requests.ask_url(conn, URL, force=True) == request_id
    assert requests.ask_url(conn, URL, force=False) == request_id
    assert take(conn, request_id).force


def test_sessions_that_ask_at_once_get_the_same_request(database: str) -> None:
    with connect(database) as conn:
        apply(conn, source_row())
    ids: list[int] = []
    barrier = threading.Barrier(5)

    def ask() -> None:
        with connect(database) as own:
            barrier.wait()
            ids.extend([requests.ask_url(own, f"https://paper.example/{n}", force=False) for n in range(10)])

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 10
    with connect(database) as conn:
        assert one(conn, "SELECT count(*) FROM queue.procrastinate_jobs") == 10


def test_an_unknown_url_of_a_known_host_is_archived(conn: Connection, desk: Desk) -> None:
    request_id = requests.ask_url(conn, "https://www.paper.example/new", force=False)
    row = take(conn, request_id)
    begun = desk.begin("request")
    (leased,) = desk.lease(begun, request_id=request_id)
    assert (leased.url, leased.due_why, leased.request_id) == ("https://www.paper.example/new", "request", request_id)
    assert leased.frontier_id == row.frontier_id
    saved = articles.save_article(conn, desk.save(begun, leased))
    done = state(conn, request_id)
    assert (done.state, done.outcome, done.revision_id, done.article_id) == (
        "done", "stored", saved.revision_id, saved.article_id,
    )  # fmt: skip
    assert requests.ask_url(conn, "https://www.paper.example/new", force=False) != request_id


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://elsewhere.example/x", r'elsewhere\.example.*sources\.toml.*hosts = \["elsewhere\.example"\]'),
        ("https://off.example/x", r"no enabled source covers host 'off\.example'"),
        ("ftp://paper.example/x", "not a URL that can be fetched"),
        ("paper.example/1", "not a URL that can be fetched"),
        ("'; DROP TABLE store.article; --", "not a URL"),
        ("https://paper.example:99999/", "not a URL"),
    ],
)
def test_a_url_of_nobodys_host_is_refused_with_the_line_to_add(
    conn: Connection, desk: Desk, url: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        requests.ask_url(conn, url, force=False)
    assert one(conn, "SELECT count(*) FROM store.request") == 0


def test_an_unknown_source_is_refused_with_names_like_it(conn: Connection, desk: Desk) -> None:
    with pytest.raises(ConfigError, match=r"no source is called 'papr'. Names like it: paper"):
        requests.ask_source(conn, "papr", None, False)


def test_a_request_takes_the_url_from_the_crawl_that_has_it_in_hand(conn: Connection, desk: Desk) -> None:
    """Whoever asks wants a fetch that begins after asking: one under way does not count."""
    begun = desk.begin()
    desk.read_feed(begun, link("https://paper.example/2"))
    (early,) = desk.lease(begun)
    request_id = requests.ask_url(conn, "https://paper.example/2", force=True)
    take(conn, request_id)
    serving = desk.begin("request")
    (mine,) = desk.lease(serving, request_id=request_id)
    assert mine.force
    articles.save_article(conn, desk.save(begun, early))
    assert state(conn, request_id).state == "running"
    frontier.conclude(
        conn,
        Conclusion(
            frontier_id=mine.frontier_id, crawl_id=serving.crawl_id, outcome="unchanged", reason="HTTP 304", at=NOW
        ),
    )
    done = state(conn, request_id)
    assert (done.state, done.outcome, done.reason) == ("done", "unchanged", "HTTP 304")


def test_a_postponed_request_stays_open_says_what_it_waits_for_and_is_queued_again(
    conn: Connection, desk: Desk
) -> None:
    request_id = requests.ask_url(conn, URL, force=False)
    assert state(conn, request_id).waits_for == "a free worker"
    take(conn, request_id)
    begun = desk.begin("request")
    (leased,) = desk.lease(begun, request_id=request_id)
    assert (state(conn, request_id).state, state(conn, request_id).waits_for) == ("running", "its fetch")
    until = datetime.now(UTC) + timedelta(hours=1)
    hosts.pause(conn, "paper.example", until, "HTTP 503")
    frontier.postpone(
        conn,
        Postponement(
            frontier_id=leased.frontier_id,
            crawl_id=begun.crawl_id,
            due_at=until,
            due_why="paused",
            error="HTTP 503",
            at=NOW,
        ),
    )
    waiting = state(conn, request_id)
    assert waiting.state == "waiting"
    assert waiting.waits_for is not None
    assert waiting.waits_for.startswith("host paper.example until ")
    assert waiting.waits_for.endswith("UTC: HTTP 503")
    with conn.transaction():
        conn.execute("DELETE FROM queue.procrastinate_jobs")
        conn.execute("UPDATE store.request SET started_at = now() - interval '1 minute'")
    slots.defer_owed(conn)
    assert jobs(conn) == []
    with conn.transaction():
        conn.execute("UPDATE store.host SET paused_until = now()")
        conn.execute("UPDATE store.frontier SET due_at = now()")
    slots.defer_owed(conn)
    slots.defer_owed(conn)
    assert [job["args"].get("request_id") for job in jobs(conn) if job["queue_name"] == "demand"] == [request_id]


def test_a_request_taken_up_twice_is_served_once(conn: Connection, desk: Desk) -> None:
    request_id = requests.ask_url(conn, URL, force=False)
    assert take(conn, request_id).frontier_id == take(conn, request_id).frontier_id
    assert requests.take_request(conn, 999) is None
    begun = desk.begin("request")
    (leased,) = desk.lease(begun, request_id=request_id)
    for outcome in ("failed", "gone"):
        ended = Conclusion(
            frontier_id=leased.frontier_id, crawl_id=begun.crawl_id, outcome=outcome, reason=None, at=NOW
        )
        frontier.conclude(conn, ended)
    assert take(conn, request_id).outcome == "failed"


def test_a_request_whose_source_was_retired_ends_as_failed(conn: Connection, desk: Desk) -> None:
    request_id = requests.ask_url(conn, URL, force=False)
    sources.apply_sources(conn, [], path="p", digest=b"")
    assert take(conn, request_id).outcome == "failed"
    assert "no longer in sources.toml" in (state(conn, request_id).reason or "")


def test_a_request_of_a_paused_source_says_so(conn: Connection, desk: Desk) -> None:
    request_id = requests.ask_url(conn, URL, force=False)
    sources.pause_source(conn, "paper", None)
    assert state(conn, request_id).waits_for == "source paper is paused"


def test_a_whole_source_is_owed_and_done_when_its_last_url_is(conn: Connection, desk: Desk) -> None:
    begun, (second, third) = desk.owe("https://paper.example/2", "https://paper.example/3")
    articles.save_article(conn, desk.save(begun, second, at=NOW + DAY))
    articles.save_article(conn, desk.save(begun, third, at=NOW + 2 * DAY))
    request_id = requests.ask_source(conn, "paper", NOW + DAY, False)
    assert requests.ask_source(conn, "paper", NOW + DAY, False) == request_id
    assert requests.ask_source(conn, "paper", None, False) != request_id
    take(conn, request_id)
    assert state(conn, request_id).waits_for == "2 URLs to fetch"
    assert {"name": "paper", "kind": "owed", "slot": None} in [job["args"] for job in jobs(conn)]
    crawl = desk.begin("owed")
    leased = desk.lease(crawl)
    assert [url.request_id for url in leased] == [request_id, request_id]
    for number, url in enumerate(leased):
        assert state(conn, request_id).state == "running", f"{number} of 2 done"
        conclusion = Conclusion(
            frontier_id=url.frontier_id, crawl_id=crawl.crawl_id, outcome="unchanged", reason=None, at=datetime.now(UTC)
        )
        frontier.conclude(conn, conclusion)
    done = state(conn, request_id)
    assert (done.state, done.outcome, done.reason) == ("done", "done", "2 unchanged")


def test_a_whole_source_without_articles_is_done_at_once(conn: Connection, desk: Desk) -> None:
    request_id = requests.ask_source(conn, "paper", NOW + 99 * DAY, False)
    take(conn, request_id)
    assert state(conn, request_id).reason == "no article to fetch"


def test_a_url_asked_for_by_itself_does_not_keep_its_sources_request_open(conn: Connection, desk: Desk) -> None:
    whole = requests.ask_source(conn, "paper", None, False)
    take(conn, whole)
    single = requests.ask_url(conn, URL, force=False)
    take(conn, single)
    crawl = desk.begin("request")
    (leased,) = desk.lease(crawl, request_id=single)
    frontier.conclude(
        conn,
        Conclusion(
            frontier_id=leased.frontier_id,
            crawl_id=crawl.crawl_id,
            outcome="unchanged",
            reason=None,
            at=datetime.now(UTC),
        ),
    )
    assert state(conn, single).state == "done"
    assert state(conn, whole).state == "done"


def test_the_functions_can_be_called_from_any_sql_client(conn: Connection, desk: Desk) -> None:
    request_id = one(conn, "SELECT archive.recrawl('https://paper.example/1')")
    assert one(conn, "SELECT state FROM archive.requests WHERE id = %s", request_id) == "waiting"
    assert one(conn, "SELECT archive.recrawl_source('paper', since => now() - interval '1 day')") > request_id


def test_nobody_but_the_granted_may_call_them(conn: Connection, desk: Desk) -> None:
    for function in ("archive.recrawl(text, boolean)", "archive.recrawl_source(text, timestamptz, boolean)"):
        assert not one(conn, "SELECT has_function_privilege('public', %s, 'EXECUTE')", function)
        row = table(conn, "SELECT prosecdef, proconfig FROM pg_proc WHERE oid = %s::regprocedure", function)[0]
        assert row == {"prosecdef": True, "proconfig": ["search_path=pg_catalog, pg_temp"]}


def test_names_of_the_callers_own_do_not_lead_the_functions_astray(conn: Connection, desk: Desk) -> None:
    with conn.transaction():
        conn.execute(
            "CREATE SCHEMA evil; CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE sql AS 'SELECT 1/0; SELECT $1'"
        )
        conn.execute("SET search_path = evil, pg_catalog")
    assert requests.ask_url(conn, "HTTPS://PAPER.example/1", force=False)


@pytest.mark.parametrize("since", ["infinity", "-infinity", "0044-03-15 BC", "1700-01-01", "9999-12-31", "20000-01-01"])
def test_a_moment_that_no_worker_can_read_is_refused_at_the_door(conn: Connection, desk: Desk, since: str) -> None:
    with pytest.raises(errors.InvalidParameterValue, match="is no moment to fetch articles since"), conn.transaction():
        conn.execute("SELECT archive.recrawl_source('paper', %s::timestamptz)", (since,))
    # Nor does it stand in the way of a request for all articles, whose key it had.
    request_id = requests.ask_source(conn, "paper", None, False)
    assert take(conn, request_id).since is None


def test_a_disabled_source_is_refused_as_a_whole_and_served_url_by_url(conn: Connection, desk: Desk) -> None:
    with pytest.raises(ConfigError, match=r"source 'off' is disabled.*enabled = true"):
        requests.ask_source(conn, "off", None, False)
    apply(conn, source_row(enabled=False))
    with pytest.raises(ConfigError, match="source 'paper' is disabled"):
        requests.ask_source(conn, "paper", None, False)
    request_id = requests.ask_url(conn, URL, force=False)
    take(conn, request_id)
    assert requests.end_orphans(conn) == []
    assert state(conn, request_id).outcome is None


@pytest.mark.parametrize(("enabled", "reason"), [(False, "is disabled in"), (None, "is no longer in")])
def test_requests_end_with_their_source_and_say_so(
    conn: Connection, desk: Desk, enabled: bool | None, reason: str
) -> None:
    whole = requests.ask_source(conn, "paper", None, False)
    take(conn, whole)
    assert requests.end_orphans(conn) == []
    apply(conn, *([] if enabled is None else [source_row(enabled=enabled)]))
    assert requests.end_orphans(conn) == [whole]
    ended = state(conn, whole)
    assert (ended.state, ended.outcome, ended.reason) == ("done", "failed", f"source paper {reason} sources.toml")
    assert one(conn, "SELECT count(*) FROM store.frontier WHERE request_id IS NOT NULL") == 0
    assert requests.end_orphans(conn) == []


def test_a_request_whose_fetch_is_under_way_ends_by_that_though_its_source_is_gone(
    conn: Connection, desk: Desk
) -> None:
    request_id = requests.ask_url(conn, URL, force=False)
    take(conn, request_id)
    begun = desk.begin("request")
    (leased,) = desk.lease(begun, request_id=request_id)
    apply(conn)
    assert requests.end_orphans(conn) == []
    frontier.conclude(
        conn,
        Conclusion(
            frontier_id=leased.frontier_id, crawl_id=begun.crawl_id, outcome="unchanged", reason="HTTP 304", at=NOW
        ),
    )
    assert state(conn, request_id).outcome == "unchanged"


def test_a_request_for_a_source_says_what_it_waits_for(conn: Connection, desk: Desk) -> None:
    request_id = requests.ask_source(conn, "paper", None, False)
    assert state(conn, request_id).waits_for == "a free worker"
    take(conn, request_id)
    assert state(conn, request_id).waits_for == "1 URLs to fetch"
    until = datetime(2100, 1, 1, 12, tzinfo=UTC)
    hosts.pause(conn, "paper.example", until, "HTTP 503")
    assert state(conn, request_id).waits_for == "1 URLs on paused hosts, the first until 2100-01-01 12:00:00 UTC"
    with conn.transaction():
        conn.execute("UPDATE store.host SET paused_until = NULL")
        conn.execute("UPDATE store.frontier SET due_at = %s WHERE request_id = %s", (until, request_id))
    assert state(conn, request_id).waits_for == "1 URLs, the first at 2100-01-01 12:00:00 UTC"
