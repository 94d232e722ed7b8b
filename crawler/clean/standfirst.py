"""Finds the standfirst: the deck that stands between headline and text, and is kept apart from the text."""

from __future__ import annotations

from crawler.clean.folding import fold
from crawler.clean.structure import Facts
from crawler.clean.verdicts import Sheet, opens_with_dateline

_MAX_WORDS = 90
_MAX_LINES = 2  # a deck of more is the text itself under a misleading class


def find_standfirst(sheet: Sheet, facts: Facts) -> list[int]:
    """Indexes of the lines that are the standfirst; none where the text opens at once.

    They are the first lines that stand, and stand apart from the paragraphs or look unlike them: marked as the deck, a
    heading, all in bold, or what the description says; or a dateline opens the paragraph behind them. Otherwise a first
    paragraph among the others is text, whatever the description repeats of it.
    """
    found: list[int] = []
    standing = sheet.open()
    for at in standing[: _MAX_LINES + 1]:
        if not _is_deck(sheet, at, fold(facts.description or "")) and not (at == standing[0] and _leads_to(sheet)):
            break
        found.append(at)
    text_below = any(sheet.is_prose(at) for at in standing[len(found) :])
    return found if found and len(found) <= _MAX_LINES and text_below else []


def _leads_to(sheet: Sheet) -> bool:
    """Whether the second line opens as wire copy does and the first does not: a dateline opens the copy."""
    first, second, *_ = (*sheet.open()[:2], -1, -1)
    return (
        second >= 0
        and 4 <= sheet.words(first) <= _MAX_WORDS
        and not opens_with_dateline(sheet.lines[first].text)
        and opens_with_dateline(sheet.lines[second].text)
    )


def _is_deck(sheet: Sheet, at: int, description: str) -> bool:
    line = sheet.lines[at]
    if not 4 <= sheet.words(at) <= _MAX_WORDS or opens_with_dateline(line.text):
        return False
    described = len(description) > 30 and description.startswith(sheet.folded[at][: len(description) - 3][:200])
    heading = line.tag in {"h2", "h3", "h4"} and sheet.words(at) >= 6
    if line.beside:
        return described and (heading or line.strong > 0.8)
    return line.added or described or "standfirst" in sheet.marks(at)
