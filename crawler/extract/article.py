"""The article's text by trafilatura, called in this one place and nowhere else.

Two things here go past its published functions, for a third of the CPU that it took; tests/unit/test_article.py holds
both against the published way, and trafilatura is pinned to one version.

- `_OURS` and `_CORE` are second instances of two of its modules, with its XPaths read as tests on attributes
  (`selectors`). The published modules stay as they are.
- The quick way goes through its steps with one copy of the page where `bare_extraction` makes four. The others serve
  its rescues, which few pages need: those pages take its own way.
"""

from __future__ import annotations

from copy import copy
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

from lxml.etree import XPath
from lxml.html import HtmlElement
from trafilatura.baseline import html2txt
from trafilatura.htmlprocessing import convert_tags, prune_unwanted_nodes, tree_cleaning
from trafilatura.settings import Document, Extractor
from trafilatura.xml import xmltotxt

from crawler.extract.selectors import read_selector

# Given so that trafilatura does not read the clock for a date search that is never made.
_NO_DATES: dict[str, Any] = {"original_date": True, "extensive_search": False, "max_date": "2100-01-01"}


def _second(name: str) -> ModuleType:
    """Another instance of a module, its lists of XPaths read as selectors."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    for key, value in vars(module).items():
        if key.endswith("_XPATH") and isinstance(value, list):
            setattr(module, key, [read_selector(one) if isinstance(one, XPath) else one for one in value])
    return module


_OURS = _second("trafilatura.main_extractor")
_CORE = _second("trafilatura.core")
_CORE.extract_content = _OURS.extract_content  # type: ignore[attr-defined]


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
    """The text where none of trafilatura's rescues would be tried; None where one might."""
    tree = copy(root)
    prune_unwanted_nodes(tree, _CORE.RAW_TREE_PRUNE_XPATH)
    prune_unwanted_nodes(tree, _CORE.REMOVE_COMMENTS_AND_LISTS_XPATH)
    body, text = _OURS.extract_content(convert_tags(tree_cleaning(tree, options), options), options)
    if len(text) < max(options.min_extracted_size, options.min_output_size):
        return None
    if len(text) < _CORE.ESCALATION_MAX_LENGTH and _is_small(len(text), root):
        return None
    return str(xmltotxt(body, options.formatting))


def _is_small(chars: int, root: HtmlElement) -> bool:
    """Whether a text of so many characters holds little of the page, as trafilatura measures pages (4 ms: only where
    a sum that cannot be less, the page's words with a space at both ends of each element, leaves it open)."""
    share = _CORE.ESCALATION_PAGE_SHARE
    most = len(" ".join(root.text_content().split())) + 2 * sum(1 for _ in root.iter())
    return bool(chars < share * most) and bool(chars < share * len(html2txt(root)))
