"""Decides whether a page is an article at all, from what it says, how it is built and how little text is left."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files

from crawler.clean.folding import count_words, fold
from crawler.records import RejectReason

_VIDEO_TYPES = ("video",)
_LISTING_TYPES = frozenset({"CollectionPage", "ItemList", "SearchResultsPage"})
_LISTING_PAGE = re.compile(r"^/?(?:[a-z]{2}(?:-[a-z]{2})?/?)?(?:index\.\w+)?$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Signals:
    """What is known of a page when the gate decides. Counts are of characters unless said otherwise.

    `page_text` is the visible text from the top, as far as the gate reads (a few thousand characters), `longest` the
    longest paragraph kept, `paragraphs` how many paragraphs of prose were kept, `headlines` how many links of the page
    read like headlines.
    """

    title: str | None
    page_title: str | None
    path: str
    text: str
    raw_chars: int
    page_text: str
    page_chars: int
    link_chars: int
    headlines: int
    paragraphs: int
    longest: int
    words: int
    statement_type: str | None
    statement_types: frozenset[str]
    page_type: str | None
    published: bool
    free: bool | None
    paywall_marks: bool
    witness_chars: int = 0


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


def _by_words(signals: Signals) -> Refusal | None:
    """Walls, challenges and errors: their own words, on a page with little other text."""
    title = fold(signals.page_title or signals.title or "")
    text = f" {fold(signals.page_text)} "
    for sign in _signs():
        if signals.words > sign.max_words:
            continue
        for phrase in sign.titles:
            if title == phrase or (title.startswith(phrase + " ") and count_words(title) <= count_words(phrase) + 5):
                return Refusal(reason=sign.reason, detail=f"the title says {phrase!r}, {signals.words} words of text")
        for phrase in sign.phrases:
            if f" {phrase} " in text:
                return Refusal(reason=sign.reason, detail=f"the page says {phrase!r}, {signals.words} words of text")
    return None


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
    if signals.free is False and signals.paywall_marks and signals.words < 60:
        return Refusal(
            reason=RejectReason.PAYWALL_STUB, detail=f"not free by its own word, {signals.words} words of text"
        )
    if signals.page_chars < 200 and signals.words < 30:
        return Refusal(reason=RejectReason.EMPTY_SHELL, detail=f"{signals.page_chars} characters on the whole page")
    if not signals.text.strip():
        return Refusal(reason=RejectReason.NO_TEXT, detail="no text was found on the page")
    front = bool(_LISTING_PAGE.match(signals.path))
    prose = signals.paragraphs
    if front and not signals.published and signals.headlines >= 8:
        return Refusal(reason=RejectReason.SECTION_PAGE, detail=f"front page with {signals.headlines} headlines")
    if not signals.published and signals.headlines >= 12 and prose <= 2 and signals.longest < 400:
        return Refusal(
            reason=RejectReason.SECTION_PAGE, detail=f"{signals.headlines} headlines, {prose} paragraphs, no date"
        )
    return None
