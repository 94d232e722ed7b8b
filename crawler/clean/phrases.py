"""Applies the lexicon: lines that are boilerplate by their words."""

from __future__ import annotations

from collections.abc import Iterator

from crawler.clean.lexicon import Lexicon, Rule
from crawler.clean.verdicts import Sheet

_HEADED_WORDS = 24  # a line under «Read also» that is no longer than this and is a link goes with it


def apply_lexicon(sheet: Sheet, lexicon: Lexicon) -> None:
    """Take every line that a rule of the lexicon matches, and the links under a heading such as «Read also»."""
    for at in sheet.open():
        rule = match_line(sheet, at, lexicon)
        if rule is None:
            continue
        sheet.take(at, rule.id, rule.version)
        if rule.heads and sheet.verdicts[at] is not None:
            _take_headed(sheet, at, rule)


def match_line(sheet: Sheet, at: int, lexicon: Lexicon) -> Rule | None:
    """The first rule that the line falls under with all its conditions."""
    return next((rule for rule in _candidates(sheet.folded[at], lexicon) if _holds(rule, sheet, at)), None)


def _candidates(folded: str, lexicon: Lexicon) -> Iterator[Rule]:
    if not folded:
        return
    yield from lexicon.whole.get(folded, ())
    stripped = folded.strip("0123456789 ")  # "Comments 12"
    if stripped != folded:
        yield from lexicon.whole.get(stripped, ())
    words = folded.split()
    for phrase, rule in lexicon.opening.get(words[0], ()):
        if folded.startswith(phrase) and (len(folded) == len(phrase) or folded[len(phrase)] == " "):
            yield rule
    for phrase, rule in lexicon.ending.get(words[-1], ()):
        if folded.endswith(phrase) and (len(folded) == len(phrase) or folded[-len(phrase) - 1] == " "):
            yield rule
    if len(words) <= 60:
        for phrase, rule in lexicon.within:
            if phrase in folded and f" {phrase} " in f" {folded} ":
                yield rule


def _holds(rule: Rule, sheet: Sheet, at: int) -> bool:
    line = sheet.lines[at]
    if rule.max_words and sheet.words(at) > rule.max_words:
        return False
    if line.links < rule.min_links:
        return False
    return rule.zone in {"any", sheet.places[at]}


def _take_headed(sheet: Sheet, at: int, rule: Rule) -> None:
    """The lines under a heading of links, as far as they are links (or list items short as headlines)."""
    for below in range(at + 1, min(at + 12, len(sheet.lines))):
        line = sheet.lines[below]
        linked = line.links >= 0.6 and sheet.words(below) <= _HEADED_WORDS
        if sheet.verdicts[below] is not None:
            continue
        if not linked:
            return
        sheet.take(below, f"{rule.id}.links", rule.version)
