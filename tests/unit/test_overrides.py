"""What each override of a source changes on a page, told by reading it with and without."""

from __future__ import annotations

import dataclasses

from crawler.overrides import Changed, Override, try_overrides
from crawler.process import process
from crawler.records import Page, SiteRules
from tests.unit.rule_pairs import ENGLISH, TITLES, Shown

EXTRA = (
    '<b class="head">Board: all of it</b><p class="who">Ada Moss</p><p class="when">2024-05-30 18:30</p>'
    '<div class="raffle"><p>Our summer raffle has begun, and every reader may win a small boat of their own.</p></div>'
    "<p>Tip line 555 0100</p>"
)


def tried(**rules: object) -> list[Override]:
    page: Page = Shown(line="", below=EXTRA, rules=SiteRules(**rules)).page()  # type: ignore[arg-type]
    return list(try_overrides(page, process(page)))


def test_title_authors_and_date_show_the_value_before_and_after() -> None:
    title, authors, date = tried(title="b.head", authors="p.who", date="p.when")
    assert (title.key, title.value, title.matched, title.unit) == ("css.title", "b.head", 1, "element")
    assert Changed(what="title", before=TITLES["en"], after="Board: all of it") in title.changed
    assert Changed(what="authors", before=None, after="Ada Moss") in authors.changed
    (published,) = [change for change in date.changed if change.what == "published"]
    assert published.after == "2024-05-30T18:30:00+00:00 (setting)"
    assert published.before != published.after


def test_removal_and_line_pattern_show_the_lines_that_they_cost() -> None:
    remove, pattern = tried(remove=("div.raffle",), remove_lines=(r"Tip line [\d ]+",))
    assert (remove.matched, remove.unit) == (1, "element")
    assert remove.lost == ("Our summer raffle has begun, and every reader may win a small boat of their own.",)
    assert (pattern.matched, pattern.unit, pattern.lost) == (1, "line", ("Tip line 555 0100",))
    assert remove.gained == pattern.gained == ()


def test_body_shows_lines_gained_and_lost() -> None:
    (body,) = tried(body="div.raffle")
    assert set(ENGLISH) <= set(body.lost)
    assert body.matched == 1


def test_each_of_several_selectors_is_tried_by_itself() -> None:
    found = tried(remove=("div.raffle", "div.raffle p", "p.who"))
    assert [(one.value, one.matched) for one in found] == [("div.raffle", 1), ("div.raffle p", 0), ("p.who", 1)]
    assert found[1].lost == ()


def test_override_that_matches_nothing_changes_nothing() -> None:
    for override in tried(title="h6", body="div.gone", remove=("div.gone",), remove_lines=("Nothing of it",)):
        assert (override.matched, override.changed, override.gained, override.lost) == (0, (), (), ()), override


def test_override_by_which_the_page_is_no_article_any_more_says_so() -> None:
    (body,) = tried(body="b.head")
    (outcome,) = [change for change in body.changed if change.what == "outcome"]
    assert outcome.before == "article"
    assert (outcome.after or "").startswith("rejected as ")


def test_page_without_any_element_matches_nothing() -> None:
    page = dataclasses.replace(Shown(line="", rules=SiteRules(title="h1", remove_lines=("x",))).page(), body=b"")
    assert [one.matched for one in try_overrides(page, process(page))] == [0, 0]
