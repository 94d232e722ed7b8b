"""Peers behind the door that the scorers take: `f(html, url)` gives a mapping with text, title, authors, published.

They run in an environment of their own (`.venv-peers`, see scripts/peers.sh): what news-please asks for does not go
together with what the project pins. Nothing here imports the project.
"""

from __future__ import annotations

from typing import Any


def trafilatura(html: bytes, url: str) -> dict[str, Any]:
    """Plain trafilatura: standard settings, no comments, with metadata."""
    from trafilatura import bare_extraction

    found = bare_extraction(html, url=url, with_metadata=True, include_comments=False)
    if found is None:
        return {}
    return {
        "text": found.text,
        "title": found.title,
        "authors": [name.strip() for name in (found.author or "").split(";") if name.strip()],
        "published": found.date,
        "language": found.language,
    }


def newspaper(html: bytes, url: str) -> dict[str, Any]:
    """newspaper4k on the decoded page."""
    from newspaper import Article

    article = Article(url, fetch_images=False)
    article.download(input_html=html.decode("utf-8", "replace"))
    article.parse()
    return {
        "text": article.text,
        "title": article.title,
        "authors": list(article.authors),
        "published": article.publish_date,
        "language": article.meta_lang,
    }


def news_please(html: bytes, url: str) -> dict[str, Any]:
    """news-please on the bytes. Without its look at each image's size: for that it goes to the network."""
    from newsplease import NewsPlease

    found = NewsPlease.from_html(html, url=url, fetch_images=False)
    return {
        "text": found.maintext,
        "title": found.title,
        "authors": list(found.authors or ()),
        "published": found.date_publish,
        "language": found.language,
    }


WAYS = {"trafilatura": trafilatura, "newspaper4k": newspaper, "news-please": news_please}
