"""A source's own selectors applied to a page: what they name wins over everything that is read by rule."""

from __future__ import annotations

from dataclasses import dataclass

from cssselect import SelectorError
from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement

from crawler.extract.names import split_names
from crawler.extract.page import squeeze
from crawler.records import SiteRules


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteWord:
    """What the source's selectors found; None or empty where it has none or they matched nothing.

    `bodies` are the elements that hold the text; `matched` has each selector with the number of elements that it found,
    in the order of use: those that remove, then title, authors, date, body.
    """

    title: str | None = None
    authors: tuple[str, ...] = ()
    date: str | None = None
    bodies: tuple[HtmlElement, ...] = ()
    matched: tuple[tuple[str, int], ...] = ()


def apply_site_rules(root: HtmlElement, rules: SiteRules) -> SiteWord:
    """Remove what the source wants removed and read what its selectors name.

    Raises `ValueError` for a selector that is no CSS; sources.toml is checked by `check_selector` long before.
    """
    matched: list[tuple[str, int]] = []
    for selector in rules.remove:
        elements = _select(root, selector)
        matched.append((selector, len(elements)))
        for element in elements:
            if element.getparent() is not None:
                element.drop_tree()
    named = {name: css for name in ("title", "authors", "date", "body") if (css := getattr(rules, name))}
    found = {name: _select(root, css) for name, css in named.items()}
    return SiteWord(
        title=next((text for element in found.get("title", ()) if (text := _text(element))), None),
        authors=tuple(name for element in found.get("authors", ()) for name in split_names(_text(element))),
        date=next((text for element in found.get("date", ()) if (text := _date(element))), None),
        bodies=tuple(found.get("body", ())),
        matched=(*matched, *((named[name], len(elements)) for name, elements in found.items())),
    )


def check_selector(selector: str) -> None:
    """Raises `ValueError` with the parser's reason where `selector` is no CSS selector."""
    try:
        CSSSelector(selector, translator="html")
    except SelectorError as error:
        raise ValueError(f"{selector!r} is not a CSS selector: {error}") from error


def _select(root: HtmlElement, selector: str) -> list[HtmlElement]:
    check_selector(selector)
    return list(root.cssselect(selector, translator="html"))


def _text(element: HtmlElement) -> str:
    return squeeze(element.get("content") or element.text_content())


def _date(element: HtmlElement) -> str:
    return squeeze(element.get("datetime") or element.get("content") or element.text_content())
