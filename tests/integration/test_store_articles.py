"""Articles: one a URL, revisions are the publisher's, extractions are ours, a replay changes nothing."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from stored_rows import DAY, HOUR, NOW, VERSION, Desk, apply, date, extraction, link, one, source_row, table

from archive.db import Connection, borrow, connect, open_pool
from archive.records import CrawlBegun, DateRow, ExtractionRow, LeasedUrl, RemovalRow, Saved, hash_url
from archive.store import articles, search

URL = "https://paper.example/1"


@pytest.fixture
def desk(conn: Connection) -> Desk:
    apply(conn, source_row())
    return Desk(conn)


@pytest.fixture
def story(desk: Desk) -> tuple[CrawlBegun, LeasedUrl, Saved]:
    """An article at URL, as first saved."""
    begun, (leased,) = desk.owe(URL)
    return begun, leased, articles.save_article(desk.conn, desk.save(begun, leased))


def article(conn: Connection) -> dict[str, Any]:
    (row,) = table(conn, "SELECT * FROM archive.articles")
    return row


def counts(conn: Connection) -> dict[str, int]:
    names = ("article", "revision", "extraction", "removal", "credit", "alias", "search", "version")
    return {name: one(conn, f"SELECT count(*) FROM store.{name}") for name in names}


def test_a_new_article_is_stored_whole(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(URL)
    save = desk.save(
        begun, leased, aliases=((URL + "?utm_source=rss", "announced"), (URL + "/", "redirect")), next_due_at=NOW + HOUR
    )
    saved = articles.save_article(conn, save)
    assert saved == Saved(
        outcome="stored", article_id=saved.article_id, revision_id=saved.revision_id, new_revision=True
    )
    row = article(conn)
    want = extraction()
    assert (row["title"], row["summary"], row["text"]) == (want.title, want.summary, want.text)
    assert (row["authors"], row["agencies"], row["tags"]) == (["مراسل"], ["Reuters"], ["قمة", "الصين"])
    assert (row["place"], row["language"], row["section"]) == ("بكين", "ar", "عالم")
    assert (row["dated_at"], row["dated_by"]) == (NOW - 2 * HOUR, "published")
    assert (row["first_seen_at"], row["last_seen_at"], row["edits"], row["gone_at"]) == (NOW, NOW, 0, None)
    assert counts(conn) == {
        "article": 1,
        "revision": 1,
        "extraction": 1,
        "removal": 2,
        "credit": 1,
        "alias": 2,
        "search": 1,
        "version": 1,
    }
    outcome = table(conn, "SELECT * FROM archive.outcomes")[0]
    assert (outcome["outcome"], outcome["due_at"], outcome["due_why"], outcome["article_id"]) == (
        "stored", NOW + HOUR, "revisit", saved.article_id,
    )  # fmt: skip


def test_articles_of_every_shape_are_saved_by_one_plan(database: str) -> None:
    bare = extraction(
        title=None, summary=None, authors=(), tags=(), published=None, modified=None, flags=(), removals=(), credits=()
    )
    with open_pool(database, size=1) as pool, borrow(pool) as conn:
        apply(conn, source_row())
        desk = Desk(conn)
        begun, leased = desk.owe(URL, URL + "2")
        for url, one_of_them in zip(leased, (extraction(), bare), strict=True):
            saved = articles.save_article(conn, desk.save(begun, url, extraction=one_of_them, url=url.url))
            assert saved.outcome == "stored"
        plans = [row["statement"] for row in table(conn, "SELECT statement FROM pg_prepared_statements")]
        assert sum("INSERT INTO store.extraction" in plan for plan in plans) == 1


def test_the_same_save_again_changes_nothing_and_says_the_same(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(URL)
    save = desk.save(begun, leased)
    first = articles.save_article(conn, save)
    before = counts(conn)
    assert articles.save_article(conn, save) == first
    assert counts(conn) == before
    assert one(conn, "SELECT count(*) FROM store.attempt") == 1


def test_an_article_is_found_by_its_url_and_by_its_aliases(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(URL)
    saved = articles.save_article(conn, desk.save(begun, leased, aliases=((URL + "?x", "announced"),)))
    for url in (URL, URL + "?x"):
        current = articles.current_text(conn, hash_url(url))
        assert current is not None
        assert current.revision_id == saved.revision_id
        assert current.version == VERSION
        assert current.content_digest == extraction().content_digest
        assert current.capture.place.path == desk.path
    assert articles.current_text(conn, hash_url("https://paper.example/2")) is None


def test_an_edit_is_a_new_revision_and_the_old_text_stays(conn: Connection, desk: Desk, story: Any) -> None:
    begun, leased, first = story
    edited = extraction(text="نص معدل.", removals=(), modified=date(NOW + HOUR))
    save = desk.save(
        begun, leased, decision="revision", expected_revision_id=first.revision_id, extraction=edited, at=NOW + HOUR
    )
    saved = articles.save_article(conn, save)
    assert saved.new_revision
    assert saved.outcome == "stored"
    row = article(conn)
    assert (row["text"], row["edits"], row["revision"]) == ("نص معدل.", 1, 2)
    assert (row["first_seen_at"], row["last_seen_at"]) == (NOW, NOW + HOUR)
    texts = table(conn, "SELECT number, text, is_current FROM archive.revisions ORDER BY number")
    assert [(r["number"], r["is_current"]) for r in texts] == [(1, False), (2, True)]
    assert texts[0]["text"] == extraction().text
    assert articles.save_article(conn, save) == saved


def test_same_text_in_other_bytes_keeps_its_revision(conn: Connection, desk: Desk, story: Any) -> None:
    begun, leased, first = story
    save = desk.save(begun, leased, decision="same", expected_revision_id=first.revision_id, at=NOW + DAY)
    saved = articles.save_article(conn, save)
    assert saved == Saved(
        outcome="unchanged", article_id=first.article_id, revision_id=first.revision_id, new_revision=False
    )
    assert counts(conn)["extraction"] == 1
    row = article(conn)
    assert (row["edits"], row["last_seen_at"]) == (0, NOW + DAY)
    assert one(conn, "SELECT outcome FROM archive.outcomes") == "unchanged"


def newer(**changes: Any) -> ExtractionRow:
    return extraction(version=replace(VERSION, extractor=2), **changes)


def test_an_upgrade_makes_a_new_extraction_and_no_edit(conn: Connection, desk: Desk, story: Any) -> None:
    begun, leased, first = story
    better = newer(text="النص دون ذيل.", removals=())
    save = desk.save(
        begun, leased, decision="same", expected_revision_id=first.revision_id, extraction=better, reextracted=better
    )
    saved = articles.save_article(conn, save)
    assert (saved.outcome, saved.new_revision) == ("unchanged", False)
    row = article(conn)
    assert (row["text"], row["edits"], row["revision"]) == ("النص دون ذيل.", 0, 1)
    assert counts(conn)["extraction"] == 2
    assert counts(conn)["version"] == 2
    assert one(conn, "SELECT count(*) FROM archive.search('ذيل')") == 1
    current = articles.current_text(conn, hash_url(URL))
    assert current is not None
    assert current.version.extractor == 2


def test_an_edit_met_by_an_upgrade_renews_the_old_revision_too(conn: Connection, desk: Desk, story: Any) -> None:
    begun, leased, first = story
    old, new = newer(text="قديم."), newer(text="جديد.")
    save = desk.save(
        begun, leased, decision="revision", expected_revision_id=first.revision_id, extraction=new, reextracted=old
    )
    articles.save_article(conn, save)
    texts = table(conn, "SELECT number, text, extractor FROM archive.revisions ORDER BY number")
    assert [(r["text"], r["extractor"]) for r in texts] == [("قديم.", 2), ("جديد.", 2)]
    assert article(conn)["edits"] == 1


@pytest.mark.parametrize("decision", ["revision", "same"])
def test_what_was_compared_with_an_older_revision_is_stale(
    conn: Connection, desk: Desk, story: Any, decision: Any
) -> None:
    begun, leased, first = story
    before = counts(conn)
    captures = one(conn, "SELECT count(*) FROM store.capture")
    with pytest.raises(articles.Stale, match="compare again"):
        articles.save_article(
            conn, desk.save(begun, leased, decision=decision, expected_revision_id=first.revision_id + 9)
        )
    assert counts(conn) == before
    assert one(conn, "SELECT count(*) FROM store.capture") == captures, "nothing of it is kept"


def test_a_second_new_of_one_url_is_stale(conn: Connection, desk: Desk, story: Any) -> None:
    begun, leased, _ = story
    with pytest.raises(articles.Stale):
        articles.save_article(conn, desk.save(begun, leased))


def test_a_twin_becomes_an_alias_and_a_duplicate(conn: Connection, desk: Desk) -> None:
    amp = "https://paper.example/amp/1"
    begun, (main, twin) = desk.owe(URL, amp)
    first = articles.save_article(conn, desk.save(begun, main))
    save = desk.save(begun, twin, url=URL, next_due_at=NOW + DAY, expected_revision_id=first.revision_id)
    saved = articles.save_article(conn, save)
    assert saved == Saved(
        outcome="duplicate", article_id=first.article_id, revision_id=first.revision_id, new_revision=False
    )
    assert articles.save_article(conn, save) == saved
    assert counts(conn)["article"] == 1
    current = articles.current_text(conn, hash_url(amp))
    assert current is not None
    assert current.url == URL
    row = table(conn, "SELECT * FROM archive.outcomes WHERE url = %s", amp)[0]
    assert (row["outcome"], row["reason"], row["due_at"]) == ("duplicate", f"same story as {URL}", None)


def test_a_story_that_took_anothers_url_goes_home(conn: Connection, desk: Desk) -> None:
    other = "https://paper.example/2"
    begun, (thief, owner) = desk.owe(other, URL)
    taken = articles.save_article(conn, desk.save(begun, thief, url=URL))
    with pytest.raises(articles.Stale, match="another save of it came first"):
        articles.save_article(conn, desk.save(begun, owner, url=URL))
    saved = articles.save_article(conn, desk.save(begun, owner, url=URL, displaces=taken.article_id))
    assert saved.outcome == "stored"
    found = {url: articles.current_text(conn, hash_url(url)) for url in (URL, other)}
    assert {url: text and (text.article_id, text.url) for url, text in found.items()} == {
        URL: (saved.article_id, URL),
        other: (taken.article_id, other),
    }
    assert not table(conn, "SELECT * FROM store.alias WHERE url = %s", other)


def test_stories_that_stand_one_url_too_far_each_all_go_home_before_the_last_one_comes(
    conn: Connection, desk: Desk
) -> None:
    urls = [f"https://paper.example/{number}" for number in range(1, 5)]
    begun, leased = desk.owe(*urls)
    by_url = {one_of_them.url: one_of_them for one_of_them in leased}
    shifted = [
        articles.save_article(conn, desk.save(begun, by_url[url], url=claimed)) for url, claimed in pairwise(urls)
    ]
    last = articles.save_article(
        conn, desk.save(begun, by_url[urls[-1]], url=urls[-1], displaces=shifted[-1].article_id)
    )
    stands = {row["url"]: row["article_id"] for row in table(conn, "SELECT url, article_id FROM store.article")}
    assert stands == {url: saved.article_id for url, saved in zip(urls, (*shifted, last), strict=True)}


def test_a_column_added_under_a_worker_at_work_breaks_none_of_its_plans(database: str) -> None:
    with open_pool(database, size=1) as pool, borrow(pool) as conn:
        apply(conn, source_row())
        desk = Desk(conn)
        begun, leased = desk.owe(*(f"{URL}{number}" for number in range(8)))
        for at, url in enumerate(leased):
            if at == 6:  # planned once for all by now, as PostgreSQL does from the sixth time on
                with connect(database) as other:
                    for name in ("extraction", "removal", "credit", "article", "frontier", "capture"):
                        other.execute(f"ALTER TABLE store.{name} ADD COLUMN added text")
            saved = articles.save_article(conn, desk.save(begun, url, url=url.url))
            current = articles.current_text(conn, hash_url(url.url))
            assert current is not None
            assert current.article_id == saved.article_id


def test_two_workers_with_one_new_story_make_one_article(database: str) -> None:
    with connect(database) as conn:
        apply(conn, source_row())
        desk = Desk(conn)
        begun, leased = desk.owe(URL, "https://paper.example/amp/1")
    results: list[str] = []
    barrier = threading.Barrier(2)

    def save(one_leased: LeasedUrl) -> None:
        with connect(database) as own:
            mine = Desk(own)
            barrier.wait()
            try:
                saved = articles.save_article(own, mine.save(begun, one_leased, url=URL))
            except articles.Stale:  # the other came first: now that there is one, the two can be compared
                current = articles.current_text(own, hash_url(URL))
                assert current is not None
                again = mine.save(begun, one_leased, url=URL, expected_revision_id=current.revision_id)
                saved = articles.save_article(own, again)
            results.append(saved.outcome)

    threads = [threading.Thread(target=save, args=(url,)) for url in leased]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["duplicate", "stored"]


def test_two_workers_may_bring_the_first_article_of_new_versions_at_once(database: str) -> None:
    with connect(database) as conn:
        apply(conn, source_row())
        begun, leased = Desk(conn).owe(*(f"https://paper.example/{n}" for n in range(40)))
    results: list[str] = []
    barrier = threading.Barrier(2)

    def save(mine: list[LeasedUrl]) -> None:
        with connect(database) as own:
            desk = Desk(own)
            for number, url in enumerate(mine):
                row = extraction(version=replace(VERSION, extractor=number))
                barrier.wait()
                results.append(articles.save_article(own, desk.save(begun, url, extraction=row)).outcome)

    threads = [threading.Thread(target=save, args=(half,)) for half in (leased[:20], leased[20:])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["stored"] * 40


def test_an_alias_that_turns_out_to_be_a_story_of_its_own_is_no_alias_any_more(conn: Connection, desk: Desk) -> None:
    begun, (first, second) = desk.owe(URL, "https://paper.example/2")
    articles.save_article(conn, desk.save(begun, first, aliases=(("https://paper.example/2", "redirect"),)))
    articles.save_article(conn, desk.save(begun, second, extraction=extraction(text="قصة أخرى.")))
    assert counts(conn)["alias"] == 0
    current = articles.current_text(conn, hash_url("https://paper.example/2"))
    assert current is not None
    assert current.text == "قصة أخرى."


@pytest.mark.parametrize(
    ("published", "announced", "expected"),
    [
        (date(NOW - 3 * DAY), date(NOW - DAY), (NOW - 3 * DAY, "published")),
        (date(NOW - 3 * DAY, provenance="feed"), None, (NOW - 3 * DAY, "feed")),
        (None, date(NOW - DAY), (NOW - DAY, "feed")),
        (None, None, (NOW, "first_seen")),
        (date(NOW + 90 * DAY), None, (NOW, "first_seen")),
        (
            DateRow(at=datetime(9999, 12, 31, tzinfo=UTC), raw="9999", precision="year", provenance="meta"),
            None,
            (NOW, "first_seen"),
        ),
    ],
)
def test_a_story_is_dated_by_the_best_evidence(
    conn: Connection, desk: Desk, published: DateRow | None, announced: DateRow | None, expected: tuple[datetime, str]
) -> None:
    begun = desk.begin()
    desk.read_feed(begun, link(URL, published=announced))
    (leased,) = desk.lease(begun)
    articles.save_article(conn, desk.save(begun, leased, extraction=extraction(published=published)))
    row = article(conn)
    assert (row["dated_at"], row["dated_by"]) == expected


def test_nul_surrogates_and_absurd_dates_are_survived_with_a_flag(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(URL)
    raw = "شا\0رك\nنص\0 طويل.\nذيل\n"
    row = extraction(
        title="عن\0وان\ud83d",
        text="نص\0 طويل.\n",
        removals=(
            RemovalRow(start=0, span=raw[:6], rule="share", rule_version=1, zone="lead"),
            RemovalRow(start=16, span="ذيل\n", rule="tail", rule_version=1, zone="tail"),
        ),
        published=DateRow(at=datetime(1, 1, 1, tzinfo=UTC), raw="0001-01-01", precision="day", provenance="meta"),
        titles=(("h1", "a\0"),),
    )
    articles.save_article(conn, desk.save(begun, leased, extraction=row))
    stored = article(conn)
    assert stored["title"] == "عنوان\ufffd"
    assert stored["flags"] == ["nul_removed"]
    assert (stored["published_at"], stored["published_raw"]) == (None, "0001-01-01")
    assert one(conn, "SELECT archive.raw_text(%s)", stored["extraction_id"]) == raw.replace("\0", "")


def test_a_slug_of_two_thousand_letters_is_survived(conn: Connection, desk: Desk) -> None:
    url = "https://paper.example/" + "%D8%A3" * 2000
    begun, (leased,) = desk.owe(url)
    articles.save_article(conn, desk.save(begun, leased, aliases=((url + "?utm_x=1", "announced"),)))
    assert article(conn)["url"] == url


def test_a_huge_text_is_stored_and_searched(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(URL)
    words = " ".join(f"كلمة{n}𐍈" for n in range(120_000))
    articles.save_article(conn, desk.save(begun, leased, extraction=extraction(text=words, removals=())))
    assert len(article(conn)["text"]) == len(words)
    assert search.count_stale(conn) == 0


def test_search_rows_of_an_older_analyser_are_refilled(conn: Connection, desk: Desk) -> None:
    begun, leased = desk.owe(*(f"https://paper.example/{n}" for n in range(5)))
    for url in leased:
        articles.save_article(conn, desk.save(begun, url))
    with conn.transaction():
        conn.execute("UPDATE store.search SET analyser = 0, vector = '' WHERE article_id % 2 = 0")
        conn.execute("DELETE FROM store.search WHERE article_id = (SELECT max(article_id) FROM store.search)")
    stale = search.count_stale(conn)
    assert stale in (2, 3)
    assert search.refill(conn, 2) == 2
    assert search.refill(conn, 9) == stale - 2
    assert search.refill(conn, 9) == 0
    assert one(conn, "SELECT count(*) FROM archive.search('رويترز')") == 5


def test_a_save_without_a_capture_is_refused(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(URL)
    with pytest.raises(ValueError, match="no capture"):
        articles.save_article(conn, desk.save(begun, leased, captures=()))
