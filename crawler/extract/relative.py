"""Finds how long ago something was, in words: «قبل ساعتين», "2 hours ago", «أمس»."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from crawler.extract.datewords import Token


@dataclass(frozen=True, slots=True)
class Past:
    """How long before the fetch: `unit` is the smallest unit named, ``now`` for "just now"."""

    ago: timedelta
    unit: str
    first: int
    last: int


_SPANS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}


def find_past(tokens: Sequence[Token]) -> Past | None:
    """«قبل ساعتين», "2 hours ago", «أمس», "just now"; None where nothing of the kind is written."""
    for index, token in enumerate(tokens):
        if token.means("now.words"):
            return Past(timedelta(0), "minute", index, index)
        if token.means("ago.before"):
            spans = _spans(tokens, index + 1)
            if spans:
                return Past(spans[0], spans[1], index, spans[2])
        if token.means("ago.after"):
            past = _spans_before(tokens, index)
            if past:
                return past
    for index, token in enumerate(tokens):
        if token.means("days") and not (index and tokens[index - 1].means("ago.before")):
            return Past(timedelta(days=int(token.senses["days"])), "day", index, index)
    return None


def _spans(tokens: Sequence[Token], index: int) -> tuple[timedelta, str, int] | None:
    """(sum, smallest unit, last index) of "[3] hours [5 minutes]" that begins at `index`."""
    total, unit, last = timedelta(0), "", index
    while index < len(tokens):
        count = _count(tokens[index])
        place = index if count is None else index + 1
        if place >= len(tokens) or "unit" not in tokens[place].senses:
            break
        if count is None and unit:
            break
        unit = str(tokens[place].senses["unit"])
        total += _SPANS[unit] * (count or 1) * int(tokens[place].senses["unit.count"])
        last, index = place, place + 1
        if index < len(tokens) and tokens[index].means("count") and tokens[index].text in ("واحد", "واحده"):
            last, index = index, index + 1  # «يوم واحد»
        while index < len(tokens) and (tokens[index].kind == "mark" or tokens[index].text in ("and", "و")):
            index += 1
    return (total, unit, last) if unit else None


def _spans_before(tokens: Sequence[Token], index: int) -> Past | None:
    for first in range(max(0, index - 6), index):
        spans = _spans(tokens, first) if _count(tokens[first]) is not None else None
        if spans and spans[2] == index - 1:
            return Past(spans[0], spans[1], first, index)
    return None


def _count(token: Token) -> int | None:
    if token.kind == "number":
        return token.numbers[0] if token.numbers[0] < 10_000 else None
    value = token.senses.get("count")
    return None if value is None else int(value)
