"""What the well-behaved hosts answer: articles and their twins, walls, feeds, sitemaps, listings, robots.txt."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import datetime
from html import escape

from demo import feeds
from demo.articles import Article
from demo.desk import Desk, SiteState
from demo.reply import Asked, Reply, text_reply
from demo.stories import Language
from demo.themes import render_article, render_plain
from demo.walls import read_walls, render_wall

_XML = "application/xml; charset=utf-8"

# As each discovery is announced in its Content-Type.
_TYPES = {
    "rss": "application/rss+xml; charset=UTF-8",
    "rdf": "application/rdf+xml",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
    "sitemap": _XML,
    "section": "text/html; charset=utf-8",
}

_ALTERNATE_WALL: dict[Language, int] = {
    "ar": 3,
    "en": 3,
}  # which wall an alternating page shows: the first consent wall


def respond(desk: Desk, asked: Asked, at: datetime) -> Reply:
    """The answer of a well-behaved host to a GET, before conditional rules."""
    state = desk.states[asked.host]
    if state.paused:
        status, retry_after = state.paused
        headers = (("Retry-After", retry_after),) if retry_after is not None else ()
        return Reply(status=status, content_type="text/plain", body=b"please come back later\n", headers=headers)
    if asked.path == "/robots.txt":
        return _robots(state)
    if (document := _discovery(desk, state, asked.path)) is not None:
        return document
    for wall in desk.walls(state):
        if wall.path == asked.target:
            return _page(state, render_wall(state.site, wall), state.touched)
    return _article(desk, state, asked.target, at)


def _robots(state: SiteState) -> Reply:
    if state.publisher.robots is None:
        return text_reply("no such file\n", status=404)
    maps = f"Sitemap: {state.site.home}/sitemap-index.xml\n" if state.publisher.discovery == "sitemap" else ""
    return text_reply(state.publisher.robots + maps)


def _page(state: SiteState, text: str, modified: datetime) -> Reply:
    """A page in the publisher's charset, under the publisher's HTTP habits.

    A publisher with a legacy charset names it in the page only, as old portals do.
    """
    publisher = state.publisher
    legacy = publisher.charset != "utf-8"
    return Reply(
        content_type="text/html" if legacy else "text/html; charset=utf-8",
        body=text.encode(publisher.charset),
        validators=publisher.validators,
        last_modified=max(modified, state.touched),
        coding=publisher.coding,
        chunked=publisher.chunked,
    )


def _article(desk: Desk, state: SiteState, target: str, at: datetime) -> Reply:
    found = _find_twin(desk, state, target)
    if found is None:
        return _missing(state, 404)
    article, theme = found
    if article.path in state.gone:
        return _missing(state, 410)
    state.fetches[target] += 1
    fetch = state.fetches[target]
    if article.edition.alternates and fetch % 2 == 0:
        wall = read_walls(article.language)[_ALTERNATE_WALL[article.language]]
        return _page(state, render_wall(state.site, wall), article.modified)
    text = render_article(state.site, article, theme=theme, fetch=fetch, at=at)
    return _page(state, text, article.modified)


def _find_twin(desk: Desk, state: SiteState, target: str) -> tuple[Article, str] | None:
    """The article and theme that a target means: the page itself, its AMP or its print twin."""
    host = state.publisher.host
    if article := desk.find(host, target):
        return article, state.theme
    for article in state.articles:
        if target == article.amp_path:
            return article, "amp"
        if target == article.print_path:
            return article, "print"
    return None


def _missing(state: SiteState, status: int) -> Reply:
    title, text = (
        ("الصفحة غير موجودة", "عذرا، هذه الصفحة لم تعد موجودة.")
        if state.publisher.language == "ar"
        else ("Not found", "Sorry, this page is no longer here.")
    )
    body = render_plain(state.site, title, f"<h1>{title}</h1><p>{text}</p>")
    charset = state.publisher.charset
    return Reply(status=status, content_type=f"text/html; charset={charset}", body=body.encode(charset))


# -------------------------------------------------------------------------------------------- discovery


def _discovery(desk: Desk, state: SiteState, path: str) -> Reply | None:
    """The feed, sitemap or listing at a path, if one stands there."""
    publisher = state.publisher
    for name, feed_path in publisher.feeds.items():
        if path == feed_path:
            return _document(desk, state, _render(desk, state, name), _TYPES[publisher.discovery])
    if publisher.discovery == "sitemap" and path in _SITEMAPS:
        return _SITEMAPS[path](desk, state)
    if path == "/":
        return _document(desk, state, _listing(desk, state, next(iter(publisher.feeds))), _TYPES["section"])
    return None


def _document(desk: Desk, state: SiteState, text: str, content_type: str) -> Reply:
    publisher = state.publisher
    return Reply(
        content_type=content_type,
        body=text.encode(publisher.charset if publisher.discovery == "rdf" else "utf-8"),
        validators=publisher.validators,
        last_modified=desk.changed(state),
        coding=publisher.coding,
        chunked=publisher.chunked,
    )


def _channel(desk: Desk, state: SiteState, name: str) -> feeds.Channel:
    publisher = state.publisher
    return feeds.Channel(
        title=publisher.title,
        home=f"{state.site.home}/",
        url=state.site.home + publisher.feeds[name],
        language=publisher.language,
        updated=desk.changed(state),
    )


def _render(desk: Desk, state: SiteState, name: str) -> str:
    channel, entries = _channel(desk, state, name), desk.entries(state, name)
    match state.publisher.discovery:
        case "rss":
            return feeds.render_rss(channel, entries)
        case "rdf":
            return feeds.render_rdf(channel, entries, encoding=state.publisher.charset)
        case "atom":
            return feeds.render_atom(channel, entries)
        case "json":
            return feeds.render_json_feed(channel, entries)
        case "sitemap":
            children = [f"{state.site.home}{path}" for path in _SITEMAPS]
            return feeds.render_sitemap_index([(url, channel.updated) for url in children])
        case "section":
            return _listing(desk, state, name)


def _recent(desk: Desk, state: SiteState) -> list[feeds.Entry]:
    """What a news sitemap may hold: two days, by that format's own rule."""
    return [entry for entry in desk.entries(state, "") if entry.published and (desk.now - entry.published).days < 2]


