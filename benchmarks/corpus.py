"""Pages to measure on: of our own making (real ones' size and clutter), and the evaluation set where it lies beside us.

Ours are the newsroom's pages padded to what real ones weigh; `python -m benchmarks.corpus` prints how they compare.
"""

from __future__ import annotations

import gzip
import http.client
import json
import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from trafilatura import bare_extraction
from trafilatura.settings import Document

from crawler.extract.charset import decode
from crawler.extract.page import parse, strip_dead, walk
from demo.server import Newsroom

EVALUATION = Path(__file__).parents[2] / "shared" / "eval" / "data"
# Medians of real pages: 188 kB in all, 59 kB of it scripts and styles, 61 kB attributes; 930 elements nested 18 deep;
# 141 links, 26 paragraphs, 194 blocks with 7,800 visible characters, 4,000 of them the article's.
_MENU_LINKS = 60
_TEASERS = 36
_STATE_ENTRIES = 480
_STYLES = 500
_WRAPPERS = 10
_ICONS = 24
_MORE_PARAGRAPHS = 25  # at most; half of it on average, on top of the newsroom's own few

_OPENINGS = {
    "ar": (
        "وقال مسؤول في البلدية إن {n} عاملا شاركوا في أعمال الصيانة التي استمرت {m} أيام",
        "وأضاف أن الكلفة بلغت {n} ألف دينار دفعت على {m} دفعات من موازنة العام الماضي",
        "وأوضح بيان صدر عن إدارة الميناء أن الحركة عادت إلى طبيعتها بعد {m} ساعات من التوقف",
        "وتشير أرقام الدائرة إلى أن {n} أسرة ستنتقل إلى المساكن الجديدة في غضون {m} أشهر",
        "وذكر مهندس المشروع أن المضخات الجديدة ترفع {n} مترا مكعبا من الماء في الدقيقة",
        "ويقول سكان الحي إنهم انتظروا هذا الجسر منذ {m} سنوات وجمعوا {n} توقيعا للمطالبة به",
    ),
    "en": (
        "A council official said {n} workers had taken part in the repairs, which went on for {m} days",
        "She added that the bill came to {n} thousand dinars and had been paid in {m} parts out of last year's budget",
        "The port's management said in a statement that traffic was back to normal after {m} hours",
        "Figures of the department show that {n} families will move into the new houses within {m} months",
        "The engineer in charge said the new pumps lift {n} cubic metres of water a minute",
        "People of the quarter said they had waited {m} years for the bridge and collected {n} signatures for it",
    ),
}
_ENDINGS = {
    "ar": (
        "، وهو ما يزيد على ما كان متوقعا في بداية العام.",
        "، في حين بقيت الطرق الفرعية مغلقة حتى مساء اليوم نفسه.",
        "، مشيرا إلى أن النتائج ستنشر كاملة في نهاية الشهر.",
        "، بحسب التقرير الذي قدم إلى المجلس أمس.",
    ),
    "en": (
        ", which is more than had been expected at the beginning of the year.",
        ", while the side roads stayed closed until the evening of the same day.",
        ", and that the results would be published in full at the end of the month.",
        ", according to the report that was put before the council yesterday.",
    ),
}
_PROSE = 70  # characters of a paragraph of the text
_TAG = re.compile(r"<[^>]*>")
_PARAGRAPH = re.compile(r"<p\b[^>]*>(?:[^<]|<(?!/?(?:p|div|td|li)\b))*</p>", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedPage:
    """One page: the path it is served under, and its bytes."""

    name: str
    html: bytes


def make_pages(count: int) -> list[SavedPage]:
    """`count` pages of our own making, each a different URL."""
    originals = list(_fetch_newsroom())
    return [
        SavedPage(name=f"own-{number:05}", html=_clutter(originals[number % len(originals)], number))
        for number in range(count)
    ]


def read_evaluation(limit: int) -> list[SavedPage]:
    """Up to `limit` pages of the evaluation set, evenly over its sets; none where it is missing."""
    found = [
        path for name in ("aeb", "feval", "fundus", "arabic") for path in sorted(EVALUATION.glob(f"{name}/pages/*.gz"))
    ]
    step = max(1, len(found) // limit)
    return [
        SavedPage(name=f"eval-{number:05}", html=gzip.decompress(path.read_bytes()))
        for number, path in enumerate(found[::step][:limit])
    ]


def _fetch_newsroom() -> Iterator[bytes]:
    with Newsroom() as newsroom:
        for url in newsroom.expected.articles:
            parts = urlsplit(url)
            connection = http.client.HTTPConnection("127.0.0.1", newsroom.port, timeout=10)
            connection.request(
                "GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers={"Host": parts.netloc}
            )
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            if answer.status == 200:
                yield body


# ---------------------------------------------------------------------------------------------- clutter


def _clutter(page: bytes, number: int) -> bytes:
    """The page with longer text, deeper nesting, menus, teasers, icons, styles and inline state; in its own charset."""
    decoded = decode(page)
    text = _lengthen(decoded.text, number)
    head, body = text.find("</head>"), text.find("<body")
    opened, end = text.find(">", body) + 1, text.rfind("</body>")
    if min(head, body, end) < 0:
        return page
    wide = "".join(
        f'<div class="layout layout--{n} grid-container u-full-width theme-default js-layout-{n}" data-region="r{n}">'
        for n in range(_WRAPPERS)
    )
    parts = (text[:head], _scripts(number), text[head:opened], wide, _menu(), text[opened:end], _teasers(number))
    return "".join((*parts, "</div>" * _WRAPPERS, f"<!-- page {number} -->", text[end:])).encode(
        "utf-8" if decoded.charset == "utf-8" else decoded.charset, "xmlcharrefreplace"
    )


def _lengthen(text: str, number: int) -> str:
    """More paragraphs behind the text's second one, in the page's language; a page without paragraphs stays short."""
    below = max(0, text.find("<h1"))
    longer = [found for found in _PARAGRAPH.finditer(text, below) if len(_TAG.sub("", found[0])) >= _PROSE]
    if not longer:
        return text
    at = longer[:2][-1]
    language = "ar" if re.search("[\u0621-\u064a]{3}", at[0]) else "en"
    more = "".join(_paragraph(language, number, n) for n in range(number * 7 % _MORE_PARAGRAPHS))
    return text[: at.end()] + more + text[at.end() :]


def _paragraph(language: str, number: int, n: int) -> str:
    openings, endings = _OPENINGS[language], _ENDINGS[language]
    sentences = (
        openings[(number + n + k) % len(openings)].format(n=100 + 37 * n + number, m=2 + (n + k) % 9)
        + endings[(n + 3 * k + number) % len(endings)]
        for k in range(1 + (n + number) % 3)
    )
    return f"<p>{' '.join(sentences)}</p>"


def _scripts(number: int) -> str:
    style = "".join(f".c{n}__part{{margin:{n}px;color:#{n:06x}}}" for n in range(_STYLES))
    state = json.dumps(
        {f"k{n}": {"id": n, "slug": f"story-{n}", "tags": ["a", "b"], "page": number} for n in range(_STATE_ENTRIES)}
    )
    loaders = "".join(
        f'<script async src="/static/chunk-{n}.js" data-module="m{n}" data-priority="low"></script>' for n in range(15)
    )
    return f"<style>{style}</style><script>window.__STATE__={state}</script>{loaders}"


def _menu() -> str:
    icon = '<svg class="icon icon--chevron" viewBox="0 0 24 24" aria-hidden="true"><path d="M7 10l5 5 5-5z"/></svg>'
    entries = "".join(
        f'\n{_INDENT}<li class="menu__item menu__item--{n} has-children" data-tracking="nav|main|{n}" id="menu-{n}">'
        f'<a class="menu__link u-link-plain" href="/section-{n}/?ref=main-navigation" title="Section {n}">'
        f"<span class='menu__label'>Section {n}</span>{icon if n < _ICONS else ''}</a></li>"
        for n in range(_MENU_LINKS)
    )
    return f'<nav class="menu menu--main" aria-label="Main"><ul class="menu__list">{entries}</ul></nav>'


def _teasers(number: int) -> str:
    def teaser(n: int) -> str:
        sizes = ", ".join(f"/images/{number}/{n}-{width}x{width * 9 // 16}.webp {width}w" for width in _WIDTHS)
        address = f"/{number}/{n}/another-story-with-a-long-slug-{n}.html"
        lines = (
            f'<article class="card card--teaser grid__cell grid__cell--{n % 4}" data-story="{number}-{n}"'
            f' data-tracking="teaser|bottom|{n}|{number}" data-impression="bottom-{n}">',
            f'<div class="card__media"><a href="{address}" class="card__link" tabindex="-1" aria-hidden="true">',
            f'<div class="ratio ratio--16x9"><picture class="card__picture"><source type="image/webp" srcset="{sizes}"',
            ' sizes="(min-width: 980px) 300px, (min-width: 640px) 50vw, 100vw">',
            f'<img loading="lazy" decoding="async" width="300" height="168" src="/images/{number}/{n}.jpg" alt=""'
            f' srcset="{sizes.replace(".webp", ".jpg")}"></picture></div></a></div>',
            '<div class="card__body u-stack"><div class="card__labels"><span class="label label--section">World</span>'
            '<span class="label label--kind"><i class="dot dot--red"></i></span></div>',
            f'<h3 class="card__title"><span class="card__headline">Another story of the day, number {n}, that readers '
            "may like</span></h3>",
            f'<div class="card__meta"><span class="card__time" data-minutes="{n + 2}"><b>{n + 2}</b> min</span></div>',
            "</div></article>",
        )
        return "".join(f"\n{_INDENT}{line}" for line in lines)

    return f'<aside class="more more--bottom">{"".join(map(teaser, range(_TEASERS)))}</aside>'


_WIDTHS = (160, 240, 320, 480, 640, 800, 960)
_INDENT = " " * 90  # templates leave their loops' indentation and empty lines: a fifth of a real page


# ---------------------------------------------------------------------------------------------- comparison


def weigh(pages: list[SavedPage]) -> dict[str, int]:
    """Medians over the pages that the parser takes: bytes, elements, characters, what trafilatura finds and needs."""
    rows = [row for page in pages if (row := _weigh_page(page.html))]
    return {name: round(statistics.median(row[name] for row in rows)) for name in rows[0]}


def _weigh_page(page: bytes) -> dict[str, float]:
    root = parse(decode(page).text)
    if root is None:
        return {}
    found: dict[str, float] = {
        "bytes": len(page),
        "script and style": sum(len(element.text or "") for element in root.iter("script", "style")),
        "attributes": sum(len(name) + len(value) for element in root.iter() for name, value in element.items()),
        "elements": sum(1 for _ in root.iter()),
        "links": sum(1 for _ in root.iter("a")),
        "paragraphs": sum(1 for _ in root.iter("p")),
    }
    strip_dead(root)
    tree = walk(root)
    began = time.process_time()
    article = bare_extraction(page, with_metadata=True, include_comments=False)
    spent = time.process_time() - began
    text = (article.text or "") if isinstance(article, Document) else ""
    found |= {"blocks": len(tree.blocks), "visible characters": tree.chars, "depth": tree.depth}
    return found | {"article's characters": len(text), "trafilatura, ms": 1000 * spent}


def main() -> None:
    """Print how our own pages compare with real ones."""
    own, real = weigh(make_pages(90)), weigh(read_evaluation(90))
    print(f"{'median':22} {'own':>9} {'evaluation set':>15}")
    for name, value in own.items():
        print(f"{name:22} {value:9} {real.get(name, 0):15}")


if __name__ == "__main__":
    main()
