"""The article's text by trafilatura, called in this one place and nowhere else."""

from __future__ import annotations

from typing import Any

from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.settings import Document, Extractor

# Given so that trafilatura does not read the clock for a date search that is never made.
_NO_DATES: dict[str, Any] = {"original_date": True, "extensive_search": False, "max_date": "2100-01-01"}


def main_text(root: HtmlElement, *, thorough: bool = False) -> tuple[str, ...]:
    """The lines that trafilatura takes for the article, in order; none where it finds no text.

    `root` is left as it is (trafilatura copies it). `thorough` adds its comparison with readability and jusText, at
    twice the cost. Deduplication stays off: it remembers earlier pages.
    """
    options = Extractor(output_format="python", fast=not thorough, comments=False, date_params=_NO_DATES)
    document = bare_extraction(root, options=options)
    text = document.text if isinstance(document, Document) else None
    return tuple(line for raw in (text or "").split("\n") if (line := " ".join(raw.split())))
