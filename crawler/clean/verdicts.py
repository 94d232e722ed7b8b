"""One pass a kind of evidence: which lines of a raw extraction go, by which rule, and which are protected."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from crawler.clean.folding import count_words, fold
from crawler.clean.registry import find_rule
from crawler.records import Line

Place = Literal["lead", "body", "tail"]
# A line that opens the way wire copy does: place, agency in parentheses, dash.
_DATELINE = re.compile(
    r"^[^\W\d_][\w .,،'’\-/]{1,45}?\s*[(（]\s*[^()（）]{2,40}[)）]\s*[-–—:]"
    r"|^[A-Z][A-Z .,'\-]{2,40}(?:, [A-Z][\w. ]{2,20})?(?:,? [A-Z][a-z]{2,8}\.? \d{1,2})?\s*"
    r"(?:[(（][^()（）]{2,40}[)）]\s*)?[-–—]{1,2}\s"
    r"|^[^\W\d_][\w ،.]{1,30}\s*[-–—]\s*(?:رويترز|أ ?ف ?ب|ا ?ف ?ب|د ?ب ?أ|واس|وكالات)\s*[:\-–—]",
)
_SENTENCE_END = re.compile(r"[.!?؟。…:][\"”»’')\]]*$")
_PROSE_CHARS = 80
_PROSE_WORDS = 12


@dataclass(frozen=True, slots=True)
class Verdict:
    """The rule that takes a line out."""

    rule: str
    version: int


@dataclass(slots=True)
class Sheet:
    """Lines under judgement: folded once, zoned, with the verdicts so far. Made and used within one call."""

    lines: tuple[Line, ...]
    folded: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    verdicts: list[Verdict | None] = field(default_factory=list)
    guarded: set[int] = field(default_factory=set)
    apart: frozenset[str] = frozenset()  # marks that tell a region from the article on this page

    def __post_init__(self) -> None:
        self.folded = [fold(line.text) for line in self.lines]
        self.verdicts = [None] * len(self.lines)
        self.zone()
        self.apart = self._telling_marks()

    def _telling_marks(self) -> frozenset[str]:
        """Marks on no more than a third of the prose: what most of the text bears is said of the article itself."""
        prose = [line for line in self.lines if len(line.text) >= _PROSE_CHARS and line.links < 0.5]
        total = sum(len(line.text) for line in prose)
        weights: dict[str, int] = {}
        for line in prose:
            for mark in line.marks:
                weights[mark] = weights.get(mark, 0) + len(line.text)
        every = frozenset[str]().union(*(line.marks for line in self.lines))
        return frozenset(mark for mark in every if weights.get(mark, 0) * 3 <= total)

    def marks(self, at: int) -> frozenset[str]:
        """What the line's surroundings say of it, without what they say of the whole text."""
        return self.lines[at].marks & self.apart

    def zone(self) -> None:
        """Lead: what stands before the first prose, and the first three lines; tail: the same from the end."""
        standing = self.open()
        prose = [at for at in standing if self.is_prose(at)]
        first, last = (prose[0], prose[-1]) if prose else (len(self.lines), len(self.lines))
        opening, closing = set(standing[:3]), set(standing[-3:])
        self.places = []
        for at in range(len(self.lines)):
            lead, tail = at < first or (at in opening and at <= last), at > last or at in closing
            self.places.append("lead" if lead else "tail" if tail else "body")
        self.guarded = {at for at in prose if _DATELINE.match(self.lines[at].text)} | set(prose[:1])

    def is_prose(self, at: int) -> bool:
        """Whether a line reads like a paragraph: long enough, not mostly links."""
        line = self.lines[at]
        long = len(line.text) >= _PROSE_CHARS or count_words(self.folded[at]) >= _PROSE_WORDS
        return long and line.links < 0.5 and not line.marks & {"caption", "nav", "related"}

    def open(self) -> list[int]:
        """Indexes of the lines that no rule has taken yet."""
        return [at for at, verdict in enumerate(self.verdicts) if verdict is None]

    def take(self, at: int, rule: str) -> None:
        """Let a declared rule take a line, unless the line is guarded or already taken."""
        if self.verdicts[at] is None and at not in self.guarded:
            self.verdicts[at] = Verdict(rule, find_rule(rule).version)

    def force(self, at: int, rule: str) -> None:
        """As `take`, past the guard: for what is certain (the site's own rules, an echo of the title)."""
        if self.verdicts[at] is None:
            self.verdicts[at] = Verdict(rule, find_rule(rule).version)

    def words(self, at: int) -> int:
        return count_words(self.folded[at])


def ends_sentence(text: str) -> bool:
    """Whether a line ends as a sentence does."""
    return bool(_SENTENCE_END.search(text))


def opens_with_dateline(text: str) -> bool:
    """Whether a line opens as wire copy does.

    >>> opens_with_dateline("بكين (رويترز) – وقع رئيس الوزراء")
    True
    """
    return bool(_DATELINE.match(text))
