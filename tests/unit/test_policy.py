"""What is decided without looking at a page's text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from archive.records import Wording
from crawler.pipeline.policy import (
    RETRY_AFTER,
    choose_backfill,
    find_identity,
    next_retry,
    next_revisit,
    tell_edit_by_lines,
)
from crawler.records import ClaimedDate, Decision, Judged, Link, Outcome

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AGES = [timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=7)]


def _judged(number: int, age: timedelta | None, decision: Decision = Decision.KEEP) -> Judged:
    published = (
        None
        if age is None
        else ClaimedDate(at=NOW - age, raw="x", precision="minute", provenance="feed", zone="+00:00")
    )
    url = f"https://a.example/{number}"
    return Judged(link=Link(url=url, canonical=url, published=published), decision=decision, rule="allow:default")


def test_retries_grow_and_end() -> None:
    waits = [next_retry(attempts, NOW) for attempts in range(len(RETRY_AFTER) + 1)]
    known = [wait - NOW for wait in waits if wait is not None]
    assert known == sorted(known)
    assert known[0] >= timedelta(seconds=10)
    assert waits[-1] is None


def test_revisit_is_the_next_age_ahead_and_a_late_one_is_not_made_up_for() -> None:
    assert next_revisit(NOW, NOW, AGES) == NOW + timedelta(hours=1)
    assert next_revisit(NOW, NOW + timedelta(hours=20), AGES) == NOW + timedelta(days=1)
    assert next_revisit(NOW, NOW + timedelta(days=8), AGES) is None


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=10)))
def test_a_revisit_always_lies_ahead(late: timedelta) -> None:
    due = next_revisit(NOW, NOW + late, AGES)
    assert due is None or due > NOW + late


def test_first_read_takes_links_within_backfill_and_undated_ones_up_to_the_cap() -> None:
    links = [_judged(1, timedelta(hours=1)), _judged(2, timedelta(days=9)), *(_judged(n, None) for n in range(3, 7))]
    chosen = choose_backfill(links, first=True, now=NOW, backfill=timedelta(days=3), undated_cap=2, most=100)
    assert [outcome for _, outcome, _ in chosen] == [
        None,
        Outcome.TOO_OLD,
        None,
        None,
        Outcome.TOO_OLD,
        Outcome.TOO_OLD,
    ]
    assert "backfill" in str(chosen[1][2])


def test_later_reads_take_old_links_as_well() -> None:
    links = [_judged(1, timedelta(days=30)), _judged(2, None)]
    chosen = choose_backfill(links, first=False, now=NOW, backfill=timedelta(days=3), undated_cap=0, most=100)
    assert [outcome for _, outcome, _ in chosen] == [None, None]


def test_links_beyond_the_most_a_document_may_owe_are_over_cap_oldest_first() -> None:
    links = [_judged(n, timedelta(hours=n)) for n in (5, 1, 3)]
    chosen = choose_backfill(links, first=True, now=NOW, backfill=timedelta(days=3), undated_cap=0, most=2)
    assert [outcome for _, outcome, _ in chosen] == [Outcome.OVER_CAP, None, None]


def test_links_that_are_known_do_not_count_for_the_cap() -> None:
    links = [_judged(n, None) for n in range(1, 5)]
    known = {judged.link.canonical for judged in links[:2]}
    chosen = choose_backfill(links, first=False, now=NOW, backfill=None, undated_cap=9, most=1, known=known)
    assert [outcome for _, outcome, _ in chosen] == [None, None, None, Outcome.OVER_CAP]


def test_a_link_that_is_not_allowed_keeps_the_pattern_that_decided() -> None:
    judged = _judged(1, None, Decision.NOT_ALLOWED)
    assert choose_backfill([judged], first=False, now=NOW, backfill=None, undated_cap=0, most=9) == [
        (judged, Outcome.NOT_ALLOWED, "allow:default")
    ]


def test_canonical_of_the_same_site_is_the_identity() -> None:
    assert (
        find_identity("https://m.a.example/amp/story-1", "https://www.a.example/story-1")
        == "https://www.a.example/story-1"
    )


def test_canonical_of_another_site_or_a_home_page_is_not_believed() -> None:
    own = "https://a.example/world/story-1"
    for claim in (
        "https://thief.example/story-1",
        "https://a.example/",
        "https://a.example/world/",
        "javascript:1",
        "",
    ):
        assert find_identity(own, claim) == own


def test_a_twin_below_its_main_page_is_that_page() -> None:
    for main, twin in (
        ("https://a.example/a-story/", "https://a.example/a-story/amp/"),
        ("https://a.example/a-story", "https://a.example/a-story/amp"),
        ("https://a.example/world/1", "https://a.example/world/1/print"),
        ("https://a.example/world/1", "https://a.example/world/1/%D8%B7%D8%A8%D8%A7%D8%B9%D8%A9/?r=1"),
        ("https://a.example/a-story/", "https://a.example/a-story/AMP/?amp=1"),
    ):
        assert find_identity(twin, main) == main
    story = "https://a.example/world/amp-makers-strike"
    assert find_identity(story, "https://a.example/world/") == story


def _wording(*lines: str, spans: tuple[str, ...] = (), title: str = "Grain", also: str = "Grain") -> Wording:
    return Wording(title=title, titles=frozenset({title, also}), text="\n".join(lines), spans=spans)


def test_a_line_that_only_another_rule_takes_out_is_no_edit_by_lines() -> None:
    old = _wording("The harvest is in.", "Follow us on the radio")
    new = _wording("The harvest is in.", spans=("\nFollow us on the radio",))
    assert not tell_edit_by_lines(old, new)
    assert not tell_edit_by_lines(new, old)


def test_a_line_that_one_text_keeps_and_the_others_page_did_not_have_is_an_edit_by_lines() -> None:
    old = _wording("The harvest is in.", spans=("\nFollow us on the radio",))
    new = _wording("The harvest is in.", "It is smaller than last year's.")
    assert tell_edit_by_lines(old, new)
    assert tell_edit_by_lines(new, old)


def test_lines_in_another_order_or_printed_once_more_or_less_are_an_edit_by_lines() -> None:
    old = _wording("The harvest is in.", "Prices fell.", "Bread is cheaper.")
    moved = _wording("The harvest is in.", "Bread is cheaper.", "Prices fell.")
    twice = _wording("The harvest is in.", "Prices fell.", "Bread is cheaper.", "Prices fell.")
    for new in (moved, twice):
        assert tell_edit_by_lines(old, new)
        assert tell_edit_by_lines(new, old)


def test_a_repeated_line_that_another_rule_takes_out_once_is_no_edit_by_lines() -> None:
    old = _wording("Grain.", "The harvest is in.", "Prices fell.", "Grain.")
    for new in (
        _wording("The harvest is in.", "Prices fell.", "Grain.", spans=("Grain.\n",)),
        _wording("Grain.", "The harvest is in.", "Prices fell.", spans=("\nGrain.",)),
    ):
        assert not tell_edit_by_lines(old, new)
        assert not tell_edit_by_lines(new, old)


def test_a_headline_chosen_anew_among_the_pages_own_is_no_edit_by_lines_and_another_one_is() -> None:
    old = _wording("The harvest is in.", title="Grain", also="Grain: the harvest is in")
    assert not tell_edit_by_lines(old, _wording("The harvest is in.", title="Grain: the harvest is in", also="Grain"))
    assert tell_edit_by_lines(old, _wording("The harvest is in.", title="Wheat", also="Wheat"))
