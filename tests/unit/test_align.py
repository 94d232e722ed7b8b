"""Lines of text are found again among the blocks of their page, also where one word is printed again and again."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from crawler.extract.align import NOWHERE, align
from crawler.extract.page import parse, walk


def test_lines_are_found_in_order_and_a_word_printed_again_where_it_stands() -> None:
    root = parse("<p>Grain</p><p>The harvest is in</p><p>Grain</p><p>Prices fell</p>")
    assert root is not None
    blocks = walk(root).blocks
    assert align(["The harvest is in", "Grain", "Prices fell", "Grain", "Bread"], blocks) == [
        (1, 2),
        (2, 3),
        (3, 4),
        (0, 1),
        NOWHERE,
    ]


def test_a_page_of_one_word_takes_time_with_its_length_and_not_with_its_square() -> None:
    assert _count_calls(800) < 3 * _count_calls(400)


def _count_calls(number: int) -> int:
    root = parse("<p>a</p>" * number)
    assert root is not None
    blocks = walk(root).blocks
    calls = 0

    def count(_frame: FrameType, _event: str, _argument: Any) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        spans = align(["a"] * number, blocks)
    finally:
        sys.setprofile(None)
    assert spans[-1] == (number - 1, number)
    return calls
