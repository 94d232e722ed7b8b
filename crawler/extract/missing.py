"""Finds what trafilatura left out: paragraphs of the same make as the text, sub-heads between them, the deck."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set

from lxml.html import HtmlElement

from crawler.extract.align import close
from crawler.extract.page import HEADINGS, Block
from crawler.extract.titles import loosen

# Regions that do not hold the reporter's own paragraphs, unless the text itself stands in one.
APART = frozenset(
    """nav related share newsletter comments caption figure ad author tags legal paywall form button footer aside hidden
    meta""".split()  # noqa: SIM905
)
_SUB_HEADS = frozenset({"h2", "h3", "h4", "h5"})
_MIN_ALIKE = 50  # characters of a paragraph outside the run of the text
_MIN_INSIDE = 40
_DECK_WORDS = (6, 130)
_HEADING_GAP = 3
_LEAD_WORDS = 12
_SENTENCE = re.compile(r"[.!?؟。…][\"”»’')\]]*$")
_DECK_GAP = 14  # blocks after the headline among which the deck stands
_DECK_NEAR = 2  # blocks right before the text: a deck may stand below twenty buttons
_DESCRIBED_GAP = 40  # blocks before the text among which one that the description repeats is the deck
_MIN_DESCRIBED = 30  # characters; a shorter description repeats by chance
_DESCRIBED_CHARS = 80  # a description is often cut off, or goes on with another sentence
_WORD = re.compile(r"\w+")


def find_missing(blocks: tuple[Block, ...], taken: Set[int], headline: int, *, live: bool = False) -> list[Block]:
    """Blocks that read like the article but were left out: between what was taken, or of the same make as it.

    Of a live blog (`live`) every paragraph and sub-head of the article's element belongs to the text: its posts.
    """
    if not taken:
        return []
    known = sorted(taken)
    first, last = known[0], known[-1]
    apart = APART - common_marks(blocks, known)
    makes = _makes(blocks, known)
    parents = {blocks[index].element.getparent() for index in known}
    middle = blocks[known[len(known) // 2]].element
    scope = _scope(middle)
    texts = {close(blocks[index].text) for index in known}
    open_blocks = []
    for block in blocks[max(0, headline + 1) :]:
        if block.tag == "h1" and block.index > last:
            break  # the next story of an endless page
        own = apart - {"meta"} if block.tag in _SUB_HEADS else apart  # «10:40 Bridge reopens» is marked as a time
        if block.index not in taken and not block.marks & own and block.links * 2 < len(block.text):
            open_blocks.append(block)
    alike = {
        block.index
        for block in open_blocks
        if len(block.text) >= _MIN_ALIKE and _make(block) in makes and _scope(block.element) is scope
    }
    last = max(last, *alike) if alike else last
    parents |= {_holder(blocks[index]) for index in alike}
    found = []
    for block in open_blocks:
        inside = first <= block.index < last and _is_paragraph(block) and _holder(block) in parents
        post = live and _is_paragraph(block) and scope in block.element.iterancestors()
        if (inside or block.index in alike or post) and close(block.text) not in texts:
            found.append(block)
            texts.add(close(block.text))
    return found


def find_deck(blocks: tuple[Block, ...], taken: Set[int], headline: int, description: str | None) -> list[Block]:
    """The deck or lead between headline and text, left out by trafilatura: described so, marked as such, or prose."""
    if headline < 0 or not taken:
        return []
    start = min((at for at in taken if at > headline and blocks[at].tag not in HEADINGS), default=-1)
    between = blocks[headline + 1 : max(headline, start)]
    described = _described(between[-_DESCRIBED_GAP:], loosen(description or ""))
    if described:
        return [block for block in described if block.index not in taken]
    around = blocks[headline].marks
    title = set(loosen(blocks[headline].text).split())
    for block in (*between[: _DECK_GAP - 1], *between[_DECK_GAP - 1 :][-_DECK_NEAR:]):
        words = len(_WORD.findall(block.text))
        if block.index in taken or not _DECK_WORDS[0] <= words <= _DECK_WORDS[1] or block.links * 3 > len(block.text):
            continue
        if block.tag in HEADINGS and _repeats(block, title):
            continue
        apart = block.marks & APART - around - {"meta"}
        heading = block.tag in {"h2", "h3"} and block.index <= headline + _HEADING_GAP
        marked = "standfirst" in block.marks or heading
        prose = words >= _LEAD_WORDS and _SENTENCE.search(block.text) is not None
        if not apart and (marked or prose):
            return [block]
    return []


def _described(between: tuple[Block, ...], description: str) -> list[Block]:
    """The block that the description (loosened) repeats, or the row of blocks that it was put together from."""
    found: list[Block] = []
    for block in between:
        text = loosen(block.text)
        if len(text) < _MIN_DESCRIBED or "figure" in block.marks or block.links * 3 > len(block.text):
            continue
        first = not found and (description.startswith(text) or description[:_DESCRIBED_CHARS] in text)
        if len(description) >= _MIN_DESCRIBED and (first or (found and text in description)):
            found.append(block)
        elif found:
            break
    return found


def _repeats(block: Block, title: Set[str]) -> bool:
    """Whether a heading says the headline again, perhaps in other words: a page that prints two of them."""
    words = set(loosen(block.text).split())
    return len(words & title) * 5 >= min(len(words), len(title)) * 3


def common_marks(blocks: tuple[Block, ...], taken: Iterable[int]) -> frozenset[str]:
    """Marks that a third of the text found bears: they say nothing against a block on this page."""
    weights: dict[str, int] = {}
    total = 0
    for index in taken:
        total += len(blocks[index].text)
        for mark in blocks[index].marks:
            weights[mark] = weights.get(mark, 0) + len(blocks[index].text)
    return frozenset(mark for mark, weight in weights.items() if weight * 3 > total)


def _is_paragraph(block: Block) -> bool:
    if block.tag in HEADINGS:
        return block.tag in _SUB_HEADS and 3 < len(block.text) < 160 and not block.links
    return block.tag in {"p", "blockquote", "li"} and len(block.text) >= _MIN_INSIDE


def _holder(block: Block) -> HtmlElement | None:
    """The element that holds a paragraph, or the list of an item."""
    parent = block.element.getparent()
    return parent.getparent() if block.tag == "li" and parent is not None else parent


def _make(block: Block) -> str:
    """How a block is made: tag and class of its element and the two around it."""
    parts = []
    element: HtmlElement | None = block.element
    for _ in range(3):
        if element is None:
            break
        parts.append(f"{element.tag}.{' '.join(element.get('class', '').split())}")
        element = element.getparent()
    return "<".join(parts)


def _makes(blocks: tuple[Block, ...], known: list[int]) -> frozenset[str]:
    """Makes that the text's paragraphs have in numbers."""
    weights: dict[str, int] = {}
    total = 0
    for index in known:
        total += len(blocks[index].text)
        make = _make(blocks[index])
        weights[make] = weights.get(make, 0) + len(blocks[index].text)
    return frozenset(make for make, weight in weights.items() if weight * 4 > total)


def _scope(element: HtmlElement) -> HtmlElement | None:
    """The nearest article around an element, else its main part, else None for the whole page."""
    return next((above for above in element.iterancestors() if above.tag in {"article", "main"}), None)
