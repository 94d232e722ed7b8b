"""What the commands ask: search, show, why, status tell what is in the database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from stored_rows import DAY, HOUR, NOW, Desk, apply, link, one, source_row

from archive import query
from archive.answers import HeldLink
from archive.db import Connection
from archive.records import Conclusion, Postponement, RobotsRow
from archive.store import articles, crawls, frontier, hosts, processes, requests, robots, slots, sources

URL = "https://paper.example/1"
DEAD_AFTER = timedelta(seconds=30)


@pytest.fixture
def desk(conn: Connection) -> Desk:
    apply(conn, source_row())
    return Desk(conn)


def test_search_gives_hits(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(URL)
    articles.save_article(conn, desk.save(begun, leased))
    (hit,) = query.search(conn, "القمة", language="ar", source="paper", agency="Reuters", since=NOW - DAY, until=NOW)
    assert (hit.url, hit.source, hit.dated_by, hit.agencies) == (URL, "paper", "published", ["Reuters"])
    assert "[القمة]" in hit.headline
    assert query.search(conn, "القمة", until=NOW - DAY) == []
    assert query.search(conn, "a\0b") == []


def test_show_gives_the_story_with_all_its_evidence(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(URL)
    capture = desk.capture(URL)
    articles.save_article(conn, desk.save(begun, leased, captures=(capture,), aliases=((URL + "?x", "announced"),)))
    for url in (URL, URL + "?x"):
        shown = query.show(conn, url)
        assert shown is not None
        assert shown.story is not None
        assert shown.story.title == "قمة في بكين"
        assert [removal.rule for removal in shown.removals] == ["share", "read_also"]
        assert [credit.agency for credit in shown.credits] == ["Reuters"]
        assert [revision.number for revision in shown.revisions] == [1]
        assert shown.aliases == [URL + "?x"]
        assert shown.body == capture.place
        assert [one_capture.status for one_capture in shown.captures] == [200]
    assert query.show(conn, "https://paper.example/unknown") is None


def test_show_gives_the_bytes_of_what_is_no_article(conn: Connection, desk: Desk) -> None:
    begun = desk.begin()
    desk.read_feed(begun, link(URL))
    shown = query.show(conn, "https://paper.example/feed")
    assert shown is not None
    assert shown.story is None
    assert shown.body is not None
    assert shown.body.path == desk.path


def test_why_tells_where_a_url_was_announced_and_what_came_of_it(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(URL)
    until = datetime.now(UTC) + HOUR
    frontier.postpone(
        conn,
        Postponement(
            frontier_id=leased.frontier_id, crawl_id=begun.crawl_id, due_at=until, due_why="paused", error="HTTP 503",
            at=NOW, captures=(desk.capture(URL, None, status=503),), status=503,
        ),
    )  # fmt: skip
    hosts.pause(conn, "paper.example", until, "HTTP 503, Retry-After 3600")
    robots.save(
        conn,
        RobotsRow(
            origin="https://paper.example", checked_at=NOW, expires_at=NOW + DAY, status=404, state="absent",
            reason=None, good_body=None, good_at=None,
        ),
        (),
    )  # fmt: skip
    request_id = requests.ask_url(conn, URL, force=False)
    why = query.why(conn, URL)
    assert why.state is not None
    assert (why.state.outcome, why.state.due_at, why.state.due_why, why.state.last_error) == (
        None,
        until,
        "paused",
        "HTTP 503",
    )
    (sighting,) = why.sightings
    assert (sighting.document, sighting.rule, sighting.announced_url) == (
        "https://paper.example/feed", "allow:default", URL + "?utm_source=rss",
    )  # fmt: skip
    (attempt,) = why.attempts
    assert (attempt.result, attempt.status, attempt.detail, attempt.warc_path) == (
        "postponed",
        503,
        "HTTP 503",
        desk.path,
    )
    assert why.host_state is not None
    assert (why.host_state.paused_until, why.host_state.strikes) == (until, 1)
    assert why.robots is not None
    assert why.robots.state == "absent"
    assert [request.request_id for request in why.requests] == [request_id]
    assert [owner.name for owner in why.owners] == ["paper"]


def test_why_tells_what_holds_up_the_next_attempt(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(URL)
    frontier.postpone(
        conn,
        Postponement(
            frontier_id=leased.frontier_id, crawl_id=begun.crawl_id, due_at=NOW, due_why="retry", error="x", at=NOW
        ),
    )  # fmt: skip

    def held_by() -> str | None:
        state = query.why(conn, URL).state
        assert state is not None
        return state.held_by

    assert held_by() is None
    hosts.pause(conn, "paper.example", datetime(2100, 1, 1, 12, tzinfo=UTC), "HTTP 503")
    assert held_by() == "host paper.example is paused until 2100-01-01 12:00:00 UTC: HTTP 503"
    apply(conn, source_row(enabled=False))
    assert held_by() == "source paper is disabled in sources.toml"
    apply(conn, source_row())
    sources.pause_source(conn, "paper", "talks")
    assert held_by() == "source paper is paused: talks"
    apply(conn)
    assert held_by() == "source paper is no longer in sources.toml"


def test_why_finds_a_story_by_its_alias(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(URL)
    articles.save_article(conn, desk.save(begun, leased, aliases=(("https://paper.example/amp/1", "redirect"),)))
    why = query.why(conn, "https://paper.example/amp/1")
    assert why.state is not None
    assert (why.state.url, why.state.outcome, why.state.article_url) == (URL, "stored", URL)


def test_why_a_url_was_never_announced_names_its_owner_and_what_its_feed_last_held(
    conn: Connection, desk: Desk
) -> None:
    desk.read_feed(desk.begin(), *(link(f"https://paper.example/{n}", title=f"خبر {n}") for n in range(9)), over_cap=3)
    why = query.why(conn, "https://paper.example/missing")
    assert why.state is None
    assert (why.sightings, why.attempts) == ([], [])
    (owner,) = why.owners
    (document,) = owner.documents
    assert (document.url, document.outcome, document.links, document.over_cap) == (
        "https://paper.example/feed",
        "read",
        9,
        3,
    )
    assert len(document.held) == 5
    assert (
        HeldLink(url="https://paper.example/8", title="خبر 8", published_at=NOW - HOUR, rule="allow:default")
        in document.held
    )
    assert query.why(conn, "https://nobody.example/x").owners == []


def status(conn: Connection) -> Any:
    return query.status(conn, DEAD_AFTER)


def test_status_of_an_empty_archive_can_be_told(conn: Connection) -> None:
    found = status(conn)
    assert (found.sources, found.processes, found.crawls, found.paused_hosts, found.source_file) == (
        [],
        [],
        [],
        [],
        None,
    )
    assert (found.queue.todo, found.totals.articles, found.totals.urls) == (0, 0, 0)
    assert found.totals.database_bytes > 0
    assert abs(found.at - datetime.now(UTC)) < DAY


def test_status_tells_the_truth_while_crawling_and_when_idle(conn: Connection, desk: Desk) -> None:
    slots.defer_crawl(conn, "paper", "manual")
    begun, leased = desk.owe(URL, "https://paper.example/2")
    crawling = status(conn)
    (source,) = crawling.sources
    assert (source.state, source.owed, source.leased, source.articles) == ("active", 2, 2, 0)
    (crawl,) = crawling.crawls
    assert (crawl.source, crawl.kind, crawl.worker_pid) == ("paper", "scheduled", 1)
    assert (crawling.queue.todo, crawling.queue.doing) == (1, 0)
    for url in leased:
        articles.save_article(conn, desk.save(begun, url))
    crawls.end_crawl(conn, begun.crawl_id, state="finished", reason=None, counts={"stored": 2})
    idle = status(conn)
    (source,) = idle.sources
    assert (source.owed, source.leased, source.articles) == (0, 0, 2)
    assert (source.last_crawl_state, source.last_crawl_counts) == ("finished", {"stored": 2})
    assert idle.crawls == []
    assert (idle.totals.articles, idle.totals.revisions, idle.totals.urls, idle.totals.pending) == (2, 2, 2, 0)


def test_status_tells_of_a_paused_host(conn: Connection, desk: Desk) -> None:
    desk.read_feed(desk.begin(), link(URL))
    until = datetime.now(UTC) + HOUR
    hosts.pause(conn, "paper.example", until, "HTTP 429")
    found = status(conn)
    (host,) = found.paused_hosts
    assert (host.host, host.until, host.why, host.strikes, host.owed) == ("paper.example", until, "HTTP 429", 1, 1)
    assert (found.sources[0].owed, found.sources[0].held) == (1, 1)


def test_status_tells_of_failed_paused_and_faulty_sources(conn: Connection, desk: Desk) -> None:
    crawls.end_crawl(conn, desk.begin().crawl_id, state="failed", reason="feed: HTTP 500", counts={})
    assert (status(conn).sources[0].state, status(conn).sources[0].last_error) == ("failing", "feed: HTTP 500")
    sources.pause_source(conn, "paper", "holiday")
    assert (status(conn).sources[0].state, status(conn).sources[0].paused_why) == ("paused", "holiday")
    sources.record_file_error(conn, path="sources.toml", error="bad")
    assert status(conn).source_file.error == "bad"


def test_status_tells_the_dead_worker_from_the_living_and_the_stopped(conn: Connection, desk: Desk) -> None:
    alive, stopped = Desk(conn), Desk(conn)
    processes.stop(conn, stopped.process_id)
    with conn.transaction():
        conn.execute(
            "UPDATE store.process SET seen_at = now() - interval '1 minute' WHERE process_id = %s", (desk.process_id,)
        )
    processes.beat(conn, alive.process_id, {"running": ["paper"], "odd": "\0"})
    told = {process.process_id: process for process in status(conn).processes}
    assert {key: process.alive for key, process in told.items()} == {desk.process_id: False, alive.process_id: True}
    assert told[alive.process_id].state == {"running": ["paper"], "odd": ""}
    assert [process.process_id for process in processes.dead(conn, DEAD_AFTER)] == [desk.process_id]


def test_status_tells_of_stalled_jobs(conn: Connection, desk: Desk) -> None:
    slots.defer_crawl(conn, "paper", "manual")
    with conn.transaction():
        conn.execute(
            "SELECT queue.procrastinate_fetch_job_v2(NULL, w.worker_id) FROM queue.procrastinate_register_worker_v1() w"
        )
    assert (status(conn).queue.doing, status(conn).queue.stalled) == (1, 0)
    with conn.transaction():
        conn.execute("UPDATE queue.procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    assert (status(conn).queue.doing, status(conn).queue.stalled) == (1, 1)


def test_requests_are_told_in_the_order_asked_for(conn: Connection, desk: Desk) -> None:
    ids = [requests.ask_url(conn, f"https://paper.example/{n}", force=False) for n in range(3)]
    assert [state.request_id for state in query.request_states(conn, ids[::-1])] == ids[::-1]
    assert query.request_states(conn, []) == []


def test_answers_can_be_written_as_json(conn: Connection, desk: Desk) -> None:
    from commands.display import to_plain

    begun, (leased,) = desk.owe(URL)
    articles.save_article(conn, desk.save(begun, leased))
    frontier.conclude(
        conn,
        Conclusion(
            frontier_id=leased.frontier_id, crawl_id=begun.crawl_id, outcome="unchanged", reason=None, at=NOW + HOUR
        ),
    )
    for answer in (
        status(conn),
        query.show(conn, URL),
        query.why(conn, URL),
        query.search(conn, "قمة"),
    ):
        assert json.dumps(to_plain(answer))


def test_asking_leaves_no_transaction_open(conn: Connection, desk: Desk) -> None:
    query.why(conn, URL)
    query.show(conn, URL)
    status(conn)
    assert conn.info.transaction_status.name == "IDLE"
    assert (
        one(
            conn,
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE state = 'idle in transaction' AND datname = current_database()",
        )
        == 0
    )
