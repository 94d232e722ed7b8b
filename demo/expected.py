"""What a faultless archive of the newsroom would hold: the ground truth for tests and benchmarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from demo.articles import Article
from demo.stories import Language

OutcomeName = Literal["too_old", "not_allowed", "robots", "gone", "rejected", "duplicate", "blocked", "failed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedArticle:
    """One article as it should be stored, by its canonical URL.

    `text` is a paragraph a line, dateline and sub-heads included, without title, standfirst and sign-off. `summary`
    is the standfirst that the page shows; None says that it shows none (an excerpt in a description is then no
    fault). `sign_off` is a closing credit line in a paragraph of its own: no part of `text`, no great harm in it.
    `place` is the dateline's city as printed (``LISBON``; the page may add a country). `agencies` are codes of the
    agency table. `published` is None where nothing dates the article. `aliases` are other URLs under which it is
    announced or served. `gone` is true after it disappeared: text and rows stay.
    """

    url: str
    source: str
    title: str
    text: str
    summary: str | None
    authors: tuple[str, ...]
    agencies: tuple[str, ...]
    place: str
    published: datetime | None
    modified: datetime | None
    language: Language
    section: str
    tags: tuple[str, ...]
    sign_off: str | None
    aliases: tuple[str, ...]
    gone: bool = False
    alternates: bool = False  # with a wall, under the same URL


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedOutcome:
    """How an announced URL that is no article of its own should end, in the words of the outcome enumeration.

    `reason` is the rejection's reason; `article` the canonical URL that a duplicate belongs to.
    """

    url: str
    source: str
    outcome: OutcomeName
    reason: str | None = None
    article: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """Everything that is announced, by canonical URL: an article or an outcome."""

    articles: Mapping[str, ExpectedArticle]
    outcomes: Mapping[str, ExpectedOutcome]


def expect_article(
    article: Article, home: str, source: str, aliases: tuple[str, ...], *, gone: bool
) -> ExpectedArticle:
    """The ground truth of one article."""
    dated = article.edition.dated
    shows_modified = article.publisher.theme in ("wordpress", "broadcaster", "broadsheet")
    return ExpectedArticle(
        url=home + article.path,
        source=source,
        title=article.headline,
        text="\n".join(paragraph.text for paragraph in article.paragraphs),
        summary=article.standfirst,
        authors=(article.author,) if article.author else (),
        agencies=(article.story.agency,),
        place=article.story.place.partition(",")[0],
        published=article.published if dated else None,
        modified=article.modified if dated and shows_modified else None,
        language=article.language,
        section=article.story.section,
        tags=article.story.tags,
        sign_off=article.sign_off,
        aliases=aliases,
        gone=gone,
        alternates=article.edition.alternates,
    )
