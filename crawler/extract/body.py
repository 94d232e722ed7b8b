"""The raw extraction: trafilatura's lines in their places on the page, with what it left out; asked twice if thin."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from crawler.extract.align import Span, align, unmark
from crawler.extract.article import main_text
from crawler.extract.missing import APART, common_marks, find_deck, find_missing
from crawler.extract.page import HEADINGS, Block, PageTree
from crawler.extract.titles import loosen
from crawler.records import Line

_PROSE_CHARS = 60
_THIN = 0.5  # of the page's own paragraphs
_THIN_CHARS = 400  # that are missing at least, before the thorough way is worth its cost
_SCRAP = 200  # characters of prose that are no text to defend against a longer one
_NOT_WORD = re.compile(r"\W+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Hints:
    """What metadata knows that helps to find the text: the headline's block (-1 unknown), description, articleBody,
    whether it is a live blog, the elements that the source's own selector names as the body."""

    headline: int = -1
    description: str | None = None
    witness: str | None = None
    live: bool = False
    bodies: tuple[HtmlElement, ...] = ()


@dataclass(frozen=True, slots=True)
class _Draft:
    """Lines of one extraction with their places, how many characters of the page's paragraphs they hold, and the marks
    that tell other regions from this text."""

    texts: Sequence[str]
    spans: list[Span]
    prose: int
    apart: frozenset[str]

    @property
    def taken(self) -> frozenset[int]:
        return frozenset(index for first, last in self.spans for index in range(first, last))


def extract_lines(tree: PageTree, hints: Hints) -> tuple[Line, ...]:
    """The raw extraction's lines. The thorough way is only gone where the quick one leaves most paragraphs out."""
    if hints.bodies:
        return _named(tree.blocks, hints)
    draft = _draft(main_text(tree.root), tree.blocks)
    if _is_thin(draft, tree, hints):
        second = _draft(main_text(tree.root, thorough=True), tree.blocks)
        if not draft.texts or (second.prose > draft.prose * 1.2 and _is_supported(second, draft, tree.blocks, hints)):
            draft = second
    return _assemble(draft, tree.blocks, hints)


def _named(blocks: tuple[Block, ...], hints: Hints) -> tuple[Line, ...]:
    """All blocks of the elements that the source names as the body."""
    bodies = set(hints.bodies)
    inside = [
        block for block in blocks if block.element in bodies or not bodies.isdisjoint(block.element.iterancestors())
    ]
    maker = _Maker(blocks, hints, frozenset(block.element.getparent() for block in inside))
    return tuple(maker.line(block.text, (block.index, block.index + 1)) for block in inside)


def _draft(texts: Sequence[str], blocks: tuple[Block, ...]) -> _Draft:
    texts, spans = _part(texts, align(texts, blocks), blocks)
    order = _page_order(spans)
    texts, spans = [texts[at] for at in order], [spans[at] for at in order]
    taken = [index for first, last in spans for index in range(first, last)]
    apart = APART - common_marks(blocks, taken)
    prose = sum(len(blocks[index].text) for index in taken if _is_prose(blocks[index], apart))
    return _Draft(texts, spans, prose, apart)


def _part(texts: Sequence[str], spans: list[Span], blocks: tuple[Block, ...]) -> tuple[Sequence[str], list[Span]]:
    """A text of one line in which whole elements run together, in its parts: where trafilatura finds no paragraphs
    long enough, a flash of one sentence say, it takes all that the article's element holds, in one line."""
    if len(texts) != 1 or len({block.element for block in blocks[slice(*spans[0])]}) < 2:
        return texts, spans
    parts = range(*spans[0])
    return [blocks[index].text for index in parts], [(index, index + 1) for index in parts]


def _page_order(spans: list[Span]) -> list[int]:
    """The order in which lines stand on the page (trafilatura may change it); a line that is not found stays behind the
    one before it."""
    keys: list[tuple[int, int]] = []
    before = -1
    for at, (first, _) in enumerate(spans):
        before = first if first >= 0 else before
        keys.append((before, at))
    return sorted(range(len(spans)), key=keys.__getitem__)


def _is_prose(block: Block, apart: frozenset[str]) -> bool:
    return len(block.text) >= _PROSE_CHARS and block.links * 5 < len(block.text) * 2 and not block.marks & apart


