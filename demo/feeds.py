"""Discovery documents: RSS 2.0, RSS 1.0 (RDF), Atom, JSON Feed, sitemaps and news sitemaps over the same entries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from xml.sax.saxutils import escape as xml
from xml.sax.saxutils import quoteattr


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One announced link. `published` None is an undated one; `content` is HTML."""

    url: str
    title: str
    summary: str = ""
    content: str | None = None
    author: str | None = None
    published: datetime | None = None
    modified: datetime | None = None
    guid: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """What a feed says of itself."""

    title: str
    home: str
    url: str
    language: str
    updated: datetime


def render_rss(channel: Channel, entries: Sequence[Entry]) -> str:
    """RSS 2.0 with `content:encoded`, `dc:creator` and GMT dates, as WordPress writes it."""
    items = "".join(_rss_item(entry) for entry in entries)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"\n'
        '\txmlns:content="http://purl.org/rss/1.0/modules/content/"\n\txmlns:dc="http://purl.org/dc/elements/1.1/"\n'
        '\txmlns:atom="http://www.w3.org/2005/Atom"\n\txmlns:sy="http://purl.org/rss/1.0/modules/syndication/">\n'
        f"<channel>\n\t<title>{xml(channel.title)}</title>\n"
        f'\t<atom:link href={quoteattr(channel.url)} rel="self" type="application/rss+xml" />\n'
        f"\t<link>{xml(channel.home)}</link>\n\t<description>{xml(channel.title)}</description>\n"
        f"\t<lastBuildDate>{format_datetime(channel.updated)}</lastBuildDate>\n"
        f"\t<language>{channel.language}</language>\n{items}</channel>\n</rss>\n"
    )


def _rss_item(entry: Entry) -> str:
    parts = [f"<title>{xml(entry.title)}</title>", f"<link>{xml(entry.url)}</link>"]
    if entry.author:
        parts.append(f"<dc:creator><![CDATA[{entry.author}]]></dc:creator>")
    if entry.published:
        parts.append(f"<pubDate>{format_datetime(entry.published)}</pubDate>")
    parts += [f"<category><![CDATA[{tag}]]></category>" for tag in entry.tags]
    if entry.guid:
        parts.append(f'<guid isPermaLink="false">{xml(entry.guid)}</guid>')
    parts.append(f"<description><![CDATA[{entry.summary}]]></description>")
    if entry.content:
        parts.append(f"<content:encoded><![CDATA[{entry.content}]]></content:encoded>")
    return "\t<item>\n\t\t" + "\n\t\t".join(parts) + "\n\t</item>\n"


def render_rdf(channel: Channel, entries: Sequence[Entry], *, encoding: str) -> str:
    """RSS 1.0 with Dublin Core dates; `encoding` goes into the XML declaration."""
    listed = "".join(f"<rdf:li rdf:resource={quoteattr(entry.url)}/>" for entry in entries)
    items = "".join(
        f"<item rdf:about={quoteattr(entry.url)}><title>{xml(entry.title)}</title><link>{xml(entry.url)}</link>"
        f"<description>{xml(entry.summary)}</description>"
        + (f"<dc:date>{entry.published.isoformat()}</dc:date>" if entry.published else "")
        + "".join(f"<dc:subject>{xml(tag)}</dc:subject>" for tag in entry.tags)
        + "</item>\n"
        for entry in entries
    )
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f"<channel rdf:about={quoteattr(channel.url)}><title>{xml(channel.title)}</title>"
        f"<link>{xml(channel.home)}</link><description>{xml(channel.title)}</description>"
        f"<dc:language>{channel.language}</dc:language><items><rdf:Seq>{listed}</rdf:Seq></items></channel>\n"
        f"{items}</rdf:RDF>\n"
    )


def render_atom(channel: Channel, entries: Sequence[Entry]) -> str:
    """Atom 1.0 with published and updated."""
    items = "".join(_atom_entry(entry, channel) for entry in entries)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{channel.language}">\n'
        f"<title>{xml(channel.title)}</title><id>{xml(channel.url)}</id>"
        f'<link rel="self" href={quoteattr(channel.url)}/><link rel="alternate" href={quoteattr(channel.home)}/>'
        f"<updated>{_utc(channel.updated)}</updated>\n{items}</feed>\n"
    )


def _atom_entry(entry: Entry, channel: Channel) -> str:
    author = f"<author><name>{xml(entry.author)}</name></author>" if entry.author else ""
    published = f"<published>{_utc(entry.published)}</published>" if entry.published else ""
    tags = "".join(f"<category term={quoteattr(tag)}/>" for tag in entry.tags)
    content = f'<content type="html">{xml(entry.content)}</content>' if entry.content else ""
    return (
        f"<entry><title>{xml(entry.title)}</title><id>{xml(entry.guid or entry.url)}</id>"
        f'<link rel="alternate" type="text/html" href={quoteattr(entry.url)}/>{published}'
        f"<updated>{_utc(entry.modified or entry.published or channel.updated)}</updated>{author}{tags}"
        f'<summary type="html">{xml(escape(entry.summary))}</summary>{content}</entry>\n'
    )


def render_json_feed(channel: Channel, entries: Sequence[Entry]) -> str:
    """JSON Feed 1.1."""
    items = [
        {
            "id": entry.guid or entry.url,
            "url": entry.url,
            "title": entry.title,
            "summary": entry.summary,
            "content_html": entry.content or f"<p>{escape(entry.summary)}</p>",
            **({"date_published": _utc(entry.published)} if entry.published else {}),
            **({"authors": [{"name": entry.author}]} if entry.author else {}),
            "tags": list(entry.tags),
        }
        for entry in entries
    ]
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "home_page_url": channel.home,
        "feed_url": channel.url,
        "language": channel.language,
        "items": items,
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def render_sitemap(entries: Sequence[Entry]) -> str:
    """A plain sitemap: locations and last modification."""
    urls = "".join(
        f"<url><loc>{xml(entry.url)}</loc>"
        + (f"<lastmod>{_utc(entry.modified or entry.published)}</lastmod>" if entry.published else "")
        + "</url>\n"
        for entry in entries
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'
    )


def render_news_sitemap(channel: Channel, entries: Sequence[Entry]) -> str:
    """A news sitemap: publication, date, title and keywords."""
    urls = "".join(
        f"<url><loc>{xml(entry.url)}</loc><news:news><news:publication><news:name>{xml(channel.title)}</news:name>"
        f"<news:language>{channel.language}</news:language></news:publication>"
        + (f"<news:publication_date>{_utc(entry.published)}</news:publication_date>" if entry.published else "")
        + f"<news:title>{xml(entry.title)}</news:title><news:keywords>{xml(', '.join(entry.tags))}</news:keywords>"
        "</news:news></url>\n"
        for entry in entries
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        f' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n{urls}</urlset>\n'
    )


def render_sitemap_index(children: Sequence[tuple[str, datetime]]) -> str:
    """A sitemap index over (URL, last modification)."""
    maps = "".join(f"<sitemap><loc>{xml(url)}</loc><lastmod>{_utc(at)}</lastmod></sitemap>\n" for url, at in children)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{maps}</sitemapindex>\n'
    )


def _utc(moment: datetime | None) -> str:
    assert moment is not None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
