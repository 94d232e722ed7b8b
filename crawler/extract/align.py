"""Finds lines of text again among the blocks of the page that they came from."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import chain

from crawler.extract.page import Block

Span = tuple[int, int]
NOWHERE: Span = (-1, -1)
_KEY = 14  # characters by which a line's block is looked up


def align(texts: Sequence[str], blocks: tuple[Block, ...]) -> list[Span]:
    """For each text the blocks [first, last) it was made of; (-1, -1) where it is not on the page.

    A text may be one block, several in a row (a paragraph with line breaks) or the start of one.
    """
    keys = [close(block.text) for block in blocks]
    starts: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        starts.setdefault(key[:_KEY], []).append(index)
    spans: list[Span] = []
    cursor = 0
    for text in texts:
        key = close(unmark(text))
        candidates = starts.get(key[:_KEY]) or _shorter(starts, key)
        span = _best_span(key, keys, candidates, cursor)
        cursor = span[1] if span[0] >= cursor else cursor
        spans.append(span)
    return spans


def close(text: str) -> str:
    """Text without its spaces, which libraries set differently."""
    return text.replace(" ", "")


def unmark(text: str) -> str:
    """A line without the mark that trafilatura sets before list items."""
    return text[2:] if text.startswith("- ") else text


def _shorter(starts: dict[str, list[int]], key: str) -> list[int]:
    """Blocks whose whole text is a short beginning of the line."""
    return next((found for size in range(_KEY - 1, 1, -1) if (found := starts.get(key[:size]))), [])


def _best_span(key: str, keys: list[str], candidates: list[int], cursor: int) -> Span:
    best, best_length = NOWHERE, 0
    ahead = bisect_left(candidates, cursor)
    # Those ahead first, one at a time: a page may print one word in 25,000 blocks, and the first of them will do.
    for at in chain(range(ahead, len(candidates)), range(ahead)):
        first = candidates[at]
        last, joined = first, 0
        while last < len(keys) and key.startswith(keys[last], joined):
            joined += len(keys[last])
            last += 1
        if last == first and keys[first].startswith(key):
            last, joined = first + 1, len(key)
        if joined > best_length:
            best, best_length = (first, last), joined
            if joined == len(key):
                break
    return best if best_length * 10 >= len(key) * 8 else NOWHERE
