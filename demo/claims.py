"""What a page says of its article outside the text: dates in words and in machine form, JSON-LD."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from demo.articles import Article
from demo.publishers import Publisher

_MONTHS_AR = (
    "يناير",
    "فبراير",
    "مارس",
    "أبريل",
    "مايو",
    "يونيو",
    "يوليو",
    "أغسطس",
    "سبتمبر",
    "أكتوبر",
    "نوفمبر",
    "ديسمبر",
)
_MONTHS_LEVANT = (
    "كانون الثاني",
    "شباط",
    "آذار",
    "نيسان",
    "أيار",
    "حزيران",
    "تموز",
    "آب",
    "أيلول",
    "تشرين الأول",
    "تشرين الثاني",
    "كانون الأول",
)
_DAYS_AR = ["الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """What a page needs to know of its site: scheme and port of all hosts, and the headlines in its side columns."""

    publisher: Publisher
    home: str  # "http://host:port"
    year: int
    headlines: tuple[tuple[str, str], ...]  # (path, headline), as they were when the newsroom opened

    def others(self, article: Article | None, count: int = 5) -> list[tuple[str, str]]:
        """Other articles' paths and headlines, the nearest first."""
        paths = [path for path, _ in self.headlines]
        start = paths.index(article.path) + 1 if article and article.path in paths else 0
        turned = self.headlines[start:] + self.headlines[:start]
        return [item for item in turned if article is None or item[0] != article.path][:count]


def local(publisher: Publisher, moment: datetime) -> datetime:
    """A moment in the publisher's zone."""
    return moment.astimezone(ZoneInfo(publisher.timezone))


def date_words(publisher: Publisher, moment: datetime) -> str:
    """A date as the publisher prints it."""
    when = local(publisher, moment)
    month = when.month - 1
    match publisher.theme:
        case "wordpress":
            return f"{when.day} {_MONTHS_AR[month]} {when.year}"
        case "portal":
            return f"{_DAYS_AR[when.weekday()]} {when.day} {_MONTHS_LEVANT[month]} {when.year} - {when:%H:%M}"
        case "lines":
            return f"{when:%d/%m/%Y - %H:%M}"
        case "broadcaster":
            return f"{when.day}/{when.month}/{when.year}"
        case "plain" if publisher.language == "ar":
            return f"{when:%Y/%m/%d} الساعة {when:%H:%M}"
        case "bulletin":
            return f"Published: {when:%B} {when.day}, {when.year} {when:%H:%M}"
        case _:
            return f"{when:%a} {when.day} {when:%b %Y %H:%M}"


def time_tag(publisher: Publisher, article: Article) -> str:
    """A `<time>` element with the day in words; empty for an undated article."""
    if not article.edition.dated:
        return ""
    when = local(publisher, article.published)
    return f'<time datetime="{when.isoformat()}">{when.day} {_MONTHS_LEVANT[when.month - 1]} {when.year}</time>'


def dates_meta(publisher: Publisher, article: Article) -> str:
    """The meta element with the date of publication; empty for an undated article."""
    if not article.edition.dated:
        return ""
    return f'<meta property="article:published_time" content="{local(publisher, article.published).isoformat()}">'


def render_jsonld(site: Site, article: Article) -> str:
    """The page's JSON-LD, safe inside a `<script>`: Yoast's graph on WordPress, a NewsArticle elsewhere."""
    data = _yoast(site, article) if site.publisher.theme == "wordpress" else _news_article(site, article)
    return json.dumps(data, ensure_ascii=False).replace("</", "<\\/")


def _yoast(site: Site, article: Article) -> dict[str, object]:
    url = site.home + article.path
    dates = {
        "datePublished": local(site.publisher, article.published).isoformat(),
        "dateModified": local(site.publisher, article.modified).isoformat(),
    }
    person = {"@type": "Person", "@id": f"{site.home}/#/schema/person/1", "name": article.agency_name}
    entry = {
        "@type": "Article",
        "@id": f"{url}#article",
        "isPartOf": {"@id": url},
        "author": {"name": person["name"], "@id": person["@id"]},
        "headline": article.headline,
        **dates,
        "mainEntityOfPage": {"@id": url},
        "wordCount": sum(len(paragraph.text.split()) for paragraph in article.paragraphs),
        "commentCount": 0,
        "publisher": {"@id": f"{site.home}/#organization"},
        "keywords": list(article.story.tags),
        "articleSection": [article.story.section],
        "inLanguage": "ar",
    }
    page = {"@type": "WebPage", "@id": url, "url": url, "name": f"{article.headline} - {site.publisher.title}", **dates}
    organization = {"@type": "Organization", "@id": f"{site.home}/#organization", "name": site.publisher.title}
    return {"@context": "https://schema.org", "@graph": [entry, page, organization, person]}


def _news_article(site: Site, article: Article) -> dict[str, object]:
    if article.author:
        author: dict[str, str] = {"@type": "Person", "name": article.author}
    else:
        author = {"@type": "Organization", "name": article.agency_name}
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.headline,
        "description": article.standfirst or article.lead(),
        "datePublished": local(site.publisher, article.published).isoformat(),
        "dateModified": local(site.publisher, article.modified).isoformat(),
        "author": [author],
        "articleSection": article.story.section,
        "image": [f"{site.home}/i/{article.number}-1200.jpg"],
        "publisher": {"@type": "NewsMediaOrganization", "name": site.publisher.title},
        "mainEntityOfPage": site.home + article.path,
        "isAccessibleForFree": True,
    }
