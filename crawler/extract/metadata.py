"""What a page says about its article: JSON-LD, meta elements and what stands printed around the headline, joined."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from crawler.extract.jsonld import Statement
from crawler.extract.language import detect_language
from crawler.extract.names import visible_byline
from crawler.extract.page import PageTree, squeeze
from crawler.extract.signers import Head, stated_authors
from crawler.extract.site import SiteWord
from crawler.extract.times import (
    Reading,
    choose_date,
    in_bounds,
    modified_claims,
    published_claims,
    visible_claims,
)
from crawler.extract.titles import loosen, rank_titles
from crawler.records import ClaimedDate

_NOT_LATIN = re.compile("[\u0370-\u1fff\u2e80-\ufffd]")
_AROUND = 30  # blocks after the headline in which byline and date stand


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """The page's claims about its article. Titles and names are squeezed text, addresses absolute."""

    titles: tuple[tuple[str, str], ...]
    description: str | None
    authors: tuple[str, ...]
    organisations: tuple[str, ...]
    byline: str | None
    source: str | None  # the byline, where the page labels it as the source of the copy
    published: ClaimedDate | None
    modified: ClaimedDate | None
    section: str | None
    tags: tuple[str, ...]
    image: str | None
    canonical_url: str | None
    languages: tuple[str | None, ...]
    site_name: str | None
    page_type: str | None  # og:type
    headline: int  # index of the headline's block, -1 where it is not on the page

    @property
    def title(self) -> str | None:
        return self.titles[0][1] if self.titles else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What is known of the page from outside it."""

    url: str
    fetched_at: datetime
    timezone: str | None = None
    language: str | None = None
    http_language: str | None = None
    feed_title: str | None = None
    site: SiteWord = field(default_factory=SiteWord)


def read_metas(root: HtmlElement) -> dict[str, str]:
    """All meta elements by lower-case name, property or itemprop; of a repeated one the first."""
    metas: dict[str, str] = {}
    for element in root.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv")
        content = element.get("content")
        if name and content and (content := squeeze(content)):
            metas.setdefault(name.strip().lower(), content)
    return metas


def read_metadata(tree: PageTree, metas: dict[str, str], statement: Statement, context: Context) -> Metadata:
    """Join all claims. `tree` is the walked page, `metas` as `read_metas` gives them."""
    host = urlsplit(context.url).hostname or ""
    site_name = metas.get("og:site_name") or metas.get("application-name") or statement.publisher
    titles = rank_titles(_stated_titles(tree, metas, statement, context), site_name=site_name, host=host)
    headline = find_headline(tree, titles)
    first, last = max(0, headline - 8), headline + _AROUND if headline >= 0 else _AROUND
    printed = visible_byline(tree.blocks, first, last, headline)
    languages = _languages(tree.root, metas, statement, context)
    language = context.language or _written_in(titles, languages)
    reading = Reading(timezone=context.timezone, fetched_at=context.fetched_at, language=language)
    around = functools.cache(lambda: visible_claims(tree.blocks, first, last, headline, reading))
    published = context.site.date and reading.read(context.site.date, "setting")
    published = published or choose_date(published_claims(statement.published, metas, around, context.url), reading)
    modified = choose_date(modified_claims(statement.modified, metas, around), reading)
    head = Head(blocks=tree.blocks, first=first, last=last, headline=headline, byline=printed.names)
    authors = stated_authors(tree.root, statement, head, site_name)
    return Metadata(
        titles=titles,
        description=statement.description or metas.get("og:description") or metas.get("description"),
        authors=context.site.authors or authors,
        organisations=statement.organisations,
        byline=printed.text,
        source=printed.text if printed.is_source else None,
        published=published if in_bounds(published, context.fetched_at) else None,
        modified=modified if in_bounds(modified, context.fetched_at) else None,
        section=statement.section or metas.get("article:section") or metas.get("section"),
        tags=statement.keywords or _tags(tree.root, metas),
        image=_absolute(metas.get("og:image") or statement.image or metas.get("twitter:image"), context.url),
        canonical_url=_canonical(tree.root, metas, context.url),
        languages=languages,
        site_name=site_name,
        page_type=metas.get("og:type"),
        headline=headline,
    )


def _stated_titles(
    tree: PageTree, metas: dict[str, str], statement: Statement, context: Context
) -> list[tuple[str, str | None]]:
    title = tree.root.findtext(".//title")
    stated: list[tuple[str, str | None]] = [
        ("jsonld", statement.headline),
        ("og", metas.get("og:title")),
        ("twitter", metas.get("twitter:title")),
        ("title", title),
        ("headline", metas.get("headline")),
        ("feed", context.feed_title),
        ("setting", context.site.title),
    ]
    return [*stated, ("h1", _first_heading(tree, [loosen(value) for _, value in stated if value]))]


def _first_heading(tree: PageTree, known: list[str]) -> str | None:
    """The h1 that shares most words with a title stated elsewhere; a lone one without that."""
    headings = [squeeze(element.text_content()) for element in tree.root.iter("h1")]
    headings = [heading for heading in dict.fromkeys(headings) if heading]
    if not headings:
        return None
    return max(headings, key=lambda heading: max((_shared(loosen(heading), other) for other in known), default=0.0))


def _shared(one: str, other: str) -> float:
    left, right = set(one.split()), set(other.split())
    return len(left & right) / max(1, len(left | right))


def find_headline(tree: PageTree, titles: tuple[tuple[str, str], ...]) -> int:
    """Index of the block in which the headline is printed, h1 before others; -1 where it is not on the page."""
    wanted = {loosen(title) for _, title in titles if title}
    best = -1
    for block in tree.blocks:
        if len(block.text) > 400:
            continue
        if block.tag == "h1" and (not wanted or loosen(block.text) in wanted):
            return block.index
        if best < 0 and "nav" not in block.marks and block.links * 2 < len(block.text) and loosen(block.text) in wanted:
            best = block.index
    if best < 0:
        best = next((block.index for block in tree.blocks if block.tag == "h1"), -1)
    return best


def _tags(root: HtmlElement, metas: dict[str, str]) -> tuple[str, ...]:
    found = [element.get("content") or "" for element in root.iter("meta") if element.get("property") == "article:tag"]
    found = found or re.split(r"[,،;]", metas.get("news_keywords") or metas.get("keywords") or "")
    return tuple(dict.fromkeys(tag for text in found if (tag := squeeze(text))))[:50]


def _canonical(root: HtmlElement, metas: dict[str, str], url: str) -> str | None:
    for element in root.iter("link"):
        if "canonical" in (element.get("rel") or "").lower().split() and element.get("href"):
            return _absolute(element.get("href"), url)
    return _absolute(metas.get("og:url"), url)


def _absolute(address: str | None, url: str) -> str | None:
    if not address or len(address) > 2_000:
        return None
    try:
        absolute = urljoin(url, address.strip())
        parts = urlsplit(absolute)
    except ValueError:
        return None
    return absolute if parts.scheme in {"http", "https"} and parts.hostname else None


def _written_in(titles: tuple[tuple[str, str], ...], languages: tuple[str | None, ...]) -> str | None:
    """The declared language tag that fits the headline's script; it decides between day first and month first."""
    title = titles[0][1] if titles else ""
    if not _NOT_LATIN.search(title):
        return next(filter(None, languages), None)
    code = detect_language(title, languages)
    return next(
        (tag for tag in languages if tag and code and tag.replace("_", "-").split("-")[0].lower() == code), code
    )


def _languages(
    root: HtmlElement, metas: dict[str, str], statement: Statement, context: Context
) -> tuple[str | None, ...]:
    html = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or root.get("xml:lang")
    return (
        html,
        statement.language,
        metas.get("og:locale"),
        metas.get("content-language"),
        context.http_language,
        context.language,
    )
