"""Which lines of a host's newest articles are boilerplate: lines that recur on other, different stories. Pure.

The thresholds stand here, each with its reason; how they were measured is told in docs/extraction.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from archive.records import ObservedLine

# Articles of a host that are looked at, newest first: a daily paper's two days, a small site's month.
WINDOW = 100
# A line has to stay on the newest articles; half a window forgets an old template without forgetting a quiet week.
RECENT = 50
# Stories that share a line by chance: two of a serial, a correction and its first version. Never seen with three.
PROPOSED_STORIES = 3
APPLIED_STORIES = 5
# One day's window may be one event; a template outlives the day.
DAYS = 2
# Labels (few words, no full stop) say nothing of an event; sentences may be the background of a running story, which
# a template's sentences are not: those stand on nearly every page.
LABEL_WORDS = 8
LABEL_SHARE = 0.2
SENTENCE_SHARE = 0.5
# A share of few articles says little: of fewer than these it counts as if there were so many.
LEAST_ARTICLES = 8
# Sightings that must lie at either end of the text: an advertisement's slot may move, a sentence of a story does.
AT_AN_END = 0.9
# Having been applied, a line goes when its share falls below this part of what it took to come in: no flapping.
STAYING = 0.5
# Two articles of which the smaller has half of its paragraphs in the other are one story told twice.
SAME_STORY = 0.5
EXAMPLES = 3

_SENTENCE_END = re.compile(r"[.!?؟。…]['\"”»’)\]]*$")

LineState = Literal["proposed", "applied", "accepted", "rejected", "retired"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """One article of a host as observed: the lines that could be boilerplate, and hashes of its paragraphs."""

    article_id: int
    day: date
    seen_at: datetime
    lines: tuple[ObservedLine, ...]
    paragraphs: frozenset[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Recurrence:
    """A line with what the window says of it. Shares are 0…1; `examples` are article ids, newest first."""

    line: str
    sample: str
    stories: int
    articles: int
    days: int
    share: float
    recent_share: float
    at_an_end: float
    label: bool
    first_seen: datetime
    last_seen: datetime
    examples: tuple[int, ...]

    @property
    def enters(self) -> bool:
        """Whether the line is boilerplate beyond doubt."""
        return (
            self.stories >= APPLIED_STORIES
            and self.days >= DAYS
            and self.at_an_end >= AT_AN_END
            and self.share >= self._needed
            and self.stays
        )

    @property
    def stays(self) -> bool:
        """Whether the newest articles still have the line often enough."""
        return self.recent_share >= self._needed * STAYING

    @property
    def _needed(self) -> float:
        return LABEL_SHARE if self.label else SENTENCE_SHARE


def hash_line(line: str) -> int:
    """A folded line as a signed number of 64 bits, as PostgreSQL's bigint holds it."""
    return int.from_bytes(hashlib.blake2b(line.encode(), digest_size=8).digest(), "big", signed=True)


def find_recurrences(window: Sequence[Sighting]) -> tuple[Recurrence, ...]:
    """Lines of `window` (newest first) on at least `PROPOSED_STORIES` different stories, the most frequent first."""
    where: dict[str, list[int]] = {}
    for at, sighting in enumerate(window):
        for line in {line.line for line in sighting.lines}:
            where.setdefault(line, []).append(at)
    found = (_weigh(line, places, window) for line, places in where.items() if len(places) >= PROPOSED_STORIES)
    return tuple(sorted((one for one in found if one is not None), key=lambda one: (-one.articles, one.line)))


def judge_line(recurrence: Recurrence | None, state: LineState | None) -> LineState | None:
    """The state a line is in after looking at the window; None where it is not worth a row.

    `state` is the one before (None: unknown line), `recurrence` what the window holds of it (None: too little). What
    an operator decided stands.

    >>> judge_line(None, "applied"), judge_line(None, "rejected"), judge_line(None, "proposed")
    ('retired', 'rejected', None)
    """
    if state in {"accepted", "rejected"}:
        return state
    if recurrence is not None and (recurrence.enters or (state == "applied" and recurrence.stays)):
        return "applied"
    if state in {"applied", "retired"}:
        return "retired"
    return None if recurrence is None else "proposed"


def _weigh(line: str, places: Sequence[int], window: Sequence[Sighting]) -> Recurrence | None:
    seen = [window[at] for at in places]
    itself = {hash_line(line)}
    stories = count_stories([sighting.paragraphs - itself for sighting in seen])
    if stories < PROPOSED_STORIES:
        return None
    found = [one for sighting in seen for one in _find_lines(sighting, line)]
    sample = found[0].sample
    recent = window[:RECENT]
    return Recurrence(
        line=line,
        sample=sample,
        stories=stories,
        articles=len(seen),
        days=len({sighting.day for sighting in seen}),
        share=stories / max(len(window), LEAST_ARTICLES),
        recent_share=sum(at < RECENT for at in places) / max(len(recent), LEAST_ARTICLES),
        at_an_end=sum(one.zone != "body" for one in found) / len(found),
        label=line.count(" ") < LABEL_WORDS and not _SENTENCE_END.search(sample.strip()),
        first_seen=min(sighting.seen_at for sighting in seen),
        last_seen=max(sighting.seen_at for sighting in seen),
        examples=tuple(sighting.article_id for sighting in seen[:EXAMPLES]),
    )


def _find_lines(sighting: Sighting, line: str) -> Iterator[ObservedLine]:
    return (one for one in sighting.lines if one.line == line)


def count_stories(articles: Sequence[Collection[int]]) -> int:
    """How many different stories there are among articles given by the hashes of their paragraphs.

    Those without a paragraph (a shell, a wall that was taken for an article) count as one: nothing tells them apart.

    >>> count_stories([{1, 2, 3}, {1, 2, 4}, {5, 6}, set(), set()])
    3
    """
    stories: list[frozenset[int]] = []
    for paragraphs in map(frozenset, articles):
        if not any(_tell_same(paragraphs, story) for story in stories):
            stories.append(paragraphs)
    return len(stories)


def _tell_same(one: frozenset[int], other: frozenset[int]) -> bool:
    least = min(len(one), len(other))
    return one == other or (least > 0 and len(one & other) >= least * SAME_STORY)
