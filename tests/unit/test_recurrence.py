"""Which recurring lines are a host's template, and which are the reporters' own words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from archive.records import ObservedLine
from archive.recurrence import Recurrence, Sighting, count_stories, find_recurrences, judge_line

START = datetime(2026, 11, 1, tzinfo=UTC)
PROMPT = "تابعونا على قناة الصحيفة"
BACKGROUND = "The war has killed more than 50,000 people, according to officials there."


def sighting(
    number: int, *lines: str, zone: str = "tail", day: int | None = None, story: int | None = None
) -> Sighting:
    """Article `number` with these lines; a day and a story of its own unless given."""
    return Sighting(
        article_id=number,
        day=date(2026, 11, 1) + timedelta(days=number % 20 if day is None else day),
        seen_at=START + timedelta(hours=number),
        lines=tuple(ObservedLine(line=text.lower().rstrip("."), sample=text, zone=zone) for text in lines),  # type: ignore[arg-type]
        paragraphs=frozenset({number * 10, number * 10 + 1} if story is None else {story, story + 1}),
    )


def window(*sightings: Sighting) -> list[Sighting]:
    return sorted(sightings, key=lambda one: -one.article_id)


def states(articles: list[Sighting]) -> dict[str, str | None]:
    return {one.sample: judge_line(one, None) for one in find_recurrences(articles)}


def test_a_label_under_a_fifth_of_the_stories_is_boilerplate() -> None:
    with_it = [sighting(number, PROMPT) for number in range(10)]
    without = [sighting(number) for number in range(10, 50)]
    assert states(window(*with_it, *without)) == {PROMPT: "applied"}
    assert states(window(*with_it, *without, sighting(50))) == {PROMPT: "proposed"}


@pytest.mark.parametrize("count", [3, 4])
def test_four_stories_are_not_enough(count: int) -> None:
    assert states(window(*(sighting(number, PROMPT) for number in range(count)))) == {PROMPT: "proposed"}


def test_two_stories_are_not_even_a_proposal() -> None:
    assert states(window(*(sighting(number, PROMPT) for number in range(2)))) == {}


def test_the_background_of_a_running_story_is_no_boilerplate() -> None:
    """A paragraph that ends a third of a war correspondent's stories: the worst that was met."""
    war = [sighting(number, BACKGROUND) for number in range(33)]
    other = [sighting(number) for number in range(33, 100)]
    assert states(window(*war, *other)) == {BACKGROUND: "proposed"}


def test_a_sentence_under_most_stories_is_boilerplate() -> None:
    legal = "All views expressed here are those of their authors and not of this newspaper."
    articles = [sighting(number, *([legal] if number % 4 else [])) for number in range(40)]
    assert states(window(*articles)) == {legal: "applied"}


def test_a_short_sentence_counts_as_a_sentence() -> None:
    closing = "The investigation is ongoing."
    articles = [sighting(number, *([closing] if number % 3 == 0 else [])) for number in range(60)]
    assert states(window(*articles)) == {closing: "proposed"}


def test_a_line_inside_the_story_is_never_applied_by_itself() -> None:
    articles = [sighting(number, "Why it matters", zone="body") for number in range(60)]
    assert states(window(*articles)) == {"Why it matters": "proposed"}


def test_one_day_is_not_enough() -> None:
    articles = [sighting(number, PROMPT, day=1) for number in range(20)]
    assert states(window(*articles)) == {PROMPT: "proposed"}


def test_copies_of_one_story_count_once() -> None:
    copies = [sighting(number, PROMPT, story=500) for number in range(20)]
    assert states(window(*copies)) == {}
    assert states(window(*copies, sighting(20, PROMPT), sighting(21, PROMPT))) == {PROMPT: "proposed"}


def test_the_line_itself_does_not_make_two_stories_one() -> None:
    from archive.recurrence import hash_line

    shared = hash_line(PROMPT)
    articles = [
        Sighting(
            article_id=number,
            day=date(2026, 11, 1 + number),
            seen_at=START,
            lines=(ObservedLine(line=PROMPT, sample=PROMPT, zone="tail"),),
            paragraphs=frozenset({shared, number}),
        )
        for number in range(10)
    ]
    assert states(articles) == {PROMPT: "applied"}


def test_a_line_twice_in_one_article_is_one_sighting() -> None:
    articles = [sighting(number, "ADVERTISEMENT", "ADVERTISEMENT") for number in range(2)]
    assert states(window(*articles)) == {}


@pytest.mark.parametrize(("recent", "state"), [(5, "applied"), (4, "retired"), (0, "retired")])
def test_an_applied_line_goes_when_the_newest_articles_lack_it(recent: int, state: str) -> None:
    old = [sighting(number, PROMPT) for number in range(50)]
    new = [sighting(number, *([PROMPT] if number < 50 + recent else [])) for number in range(50, 100)]
    (found,) = find_recurrences(window(*old, *new))
    assert found.stories == 50 + recent
    # By its share of the whole window it would come in again at once.
    assert judge_line(found, "applied") == state


def test_what_an_operator_decided_stands() -> None:
    (found,) = find_recurrences(window(*(sighting(number, PROMPT) for number in range(20))))
    assert judge_line(found, "rejected") == "rejected"
    assert judge_line(found, None) == "applied"
    (weak,) = find_recurrences(window(*(sighting(number, PROMPT) for number in range(3))))
    assert judge_line(weak, "accepted") == "accepted"
    assert judge_line(None, "accepted") == "accepted"


def test_examples_and_dates_are_those_of_the_newest() -> None:
    (found,) = find_recurrences(window(*(sighting(number, PROMPT) for number in range(7))))
    assert isinstance(found, Recurrence)
    assert found.examples == (6, 5, 4)
    assert (found.first_seen, found.last_seen) == (START, START + timedelta(hours=6))


def test_stories_share_half_of_their_paragraphs_to_be_one() -> None:
    assert count_stories([{1, 2, 3, 4}, {1, 2, 8, 9}]) == 1
    assert count_stories([{1, 2, 3, 4}, {1, 7, 8, 9}]) == 2
