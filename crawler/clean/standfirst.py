"""Finds the standfirst: the deck that stands between headline and text, and is kept apart from the text."""

from __future__ import annotations

from crawler.clean.folding import fold
from crawler.clean.structure import Facts
from crawler.clean.verdicts import Sheet, opens_with_dateline

_MAX_WORDS = 90
_MIN_LEFT = 2  # lines of prose that must be left below it


def find_standfirst(sheet: Sheet, facts: Facts) -> list[int]:
    """Indexes of the lines that are the standfirst; none where the text opens at once.

    A line counts if it is the first that stands, other text follows, and the page says so: it is marked as the deck, or
    is a heading, or all in bold, and is what the description says; a plain first paragraph is text, whatever the
    description repeats of it.
    """
    open_lines = sheet.open()
    prose = [at for at in open_lines if sheet.is_prose(at)]
    if not open_lines or len(prose) <= _MIN_LEFT - 1:
        return []
    found: list[int] = []
    description = fold(facts.description or "")
    for at in open_lines[:4]:
        line = sheet.lines[at]
        if sheet.words(at) > _MAX_WORDS or opens_with_dateline(line.text):
            break
        described = len(description) > 30 and (
            sheet.folded[at] == description or description.startswith(sheet.folded[at][:60])
        )
        heading = line.tag in {"h2", "h3", "h4"} and sheet.words(at) >= 6
        if (
            "standfirst" in line.marks
            or (described and (heading or line.strong > 0.8))
            or (heading and not found and at == open_lines[0] and described)
        ):
            found.append(at)
        else:
            break
    return found if len([at for at in prose if at not in found]) >= 1 else []
