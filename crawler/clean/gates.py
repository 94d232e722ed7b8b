"""Decides whether a page is an article at all, from what it says, how it is built and how little text is left."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import unquote

from crawler.clean.folding import count_words, fold
from crawler.records import RejectReason

_VIDEO_TYPES = ("video",)
_LISTING_TYPES = frozenset({"CollectionPage", "ItemList", "SearchResultsPage"})
_FRONT = re.compile(r"^/?(?:[a-z]{2}(?:-[a-z]{2})?/?)?(?:(?:index|home|default)\.\w+)?$", re.IGNORECASE)
_SLUG = re.compile(r"\d{3}|\.(?:html?|php|aspx?|jsp)$|(?:[^\W_]+[-_+ ]){2}")
_SET_OFF = re.compile(r"\W*\w+\s*[^\w\s'’]")
_ARTICLE_TYPES = ("Article", "BlogPosting", "Report", "Recipe", "Review")
# Measured on 742 articles and 9 listings: between the paragraphs of an article stand few links that read like
# headlines, and most paragraphs stand side by side in one element; each teaser of a listing has its own of both.
_WALLED = 250  # words; a paywall notice on a page with more text is the site's furniture
_CUT = re.compile(r"(?:\.\.\.|…|\[…\]|\[\.\.\.\])\s*$")
_LISTED = 0.4
_BARE_WORDS = 25  # with no line longer than _BARE_LINE: what is left of menus; a flash of one sentence is longer
_BARE_LINE = 60
_SIDE_BY_SIDE = 0.15


@dataclass(frozen=True, kw_only=True, slots=True)
class Signals:
    """What is known of a page when the gate decides. Counts are of characters unless said otherwise.

    `path` is the URL's path with its query. `page_text` is the visible text from the top, as far as the gate reads (a
    few thousand characters). `paragraphs` counts the paragraphs of prose kept, `longest` is the longest line, `beside`
    the share of their text that stands side by side in one element. `headlines` counts the links of the page that read
    like headlines, `between` those of them between the first paragraph and the last. `stated` says whether the page's
    markup (not its print) dates the article.
    """

    title: str | None
    page_title: str | None
    path: str
    text: str
    page_text: str
    page_chars: int
    headlines: int
    between: int
    paragraphs: int
    beside: float
    longest: int
    words: int
    statement_type: str | None
    statement_types: frozenset[str]
    page_type: str | None
    stated: bool
    free: bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a page is no article, with the evidence in words."""

    reason: RejectReason
    detail: str


@dataclass(frozen=True, slots=True)
class _Sign:
    reason: RejectReason
    max_words: int
    titles: tuple[str, ...]
    phrases: tuple[str, ...]


@functools.cache
def _signs() -> tuple[_Sign, ...]:
    entries = tomllib.loads(files(__package__).joinpath("gates.toml").read_text(encoding="utf-8"))["gate"]
    return tuple(
        _Sign(
            RejectReason(entry["reason"]),
            entry["max_words"],
            tuple(map(fold, entry.get("titles", ()))),
            tuple(map(fold, entry.get("phrases", ()))),
        )
        for entry in entries
    )


def refuse(signals: Signals) -> Refusal | None:
    """The reason why the page is no article, None for an article."""
    return _by_words(signals) or _by_type(signals) or _by_shape(signals)


def doubts(signals: Signals) -> tuple[str, ...]:
    """Flags for an article that is taken: ``paywalled`` (the page says so), ``truncated`` (the text breaks off)."""
    wall = next(sign for sign in _signs() if sign.reason is RejectReason.PAYWALL_STUB)
    text = f" {fold(signals.page_text)} " if signals.words <= _WALLED else ""
    walled = signals.free is False or any(f" {phrase} " in text for phrase in wall.phrases)
    cut = _CUT.search(signals.text) is not None or (walled and signals.words <= _WALLED)
    return (*(["paywalled"] if walled else []), *(["truncated"] if cut else []))


