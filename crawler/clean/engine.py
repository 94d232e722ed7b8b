"""Raw extraction to text: every rule in its order, and what each took out, so that the raw can be restored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crawler.clean.folding import fold
from crawler.clean.lexicon import load_lexicon
from crawler.clean.phrases import apply_lexicon, find_candidates
from crawler.clean.standfirst import find_standfirst
from crawler.clean.strangers import take_strangers
from crawler.clean.structure import Facts, apply_structure
from crawler.clean.verdicts import Sheet
from crawler.records import Line, Removal


@dataclass(frozen=True, kw_only=True, slots=True)
class Cleaned:
    """`text` and `removals` together are the raw extraction (see `restore`). `summary` is the standfirst, if any.

    `kept` are the lines of `text`.
    """

    text: str
    summary: str | None
    removals: tuple[Removal, ...]
    kept: tuple[Line, ...]


def clean(
    lines: Sequence[Line],
    facts: Facts,
    *,
    host_lines: frozenset[str] = frozenset(),
    site_patterns: Sequence[str] = (),
) -> Cleaned:
    """Take boilerplate out of a raw extraction.

    `host_lines` are folded lines known to recur on the host, `site_patterns` regular expressions of the source's own
    that match whole lines.
    """
    sheet = Sheet(tuple(lines))
    _take_site_lines(sheet, site_patterns)
    _take_host_lines(sheet, host_lines)
    candidates = find_candidates(sheet, load_lexicon())
    apply_lexicon(sheet, candidates)
    apply_structure(sheet, facts)
    take_strangers(sheet, facts)
    standfirst = find_standfirst(sheet, facts)
    for at in standfirst:
        sheet.force(at, "standfirst")
    sheet.zone()  # what has gone no longer counts as the text's beginning and end
    apply_lexicon(sheet, candidates)
    summary = "\n".join(sheet.lines[at].text for at in standfirst) or None
    text, removals = cut(sheet)
    kept = tuple(line for line, verdict in zip(sheet.lines, sheet.verdicts, strict=True) if verdict is None)
    return Cleaned(text=text, summary=summary, removals=removals, kept=kept)


def _take_site_lines(sheet: Sheet, patterns: Sequence[str]) -> None:
    compiled = [re.compile(pattern) for pattern in patterns]
    for at in sheet.open() if compiled else ():
        if any(pattern.fullmatch(sheet.lines[at].text) for pattern in compiled):
            sheet.force(at, "site-line")


def _take_host_lines(sheet: Sheet, host_lines: frozenset[str]) -> None:
    for at in sheet.open() if host_lines else ():
        if sheet.folded[at] in host_lines:
            sheet.take(at, "host-line")


def normalise_line(text: str) -> str:
    """A line in the form in which learned host lines are kept and compared."""
    return fold(text)


def cut(sheet: Sheet) -> tuple[str, tuple[Removal, ...]]:
    """Text without the lines taken, and those lines as spans of the raw extraction, each with one newline."""
    removals: list[Removal] = []
    kept: list[str] = []
    position = 0
    count = len(sheet.lines)
    for at, (line, verdict) in enumerate(zip(sheet.lines, sheet.verdicts, strict=True)):
        end = position + len(line.text)
        if verdict is None:
            kept.append(line.text)
        else:
            start, span = (position - 1, "\n" + line.text) if kept else (position, line.text)
            if not kept and at < count - 1:
                span += "\n"
            removals.append(
                Removal(start=start, text=span, rule=verdict.rule, rule_version=verdict.version, zone=sheet.places[at])
            )
        position = end + 1
    return "\n".join(kept), tuple(removals)


def restore(text: str, removals: Sequence[Removal]) -> str:
    """The raw extraction, put together from a text and what was taken out of it."""
    parts: list[str] = []
    written = taken = 0
    for removal in sorted(removals, key=lambda removal: removal.start):
        gap = removal.start - written
        parts += [text[taken : taken + gap], removal.text]
        taken += gap
        written = removal.start + len(removal.text)
    return "".join((*parts, text[taken:]))
