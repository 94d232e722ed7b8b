"""The doors for scorers: what the pipeline itself makes of a page or a byline, in the scorers' form."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crawler.attribute import agencies_of
from crawler.process import process
from crawler.records import Page, Rejected

# Later than any page of the sets was fetched; relative dates cannot be scored anyway.
_FETCHED_AT = datetime(2026, 12, 31, tzinfo=UTC)


def extract(html: bytes, url: str) -> dict[str, Any]:
    """Text, summary, title, authors, published, language, agency and place of a page, or why it was `rejected`."""
    found = process(Page(url=url, body=html, content_type="text/html", fetched_at=_FETCHED_AT))
    if isinstance(found, Rejected):
        return {"rejected": f"{found.reason}: {found.detail}", "title": found.title, "text": found.text}
    return {
        "text": found.text,
        "summary": found.summary,
        "title": found.title,
        "authors": list(found.authors),
        "published": found.published.at.isoformat() if found.published else None,
        "language": found.language,
        "agency": [credit.agency for credit in found.credits] or None,
        "place": found.place,
    }


def agencies(byline: str, first_paragraph: str) -> tuple[str, ...]:
    """Codes of the agencies that a byline names."""
    return agencies_of(byline, first_paragraph)