def _by_words(signals: Signals) -> Refusal | None:
    """Walls, challenges and errors: their own words, on a page with little other text."""
    title = signals.page_title or signals.title or ""
    signs = [sign for sign in _signs() if signals.words <= sign.max_words]
    if not signs:
        return None  # most articles are longer than any sign's page: nothing is folded for them
    text = f" {fold(signals.page_text)} "
    for sign in signs:
        for phrase in sign.titles:
            if _opens(title, phrase):
                return Refusal(reason=sign.reason, detail=f"the title says {phrase!r}, {signals.words} words of text")
        for phrase in sign.phrases:
            if f" {phrase} " in text:
                return Refusal(reason=sign.reason, detail=f"the page says {phrase!r}, {signals.words} words of text")
    return None


def _opens(title: str, phrase: str) -> bool:
    """Whether a title is the phrase, or opens with it and says little more; one word must be set off from the rest.

    "404 | Gazette" is an error page; "404 boats counted" is a story.
    """
    folded = fold(title)
    if folded == phrase:
        return True
    more = count_words(folded) - count_words(phrase)
    return folded.startswith(phrase + " ") and more <= 5 and (" " in phrase or bool(_SET_OFF.match(title)))


def _by_type(signals: Signals) -> Refusal | None:
    kind = signals.statement_type or ""
    if signals.words < 60:
        if kind == "VideoObject" or (signals.page_type or "").startswith(_VIDEO_TYPES):
            return Refusal(reason=RejectReason.VIDEO, detail=f"a video page with {signals.words} words of text")
        if kind == "ImageGallery":
            return Refusal(reason=RejectReason.GALLERY, detail=f"a gallery with {signals.words} words of text")
    if kind in _LISTING_TYPES and signals.words < 150:
        return Refusal(reason=RejectReason.SECTION_PAGE, detail=f"its JSON-LD calls it {kind}")
    return None


def _by_shape(signals: Signals) -> Refusal | None:
    if signals.free is False and signals.words < 60:
        return Refusal(
            reason=RejectReason.PAYWALL_STUB, detail=f"not free by its own word, {signals.words} words of text"
        )
    if signals.page_chars < 200 and signals.words < 30:
        return Refusal(reason=RejectReason.EMPTY_SHELL, detail=f"{signals.page_chars} characters on the whole page")
    if not signals.text.strip():
        return Refusal(reason=RejectReason.NO_TEXT, detail="no text was found on the page")
    return _by_bareness(signals) or _by_listing(signals)


def _by_bareness(signals: Signals) -> Refusal | None:
    """Nothing but words of menus: the text is missing, or there is none because the page lists others."""
    if signals.words >= _BARE_WORDS or signals.longest >= _BARE_LINE:
        return None
    if signals.headlines >= 8:
        return _section(signals, f"{signals.words} words of text")
    return Refusal(
        reason=RejectReason.EMPTY_SHELL,
        detail=f"{signals.words} words of text, the longest line of {signals.longest} characters",
    )


def _by_listing(signals: Signals) -> Refusal | None:
    listed = signals.between >= _LISTED * max(1, signals.paragraphs)
    scattered = signals.beside < _SIDE_BY_SIDE
    if _FRONT.match(signals.path) and (listed or scattered or signals.longest < 160 or signals.words < 80):
        return _section(signals, "the site's front page")
    if _is_article(signals):
        return None
    section = not _SLUG.search(unquote(signals.path))
    if section and signals.headlines >= 8 and (listed or scattered or signals.paragraphs <= 2):
        return _section(signals, "an address without a slug")
    if not signals.stated and signals.headlines >= 12 and signals.paragraphs <= 2 and signals.longest < 200:
        return _section(signals, "no date")
    if not signals.stated and signals.headlines >= 12 and listed and scattered and signals.longest < 200:
        return _section(signals, "no date, teasers side by side with headlines")
    return None


def _is_article(signals: Signals) -> bool:
    return (signals.statement_type or "").endswith(_ARTICLE_TYPES) or signals.page_type == "article"


def _section(signals: Signals, why: str) -> Refusal:
    counts = f"{signals.headlines} headlines, {signals.between} of them among {signals.paragraphs} paragraphs"
    return Refusal(reason=RejectReason.SECTION_PAGE, detail=f"{why}, {counts}")
