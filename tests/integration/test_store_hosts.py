"""Hosts, robots and WARC files: one budget a host, by the database's clock."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from stored_rows import DAY, NOW, Desk, apply, one, source_row, table

from archive.db import Connection, borrow, connect, open_pool
from archive.records import RobotsRow
from archive.store import captures, hosts, robots, warcs

HOST = "paper.example"
LEASE = timedelta(seconds=10)


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def turn_clock(conn: Connection, by: float) -> None:
    """Let `by` seconds pass for the host."""
    with conn.transaction():
        conn.execute("UPDATE store.host SET next_at = next_at - make_interval(secs => %s)", (by,))


def test_a_host_is_granted_once_until_its_lease_and_delay_are_over(conn: Connection) -> None:
    assert hosts.claim(conn, HOST, seconds(5), LEASE).wait == timedelta(0)
    waiting = hosts.claim(conn, HOST, seconds(5), LEASE)
    assert seconds(14) < waiting.wait <= seconds(15)
    turn_clock(conn, 15)
    assert hosts.claim(conn, HOST, seconds(5), LEASE).wait == timedelta(0)


def test_a_clock_put_back_by_days_holds_a_host_back_by_its_delay(conn: Connection) -> None:
    hosts.claim(conn, HOST, seconds(5), LEASE)
    turn_clock(conn, -3 * DAY.total_seconds())
    assert seconds(4) < hosts.claim(conn, HOST, seconds(5), LEASE).wait <= seconds(5)
    turn_clock(conn, 5)
    assert hosts.claim(conn, HOST, seconds(5), LEASE).wait == timedelta(0)


def test_once_sent_the_next_request_waits_the_delay_only(conn: Connection) -> None:
    hosts.claim(conn, HOST, seconds(5), LEASE)
    hosts.mark_sent(conn, HOST)
    assert seconds(4) < hosts.claim(conn, HOST, seconds(5), LEASE).wait <= seconds(5)
    assert one(conn, "SELECT requests FROM store.host") == 1


def test_only_the_note_that_a_request_was_sent_is_not_waited_for_on_disk(database: str) -> None:
    with open_pool(database, size=1) as pool, borrow(pool) as conn:
        conn.execute("SET synchronous_commit = on")
        hosts.claim(conn, HOST, seconds(5), LEASE)
        hosts.mark_sent(conn, HOST)
        assert one(conn, "SHOW synchronous_commit") == "on"


def test_of_two_sources_on_a_host_the_slower_ones_gap_is_kept(conn: Connection) -> None:
    hosts.claim(conn, HOST, seconds(1), LEASE)
    hosts.mark_sent(conn, HOST)
    assert seconds(8) < hosts.claim(conn, HOST, seconds(9), LEASE).wait <= seconds(9)
    turn_clock(conn, 10)
    assert hosts.claim(conn, HOST, seconds(9), LEASE).wait == timedelta(0)
    hosts.mark_sent(conn, HOST)
    assert seconds(8) < hosts.claim(conn, HOST, seconds(1), LEASE).wait <= seconds(9)


def test_the_crawl_delay_and_a_high_latency_widen_the_gap(conn: Connection) -> None:
    hosts.set_crawl_delay(conn, HOST, seconds(20))
    assert hosts.claim(conn, HOST, seconds(1), LEASE).wait == timedelta(0)
    hosts.mark_sent(conn, HOST)
    assert seconds(19) < hosts.claim(conn, HOST, seconds(1), LEASE).wait <= seconds(20)
    hosts.set_crawl_delay(conn, HOST, None)
    turn_clock(conn, 20)
    hosts.mark_ended(conn, HOST, seconds(1.5), True)
    hosts.claim(conn, HOST, seconds(1), LEASE)
    assert one(conn, "SELECT delay FROM store.host") == seconds(1)
    turn_clock(conn, 20)
    for _ in range(30):
        hosts.mark_ended(conn, HOST, seconds(90), True)
    hosts.claim(conn, HOST, seconds(1), LEASE)
    assert one(conn, "SELECT delay FROM store.host") == seconds(30)


def test_a_paused_host_is_not_granted_and_says_why(conn: Connection) -> None:
    until = datetime.now(UTC) + DAY
    hosts.pause(conn, HOST, until, "HTTP 429")
    hosts.pause(conn, HOST, until - DAY / 2, "HTTP 503")
    claim = hosts.claim(conn, HOST, seconds(1), LEASE)
    assert (claim.paused_until, claim.why, claim.strikes) == (until, "HTTP 429", 2)
    assert hosts.strikes(conn, HOST) == 2
    hosts.mark_ended(conn, HOST, seconds(1), False)
    assert hosts.strikes(conn, HOST) == 2
    hosts.mark_ended(conn, HOST, seconds(1), True)
    assert hosts.strikes(conn, HOST) == 0
    assert hosts.strikes(conn, "unknown.example") == 0


def test_a_pause_that_is_over_is_over(conn: Connection) -> None:
    hosts.pause(conn, HOST, datetime.now(UTC) - DAY, "HTTP 503")
    assert hosts.claim(conn, HOST, seconds(1), LEASE).paused_until is None


def test_of_many_workers_one_is_granted(database: str) -> None:
    granted: list[bool] = []
    barrier = threading.Barrier(6)

    def claim() -> None:
        with connect(database) as conn:
            barrier.wait()
            granted.append(hosts.claim(conn, HOST, seconds(60), LEASE).wait == timedelta(0))

    threads = [threading.Thread(target=claim) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(granted) == 1


def robots_row(**changes: object) -> RobotsRow:
    values: dict[str, object] = {
        "origin": "https://paper.example",
        "checked_at": NOW,
        "expires_at": NOW + DAY,
        "status": 200,
        "state": "ok",
        "reason": None,
        "good_body": b"User-agent: *\n",
        "good_at": NOW,
    }
    return RobotsRow(**{**values, **changes})  # type: ignore[arg-type]


def test_robots_are_kept_with_their_exchange_and_an_older_fetch_never_wins(conn: Connection) -> None:
    assert robots.load(conn, "https://paper.example") is None
    apply(conn, source_row())
    desk = Desk(conn)
    robots.save(conn, robots_row(), (desk.capture("https://paper.example/robots.txt", purpose="robots"),))
    robots.save(conn, robots_row(checked_at=NOW - DAY, state="absent", good_body=None), ())
    assert robots.load(conn, "https://paper.example") == robots_row()
    assert one(conn, "SELECT purpose FROM archive.captures") == "robots"


def test_the_committed_end_of_a_warc_file_is_behind_its_last_capture(conn: Connection) -> None:
    apply(conn, source_row())
    desk = Desk(conn)
    assert warcs.committed_end(conn, desk.path) == 0
    assert warcs.committed_end(conn, "unknown") == 0
    rows = [desk.capture("https://paper.example/1"), desk.capture("https://paper.example/2")]
    ids = captures.insert_captures(conn, rows, None)
    assert captures.insert_captures(conn, rows, None) == ids
    assert warcs.committed_end(conn, desk.path) == 2900
    warcs.opened(conn, desk.file_id, desk.path, "another")
    warcs.sealed(conn, desk.path, 3000, 1)
    assert one(conn, "SELECT size FROM store.warc_file") == 3000
    places = table(conn, "SELECT warc_path, warc_offset, warc_record_id FROM archive.captures ORDER BY capture_id")
    assert [tuple(row.values()) for row in places] == [
        (row.place.path, row.place.offset, row.place.record_id) for row in rows
    ]
