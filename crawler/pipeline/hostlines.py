"""The lines of a host's template: what a new article shows of them, and those in force for the pages of a crawl."""

from __future__ import annotations

from dataclasses import dataclass

from archive.records import HostSighting, ObservedLine
from archive.recurrence import hash_line
from archive.store import boilerplate
from archive.threads import ArchiveThreads
from crawler.attribute import agencies_of
from crawler.clean import restore
from crawler.clean.verdicts import Sheet
from crawler.records import Article, Line

# Anywhere in the text, only short lines can be boilerplate; at either end also longer ones, up to a company's "about".
SHORT_WORDS = 8
LONGEST_CHARS = 1_000
# Observed lines of an article: the ends come to a dozen; a listicle's headings are not worth more.
MOST_LINES = 30
# Paragraphs that tell a story from others; the last lines are not among them, where a template's own paragraphs stand.
MOST_PARAGRAPHS = 12
END_LINES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class HostState:
    """The learned lines of a host as of one version (0: none yet)."""

    version: int = 0
    lines: frozenset[str] = frozenset()


class HostStates:
    """The host states of one crawl: each is looked up once, so that all pages of a crawl are read alike."""

    def __init__(self, threads: ArchiveThreads) -> None:
        self._threads = threads
        self._known: dict[str, HostState] = {}
        self._grown: set[str] = set()

    async def find(self, host: str) -> HostState:
        """The state of `host` as of its first page in this crawl."""
        if host not in self._known:
            version, lines = await self._threads.run(boilerplate.host_lines, host)
            self._known.setdefault(host, HostState(version=version, lines=lines))
        return self._known[host]

    def note(self, host: str) -> None:
        """A new article of `host` was saved: there is something to learn from."""
        self._grown.add(host)

    async def learn(self) -> None:
        """Look at every host that brought new articles; crawls that begin later read its pages by what was learned."""
        while self._grown:
            await self._threads.run(boilerplate.learn, self._grown.pop())


def observe_article(host: str, article: Article) -> HostSighting:
    """What `article` shows of its host's template: short lines, and lines at either end, of what other rules left.

    Lines that were learned before are observed as if they still stood in the text. Never the first sentence, a
    paragraph that opens with a dateline, or a line that credits an agency.
    """
    lines, held = _lines_left(article)
    sheet = Sheet(tuple(Line(text=text) for text in lines))
    found: dict[str, ObservedLine] = {}
    for at in sorted(range(len(lines)), key=lambda at: (at not in held, min(at, len(lines) - 1 - at))):
        line = sheet.folded[at]
        if at in held or (_may_be_template(sheet, at) and not _credits_agency(sheet, at)):
            found.setdefault(line, ObservedLine(line=line, sample=lines[at], zone=sheet.places[at]))
        if len(found) >= MOST_LINES:
            break
    return HostSighting(host=host, lines=tuple(found.values()), paragraphs=_hash_paragraphs(sheet))


def _lines_left(article: Article) -> tuple[list[str], set[int]]:
    """The lines that no other rule took out, in the page's order, and which of them are gone as learned lines."""
    # Each removal is one line with the newline before it, or after it where no line stands before.
    rules = {removal.start + removal.text.startswith("\n"): removal.rule for removal in article.removals}
    lines: list[str] = []
    held: set[int] = set()
    start = 0
    for text in restore(article.text, article.removals).split("\n"):
        rule = rules.get(start)
        if rule == "host-line":
            held.add(len(lines))
        if rule is None or rule == "host-line":
            lines.append(text)
        start += len(text) + 1
    return lines, held


def _may_be_template(sheet: Sheet, at: int) -> bool:
    if at in sheet.guarded or not sheet.folded[at] or len(sheet.lines[at].text) > LONGEST_CHARS:
        return False
    return sheet.places[at] != "body" or sheet.words(at) <= SHORT_WORDS


def _hash_paragraphs(sheet: Sheet) -> tuple[int, ...]:
    prose = [at for at in range(len(sheet.lines)) if sheet.is_prose(at)]
    inner = [at for at in prose if at < len(sheet.lines) - END_LINES] or prose[:1]
    # The smallest hashes, so that a paragraph that both stories have is in both selections.
    return tuple(sorted({hash_line(sheet.folded[at]) for at in inner})[:MOST_PARAGRAPHS])


def _credits_agency(sheet: Sheet, at: int) -> bool:
    """Whether a short line is a credit («رويترز», "Reuters"): it recurs, and says whose copy it is."""
    return sheet.places[at] != "body" and sheet.words(at) <= SHORT_WORDS and bool(agencies_of(sheet.lines[at].text, ""))
