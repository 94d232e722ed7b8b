"""Which blocks near the headline belong to the story's head: byline and date line, not teasers and not comments."""

from __future__ import annotations

from crawler.extract.page import Block

_BELOW = 4  # blocks under the headline in which byline and date may share their line with a link to the comments


def is_elsewhere(block: Block, headline: int) -> bool:
    """Whether a block stands among teasers or comments. `headline` is the index of its block, -1 where unknown."""
    if "comments" in block.marks:
        below = headline >= 0 and 0 < block.index - headline <= _BELOW
        return not (below and block.marks & {"meta", "author"})
    return "related" in block.marks
