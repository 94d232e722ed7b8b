"""How a page of each publisher looks: an article's text set into the theme's template from `pages/`."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from html import escape
from importlib import resources
from string import Template

from demo.articles import Article, make_slug
from demo.claims import Site, date_words, dates_meta, local, render_jsonld, time_tag
from demo.stories import Paragraph

TRUST_LINE = "معاييرنا: مبادئ الثقة في Thomson Reuters."
COMMENT_PROMPT = "اترك ردك"

_WORDS = {
    "ar": {
        "dir": "rtl",
        "word_news": "أخبار",
        "word_business": "أعمال",
        "word_about": "من نحن",
        "word_latest": "آخر الأخبار",
        "word_rights": "جميع الحقوق محفوظة.",
    },
    "en": {
        "dir": "ltr",
        "word_news": "News",
        "word_business": "Business",
        "word_about": "About",
        "word_latest": "Latest",
        "word_rights": "All rights reserved.",
    },
}

_NEWSLETTER = (
    '<aside class="inline-signup"><h3>Free newsletter</h3><p>Sign up to The Wire Briefing: the three stories that '
    'matter, explained in five minutes.</p><a href="/newsletters">Enter your email address</a></aside>'
)


@cache
def read_template(name: str) -> Template:
    """A template of `pages/` by its stem."""
    return Template(resources.files("demo").joinpath("pages", f"{name}.html").read_text(encoding="utf-8"))


def render_article(site: Site, article: Article, *, theme: str, fetch: int, at: datetime) -> str:
    """The page of an article in a theme. Only ``bulletin`` shows `fetch`, its count of fetches, and `at`."""
    fields = _common_fields(site, article) | {"body": _BODIES[theme](site, article)}
    if theme == "bulletin":
        fields |= _changing_fields(site, article, fetch, at)
    if theme == "plain":
        return render_plain(site, article.headline, _plain_article(article, fields), head=_plain_head(fields))
    return read_template(theme).substitute(fields)


def render_plain(site: Site, title: str, main: str, *, head: str = "") -> str:
    """A page of the plain theme around any main part."""
    language = site.publisher.language
    return read_template("plain").substitute(
        _WORDS[language],
        lang=language,
        title=escape(title),
        site=escape(site.publisher.title),
        head=head,
        main=main,
        latest=_items(site.others(None)),
        year=str(site.year),
    )


def _common_fields(site: Site, article: Article) -> dict[str, str]:
    publisher = site.publisher
    others = site.others(article)
    return {
        "title": escape(article.headline),
        "site": escape(publisher.title),
        "home": site.home,
        "url": escape(site.home + article.path),
        "number": str(article.number),
        "lang": article.language,
        "section": escape(article.story.section),
        "section_slug": make_slug(article.story.section),
        "agency": escape(article.agency_name),
        "description": escape(article.standfirst or article.lead()),
        "standfirst": escape(article.standfirst or ""),
        "byline": _byline(article),
        "published_iso": local(publisher, article.published).isoformat(),
        "modified_iso": local(publisher, article.modified).isoformat(),
        "published_words": date_words(publisher, article.published),
        "time_tag": time_tag(publisher, article),
        "year": str(site.year),
        "jsonld": render_jsonld(site, article),
        "tags": "، ".join(f'<a href="/tag/{escape(tag)}/" rel="tag">{escape(tag)}</a>' for tag in article.story.tags),
        "tag_items": "".join(
            f'<li><a href="/topics/{escape(tag)}">{escape(tag)}</a></li>' for tag in article.story.tags
        ),
        "related": _items(others[:3]),
        "latest": _items(others),
        "rows": "".join(f'<tr><td><a href="{escape(path)}">{escape(line)}</a></td></tr>' for path, line in others),
        "ticker": _items(others[-2:]),
        "neighbours": "".join(f'<div><a href="{escape(p)}" rel="prev">{escape(t)}</a></div>' for p, t in others[:2]),
        "amp_link": f'<link rel="amphtml" href="{site.home}{article.amp_path}">' if article.amp_path else "",
        "dates_meta": dates_meta(publisher, article),
        "dates_line": date_words(publisher, article.published) if article.edition.dated else "",
    }


def _byline(article: Article) -> str:
    if article.language == "ar":
        return escape(article.author) if article.author else escape(article.agency_name)
    if article.author:
        return f'By <a rel="author" href="/by/{make_slug(article.author)}">{escape(article.author)}</a>'
    return escape(article.agency_name)


def _items(links: Sequence[tuple[str, str]]) -> str:
    return "".join(f'<li><a href="{escape(path)}">{escape(title)}</a></li>' for path, title in links)


# ------------------------------------------------------------------------------------------ bodies


def _tag(paragraph: Paragraph, *, heading: str = "h2", attributes: str = "") -> str:
    name = heading if paragraph.subhead else "p"
    return f"<{name}{'' if paragraph.subhead else attributes}>{escape(paragraph.text, quote=False)}</{name}>"


def _wordpress(site: Site, article: Article) -> str:
    parts = [_tag(paragraph) for paragraph in article.paragraphs]
    (path, title), *_ = site.others(article)
    link = f'<a href="{escape(path)}">{escape(title)}</a>'
    parts.insert(3, f'<div class="read-also"><strong>اقرأ أيضاً:</strong> {link}</div>')
    if article.story.agency == "Reuters":
        parts.append(f"<p>{TRUST_LINE}</p>")
    return "\n".join(parts)


def _portal(_site: Site, article: Article) -> str:
    return "\n".join(
        f'<p align="justify"><font size="4">{escape(paragraph.text, quote=False)}</font></p>'
        for paragraph in article.paragraphs
    )


def _lines(_site: Site, article: Article) -> str:
    """A body of text and `<br>` only, sub-heads in bold."""
    texts = [escape(paragraph.text, quote=False) for paragraph in article.paragraphs]
    marked = zip(article.paragraphs, texts, strict=True)
    return "<br><br>\n".join(f"<b>{text}</b>" if paragraph.subhead else text for paragraph, text in marked)


def _broadcaster(site: Site, article: Article) -> str:
    parts = [_tag(paragraph) for paragraph in article.paragraphs]
    inner = _items(site.others(article)[1:3])
    parts.insert(
        2, f'<div class="more-on-inline"><h3>مواضيع ذات صلة</h3><ul>{inner}</ul><span>end of list</span></div>'
    )
    return "\n".join(parts)


def _broadsheet(site: Site, article: Article) -> str:
    parts = [_tag(paragraph, attributes=' class="dcr"') for paragraph in article.paragraphs]
    parts.insert(5, '<div class="ad ad--inline" data-slot="inline1"><span>Advertisement</span></div>')
    parts.insert(3, _NEWSLETTER)
    (path, title), *_ = site.others(article)
    parts.insert(2, f'<aside class="rich-link"><span>Related: </span><a href="{path}">{escape(title)}</a></aside>')
    if article.sign_off:
        parts.append(f'<p class="agency-credit">{escape(article.sign_off)}</p>')
    return "\n".join(parts)


def _paragraphs(_site: Site, article: Article) -> str:
    return "\n".join(_tag(paragraph, heading="h3") for paragraph in article.paragraphs)


_BODIES: dict[str, Callable[[Site, Article], str]] = {
    "wordpress": _wordpress,
    "portal": _portal,
    "lines": _lines,
    "broadcaster": _broadcaster,
    "broadsheet": _broadsheet,
    "bulletin": _paragraphs,
    "nashra-first": _paragraphs,
    "nashra-second": _paragraphs,
    "plain": _paragraphs,
    "amp": _paragraphs,
    "print": _paragraphs,
}


def feed_body(site: Site, article: Article) -> str:
    """The full content as a feed carries it."""
    return _BODIES[site.publisher.theme](site, article)


def _plain_head(fields: dict[str, str]) -> str:
    dates = f'<meta property="article:published_time" content="{fields["published_iso"]}">'
    return f'<link rel="canonical" href="{fields["url"]}"><meta property="og:type" content="article">{dates}'


def _plain_article(_article: Article, fields: dict[str, str]) -> str:
    return Template(
        '<article><h1>$title</h1><p class="by">$byline</p><p class="when">$published_words</p>\n$body\n</article>'
    ).substitute(fields)


# ------------------------------------------------------------------------------------------- noise


def _changing_fields(site: Site, article: Article, fetch: int, at: datetime) -> dict[str, str]:
    """Everything on a page of the bulletin that differs at each fetch while the text stays."""
    chance = random.Random(f"{article.path} {fetch}")
    links = site.others(article)
    chance.shuffle(links)
    return {
        "token": f"{chance.getrandbits(64):016x}",
        "fetched_words": f"{local(site.publisher, at):%A %d %B %Y %H:%M:%S}",
        "temperature": str(chance.randint(24, 41)),
        "gold": f"{chance.randint(28000, 31000) / 100:.2f}",
        "views": str(1200 + fetch * 7),
        "shuffled": _items(links),
        "advert": chance.choice(["Holiday homes by the lake", "A better mattress", "Learn to sail in a weekend"]),
    }
