"""Every sign by which a page is refused: a page that shows it, and a near twin that is an article."""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.process import process
from crawler.records import Article, Page, Rejected, RejectReason, SiteRules
from tests.unit.rule_pairs import ARABIC, ENGLISH, Shown

CRAWLER = Path(__file__).parents[2] / "crawler"
GATES = tomllib.loads((CRAWLER / "clean" / "gates.toml").read_text(encoding="utf-8"))["gate"]
TITLES = [(gate["reason"], title) for gate in GATES for title in gate.get("titles", ())]
PHRASES = [(gate["reason"], phrase) for gate in GATES for phrase in gate.get("phrases", ())]
SLUG = "https://gazette.example/news/harbour-board-to-publish-report"
# What no page can show: the pool of processes gives these for a page that it could not finish.
BY_THE_POOL = {RejectReason.TIMED_OUT, RejectReason.CRASHED}

FLASH = "Harbour closed for the night."
LONG = "The board met again on Thursday and heard from the harbour master, who had not been asked the first time."
STORY = "".join(f"<p>{text}</p>" for text in ENGLISH)
AGAIN = STORY.replace("Monday", "Friday")
KHABAR = "".join(f"<p>{text}</p>" for text in ARABIC)
WALL = "هذا المحتوى للمشتركين فقط"
BEGUN = f"<p>{ARABIC[0]}</p><p>{ARABIC[1]}</p>"
HEADLINES = tuple(f"Story number {at} about a harbour that is shut in winter" for at in range(14))
LIST = "".join(f'<li><a href="/s/{at}">{text}</a></li>' for at, text in enumerate(HEADLINES))
TEASERS = "".join(
    f'<div class="card"><a href="/s/{at}"><h3>{text}</h3></a><p>{ENGLISH[at % 4]}</p></div>'
    for at, text in enumerate(HEADLINES)
)
FOOT = f"<footer>{'<p>Gazette of the harbour.</p>' * 12}</footer>"
STATED = '<meta property="article:published_time" content="2024-05-30T10:00:00Z">'


def page(body: str, *, title: str = "Harbour board", head: str = "", url: str = SLUG, **changes: object) -> Page:
    html = f'<html><head><meta charset="utf-8"><title>{title}</title>{head}</head><body>{body}</body></html>'
    made = dataclasses.replace(Shown(line="").page(), url=url, body=html.encode())
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def story(body: str, *, title: str = "Harbour board", **given: object) -> Page:
    return page(f"<article><h1>{title}</h1>{body}</article>", title=title, **given)  # type: ignore[arg-type]


def typed(kind: str, **stated: object) -> str:
    more = "".join(f', "{key}": {value}' for key, value in stated.items())
    return f'<script type="application/ld+json">{{"@type": "{kind}", "headline": "Harbour board"{more}}}</script>'


@pytest.mark.parametrize(
    ("title", "refused"),
    [
        ("404 | Gazette", True),
        ("404", True),
        ("Forbidden – Gazette", True),
        ("404 boats counted", False),
        ("Forbidden city reopens", False),
    ],
)
def test_one_word_of_a_title_counts_where_it_is_set_off(title: str, refused: bool) -> None:
    assert isinstance(process(story(f"<p>{LONG}</p><p>{ENGLISH[1]}</p>", title=title)), Rejected) is refused


def _nest(body: str, depth: int) -> str:
    return f"{'<div>' * depth}{body}{'</div>' * depth}"


@functools.cache
def _detail(refused: Page) -> str:
    found = process(refused)
    return found.detail if isinstance(found, Rejected) else ""


