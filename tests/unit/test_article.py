"""The quick way to trafilatura's text gives what its published way gives, and its XPaths are read as they are meant."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, html
from lxml.html import HtmlElement
from trafilatura import bare_extraction, core, main_extractor
from trafilatura.settings import Document

from crawler.extract.article import main_text
from crawler.extract.charset import decode
from crawler.extract.page import parse, strip_dead
from crawler.extract.selectors import read_selector

PAGES = sorted((Path(__file__).parent.parent / "pages").glob("*.html"))
XPATHS = {
    f"{module.__name__.split('.')[1]}.{name}[{at}]": xpath
    for module in (main_extractor, core, import_module("trafilatura.baseline"))  # a function bears its name, too
    for name, found in vars(module).items()
    if name.endswith("_XPATH")
    for at, xpath in enumerate(found if isinstance(found, list) else [found])
}
# Pieces of the class names that the expressions look for, and of some that they must not take.
_WORDS = """
article post entry content body text story main page title sidebar share social footer nav menu widget ad -ad- cookie
cookies tags hidden hide- display:none comment comments Comments commentary reply- teaser Teaser meta related elated
infinite-scroll infinitescroll mvp-post-add-box elementor-share-buttons field-body respond bottom articleBody
post-content post_inner_wrapper fulltext FULLTEXT x 0 footer cookie-consent Cookie-Notice onetrust-banner consent
"""
WORDS = _WORDS.split()
TAGS = (
    "div",
    "section",
    "article",
    "main",
    "p",
    "span",
    "ul",
    "ol",
    "li",
    "item",
    "list",
    "details",
    "aside",
    "header",
    "footer",
    "style",
)
NAMES = ("class", "id", "role", "style", "itemprop", "aria-hidden", "data-component", "data-lp-replacement-content")


@st.composite
def trees(draw: st.DrawFn) -> HtmlElement:
    """A page whose elements bear attributes of the words above, in any order."""
    root = html.fromstring("<html><body></body></html>")
    places = [root.find("body")]
    for _ in range(draw(st.integers(1, 12))):
        parent = draw(st.sampled_from(places))
        element = etree.SubElement(parent, draw(st.sampled_from(TAGS)))
        for name in draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True)):
            words = draw(st.lists(st.sampled_from((*WORDS, "nav", "true", "article")), max_size=3))
            element.set(name, draw(st.sampled_from((" ", "-", ""))).join(words))
        places.append(element)
    return root


def strip_page(path: Path) -> HtmlElement:
    root = parse(decode(path.read_bytes()).text)
    assert root is not None
    strip_dead(root)
    return root


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
@pytest.mark.parametrize("thorough", [False, True])
def test_text_is_what_the_published_way_gives(path: Path, thorough: bool) -> None:
    root = strip_page(path)
    document = bare_extraction(
        root,
        fast=not thorough,
        include_comments=False,
        date_extraction_params={"original_date": True, "extensive_search": False, "max_date": "2100-01-01"},
    )
    text = document.text if isinstance(document, Document) else ""
    wanted = tuple(line for raw in (text or "").split("\n") if (line := " ".join(raw.split())))
    assert main_text(root, thorough=thorough) == wanted


def test_reading_a_page_leaves_its_tree_as_it_is() -> None:
    root = strip_page(PAGES[0])
    before = etree.tostring(root)
    main_text(root)
    main_text(root, thorough=True)
    assert etree.tostring(root) == before


@settings(max_examples=150, deadline=None)
@given(trees())
def test_selectors_find_what_their_xpaths_find(tree: HtmlElement) -> None:
    for name, xpath in XPATHS.items():
        found, wanted = list(read_selector(xpath)(tree)), list(xpath(tree))
        if "BODY" in name:  # of these trafilatura takes the first only
            found, wanted = found[:1], wanted[:1]
        assert found == wanted, (name, etree.tostring(tree))


def test_all_its_xpaths_are_read() -> None:
    assert "baseline.BASIC_CLEAN_XPATH[0]" in XPATHS
    assert not [name for name, xpath in XPATHS.items() if isinstance(read_selector(xpath), etree.XPath)]


def test_published_modules_keep_their_xpaths() -> None:
    assert all(isinstance(xpath, etree.XPath) for xpath in XPATHS.values())
