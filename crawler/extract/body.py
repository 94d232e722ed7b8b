"""The raw extraction: trafilatura's lines set against the page's blocks, with what it left out in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from crawler.extract.page import HEADINGS, Block, PageTree
from crawler.records import Line

# Regions that never hold the reporter's own paragraphs.
_APART = frozenset(
    {
        "nav",
        "related",
        "share",
        "newsletter",
        "comments",
        "caption",
        "figure",
        "ad",
        "author",
        "tags",
        "legal",
        "paywall",
    }
    | {"form", "button", "footer", "aside", "hidden", "meta"}
)
_PARAGRAPHS = frozenset({"p", "blockquote", "div", "li", "section", "article"})
_KEY = 14  # characters by which a line's block is looked up
_SHARE = 0.7  # of the matched text must stand in the container


@dataclass(frozen=True, slots=True)
class Body:
    """The raw extraction's lines, and the blocks [first, last) of the element that holds most of them."""

    lines: tuple[Line, ...]
    first: int
    last: int


def align(texts: Sequence[str], blocks: tuple[Block, ...]) -> list[tuple[int, int]]:
    """For each text the blocks [first, last) it was made of; (-1, -1) where it is not on the page.

    A text may be one block, several in a row (a paragraph with line breaks) or the start of one.
    """
    keys = [_key(block.text) for block in blocks]
    starts: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        starts.setdefault(key[:_KEY], []).append(index)
    spans: list[tuple[int, int]] = []
    cursor = 0
    for text in texts:
        key = _key(_unmarked(text))
        candidates = starts.get(key[:_KEY]) or _shorter(starts, key)
        span = _best_span(key, keys, candidates, cursor)
        cursor = span[1] if span[0] >= cursor else cursor
        spans.append(span)
    return spans


def _key(text: str) -> str:
    return text.replace(" ", "")


def _unmarked(text: str) -> str:
    return text[2:] if text.startswith("- ") else text


def _shorter(starts: dict[str, list[int]], key: str) -> list[int]:
    """Blocks whose whole text is a short beginning of the line."""
    return next((found for size in range(_KEY - 1, 1, -1) if (found := starts.get(key[:size]))), [])


def _best_span(key: str, keys: list[str], candidates: list[int], cursor: int) -> tuple[int, int]:
    best, best_length = (-1, -1), 0
    for first in sorted(candidates, key=lambda index: (index < cursor, index)):
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
    return best if best_length * 10 >= len(key) * 8 else (-1, -1)


def build(texts: Sequence[str], tree: PageTree, *, witness: str | None = None, headline: int = -1) -> Body:
    """Lines of the raw extraction with their places, completed by paragraphs and sub-heads that were left out."""
    spans = align(texts, tree.blocks)
    words = _key(witness) if witness else None
    taken = {index for first, last in spans for index in range(first, last)}
    container = _container(spans, texts, tree.blocks)
    first, last = _extent(container, tree.blocks, taken)
    missing = _missing(tree.blocks, taken, (first, last), headline) if container is not None else []
    lines: list[Line] = []
    queue = list(missing)
    for text, span in zip(texts, spans, strict=True):
        while queue and span[0] > queue[0].index:
            lines.append(_line(queue[0].text, tree.blocks, (queue[0].index, queue.pop(0).index + 1), words, added=True))
        lines.append(_line(text, tree.blocks, span, words))
    lines += [_line(block.text, tree.blocks, (block.index, block.index + 1), words, added=True) for block in queue]
    return Body(tuple(lines), first, last)


def _line(
    text: str, blocks: tuple[Block, ...], span: tuple[int, int], witness: str | None, *, added: bool = False
) -> Line:
    own = blocks[span[0] : span[1]] if span[0] >= 0 else ()
    chars = sum(len(block.text) for block in own) or 1
    return Line(
        text=text,
        tag=own[0].tag if own else "",
        links=sum(block.links for block in own) / chars,
        strong=sum(block.strong for block in own) / chars,
        marks=frozenset[str]().union(*(block.marks for block in own)),
        block=span[0],
        witnessed=None if witness is None else _key(_unmarked(text)) in witness,
        added=added,
    )


def _ancestors(element: HtmlElement) -> Iterator[HtmlElement]:
    yield element
    yield from element.iterancestors()


def _container(spans: list[tuple[int, int]], texts: Sequence[str], blocks: tuple[Block, ...]) -> HtmlElement | None:
    """The deepest element that holds most of the text found."""
    weights: dict[HtmlElement, int] = {}
    depth: dict[HtmlElement, int] = {}
    total = 0
    for text, (first, _) in zip(texts, spans, strict=True):
        if first < 0:
            continue
        total += len(text)
        chain = list(_ancestors(blocks[first].element))
        for level, element in enumerate(reversed(chain)):
            weights[element] = weights.get(element, 0) + len(text)
            depth[element] = level
    enough = [element for element, weight in weights.items() if weight >= _SHARE * total]
    return max(enough, key=lambda element: depth[element], default=None)


def _extent(container: HtmlElement | None, blocks: tuple[Block, ...], taken: set[int]) -> tuple[int, int]:
    if container is None or not taken:
        return 0, 0
    inside = [block.index for block in blocks if any(element is container for element in _ancestors(block.element))]
    return (inside[0], inside[-1] + 1) if inside else (0, 0)


def _missing(blocks: tuple[Block, ...], taken: set[int], extent: tuple[int, int], headline: int) -> list[Block]:
    """Blocks of the container that read like the article but were left out."""
    known = [index for index in taken if extent[0] <= index < extent[1]]
    if not known:
        return []
    first, last = min(known), max(known)
    parents = {blocks[index].element.getparent() for index in taken}
    texts = {_key(blocks[index].text) for index in taken}
    found = []
    for block in blocks[max(extent[0], headline + 1) : extent[1]]:
        if block.index in taken or _key(block.text) in texts or not _reads_like_text(block):
            continue
        inside = first <= block.index < last
        beside = block.tag == "p" and block.element.getparent() in parents and len(block.text) > 60
        if (inside and _is_paragraph(block)) or beside:
            found.append(block)
            texts.add(_key(block.text))
    return found


def _reads_like_text(block: Block) -> bool:
    return not block.marks & _APART and block.links * 2 < len(block.text)


def _is_paragraph(block: Block) -> bool:
    if block.tag in HEADINGS:
        return block.tag != "h1" and 3 < len(block.text) < 160 and not block.links
    return block.tag in _PARAGRAPHS and len(block.text) >= 40
