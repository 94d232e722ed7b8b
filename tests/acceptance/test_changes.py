"""What did not change costs nothing, an edit is one revision, a changed rule is none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crawler.discover.urls import canonicalise
from demo import oracle

from .running import Wirekeep


def _articles(wirekeep: Wirekeep) -> dict[str, dict[str, Any]]:
    return {row["url"]: row for row in wirekeep.sql("SELECT * FROM archive.articles")}


def _edited(wirekeep: Wirekeep) -> dict[str, int]:
    """How often each story was edited that was edited at all."""
    rows = wirekeep.sql("SELECT url, edits FROM archive.articles WHERE edits > 0")
    return {row["url"]: row["edits"] for row in rows}


def test_nothing_is_sent_or_stored_twice_when_nothing_changed(crawled: Wirekeep) -> None:
    before = crawled.sql("SELECT count(*) AS revisions FROM archive.revisions")[0]["revisions"]
    marked = len(crawled.newsroom.log)
    crawled.execute("UPDATE store.frontier SET due_at = now(), due_why = 'revisit' WHERE article_id IS NOT NULL")
    names = [row["name"] for row in crawled.sql("SELECT name FROM archive.sources")]
    again = datetime.now(UTC)
    crawled.run("crawl", *names)
    crawled.crawl_all(since=again)
    second = list(crawled.newsroom.log)[marked:]
    conditional = oracle.conditionals(second)
    assert conditional
    changed = {article.url for article in crawled.newsroom.expected.articles.values() if article.alternates}
    assert [one for one in conditional if one.status != 304 and one.url not in changed] == []
    with_validators = [one for one in crawled.newsroom.log if oracle.is_whole(one) and oracle.offers_validator(one)]
    assert oracle.sent_twice(with_validators) == {}
    after = crawled.sql("SELECT count(*) AS revisions, sum(edits) AS edits FROM archive.articles")[0]
    assert (after["revisions"], after["edits"]) == (before, 0)


def test_an_edit_is_one_revision_and_a_story_that_disappears_keeps_its_text(crawled: Wirekeep) -> None:
    before = _edited(crawled)
    stories = [article for article in crawled.newsroom.expected.articles.values() if not article.alternates]
    edited = crawled.newsroom.edit(stories[0].url, paragraph="فقرة جديدة أضافها المحرر بعد النشر الأول للخبر.")
    gone = crawled.newsroom.remove(stories[1].url)
    crawled.run("recrawl", edited, gone, "--wait")
    rows = _articles(crawled)
    assert rows[canonicalise(edited) or edited]["edits"] == 1
    assert "أضافها المحرر" in rows[canonicalise(edited) or edited]["text"]
    lost = rows[canonicalise(gone) or gone]
    assert lost["gone_at"] is not None
    assert lost["text"]
    assert _edited(crawled) == {**before, canonicalise(edited) or edited: 1}


def test_a_changed_rule_makes_no_edit(crawled: Wirekeep) -> None:
    edited = _edited(crawled)
    file = crawled.folder / "sources.toml"
    # Live blogs and charset stay; a line pattern that hits every text's first words changes every extraction.
    text = file.read_text(encoding="utf-8").replace(
        'css]\nbody = ".newsbody"', 'css]\nbody = ".newsbody"\nremove_lines = ["^.*وقال.*$"]'
    )
    file.write_text(text, encoding="utf-8")
    crawled.execute("UPDATE store.frontier SET due_at = now(), due_why = 'revisit' WHERE article_id IS NOT NULL")
    crawled.until(
        lambda: crawled.sql("SELECT 1 FROM store.source_setting GROUP BY source_id HAVING count(*) > 1"),
        "a new setting",
    )
    crawled.recrawl_sources(*(row["name"] for row in crawled.sql("SELECT name FROM archive.sources")))
    assert _edited(crawled) == edited
    assert crawled.sql("SELECT 1 FROM store.extraction GROUP BY revision_id HAVING count(*) > 1")
