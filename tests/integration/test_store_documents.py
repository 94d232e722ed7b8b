"""Announcements, frontier rows and validators: committed together, at the size of real feeds."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from stored_rows import DAY, HOUR, NOW, Desk, apply, date, link, one, source_row, table

from archive.db import Connection, connect
from archive.records import Announced, AnnouncementRow, DateRow, DocumentChecked, DocumentRow, hash_url
from archive.store import documents, frontier


@pytest.fixture
def desk(conn: Connection) -> Desk:
    apply(conn, source_row(), source_row("other", "other.example"))
    return Desk(conn)


def outcomes(conn: Connection) -> dict[str, Any]:
    return {row["url"]: row["outcome"] for row in table(conn, "SELECT url, outcome FROM archive.outcomes")}


def test_new_links_are_owed_or_end_with_the_outcome_they_carry(conn: Connection, desk: Desk) -> None:
    begun = desk.begin()
    due = datetime(2026, 1, 1, tzinfo=UTC)
    announced = desk.read_feed(
        begun,
        link("https://paper.example/1"),
        link("https://paper.example/2", outcome="too_old", reason="dated 2020"),
        link("https://paper.example/v", outcome="not_allowed", reason="deny:/v"),
        due=due,
    )
    assert (announced.links, announced.new, announced.owed) == (3, 3, 1)
    rows = {row["url"]: row for row in table(conn, "SELECT * FROM archive.outcomes")}
    assert rows["https://paper.example/1"]["due_at"] == due
    assert rows["https://paper.example/1"]["due_why"] == "new"
    assert rows["https://paper.example/1"]["outcome"] is None
    assert rows["https://paper.example/2"]["outcome"] == "too_old"
    assert rows["https://paper.example/2"]["reason"] == "dated 2020"
    assert rows["https://paper.example/2"]["due_at"] is None
    assert one(conn, "SELECT etag FROM store.document WHERE etag IS NOT NULL") == '"1"'
    assert documents.known_urls(conn, [hash_url("https://paper.example/1"), hash_url("https://paper.example/9")]) == {
        hash_url("https://paper.example/1")
    }


def test_a_document_read_twice_announces_nothing_new(conn: Connection, desk: Desk) -> None:
    begun = desk.begin()
    links = [link(f"https://paper.example/{n}") for n in range(5)]
    desk.read_feed(begun, *links)
    again = desk.read_feed(begun, *links)
    assert (again.new, again.owed) == (0, 0)
    assert one(conn, "SELECT count(*) FROM store.announcement") == 5


def test_changed_metadata_is_a_new_announcement_and_the_richer_one_is_used(conn: Connection, desk: Desk) -> None:
    begun = desk.begin()
    bare = link("https://paper.example/1", summary=None, published=None, title="قديم")
    desk.read_feed(begun, bare)
    desk.read_feed(begun, replace(bare, title="جديد", content="<p>نص</p>", published=date(NOW - DAY)))
    desk.read_feed(begun, replace(bare, title="أفقر"))
    assert one(conn, "SELECT count(*) FROM store.announcement") == 3
    assert one(conn, "SELECT title FROM archive.outcomes") == "جديد"
    assert one(conn, "SELECT dated_at FROM archive.outcomes") == NOW - DAY
    (leased,) = desk.lease(begun)
    assert leased.announcement is not None
    assert leased.announcement.content == "<p>نص</p>"
    assert leased.announcement.published == date(NOW - DAY)


def test_of_a_link_worded_anew_at_each_reading_the_first_the_newest_and_the_one_in_use_stay(
    conn: Connection, desk: Desk
) -> None:
    url, begun = "https://paper.example/1", desk.begin()
    for minute in range(30):
        # The 13th is the richest: it is the one in use from then on.
        rich: dict[str, Any] = {"content": "the whole story"} if minute == 12 else {}
        desk.read_feed(begun, link(url, title=f"Strike ends, {minute} minutes ago", **rich), link(f"{url}2"))
    titles = [
        row["title"].split()[2]
        for row in table(
            conn,
            "SELECT n.title FROM store.announcement n JOIN store.frontier f USING (frontier_id) WHERE f.url = %s "
            "ORDER BY n.announcement_id",
            url,
        )
    ]
    assert titles == [str(minute) for minute in (*range(10), 12, *range(20, 30))]
    assert one(conn, "SELECT count(*) FROM store.announcement") == len(titles) + 1
    used = "SELECT n.content FROM store.frontier f JOIN store.announcement n USING (announcement_id) WHERE f.url = %s"
    assert one(conn, used, url) == "the whole story"


def test_last_sight_moves_by_the_hour(conn: Connection, desk: Desk) -> None:
    begun = desk.begin()
    one_link = link("https://paper.example/1")
    for later, seen in ((0 * HOUR, NOW), (0.5 * HOUR, NOW), (2 * HOUR, NOW + 2 * HOUR)):
        desk.read_feed(begun, one_link, checked_at=NOW + later)
        assert one(conn, "SELECT last_seen_at FROM store.announcement") == seen


def test_a_known_url_keeps_its_outcome_and_is_not_made_due(conn: Connection, desk: Desk) -> None:
    begun = desk.begin()
    desk.read_feed(
        begun, link("https://paper.example/1", outcome="too_old"), link("https://paper.example/2", outcome="over_cap")
    )
    again = desk.read_feed(begun, link("https://paper.example/1"), link("https://paper.example/2"))
    assert (again.new, again.owed) == (0, 0)
    assert outcomes(conn) == {"https://paper.example/1": "too_old", "https://paper.example/2": "over_cap"}


def test_a_url_that_another_source_refused_is_taken_over_by_the_one_that_wants_it(conn: Connection, desk: Desk) -> None:
    """A paper that links to another paper's story must not keep that paper's own feed from bringing it."""
    desk.read_feed(desk.begin(), link("https://other.example/1", outcome="not_allowed", reason="host:other.example"))
    other = Desk(conn, name="other", host="other.example")
    announced = other.read_feed(other.begin(), link("https://other.example/1"))
    assert (announced.new, announced.owed) == (0, 1)
    assert one(conn, "SELECT source FROM archive.outcomes") == "other"
    assert one(conn, "SELECT due_why FROM archive.outcomes") == "new"


def test_a_refused_url_never_takes_back_what_is_owed(conn: Connection, desk: Desk) -> None:
    desk.read_feed(desk.begin(), link("https://paper.example/1"))
    other = Desk(conn, name="other", host="other.example")
    other.read_feed(other.begin(), link("https://paper.example/1", outcome="not_allowed"))
    assert one(conn, "SELECT due_why FROM archive.outcomes") == "new"


def test_one_link_twice_in_a_document_is_one_url(conn: Connection, desk: Desk) -> None:
    announced = desk.read_feed(
        desk.begin(),
        link("https://paper.example/1", title="أ"),
        link("https://paper.example/1", title="ب"),
        link("https://paper.example/1", title="ب"),
    )
    assert (announced.links, announced.new) == (3, 1)
    assert one(conn, "SELECT count(*) FROM store.announcement") == 2


def test_newest_first_then_undated_in_announced_order(desk: Desk) -> None:
    begun = desk.begin()
    desk.read_feed(
        begun,
        link("https://paper.example/undated1", published=None),
        link("https://paper.example/old", published=date(NOW - 2 * DAY)),
        link("https://paper.example/undated2", published=None),
        link("https://paper.example/new", published=date(NOW - HOUR)),
    )
    assert [u.url.rpartition("/")[2] for u in desk.lease(begun)] == ["new", "old", "undated1", "undated2"]


def test_odd_text_and_dates_are_survived(conn: Connection, desk: Desk) -> None:
    slug = "https://paper.example/" + "%D8%A3" * 2000
    begun = desk.begin()
    far = DateRow(at=datetime(9999, 12, 31, tzinfo=UTC), raw="9999-12-31", precision="day", provenance="feed")
    desk.read_feed(begun, link(slug, title="a\0b\ud83d", authors=("\udc00",), tags=("\0",), published=far))
    row = table(conn, "SELECT * FROM archive.announcements")[0]
    assert row["url"] == slug
    assert row["title"] == "ab\ufffd"
    assert row["authors"] == ["\ufffd"]
    assert row["published_at"] is None
    assert row["published_raw"] == "9999-12-31"
    (leased,) = desk.lease(begun)
    assert leased.announcement is not None
    assert leased.announcement.published is None


def test_ten_thousand_links_are_taken_whole(conn: Connection, desk: Desk) -> None:
    links = [link(f"https://paper.example/{n}", content="<p>نص</p>" * 20) for n in range(10_000)]
    announced = desk.read_feed(desk.begin(), *links)
    assert (announced.links, announced.new, announced.owed) == (10_000, 10_000, 10_000)
    assert one(conn, "SELECT count(*) FROM store.frontier WHERE announcement_id IS NOT NULL") == 10_000


def test_two_documents_with_the_same_links_in_other_orders_do_not_lock_each_other_out(database: str) -> None:
    with connect(database) as conn:
        apply(conn, source_row(), source_row("other", "other.example"))
    links = [link(f"https://paper.example/{n}") for n in range(3000)]
    barrier = threading.Barrier(2)

    def read(name: str, ordered: list[AnnouncementRow]) -> None:
        with connect(database) as conn:
            own = Desk(conn, name=name, host=f"{name}.example")
            begun = own.begin()
            barrier.wait()
            own.read_feed(begun, *ordered)

    threads = [
        threading.Thread(target=read, args=("paper", links)),
        threading.Thread(target=read, args=("other", links[::-1])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with connect(database) as conn:
        assert one(conn, "SELECT count(*) FROM store.announcement") == 6000
        assert one(conn, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0


def test_sitemaps_of_an_index_are_returned_in_its_order_once(conn: Connection, desk: Desk) -> None:
    begun = desk.begin()
    named = (
        ("https://paper.example/b.xml", "sitemap"),
        ("https://paper.example/a.xml", "sitemap"),
        ("https://paper.example/feed", "feed"),
    )
    children = desk.read_feed(begun, children=named).children
    assert [child.url for child in children] == ["https://paper.example/b.xml", "https://paper.example/a.xml"]
    assert not children[0].configured
    assert children[0].parent_id == begun.documents[0].document_id
    checked = DocumentChecked(
        document_id=children[0].document_id,
        crawl_id=begun.crawl_id,
        captures=(),
        checked_at=datetime.now(UTC),
        outcome="failed",
        error="HTTP 500",
    )
    documents.check_document(conn, checked)
    assert [child.url for child in desk.read_feed(begun, children=named).children] == ["https://paper.example/a.xml"]
    assert len(desk.begin().documents) == 1


def test_an_unchanged_index_gives_its_sitemaps_in_the_order_of_its_last_body(conn: Connection, desk: Desk) -> None:
    maps = {name: (f"https://paper.example/{name}.xml", "sitemap") for name in "abcd"}
    begun = desk.begin()
    index = begun.documents[0].document_id
    desk.read_feed(begun, children=(maps["b"], maps["a"], maps["c"]))
    desk.read_feed(begun, children=(maps["d"], maps["c"], maps["b"]))
    named = documents.named_children(conn, index, desk.begin().crawl_id)
    assert [child.url for child in named] == [maps[name][0] for name in "dcb"]
    assert table(conn, "SELECT url, place FROM archive.documents WHERE NOT configured ORDER BY id") == [
        {"url": maps[name][0], "place": place} for name, place in (("b", 3), ("a", None), ("c", 2), ("d", 1))
    ]
    desk.read_feed(begun, children=())
    assert documents.named_children(conn, index, desk.begin().crawl_id) == ()


def test_a_sitemap_of_two_indexes_belongs_to_the_one_that_named_it_last(conn: Connection) -> None:
    apply(conn, source_row(sitemaps=["https://paper.example/other.xml"]))
    desk = Desk(conn)
    begun = desk.begin()
    first, second = begun.documents
    shared = ("https://paper.example/a.xml", "sitemap")

    def read(document: DocumentRow, *children: tuple[str, str]) -> list[int | None]:
        found: Announced = desk.read_feed(begun, document_id=document.document_id, children=children)
        return [child.parent_id for child in found.children]

    assert read(first, shared) == [first.document_id]
    assert read(second, shared) == [second.document_id]
    assert documents.named_children(conn, first.document_id, begun.crawl_id) == ()
    assert read(first) == []
    assert len(documents.named_children(conn, second.document_id, begun.crawl_id)) == 1, "the first let go of nothing"


def test_validators_come_with_the_document_when_its_crawl_begins(desk: Desk) -> None:
    desk.read_feed(
        desk.begin(), link("https://paper.example/1"), etag='"abc"', last_modified="Mon, 23 Nov 2026 12:00:00 GMT"
    )
    (document,) = desk.begin().documents
    assert document.capture is not None
    assert (document.capture.etag, document.capture.last_modified) == ('"abc"', "Mon, 23 Nov 2026 12:00:00 GMT")
    assert document.body_digest is not None
    assert document.capture.place.offset == 1000


def check(desk: Desk, begun: Any, outcome: Any, error: str | None, *captures: Any) -> None:
    documents.check_document(
        desk.conn,
        DocumentChecked(
            document_id=begun.documents[0].document_id,
            crawl_id=begun.crawl_id,
            captures=captures,
            checked_at=NOW,
            outcome=outcome,
            error=error,
        ),
    )


def test_failures_in_a_row_are_counted_and_end(conn: Connection, desk: Desk) -> None:
    begun = desk.begin()
    for failures in (1, 2):
        check(desk, begun, "failed", "HTTP 500")
        assert one(conn, "SELECT failures FROM archive.documents WHERE source = 'paper'") == failures
    check(desk, begun, "paused", "HTTP 429")
    assert one(conn, "SELECT failures FROM archive.documents WHERE source = 'paper'") == 2
    check(desk, begun, "unchanged", None)
    assert one(conn, "SELECT failures FROM archive.documents WHERE source = 'paper'") == 0
    assert one(conn, "SELECT error FROM archive.documents WHERE source = 'paper'") is None


def test_the_same_body_with_a_new_validator_brings_that_validator(conn: Connection, desk: Desk) -> None:
    begun = desk.begin()
    desk.read_feed(begun, link("https://paper.example/1"))
    first = one(conn, "SELECT capture_id FROM store.document WHERE capture_id IS NOT NULL")
    check(desk, begun, "unchanged", None, desk.capture(begun.documents[0].url, purpose="feed", etag='"2"'))
    check(
        desk,
        begun,
        "unchanged",
        None,
        desk.capture(begun.documents[0].url, None, purpose="feed", status=304, record_type="revisit"),
    )
    (document,) = desk.begin().documents
    assert document.etag == '"2"'
    assert document.capture is not None
    assert document.capture.etag == '"2"'
    assert document.capture.capture_id == first
    assert one(conn, "SELECT count(*) FROM store.capture WHERE refers_to IS NOT NULL") == 1


def test_pending_counts_what_is_due_leased_held_and_later(conn: Connection, desk: Desk) -> None:
    begun = desk.begin()
    desk.read_feed(begun, *(link(f"https://paper.example/{n}") for n in range(3)))
    desk.read_feed(begun, link("https://paper.example/later"), due=datetime.now(UTC) + DAY)
    desk.lease(begun, limit=1)
    assert frontier.pending(conn, begun.source_id) == {"due": 2, "leased": 1, "held": 0, "later": 1}