def _news_sitemap(desk: Desk, state: SiteState) -> Reply:
    text = feeds.render_news_sitemap(_channel(desk, state, ""), _recent(desk, state))
    return _document(desk, state, text, _XML)


def _archive_sitemap(desk: Desk, state: SiteState) -> Reply:
    """The gzipped one: a file, not a coding, so without Content-Encoding."""
    recent = {entry.url for entry in _recent(desk, state)}
    older = [entry for entry in desk.entries(state, "") if entry.url not in recent]
    return Reply(
        content_type="application/gzip",
        body=gzip.compress(feeds.render_sitemap(older).encode(), mtime=0),
        validators=state.publisher.validators,
        last_modified=desk.changed(state),
    )


_SITEMAPS: dict[str, Callable[[Desk, SiteState], Reply]] = {
    "/news-sitemap.xml": _news_sitemap,
    "/sitemap-archive.xml.gz": _archive_sitemap,
}


def _listing(desk: Desk, state: SiteState, name: str) -> str:
    """A section page: cards with links, no dates."""
    cards = "".join(
        f'<div class="card"><a href="{escape(entry.url.removeprefix(state.site.home))}"><img src="/img/0.jpg" alt="">'
        f"<h3>{escape(entry.title)}</h3></a><p>{escape(entry.summary)}</p></div>\n"
        for entry in desk.entries(state, name)
    )
    return render_plain(
        state.site, state.publisher.title, f'<h1>{state.publisher.title}</h1>\n<div class="grid">{cards}</div>'
    )
