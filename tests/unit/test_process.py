"""The join: a page in, an article or a reason out, with the versions under which it was read."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.clean import restore
from crawler.process import VERSION, process, rules_digest, versions_of
from crawler.records import Article, ClaimedDate, Link, Page, Rejected, RejectReason, SiteRules

PAGES = Path(__file__).parent.parent / "pages"
SEED = Path(__file__).parents[3] / "shared" / "seed" / "article.ar.txt"
FETCHED_AT = datetime(2024, 6, 1, 12, tzinfo=UTC)
PARAGRAPHS = (
    "The council met for three hours on Monday and agreed to publish the whole of its report before the summer.",
    "Its chairman said the delay had been nobody's fault and everybody's, and that the papers were being read again.",
    "Two members voted against, and one left the room before the count and did not come back until Tuesday.",
)
STORY = (
    '<html lang="en"><head><title>Council to publish</title></head><body><div class="top"><b class="head">Council: all'
    ' of it</b></div><h1>Council to publish</h1><div class="story"><p>{}</p><p>{}</p><p>{}</p><p>Tip line 555 0100</p>'
    '<div class="promo-x"><p>Our summer raffle has begun, and every reader may win a small boat.</p></div></div>'
    '<p class="who">Ada Moss; Ben Ruiz</p><p class="when">2024-05-30 18:30</p></body></html>'
).format(*PARAGRAPHS)


def page(body: str | bytes = STORY, **changes: object) -> Page:
    data = body.encode() if isinstance(body, str) else body
    made = Page(
        url="https://gazette.example/a/council-to-publish-all",
        body=data,
        content_type="text/html",
        fetched_at=FETCHED_AT,
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def article(found: Article | Rejected) -> Article:
    assert isinstance(found, Article), found
    return found


def rejected(found: Article | Rejected) -> Rejected:
    assert isinstance(found, Rejected), found
    return found


def test_same_page_gives_the_same_answer() -> None:
    assert process(page()) == process(page())


def test_versions_say_under_what_the_page_was_read() -> None:
    versions = article(process(page(host_state=7))).versions
    assert (versions.extractor, versions.host_state, versions.rules) == (VERSION, 7, rules_digest())
    assert versions.trafilatura.startswith("2.")


@pytest.mark.parametrize("change", [{"rules": SiteRules(title="h2")}, {"language": "ar"}, {"timezone": "Asia/Beirut"}])
def test_settings_that_change_the_answer_change_the_site_version(change: dict[str, object]) -> None:
    assert versions_of(page(**change)).site != versions_of(page()).site
    assert versions_of(page(**change)).rules == versions_of(page()).rules


def test_site_selectors_win_over_everything() -> None:
    rules = SiteRules(
        body="div.story",
        title="b.head",
        authors="p.who",
        date="p.when",
        remove=(".promo-x",),
        remove_lines=(r"Tip line [\d ]+",),
    )
    found = article(process(page(rules=rules, timezone="Europe/Berlin")))
    assert found.text == "\n".join(PARAGRAPHS)
    assert found.titles[0] == ("setting", "Council: all of it")
    assert found.authors == ("Ada Moss", "Ben Ruiz")
    assert found.published is not None
    assert (found.published.provenance, found.published.at.hour) == ("setting", 16)
    assert [removal.rule for removal in found.removals] == ["site-line"]


def test_selector_that_matches_nothing_leaves_the_generic_way() -> None:
    assert PARAGRAPHS[0] in article(process(page(rules=SiteRules(body="div.gone")))).text


def test_selector_that_is_no_css_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match=r"'div\[' is not a CSS selector"):
        process(page(rules=SiteRules(body="div[")))


def test_charset_setting_is_used_and_recorded() -> None:
    body = STORY.replace("summer", "été").encode("cp1252")
    found = article(process(page(body, rules=SiteRules(charset="windows-1252"))))
    assert (found.charset, found.charset_source) == ("windows-1252", "setting")
    assert "été" in found.text


def test_learned_host_lines_are_taken_out() -> None:
    found = article(process(page(host_lines=frozenset({"tip line 555 0100"}), host_state=3)))
    assert "Tip line" not in found.text
    assert "host-line" in {removal.rule for removal in found.removals}


def test_feed_date_fills_a_gap_and_beats_a_doubtful_one() -> None:
    stated = ClaimedDate(at=datetime(2024, 5, 29, 8, tzinfo=UTC), raw="x", precision="minute", provenance="feed")
    link = Link(url="https://gazette.example/a", canonical="https://gazette.example/a", published=stated)
    bare = STORY.replace("2024-05-30 18:30", "")
    assert article(process(page(bare, announced=link))).published == stated


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": 404}, RejectReason.ERROR_PAGE),
        ({"content_type": "application/pdf", "body": b"%PDF-1.4"}, RejectReason.NOT_HTML),
        ({"content_type": "text/plain", "body": b"only words"}, RejectReason.NOT_HTML),
        ({"body": b"<html>" + b" " * (5 * 1024 * 1024)}, RejectReason.TOO_LARGE),
        ({"body": b""}, RejectReason.EMPTY_SHELL),
        ({"body": b"<html><body></body></html>"}, RejectReason.EMPTY_SHELL),
    ],
)
def test_page_that_cannot_be_an_article_is_refused(changes: dict[str, object], reason: RejectReason) -> None:
    assert rejected(process(dataclasses.replace(page(), **changes))).reason is reason  # type: ignore[arg-type]


def test_live_blog_is_taken_or_refused_by_the_policy_of_the_source() -> None:
    body = (PAGES / "english_live_blog.html").read_bytes()
    url = "https://gazette.example/live/2024/jan/09/barge"
    assert article(process(page(body, url=url))).kind == "live_blog"
    refused = rejected(process(page(body, url=url, rules=SiteRules(live_blogs="reject"))))
    assert refused.reason is RejectReason.LIVE_BLOG
    assert "reopened" in refused.text


def test_deep_nesting_is_flagged_and_its_text_kept() -> None:
    deep = STORY.replace('<div class="story">', "<div>" * 300 + '<div class="story">').replace(
        "</body>", "</div>" * 300 + "</body>"
    )
    found = process(page(deep))
    if isinstance(found, Article):
        assert "too_deep" in found.flags
    else:
        assert found.reason in {RejectReason.TOO_DEEP, RejectReason.NO_TEXT}


def test_nul_and_surrogates_are_survived_and_flagged() -> None:
    dirty = STORY.encode().replace(b"three hours", b"three\x00 hours \xed\xa0\xbd")
    found = article(process(page(dirty)))
    assert {"nul_removed", "surrogates_replaced"} <= set(found.flags)
    assert PARAGRAPHS[2] in found.text
    found.text.encode("utf-8")


def test_paywalled_text_is_flagged_not_passed_off_as_whole() -> None:
    body = STORY.replace("<p>Tip line 555 0100</p>", "<div><h2>Subscribe to continue reading</h2></div>")
    found = process(page(body))
    if isinstance(found, Article):
        assert {"paywalled", "truncated"} <= set(found.flags)
    else:
        assert found.reason is RejectReason.PAYWALL_STUB


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_end_in_an_article_or_a_reason(body: bytes) -> None:
    found = process(page(b"<html><body><p>" + body))
    assert isinstance(found, (Article, Rejected))


WORDPRESS = """<!DOCTYPE html><html dir="rtl" lang="ar"><head><meta charset="UTF-8">
<title>روسيا والصين توقعان اتفاقيات - صحيفة المثال</title>
<meta property="og:title" content="روسيا والصين توقعان اتفاقيات"><meta property="og:type" content="article">
<meta property="og:site_name" content="صحيفة المثال">
<meta property="article:published_time" content="2023-05-24T10:00:00+03:00"></head>
<body class="single single-post category-world tag-china">
<header><nav><ul><li><a href="/">الرئيسية</a></li><li><a href="/world">العالم</a></li></ul></nav></header><main>
<article class="post type-post category-world tag-china"><header>
<h1 class="entry-title">روسيا والصين توقعان اتفاقيات</h1>
<time class="entry-date" datetime="2023-05-24T10:00:00+03:00">24 مايو، 2023</time></header>
<div class="addtoany_share"><a href="#">Facebook</a><a href="#">WhatsApp</a></div><div class="entry-content">{}</div>
<div class="jp-relatedposts"><h3>مقالات ذات صلة</h3>
<ul><li><a href="/1">قمة أوروبية تبحث أزمة الطاقة والحرب في أوكرانيا</a></li></ul></div></article>
<div id="respond"><h3 id="reply-title">{}</h3><form><label>التعليق *</label><textarea></textarea></form></div></main>
<aside><h3>الأكثر قراءة</h3><ul><li><a href="/2">أسعار النفط ترتفع بعد بيانات المخزونات</a></li></ul></aside>
<footer>جميع الحقوق محفوظة</footer></body></html>"""


@pytest.mark.skipif(not SEED.exists(), reason="the seed article is not beside the project (../shared/seed)")
@pytest.mark.parametrize("prompt_inside", [True, False])
def test_seed_article_comes_out_exact_from_a_wordpress_page(prompt_inside: bool) -> None:
    lines = SEED.read_text(encoding="utf-8").strip().split("\n")
    *body, trust, prompt = lines
    inside = lines if prompt_inside else [*body, trust]
    html = WORDPRESS.format("\n".join(f"<p>{line}</p>" for line in inside), prompt)
    found = article(process(page(html, url="https://mithal.example/2023/05/24/russia-china-deals/")))
    assert found.text == "\n".join(body)
    assert (found.place, [credit.agency for credit in found.credits], found.language) == ("بكين", ["Reuters"], "ar")
    assert restore(found.text, found.removals).startswith(body[0])
