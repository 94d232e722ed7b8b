"""One spelling for all spellings of a URL, and what a source makes of a link."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discover.urls import MAX_URL, TRACKING, canonicalise, host_of, judge, same_site, spell
from crawler.records import Decision, Link

BASE = "https://www.alwatan.example/world/index.html"


@dataclass(frozen=True)
class Rules:
    hosts: tuple[str, ...] = ("alwatan.example", "www.alwatan.example")
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


def make(url: str) -> Link:
    found = spell(url)
    assert found is not None
    return Link(url=found[0], canonical=found[1])


@pytest.mark.parametrize(
    ("announced", "canonical"),
    [
        ("HTTPS://WWW.Alwatan.Example/World/1", "https://www.alwatan.example/World/1"),
        ("https://a.example:443/x", "https://a.example/x"),
        ("http://a.example:80/x", "http://a.example/x"),
        ("http://a.example:0443/x", "http://a.example:443/x"),
        ("https://a.example./x", "https://a.example/x"),
        ("https://a.example", "https://a.example/"),
        ("https://a.example/x#comments", "https://a.example/x"),
        ("https://a.example/x?", "https://a.example/x"),
        ("https://a.example/x/", "https://a.example/x/"),
        ("https://a.example/a/./b/../c", "https://a.example/a/c"),
        ("https://a.example/a/%2e%2e/c", "https://a.example/c"),
        ("https://a.example/%7Edesk/%d8%a3", "https://a.example/~desk/%D8%A3"),
        ("https://a.example/أخبار", "https://a.example/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1"),
        ("https://a.example/x y|z", "https://a.example/x%20y%7Cz"),
        ("https://a.example/100%", "https://a.example/100%25"),
        ("https://a.example/x%2Fy", "https://a.example/x%2Fy"),
        ("https://مثال.example/1", "https://xn--mgbh0fb.example/1"),
        ("https://a.example\\x\\1?q=\\", "https://a.example/x/1?q=%5C"),
        ("  https://a.example/x\n", "https://a.example/x"),
        ("\u200fhttps://a.example/x\u200e", "https://a.example/x"),
        ("https://a.example/x\r\nX-Header: y", "https://a.example/xX-Header:%20y"),
        ("https://[2001:DB8::1]:8080/x", "https://[2001:db8::1]:8080/x"),
        ("https://a.example/x?b=2&a=1&b=1", "https://a.example/x?a=1&b=2&b=1"),
        ("https://a.example/x?&&id=1&", "https://a.example/x?id=1"),
        ("https://a.example/x?a[]=1", "https://a.example/x?a%5B%5D=1"),
        ("https://a.example/x?UTM_Source=t&id=7&fbclid=z&utm%5Fcampaign=c", "https://a.example/x?id=7"),
    ],
)
def test_spellings_come_to_one(announced: str, canonical: str) -> None:
    assert canonicalise(announced) == canonical


@pytest.mark.parametrize(
    "announced",
    [
        "", "   ", "mailto:desk@a.example", "javascript:void(0)", "ftp://a.example/x", "file:///etc/passwd", "/x",
        "https://", "https:///x", "https://user:secret@a.example/", "https://@a.example/", "https://a..example/",
        "https://a_b-.example/", "https://a.example:99999/", "https://a.example:0/", "https://a.example:x/",
        "https://[::1/", "https://[zz]/", "https://a%2eb/", "https://a b/", "https://a.example/\x00x", "https://a/\ud83d",
        "https://a.example/" + "x" * MAX_URL, "https://xn--\u0627.example/",
    ],
)  # fmt: skip
def test_what_cannot_be_crawled_has_no_spelling(announced: str) -> None:
    assert canonicalise(announced) is None


@pytest.mark.parametrize(
    ("link", "absolute"),
    [
        ("/sport/1", "https://www.alwatan.example/sport/1"),
        ("2", "https://www.alwatan.example/world/2"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("?id=3", "https://www.alwatan.example/world/index.html?id=3"),
        ("\\\\evil.example\\x", "https://evil.example/x"),
    ],
)
def test_relative_links_are_joined_to_their_base(link: str, absolute: str) -> None:
    assert canonicalise(link, BASE) == absolute


def test_arabic_slug_of_2000_letters_survives() -> None:
    canonical = canonicalise("https://a.example/" + "خ" * 2000)
    assert canonical == "https://a.example/" + "%D8%AE" * 2000


def test_tracking_goes_and_order_does_not_matter() -> None:
    spellings = {
        canonicalise(f"https://a.example/s?{query}")
        for query in (
            "id=5&page=2",
            "page=2&id=5",
            "utm_source=x&id=5&page=2&gclid=q",
            "id=5&page=2&at_custom3=%5Bx%5D",
        )
    }
    assert spellings == {"https://a.example/s?id=5&page=2"}


@pytest.mark.parametrize(
    "name", ["id", "p", "ref", "source", "s", "cid", "story", "page", "from", "q", "lang", "art_id"]
)
def test_different_ids_are_never_merged(name: str) -> None:
    assert canonicalise(f"https://a.example/s?{name}=1") != canonicalise(f"https://a.example/s?{name}=2")


def test_tracking_names_are_in_lower_case() -> None:
    assert all(name == name.lower() and name.strip("*") for name in TRACKING)


def test_announced_spelling_keeps_its_query() -> None:
    assert spell("https://A.example/s?b=1&a=2&utm_medium=rss#x") == (
        "https://a.example/s?b=1&a=2&utm_medium=rss",
        "https://a.example/s?a=2&b=1",
    )


@given(st.text(max_size=200), st.none() | st.just(BASE) | st.text(max_size=40))
def test_no_text_makes_canonicalise_raise(url: str, base: str | None) -> None:
    canonicalise(url, base)


URL_PIECES = st.sampled_from([
    "/", "..", ".", "%", "%2e", "%41", "%d8", "%zz", "?", "&", "=", "a", "utm_x", "b=2", "#", " ", "\\", "أ", "é", ";",
    ":", "@", "[", "]", "+", "~", "\t", "%25", "%2F", "'", '"', "\ud83d", "。", "ß",
])  # fmt: skip
URLISH = st.lists(URL_PIECES, max_size=25).map("".join)


@given(URLISH, st.sampled_from(["https://a.example/", "HTTP://A.example:80", "https://a.example/x?", "https://"]))
def test_canonicalise_is_idempotent(rest: str, start: str) -> None:
    once = canonicalise(start + rest)
    if once is not None:
        assert canonicalise(once) == once
        assert once.isascii()
        assert once.isprintable()
        assert " " not in once


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://News.Example/x", "news.example"),
        ("https://news.example:443/", "news.example"),
        ("http://news.example:443/", "news.example:443"),
        ("http://127.0.0.1:8080/x", "127.0.0.1:8080"),
        ("http://[::1]:8080/", "[::1]:8080"),
        ("nonsense", ""),
    ],
)
def test_host_is_named_with_its_port_where_that_is_not_the_schemes_own(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://www.a.example/1", "http://amp.a.example/2", True),
        ("https://m.a.example/1", "https://mobile.a.example/1", True),
        ("https://a.example/1", "https://a.example/2", True),
        ("https://a.example/1", "https://b.example/1", False),
        ("https://arabic.a.example/1", "https://a.example/1", False),
        ("https://m.example/", "https://www.example/", False),
        ("https://a.example:8080/", "https://a.example/", False),
        ("mailto:x", "mailto:x", False),
    ],
)
def test_twins_of_one_site_are_known(one: str, other: str, same: bool) -> None:
    assert same_site(one, other) is same
    assert same_site(other, one) is same


@pytest.mark.parametrize(
    ("url", "rules", "decision", "rule"),
    [
        ("https://alwatan.example/world/1", Rules(), Decision.KEEP, "allow:default"),
        ("https://thief.example/world/1", Rules(), Decision.NOT_ALLOWED, "host:thief.example"),
        ("https://alwatan.example:8443/1", Rules(), Decision.NOT_ALLOWED, "host:alwatan.example:8443"),
        ("https://alwatan.example/", Rules(), Decision.NOT_ALLOWED, "not_article:front_page"),
        ("https://alwatan.example/?p=7", Rules(), Decision.KEEP, "allow:default"),
        ("https://alwatan.example/x/Photo.JPG?w=9", Rules(), Decision.NOT_ALLOWED, "not_article:.jpg"),
        ("https://alwatan.example/a.mp3", Rules(allow=("a",)), Decision.NOT_ALLOWED, "not_article:.mp3"),
        ("https://alwatan.example/story.1.2", Rules(), Decision.KEEP, "allow:default"),
        ("https://alwatan.example/video/1", Rules(deny=("/video/",)), Decision.NOT_ALLOWED, "deny:/video/"),
        ("https://alwatan.example/world/1", Rules(allow=("/sport/", r"/world/\d")), Decision.KEEP, r"allow:/world/\d"),
        ("https://alwatan.example/x/1", Rules(allow=("/world/",)), Decision.NOT_ALLOWED, "allow:none"),
        ("https://alwatan.example/w/v", Rules(allow=("/w/",), deny=("v$",)), Decision.NOT_ALLOWED, "deny:v$"),
        ("https://alwatan.example/صور/1", Rules(deny=("/صور/",)), Decision.NOT_ALLOWED, "deny:/صور/"),
    ],
)
def test_link_is_judged_by_the_first_rule_that_decides(url: str, rules: Rules, decision: Decision, rule: str) -> None:
    judged = judge(make(url), rules)
    assert (judged.decision, judged.rule) == (decision, rule)
