"""Takes lines that stand among the text and are not of it: pull quotes, the next story, its author's life, boxes."""

from __future__ import annotations

from crawler.clean.folding import fold
from crawler.clean.structure import Facts
from crawler.clean.verdicts import Sheet
from crawler.records import Line

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PULL_WORDS = 5
_STORY = 3  # paragraphs above a second headline, at least: below fewer it may be the story's own
_BIO_WORDS = 80
_HEADING_WORDS = 16  # some sites set paragraphs as headings
_BIO_VERBS = frozenset(
    {
        "is",
        "was",
        "has",
        "are",
        "covers",
        "writes",
        "reports",
        "joined",
        "worked",
        "ist",
        "war",
        "hat",
        "est",
        "es",
        "è",
    }
)
# Share of the prose that articleBody has: of 78 pages with one 58 are above this; below it the body was cut off, or is
# the description again.
_WITNESSED = 0.8


def take_strangers(sheet: Sheet, facts: Facts) -> None:
    """All of these rules, for lines that no other took."""
    _take_pull_quotes(sheet)
    _take_next_story(sheet)
    _take_author_bio(sheet, facts)
    _take_unwitnessed(sheet)
    _take_bare_headings(sheet)


def _take_pull_quotes(sheet: Sheet) -> None:
    """A quotation set large that a paragraph of the text has too."""
    quotes = [at for at in sheet.open() if "quote" in sheet.marks(at) and sheet.words(at) >= _PULL_WORDS]
    texts = [sheet.folded[at] for at in sheet.open() if "quote" not in sheet.lines[at].marks] if quotes else []
    for at in quotes:
        if any(sheet.folded[at] in text for text in texts):
            sheet.take(at, "pull-quote")


def _take_next_story(sheet: Sheet) -> None:
    """Everything from a second headline on: an endless page's next story, an appeal under the text."""
    rows = [at for at, verdict in enumerate(sheet.verdicts) if verdict is None or verdict.rule != "title-echo"]
    heads = [at for at in rows if sheet.lines[at].tag == "h1"]
    if len(heads) != 1 or sheet.lines[heads[0]].beside:
        return  # several are the story's own sub-heads
    if sum(sheet.is_prose(at) for at in rows if at < heads[0]) < _STORY:
        return
    for at in sheet.open():
        if at >= heads[0]:
            sheet.take(at, "next-story")


def _take_author_bio(sheet: Sheet, facts: Facts) -> None:
    """«Nora Finch is a reporter …» below the text."""
    names = [name for author in facts.authors if " " in (name := fold(author))]
    for at in sheet.open() if names else ():
        if sheet.places[at] != "tail" or sheet.words(at) > _BIO_WORDS:
            continue
        rests = [
            sheet.folded[at].removeprefix(name).split() for name in names if sheet.folded[at].startswith(f"{name} ")
        ]
        if any(rest[0] in _BIO_VERBS for rest in rests):
            sheet.take(at, "author-bio")


def _take_unwitnessed(sheet: Sheet) -> None:
    """Boxes that articleBody leaves out, where it has the rest: apart from the paragraphs, or below the last of them.

    Where a paragraph follows the last one that it has, it was cut off there and is no witness of what comes after.
    """
    standing = sheet.open()
    prose = [at for at in standing if sheet.is_prose(at)]
    seen = [at for at in prose if sheet.lines[at].witnessed]
    if not seen or _chars(sheet, seen) < _WITNESSED * _chars(sheet, prose):
        return
    below = False  # the element that holds the text has ended
    for at, after in zip(standing, (*standing[1:], -1), strict=True):
        line = sheet.lines[at]
        if line.witnessed is not False or at < seen[0]:
            continue
        below = below or (at > seen[-1] and not line.beside)
        if at > seen[-1] and not below and sheet.is_prose(at):
            return
        if below or (at < seen[-1] and not line.beside and not _heads(line, sheet.lines[after])):
            sheet.take(at, "unwitnessed")


def _heads(line: Line, after: Line) -> bool:
    """Whether a line is the heading of a paragraph that articleBody has; it often has no headings at all."""
    return line.tag in _HEADINGS and bool(after.witnessed)


def _chars(sheet: Sheet, lines: list[int]) -> int:
    return sum(len(sheet.lines[at].text) for at in lines)


def _take_bare_headings(sheet: Sheet) -> None:
    """Headings that end the text: what they head was not taken for text («More on this story»)."""
    for at in reversed(sheet.open()):
        line = sheet.lines[at]
        if line.tag not in _HEADINGS or sheet.words(at) > _HEADING_WORDS or line.text.rstrip().endswith("."):
            return
        sheet.take(at, "bare-heading")
