"""Who the page says wrote the story: JSON-LD, meta elements, markup and the printed byline, and which is believed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from lxml.etree import XPath
from lxml.html import HtmlElement

from crawler.extract.around import is_elsewhere
from crawler.extract.jsonld import Statement
from crawler.extract.names import bold_signature, split_names
from crawler.extract.page import Block, squeeze
from crawler.extract.titles import loosen

_AUTHOR_METAS = """
author article:author parsely-author sailthru.author dc.creator dcterms.creator byl cxenseparse:author citation_author
mediator_author rbauthors article.author article:author_name author.name og:article:author og:author dc:creator
dc.author dcsext.author twitter:author articleauthor dable:author twitter:creator
"""
_NO_AUTHOR = re.compile(
    r"^(?:admin|administrator|editor|staff|webmaster|wp-?admin|super ?user|root|user|publisher|none|null|undefined"
    r"|\W*)$",
    re.IGNORECASE,
)
_MARKED_UP = (XPath('//*[@itemprop="author"]'), XPath('//a[contains(@rel, "author")][normalize-space()]'))
_NAMED = XPath('.//*[@itemprop="name"]')
_IS_COMMENT = XPath(
    'boolean(ancestor-or-self::*[contains(@itemtype, "Comment") or (contains(@class, "omment") and not(self::body))])'
)
_LONGEST = 160


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The page's blocks, which of them stand around the headline, and the names of the byline printed there."""

    blocks: tuple[Block, ...]
    first: int
    last: int
    headline: int
    byline: tuple[str, ...]


def stated_authors(root: HtmlElement, statement: Statement, head: Head, site_name: str | None) -> tuple[str, ...]:
    """Raw author names. The first place that names somebody else than the site itself is believed.

    A lone word (an editor's initials, a role) is no match for an organisation that JSON-LD names as the author, and
    "Jane Doe, Gazette Sport" printed on the Gazette's page is Jane Doe.
    """
    site = loosen(site_name or "")
    persons = _names(statement.persons)
    if own := _without(site, persons):
        return own
    organisation = statement.organisations[:1]
    from_meta = _names_in_metas(root)
    for names in _named(root, head, site, from_meta):
        own = _without(site, names)
        if own and (not organisation or all(map(_is_full, own))):
            return own
    return persons or organisation or from_meta


def _named(root: HtmlElement, head: Head, site: str, from_meta: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The names of each place in turn, looked for only when it is asked for."""
    yield from_meta
    marked = _names_in_markup(root, head)
    yield marked if any(map(_is_full, marked)) else ()
    yield tuple(name for name in head.byline if not (site and loosen(name).startswith(f"{site} "))) or head.byline
    yield marked
    yield bold_signature(head.blocks, head.headline)


def _without(site: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if loosen(name) != site)


def _is_full(name: str) -> bool:
    return len(name.split()) > 1 or not name.isascii()


def _names(stated: tuple[str, ...]) -> tuple[str, ...]:
    names = [name for text in stated for name in split_names(text)]
    return tuple(dict.fromkeys(name for name in names if not _NO_AUTHOR.match(name) and not name.startswith("@")))


def _names_in_metas(root: HtmlElement) -> tuple[str, ...]:
    """The names of the first author meta that has any; a page with several authors repeats it."""
    head = root.find("head")
    stated: dict[str, list[str]] = {}
    for element in (root if head is None else head).iter("meta"):
        name = element.get("property") or element.get("name")
        name = name or ("articleAuthor" if element.get("itemprop") == "articleAuthor" else None)
        if name and (content := squeeze(element.get("content") or "")):
            stated.setdefault(name.strip().lower(), []).append(content)
    return next(filter(None, (_names(tuple(stated[name])) for name in _AUTHOR_METAS.split() if name in stated)), ())


def _names_in_markup(root: HtmlElement, head: Head) -> tuple[str, ...]:
    """Microdata's ``author``, else the first link with ``rel=author``; with those beside it, not under a comment.

    Teasers carry both as well: it must stand near the headline, or be the only one of its kind.
    """
    near = head.blocks[head.first : head.last]
    blocks = {block.element for block in near if not is_elsewhere(block, head.headline)}
    for find in _MARKED_UP:
        found = [element for element in _elements(find, root) if not _is_comment(element)]
        parents = {element.getparent() for element in found}
        first = next((element for element in found if len(parents) == 1 or _stands_in(element, blocks)), None)
        beside = [element for element in found if first is not None and element.getparent() is first.getparent()]
        if names := _names(tuple(filter(None, map(_text_of, beside)))):
            return names
    return ()


def _stands_in(element: HtmlElement, blocks: set[HtmlElement]) -> bool:
    around = islice(element.iterancestors(), 3)
    return element in blocks or any(e in blocks for e in around) or any(e in blocks for e in element.iterdescendants())


def _is_comment(element: HtmlElement) -> bool:
    return bool(_IS_COMMENT(element))


def _elements(find: XPath, root: HtmlElement) -> list[HtmlElement]:
    found = find(root)
    return [element for element in found if isinstance(element, HtmlElement)] if isinstance(found, list) else []


def _text_of(element: HtmlElement) -> str:
    one = next(iter(_elements(_NAMED, element)), element)
    text = squeeze(one.get("content") or one.text_content())
    return text if len(text) <= _LONGEST else ""
