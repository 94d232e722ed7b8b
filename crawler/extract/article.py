"""The article's text by trafilatura, called in this one place and nowhere else.

Two things here go past its published functions, for about half of its CPU; tests/unit/test_article.py holds both
against the published way, and trafilatura is pinned to one version.

- `_OURS`, `_BASELINE` and `_CORE` are second instances of three of its modules, with its XPaths read as tests on
  attributes (`selectors`). The published modules stay as they are.
- The quick way goes through its steps with one copy of the page where `bare_extraction` makes four. The others serve
  its rescues: the retry is made here too, on a copy of its own where it is due; the last rescue is left to
  `bare_extraction`.
"""

from __future__ import annotations

from copy import copy
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

from lxml.etree import XPath
from lxml.html import HtmlElement
from trafilatura.htmlprocessing import convert_tags, prune_unwanted_nodes, tree_cleaning
from trafilatura.settings import Document, Extractor
from trafilatura.xml import xmltotxt

from crawler.extract.selectors import read_selector

# Given so that trafilatura does not read the clock for a date search that is never made.
_NO_DATES: dict[str, Any] = {"original_date": True, "extensive_search": False, "max_date": "2100-01-01"}


# What its steps may raise on a strange page; in its own way it takes these for a page without text.
_TROUBLE = (TypeError, ValueError, AttributeError, LookupError, RecursionError)


def _second(name: str) -> ModuleType:
    """Another instance of a module, its lists of XPaths read as selectors."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    for key, value in vars(module).items():
        if key.endswith("_XPATH"):
            setattr(module, key, [_read(one) for one in value] if isinstance(value, list) else _read(value))
    return module


def _read(given: Any) -> Any:
    return read_selector(given) if isinstance(given, XPath) else given


_OURS = _second("trafilatura.main_extractor")
_BASELINE = _second("trafilatura.baseline")
_CORE = _second("trafilatura.core")
_CORE.extract_content = _OURS.extract_content  # type: ignore[attr-defined]
_CORE.html2txt = _BASELINE.html2txt  # type: ignore[attr-defined]


def main_text(root: HtmlElement, *, thorough: bool = False) -> tuple[str, ...]:
    """The lines that trafilatura takes for the article, in order; none where it finds no text.

    `root` is left as it is. `thorough` adds its comparison with readability and jusText, at twice the cost.
    Deduplication stays off: it remembers earlier pages.
    """
    options = Extractor(output_format="python", fast=not thorough, comments=False, date_params=_NO_DATES)
    text = None if thorough else _quick(root, options)
    if text is None:
        document = _CORE.bare_extraction(root, options=options)
        text = document.text if isinstance(document, Document) else None
    return tuple(line for raw in (text or "").split("\n") if (line := " ".join(raw.split())))


def _quick(root: HtmlElement, options: Extractor) -> str | None:
    """The text where trafilatura has enough of it, after a second look where it has little of the page; else None."""
    try:
        body, text = _extract(_prune(root), options)
        if len(text) < max(options.min_extracted_size, options.min_output_size):
            return None
        if len(text) < _CORE.ESCALATION_MAX_LENGTH and _is_small(len(text), root):
            body = _look_again(root, options, body, text)
        return str(xmltotxt(body, options.formatting))
    except _TROUBLE:
        return None  # what becomes of it is for trafilatura's own way to say


def _prune(root: HtmlElement) -> HtmlElement:
    """A copy of the page without comments and appended stories."""
    tree = prune_unwanted_nodes(copy(root), _CORE.RAW_TREE_PRUNE_XPATH)
    return prune_unwanted_nodes(tree, _CORE.REMOVE_COMMENTS_AND_LISTS_XPATH)


def _extract(tree: HtmlElement, options: Extractor) -> tuple[Any, str]:
    """The text's elements and the text; uses `tree` up."""
    body, text = _OURS.extract_content(convert_tags(tree_cleaning(tree, options), options), options)
    return body, text


def _is_small(chars: int, root: HtmlElement) -> bool:
    """Whether a text of so many characters may be too little of the page, by a sum that cannot be less than what
    trafilatura measures: its words with a space at both ends of each element, without what is never measured."""
    page = root.text_content()
    unmeasured = sum(
        len("".join(element.text_content().split()))
        for element in root.iter("aside", "footer")
        if next(element.iterancestors("aside", "footer"), None) is None
    )
    most = len(" ".join(page.split())) - unmeasured + 2 * sum(1 for _ in root.iter())
    return bool(chars < _CORE.ESCALATION_PAGE_SHARE * most)


def _look_again(root: HtmlElement, options: Extractor, body: Any, text: str) -> Any:
    """Its retry with looser settings, taken where the text is a small share of the page and the new one much longer."""
    tree = _prune(root)
    if len(text) >= _CORE.ESCALATION_PAGE_SHARE * len(_BASELINE.html2txt(tree)):
        return body
    loose = copy(options)
    loose.focus = "recall"
    other, longer = _extract(tree, loose)
    enough = max(options.min_extracted_size - 1, _CORE.ESCALATION_ACCEPT_RATIO * len(text))
    return other if len(longer) > enough else body
