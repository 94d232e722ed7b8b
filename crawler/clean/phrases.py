"""Applies the lexicon: lines that are boilerplate by their words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from crawler.clean.lexicon import Lexicon, Rule
from crawler.clean.verdicts import Sheet, ends_sentence
from crawler.records import Line

_SET_OFF = re.compile(r"[:：|»«•–—…]|\.\.|\s-|[\d]")
_CUT_OFF = re.compile(r"\w\s*(?:…|\.\.\.|\[…\]|\[\.\.\.\])\s*$")
_MARGIN = 6  # characters by which vowel signs and quotes may lengthen the phrase as printed
# Characters beyond which a line is held against no shape: some take time with the square of a line's length, and a word
# has no limit (200 kB of digits took longer than a page may; at 400 characters the slowest takes 1 ms).
_LONGEST_SHAPED = 400
_LONGEST_HELD = 60  # words; in a longer line no phrase is looked for but at its ends
_HEADED_WORDS = 24  # a line under «Read also» that is no longer than this and is a link goes with it


def find_candidates(sheet: Sheet, lexicon: Lexicon) -> dict[int, tuple[Rule, ...]]:
    """By line, the rules whose words it has, wherever it stands; lines with none, as most are, are left out."""
    found = ((at, tuple(_candidates(sheet.lines[at], sheet.folded[at], lexicon))) for at in sheet.open())
    return {at: rules for at, rules in found if rules}


def apply_lexicon(sheet: Sheet, candidates: Mapping[int, Sequence[Rule]]) -> None:
    """Take every line that one of its candidates matches, and the links under a heading such as «Read also»."""
    for at in sheet.open():
        rule = choose(sheet, at, candidates.get(at, ()))
        if rule is None:
            continue
        take = sheet.force if rule.sure else sheet.take
        take(at, rule.id)
        if rule.heads and sheet.verdicts[at] is not None:
            _take_headed(sheet, at, rule)
        if rule.closes and sheet.verdicts[at] is not None:
            _take_enclosed(sheet, at, rule)


def choose(sheet: Sheet, at: int, candidates: Sequence[Rule]) -> Rule | None:
    """The first of the rules that the line falls under with all its conditions; one that is sure before the others."""
    found = [rule for rule in candidates if _holds(rule, sheet, at)]
    return next((rule for rule in found if rule.sure), found[0] if found else None)


def _candidates(line: Line, folded: str, lexicon: Lexicon) -> Iterator[Rule]:
    if not folded:
        return
    words = folded.split()
    yield from lexicon.whole.get(folded, ())
    yield from _numbered(folded, lexicon)
    for phrase, rule in lexicon.opening.get(words[0], ()):
        whole = len(folded) == len(phrase)
        if (
            folded.startswith(phrase)
            and (whole or folded[len(phrase)] == " ")
            and (not rule.label or whole or _is_label(line, phrase))
        ):
            yield rule
    for phrase, rule in lexicon.ending.get(words[-1], ()):
        if folded.endswith(phrase) and (len(folded) == len(phrase) or folded[-len(phrase) - 1] == " "):
            yield rule
    if len(words) <= _LONGEST_HELD:
        yield from _within(folded, words, lexicon)
        yield from _shaped(line, folded, len(words), lexicon)


def _numbered(folded: str, lexicon: Lexicon) -> Sequence[Rule]:
    """Whole lines with numbers around and in them: "Comments 12", «قراءة 3 دقائق»."""
    bare = folded.strip("0123456789 ")
    first = bare.partition(" ")[0]
    if first not in lexicon.beginning and not first.isdigit():
        return ()
    unnumbered = " ".join(word for word in bare.split() if not word.isdigit())
    return lexicon.whole.get(unnumbered, ()) if unnumbered != folded else ()


def _within(folded: str, words: list[str], lexicon: Lexicon) -> Iterator[Rule]:
    if lexicon.within.keys().isdisjoint(words):
        return
    begun = [entry for word in dict.fromkeys(words) for entry in lexicon.within.get(word, ())]
    padded = f" {folded} "
    yield from (rule for _, phrase, rule in sorted(begun, key=lambda entry: entry[0]) if f" {phrase} " in padded)


def _shaped(line: Line, folded: str, count: int, lexicon: Lexicon) -> Iterator[Rule]:
    if len(folded) > _LONGEST_SHAPED or not lexicon.any_shape.fullmatch(folded):
        return
    for rule in lexicon.shaped:
        fits = count <= rule.max_words and any(shape.fullmatch(folded) for shape in rule.shapes)
        if fits and (not rule.label or _is_no_sentence(line)):
            yield rule


def _is_label(line: Line, phrase: str) -> bool:
    """Whether what opens the line is set off from the rest, or the line is a link or no sentence."""
    return bool(_SET_OFF.search(line.text[len(phrase) // 2 : len(phrase) + _MARGIN]) or _is_no_sentence(line))


def _is_no_sentence(line: Line) -> bool:
    return line.links >= 0.3 or not ends_sentence(line.text)


def _holds(rule: Rule, sheet: Sheet, at: int) -> bool:
    line = sheet.lines[at]
    if rule.max_words and sheet.words(at) > rule.max_words:
        return False
    if line.links < rule.min_links:
        return False
    place = sheet.places[at]
    return rule.zone in {"any", place} or (rule.zone == "edge" and place != "body")


def _take_enclosed(sheet: Sheet, at: int, rule: Rule) -> None:
    """The lines of a region that skip links enclose, if its end is near."""
    ahead = range(at + 1, min(at + 12, len(sheet.lines)))
    end = next((below for below in ahead if sheet.folded[below].endswith(rule.closes)), at)
    for below in range(at + 1, end + 1):
        sheet.take(below, f"{rule.id}.region")


def _take_headed(sheet: Sheet, at: int, rule: Rule) -> None:
    """The lines under a heading of links, as far as they are links, or at the text's end teasers cut off behind one."""
    taken = 0
    for below in range(at + 1, min(at + 12, len(sheet.lines))):
        line = sheet.lines[below]
        linked = line.links >= 0.6 and sheet.words(below) <= _HEADED_WORDS
        if sheet.verdicts[below] is not None:
            continue
        if not linked and not (taken and _is_teaser(line) and _ends_with_teasers(sheet, below)):
            return
        taken += 1
        sheet.take(below, f"{rule.id}.links")


def _is_teaser(line: Line) -> bool:
    return bool(_CUT_OFF.search(line.text))


def _ends_with_teasers(sheet: Sheet, at: int) -> bool:
    """Whether no paragraph follows but such as are cut off too."""
    return not any(sheet.is_prose(below) and not _is_teaser(sheet.lines[below]) for below in sheet.open() if below > at)