def _details() -> Iterator[str]:
    """The words of every refusal in the code, with ``.*`` where a value stands."""
    for path in (CRAWLER / "clean" / "gates.py", CRAWLER / "process.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            if call.func.id == "Refusal":
                said = next(keyword.value for keyword in call.keywords if keyword.arg == "detail")
            elif call.func.id == "_section":
                said = call.args[1]
            else:
                continue
            yield from _pattern(said)


def _pattern(said: ast.expr) -> Iterator[str]:
    if isinstance(said, ast.Constant):
        yield re.escape(str(said.value))
    elif isinstance(said, ast.JoinedStr):
        parts = (re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".*" for part in said.values)
        yield "".join(parts)
    else:
        raise AssertionError(f"line {said.lineno}: a refusal's detail is to be written where it is refused")


@pytest.mark.parametrize(("reason", "title"), TITLES)
def test_page_whose_title_says_it_is_refused_and_a_story_under_that_title_is_not(reason: str, title: str) -> None:
    found = process(page("<p>One moment.</p>", title=title))
    assert isinstance(found, Rejected)
    assert found.reason == reason, found.detail
    assert isinstance(process(story(STORY + AGAIN + KHABAR, title=title)), Article)


@pytest.mark.parametrize(("reason", "phrase"), PHRASES)
def test_page_that_says_it_is_refused_and_a_story_that_quotes_it_is_not(reason: str, phrase: str) -> None:
    found = process(page(f"<p>{phrase}.</p>"))
    assert isinstance(found, Rejected)
    assert found.reason == reason, found.detail
    quoted = f"<p>The notice on the door of the harbour office, the board heard, said: {phrase}, and nothing else.</p>"
    twin = process(story(STORY + quoted + AGAIN + KHABAR))
    assert isinstance(twin, Article)
    assert "notice on the door" in twin.text


def sign(reason: str, words: str, refused: Page, taken: Page) -> tuple[RejectReason, str, Page, Page]:
    return RejectReason(reason), words, refused, taken


LIVE, VIDEO, OF_VIDEO = (
    typed("LiveBlogPosting"),
    typed("VideoObject"),
    '<meta property="og:type" content="video.other">',
)
PAID, FREE = (typed("NewsArticle", isAccessibleForFree=free) for free in ("false", "true"))
ROOT, SECTION = "https://gazette.example/", "https://gazette.example/harbour"
PLAIN = "\n".join(ARABIC).encode()
LINKS = "".join(f'<p><a href="/s/{at}">{text}</a></p>' for at, text in enumerate(HEADLINES))
# By what else a page is refused: the words of the detail that name the sign, a page that shows it, and its near twin.
SIGNS = (
    sign("soft_404", "the title says '404'", page(f"<p>{LONG}</p>", title="404"), story(STORY, title="404 boats")),
    sign("paywall_stub", "the page says", page(f"<p>{WALL}</p>"), story(BEGUN + AGAIN + STORY + f"<p>{WALL}</p>")),
    sign("video", "a video page", story(f"<p>{LONG}</p>", head=VIDEO), story(STORY, head=VIDEO)),
    sign("video", "a video page", story(f"<p>{ARABIC[0]}</p>", head=OF_VIDEO), story(KHABAR, head=OF_VIDEO)),
    sign(
        "gallery", "a gallery",
        story(f"<p>{LONG}</p>", head=typed("ImageGallery")), story(STORY, head=typed("ImageGallery")),
    ),
    sign(
        "section_page", "its JSON-LD calls it",
        story(STORY, head=typed("CollectionPage")), story(STORY + KHABAR + AGAIN, head=typed("CollectionPage")),
    ),
    sign(
        "paywall_stub", "not free by its own word",
        story(BEGUN, head=PAID), story(BEGUN, head=FREE),
    ),
    sign("empty_shell", "characters on the whole page", page("<p>Loading the page</p>"), story(STORY)),
    sign("no_text", "no text was found", story(LINKS), story(BEGUN + LINKS, head=STATED)),
    sign(
        "empty_shell", "the longest line of",
        page(f"<main><p>{FLASH}</p></main>{FOOT}"), page(f"<main><p>{LONG}</p></main>{FOOT}"),
    ),
    sign(
        "section_page", "words of text, 14 headlines",
        page(f"<h1>Harbour</h1><p>{FLASH}</p><ul>{LIST}</ul>"), page(f"<h1>Harbour</h1>{STORY}<ul>{LIST}</ul>"),
    ),
    sign(
        "section_page", "the site's front page",
        page(f"<h1>Gazette</h1>{TEASERS}", url=ROOT), story(f"<p>{LONG} {ENGLISH[0]}</p>{STORY}", url=ROOT),
    ),
    sign(
        "section_page", "an address without a slug",
        page(f"<h1>Harbour</h1>{TEASERS}", url=SECTION), page(f"<h1>Harbour</h1>{STORY}<ul>{LIST}</ul>", url=SECTION),
    ),
    sign(
        "section_page", "no date,",
        page(f"<h1>Harbour</h1><p>{LONG}</p><ul>{LIST}</ul>"), page(f"<h1>Harbour</h1>{STORY}<ul>{LIST}</ul>"),
    ),
    sign(
        "section_page", "no date, teasers side by side with headlines",
        page(f"<h1>Harbour</h1>{TEASERS}"), page(f"<h1>Harbour</h1>{TEASERS}", head=STATED),
    ),
    sign(
        "live_blog", "its JSON-LD calls it LiveBlogPosting; the source rejects them",
        story(STORY, head=LIVE, rules=SiteRules(live_blogs="reject")), story(STORY, head=LIVE),
    ),
    sign("error_page", "HTTP status 503", story(KHABAR, status=503), story(KHABAR, status=203)),
    sign("too_large", "bytes, at most", story(STORY + " " * 5 * 1024 * 1024), story(STORY + " " * 1024)),
    sign("not_html", "content type application/pdf", story(STORY, content_type="application/pdf"), story(STORY)),
    sign(
        "not_html", "content type text/plain, no HTML in the bytes",
        dataclasses.replace(page(""), body=PLAIN, content_type="text/plain"), story(KHABAR, content_type="text/plain"),
    ),
    sign("empty_shell", "no element on the page", dataclasses.replace(page(""), body=b""), story(KHABAR)),
    sign("too_deep", "characters on the whole page", page(_nest(FLASH, 400)), page(_nest(KHABAR, 400))),
    sign("too_deep", "characters on the whole page", page(_nest("خبر", 400)), page(_nest(KHABAR, 200))),
)  # fmt: skip


@pytest.mark.parametrize("at", range(len(SIGNS)), ids=[f"{reason}-{words}" for reason, words, _, _ in SIGNS])
def test_page_that_shows_a_sign_is_refused_for_it_and_its_near_twin_is_an_article(at: int) -> None:
    reason, words, refused, taken = SIGNS[at]
    found = process(refused)
    assert isinstance(found, Rejected)
    assert (found.reason, words in found.detail) == (reason, True), found.detail
    assert isinstance(process(taken), Article)


def test_every_reason_has_its_pair() -> None:
    shown = {reason for reason, _, _, _ in SIGNS} | {RejectReason(gate["reason"]) for gate in GATES}
    assert set(RejectReason) - shown == BY_THE_POOL


@pytest.mark.parametrize("words", sorted(set(_details())))
def test_every_sign_in_the_code_has_its_pair(words: str) -> None:
    pattern = re.compile(words)
    assert any(pattern.search(_detail(refused)) for _, _, refused, _ in SIGNS), f"no pair shows a refusal of {words!r}"
