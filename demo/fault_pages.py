"""Pages that are well transferred and hard to read: odd characters, odd dates, odd sizes, hostile claims."""

from __future__ import annotations

import json
from html import escape

from demo.stories import Story

# Percent-encoded Arabic words, cut to exactly this many characters: over a btree entry's limit with its neighbours.
LONG_SLUG_LENGTH = 2000


def long_slug() -> str:
    """A path of `LONG_SLUG_LENGTH` characters, all of them percent-encoded Arabic but the first three."""
    word = "%D8%AE%D8%A8%D8%B1"  # خبر
    return ("/s/" + word * (LONG_SLUG_LENGTH // len(word) + 1))[: LONG_SLUG_LENGTH - 2] + "-1"


def story_text(story: Story) -> str:
    """What should be stored of a plain page: a paragraph a line."""
    return "\n".join(paragraph.text for paragraph in story.paragraphs)


def plain_page(story: Story, *, title: str | None = None, extra: str = "", before: str = "", after: str = "") -> str:
    """An ordinary article page; `extra` goes into the head, `before` and `after` around the paragraphs."""
    direction = "rtl" if story.language == "ar" else "ltr"
    heading = escape(title or story.headlines[0])
    paragraphs = "\n".join(f"<p>{escape(paragraph.text, quote=False)}</p>" for paragraph in story.paragraphs)
    return (
        f'<!DOCTYPE html>\n<html lang="{story.language}" dir="{direction}"><head><meta charset="utf-8">'
        f'<title>{heading}</title><meta property="og:type" content="article">{extra}</head>\n'
        f'<body><header><a href="/">Faults Daily</a></header><main><article><h1>{heading}</h1>\n{before}'
        f"{paragraphs}\n{after}</article></main><footer>Faults Daily</footer></body></html>\n"
    )


def nul_page(story: Story) -> bytes:
    """NUL bytes inside a word and as an entity."""
    page = plain_page(story)
    first = escape(story.paragraphs[0].text, quote=False)
    return page.replace(first, first[:20] + "\x00" + first[20:60] + "&#0;" + first[60:]).encode()


def surrogate_page(story: Story) -> bytes:
    """Lone surrogates: as entities in two paragraphs, as bytes no UTF-8 allows, and escaped in JSON-LD.

    Each stands at the end of a paragraph, so that what is left without them is the paragraph.
    """
    data = '{"@context":"https://schema.org","@type":"NewsArticle","headline":"' + story.headlines[0] + ' \\ud83d"}'
    page = plain_page(story, extra=f'<script type="application/ld+json">{data}</script>').encode()
    for index, lone in enumerate((b"&#xD83D;", b"&#55357;", b"\xed\xa0\xbd")):
        text = escape(story.paragraphs[index].text, quote=False).encode()
        page = page.replace(text + b"</p>", text + b" " + lone + b"</p>")
    return page


def dated_page(story: Story, date: str) -> bytes:
    """A page that claims an impossible date everywhere."""
    data = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": story.headlines[0]}
    jsonld = json.dumps({**data, "datePublished": date, "dateModified": date}, ensure_ascii=False)
    meta = f'<meta property="article:published_time" content="{date}">'
    return plain_page(story, extra=f'{meta}<script type="application/ld+json">{jsonld}</script>').encode()


def misdeclared_page(story: Story) -> bytes:
    """windows-1256 bytes; the page itself says so, while the header (set elsewhere) claims UTF-8."""
    page = plain_page(story).replace('<meta charset="utf-8">', '<meta charset="windows-1256">')
    return page.encode("windows-1256")


def hostile_title_page(story: Story) -> tuple[bytes, str]:
    """A title with markup, terminal escapes, bidi overrides, SQL and format signs; the page and the title."""
    title = (
        "Robert'); DROP TABLE store.article;-- <script>alert(1)</script> %s {0} "
        "\x1b]8;;http://evil.test\x1b\\click\x1b]8;;\x1b\\ \u202egpj.exe\u202c"
    )
    return plain_page(story, title=title).encode(), title


def canonical_page(story: Story, canonical: str) -> bytes:
    """A page that claims a canonical URL that is not its own."""
    return plain_page(story, extra=f'<link rel="canonical" href="{canonical}">').encode()


def deep_page(story: Story, depth: int = 20_000) -> bytes:
    """The article below `depth` nested elements."""
    return plain_page(story, before="<div>" * depth, after="</div>" * depth).encode()


def large_page(story: Story, size: int = 3 * 1024 * 1024) -> bytes:
    """A page above what is parsed (2 MiB decoded), below what is fetched."""
    filler = "<p>" + "Line of filler that nobody reads. " * 30 + "</p>\n"
    return plain_page(story, after=filler * (size // len(filler) + 1)).encode()