def _is_thin(draft: _Draft, tree: PageTree, hints: Hints) -> bool:
    """Whether most of the page's paragraphs are missing, also when what can be filled in from the page is counted."""
    if not draft.texts:
        return True
    there = sum(len(block.text) for block in tree.blocks if block.tag == "p" and _is_prose(block, draft.apart))
    stated = len(hints.witness or "") / 2
    if max(_THIN * there, stated) < draft.prose or max(there, stated) - draft.prose < _THIN_CHARS:
        return False
    filled = find_missing(tree.blocks, draft.taken, hints.headline, live=hints.live)
    prose = draft.prose + sum(len(block.text) for block in filled if _is_prose(block, draft.apart))
    return max(_THIN * there, stated) > prose and max(there, stated) - prose > _THIN_CHARS


def _is_supported(second: _Draft, draft: _Draft, blocks: tuple[Block, ...], hints: Hints) -> bool:
    """Whether a much longer text is this story's: its paragraphs stand together, or take up the headline's words."""
    if draft.prose < _SCRAP:
        return True
    parents = _parents(blocks, second.taken)
    prose = [blocks[index] for index in second.taken if _is_prose(blocks[index], second.apart)]
    together = sum(len(block.text) for block in prose if block.element.getparent() in parents)
    if together * 2 >= second.prose:
        return True
    wanted = (
        {word for word in loosen(blocks[hints.headline].text).split() if len(word) > 3}
        if hints.headline >= 0
        else set()
    )
    fresh = loosen(" ".join(blocks[index].text for index in second.taken - draft.taken)).split()
    return bool(wanted) and len(wanted & set(fresh)) * 2 >= len(wanted)


def _assemble(draft: _Draft, blocks: tuple[Block, ...], hints: Hints) -> tuple[Line, ...]:
    """Lines in order, each with its place, and those that were left out where they stand on the page."""
    taken = draft.taken
    queue = [
        *find_deck(blocks, taken, hints.headline, hints.description),
        *find_missing(blocks, taken, hints.headline, live=hints.live),
    ]
    queue = sorted({block.index: block for block in queue}.values(), key=lambda block: block.index)
    maker = _Maker(blocks, hints, _parents(blocks, taken))
    lines: list[Line] = []
    for text, span in zip(draft.texts, draft.spans, strict=True):
        while queue and span[0] > queue[0].index:
            lines.append(maker.added(queue.pop(0)))
        lines.append(maker.line(text, span))
    return (*lines, *map(maker.added, queue))


def _is_anchor(block: Block) -> bool:
    """Whether a heading's links lead nowhere but to itself, for a table of contents to point at."""
    if block.tag not in HEADINGS or not block.links:
        return False
    links = [link.get("href", "#") for link in block.element.iter("a")]
    return bool(links) and all(target.startswith("#") for target in links)


def _parents(blocks: tuple[Block, ...], taken: frozenset[int]) -> frozenset[HtmlElement]:
    """Elements that hold two paragraphs of the text or more; a headline and its deck are none."""
    counts: dict[HtmlElement, int] = {}
    for index in taken:
        if blocks[index].tag in HEADINGS:
            continue
        if len(blocks[index].text) >= _PROSE_CHARS and (parent := blocks[index].element.getparent()) is not None:
            counts[parent] = counts.get(parent, 0) + 1
    return frozenset(parent for parent, count in counts.items() if count > 1)


class _Maker:
    """Makes lines of one page: knows its blocks, its headline and its witness."""

    def __init__(self, blocks: tuple[Block, ...], hints: Hints, parents: frozenset[HtmlElement]) -> None:
        self.blocks = blocks
        self.headline = hints.headline
        self.witness = _NOT_WORD.sub("", hints.witness) if hints.witness else None
        self.parents = parents

    def added(self, block: Block) -> Line:
        return self.line(block.text, (block.index, block.index + 1), added=True)

    def line(self, text: str, span: Span, *, added: bool = False) -> Line:
        own = self.blocks[span[0] : span[1]] if span[0] >= 0 else ()
        if not own:
            return Line(text=text, witnessed=self.is_witnessed(text))
        chars = sum(len(block.text) for block in own)
        return Line(
            text=text,
            tag=own[0].tag,
            links=0.0 if _is_anchor(own[0]) else sum(block.links for block in own) / chars,
            strong=sum(block.strong for block in own) / chars,
            marks=own[0].marks if len(own) == 1 else frozenset[str]().union(*(block.marks for block in own)),
            block=span[0],
            witnessed=self.is_witnessed(text),
            beside=own[0].element.getparent() in self.parents or own[0].element in self.parents,
            before=0 <= span[0] < self.headline,
            added=added,
        )

    def is_witnessed(self, text: str) -> bool | None:
        return None if self.witness is None else _NOT_WORD.sub("", unmark(text)) in self.witness
