"""The frontier: leased, concluded, postponed; nothing is lost and nothing is fetched twice."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from stored_rows import DAY, HOUR, NOW, Desk, apply, link, one, source_row, table

from archive.db import Connection, connect
from archive.records import Conclusion, CrawlBegun, LeasedUrl, Postponement
from archive.store import articles, crawls, frontier, hosts

URL = "https://paper.example/1"


@pytest.fixture
def desk(conn: Connection) -> Desk:
    apply(conn, source_row())
    return Desk(conn)


def conclude(desk: Desk, begun: CrawlBegun, leased: LeasedUrl, outcome: str, **changes: Any) -> None:
    values: dict[str, Any] = {"reason": "because", "at": datetime.now(UTC), **changes}
    frontier.conclude(
        desk.conn, Conclusion(frontier_id=leased.frontier_id, crawl_id=begun.crawl_id, outcome=outcome, **values)
    )


def stored(desk: Desk) -> tuple[CrawlBegun, LeasedUrl]:
    """An article at URL, due for another look and taken up again."""
    begun, (leased,) = desk.owe(URL)
    articles.save_article(desk.conn, desk.save(begun, leased, next_due_at=NOW - DAY))
    (again,) = desk.lease(begun)
    return begun, again


def test_a_leased_url_is_not_leased_again_until_the_lease_is_over(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(URL)
    assert leased.due_why == "new"
    assert desk.lease(begun) == []
    with conn.transaction():
        conn.execute("UPDATE store.frontier SET leased_until = now()")
    assert [u.url for u in desk.lease(begun)] == [URL]


def test_urls_of_a_paused_host_are_left(conn: Connection, desk: Desk) -> None:
    begun = desk.begin()
    desk.read_feed(begun, link(URL), link("https://www.paper.example/2"))
    hosts.pause(conn, "paper.example", datetime.now(UTC) + DAY, "HTTP 503")
    assert [u.host for u in desk.lease(begun)] == ["www.paper.example"]


def test_two_crawls_never_get_the_same_url(database: str) -> None:
    with connect(database) as conn:
        apply(conn, source_row())
        desk = Desk(conn)
        desk.read_feed(desk.begin(), *(link(f"https://paper.example/{n}") for n in range(200)))
    got: list[str] = []
    barrier = threading.Barrier(3)

    def crawl() -> None:
        with connect(database) as own:
            mine = Desk(own)
            begun = mine.begin("manual")
            barrier.wait()
            while leased := mine.lease(begun, limit=7):
                got.extend(url.url for url in leased)

    threads = [threading.Thread(target=crawl) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 200
    assert len(set(got)) == 200


def test_a_conclusion_ends_the_lease_and_leaves_what_is_owed(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(URL)
    later = datetime.now(UTC) + DAY
    conclude(
        desk,
        begun,
        leased,
        "rejected",
        reason="soft_404: no text",
        captures=(desk.capture(URL),),
        status=200,
        next_due_at=later,
        revisits=3,
    )
    row = table(conn, "SELECT * FROM archive.outcomes")[0]
    assert (row["outcome"], row["reason"], row["due_at"], row["due_why"]) == (
        "rejected",
        "soft_404: no text",
        later,
        "revisit",
    )
    assert row["leased_until"] is None
    assert row["revisits"] == 3
    attempt = table(conn, "SELECT * FROM archive.attempts")[0]
    assert (attempt["result"], attempt["status"], attempt["next_due_at"]) == ("rejected", 200, later)
    assert attempt["capture_id"] is not None


def test_a_conclusion_told_twice_is_noted_once(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(URL)
    capture = desk.capture(URL)
    at = datetime.now(UTC)
    for _ in range(2):
        conclude(desk, begun, leased, "failed", at=at, captures=(capture,))
    assert one(conn, "SELECT count(*) FROM store.attempt") == 1
    assert one(conn, "SELECT count(*) FROM store.capture WHERE purpose = 'article'") == 1


def postponement(begun: CrawlBegun, leased: LeasedUrl, **changes: Any) -> Postponement:
    values: dict[str, Any] = {
        "due_at": NOW - DAY,
        "due_why": "retry",
        "error": "reset",
        "at": datetime.now(UTC),
        **changes,
    }
    return Postponement(frontier_id=leased.frontier_id, crawl_id=begun.crawl_id, **values)


def test_a_postponed_url_stays_owed_and_counts_only_its_own_failures(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(URL)
    frontier.postpone(conn, postponement(begun, leased))
    (leased,) = desk.lease(begun)
    assert (leased.attempts, leased.due_why) == (1, "retry")
    frontier.postpone(conn, postponement(begun, leased, due_why="paused", counted=False, error="HTTP 503"))
    (leased,) = desk.lease(begun)
    assert (leased.attempts, leased.due_why) == (1, "paused")
    assert one(conn, "SELECT last_error FROM archive.outcomes") == "HTTP 503"
    assert [row["result"] for row in table(conn, "SELECT result FROM archive.attempts ORDER BY id")] == [
        "retry",
        "postponed",
    ]


def test_a_postponement_told_twice_counts_once(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(URL)
    told = postponement(begun, leased)
    frontier.postpone(conn, told)
    frontier.postpone(conn, told)
    assert one(conn, "SELECT attempts FROM archive.outcomes") == 1


def test_gone_marks_the_article_and_its_text_stays(conn: Connection, desk: Desk) -> None:
    begun, again = stored(desk)
    conclude(desk, begun, again, "gone", status=410, at=NOW + HOUR, next_due_at=NOW - DAY)
    row = table(conn, "SELECT gone_at, gone_status, text FROM archive.articles")[0]
    assert (row["gone_at"], row["gone_status"]) == (NOW + HOUR, 410)
    assert "رويترز" in row["text"]
    (back,) = desk.lease(begun)
    conclude(desk, begun, back, "unchanged", status=304, at=NOW + DAY)
    row = table(conn, "SELECT gone_at, gone_status, last_seen_at FROM archive.articles")[0]
    assert (row["gone_at"], row["gone_status"], row["last_seen_at"]) == (None, None, NOW + DAY)


def test_the_disappearance_of_a_twin_says_nothing_of_the_story(conn: Connection, desk: Desk) -> None:
    begun, (story, twin) = desk.owe(URL, "https://paper.example/amp/1")
    saved = articles.save_article(conn, desk.save(begun, story))
    same = desk.save(begun, twin, url=URL, expected_revision_id=saved.revision_id, next_due_at=NOW - DAY)
    articles.save_article(conn, same)
    assert desk.lease(begun) == []
    with conn.transaction():
        conn.execute("UPDATE store.frontier SET due_at = now(), due_why = 'revisit' WHERE url = %s", (twin.url,))
    (found,) = desk.lease(begun)
    conclude(desk, begun, found, "gone", status=404)
    assert one(conn, "SELECT gone_at FROM archive.articles") is None


def test_validators_of_the_last_body_come_with_the_lease(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(URL)
    body = desk.capture(URL, b"<p>", etag='"1"')
    articles.save_article(conn, desk.save(begun, leased, captures=(body,), next_due_at=NOW - DAY))
    (leased,) = desk.lease(begun)
    assert leased.capture is not None
    assert (leased.capture.etag, leased.capture.body_digest) == ('"1"', body.body_digest)
    same = desk.capture(URL, b"<p>", etag='"2"', record_type="revisit", payload_digest=body.payload_digest)
    conclude(desk, begun, leased, "unchanged", captures=(same,), next_due_at=NOW - DAY)
    (leased,) = desk.lease(begun)
    assert leased.capture is not None
    assert leased.capture.etag == '"2"', "the newest validator of that body"
    assert leased.capture.place.record_id == body.place.record_id, "the record that holds the bytes"
    answer = desk.capture(URL, None, status=304, record_type="revisit", payload_digest=None)
    conclude(desk, begun, leased, "unchanged", captures=(answer,), status=304, next_due_at=NOW - DAY)
    (leased,) = desk.lease(begun)
    assert leased.capture is not None
    assert leased.capture.etag == '"2"'
    refers = {
        row["capture_id"]: row["refers_to"]
        for row in table(conn, "SELECT capture_id, refers_to FROM archive.captures WHERE purpose = 'article'")
    }
    first = min(refers)
    assert list(refers.values()) == [None, first, first]


def test_an_unchanged_page_that_was_rejected_stays_rejected(conn: Connection, desk: Desk) -> None:
    """A challenge page that answers 304 has not become an article."""
    begun, (leased,) = desk.owe(URL)
    wall = desk.capture(URL, b"wall", etag='"w"')
    conclude(
        desk, begun, leased, "rejected", reason="challenge: x", captures=(wall,), status=200, next_due_at=NOW - DAY
    )
    (leased,) = desk.lease(begun)
    assert leased.capture is not None
    assert leased.capture.etag == '"w"', "so that the same page is not sent twice"
    conclude(desk, begun, leased, "unchanged", reason="HTTP 304", status=304)
    row = table(conn, "SELECT outcome, reason FROM archive.outcomes")[0]
    assert (row["outcome"], row["reason"]) == ("rejected", "challenge: x")


def test_a_wall_over_a_good_text_leaves_it_current_and_the_text_may_come_back(conn: Connection, desk: Desk) -> None:
    begun, again = stored(desk)
    before = table(conn, "SELECT revision_id, last_seen_at FROM archive.articles")
    wall = desk.capture(URL, b"wall", etag='"w"')
    conclude(
        desk,
        begun,
        again,
        "rejected",
        reason="challenge: x",
        captures=(wall,),
        status=200,
        next_due_at=NOW - DAY,
        at=NOW + DAY,
    )
    (leased,) = desk.lease(begun)
    conclude(desk, begun, leased, "unchanged", status=304, at=NOW + 2 * DAY, next_due_at=NOW - DAY)
    assert table(conn, "SELECT revision_id, last_seen_at FROM archive.articles") == before
    (leased,) = desk.lease(begun)
    assert leased.article_id is not None
    good = desk.capture(URL, b"body")
    save = desk.save(
        begun,
        leased,
        captures=(good,),
        decision="same",
        expected_revision_id=before[0]["revision_id"],
        at=NOW + 3 * DAY,
    )
    assert articles.save_article(conn, save).outcome == "unchanged"
    assert one(conn, "SELECT last_seen_at FROM archive.articles") == NOW + 3 * DAY
    assert one(conn, "SELECT edits FROM archive.articles") == 0


def test_released_urls_are_owed_and_free(conn: Connection, desk: Desk) -> None:
    begun, leased = desk.owe(*(f"https://paper.example/{n}" for n in range(3)))
    assert frontier.release_leases(conn, begun.crawl_id) == 3
    assert frontier.release_leases(conn, begun.crawl_id) == 0
    assert len(desk.lease(desk.begin("manual"))) == len(leased)


def test_a_crawl_whose_worker_died_gives_its_urls_back(conn: Connection, desk: Desk) -> None:
    desk.owe(URL)
    with conn.transaction():
        conn.execute("UPDATE store.process SET seen_at = now() - interval '1 minute'")
    assert crawls.abandon_crawls(conn, timedelta(seconds=30)) == 1
    assert one(conn, "SELECT leased_by FROM store.frontier") is None


def test_an_unknown_url_is_an_error_not_a_silence(conn: Connection, desk: Desk) -> None:
    begun = desk.begin()
    with pytest.raises(LookupError, match="lock_url"):
        frontier.conclude(
            conn, Conclusion(frontier_id=99, crawl_id=begun.crawl_id, outcome="failed", reason=None, at=NOW)
        )
