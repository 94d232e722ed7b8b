"""Links of section pages, in page order, by pattern."""

from __future__ import annotations

import pytest

from crawler.discover import read_document
from crawler.records import Discovery, DocumentKind

URL = "https://www.alwatan.example/world/"

PAGE = """<!doctype html><html lang="ar"><head><meta charset="utf-8"><title>عالم</title>
<link rel="alternate" type="application/rss+xml" href="/feed"></head><body>
<nav><a href="/">الرئيسية</a><a href="/sport/">رياضة</a><a href="/world/">عالم</a>
<a href="mailto:desk@alwatan.example">x</a><a href="javascript:void(0)">y</a>
<a name="top">z</a><a href="#top">t</a></nav>
<article><a href="/world/101?utm_source=home"><img src="1.jpg" alt="صورة السفن"></a>
  <h2><a href="/world/101">الميناء  يفتح
  رصيفه</a></h2><p>بدأ العمل اليوم وهذا ملخص طويل للخبر كله</p>
  <a href="/world/101#more">اقرأ المزيد عن هذا الخبر الطويل جدا جدا</a></article>
<article><a href="https://www.alwatan.example/world/102"><h3>عنوان ثان</h3><p>وملخصه أطول من العنوان</p></a></article>
<a href="/world/103" title="عنوان من الخاصية"><img src="3.jpg"></a>
<a href="/world/104">بلا عنوان<script>var x = "<b>";</script></a>
<a href="https://other.example/world/105">موقع آخر</a>
</body></html>"""


def read(body: str | bytes, **settings: object) -> Discovery:
    given = body.encode() if isinstance(body, str) else body
    arguments = {"url": URL, "kind": DocumentKind.SECTION, "content_type": "text/html", "link_pattern": r"/world/\d+"}
    return read_document(given, **{**arguments, **settings})  # type: ignore[arg-type]


def test_links_are_those_that_hold_the_pattern_in_page_order() -> None:
    found = read(PAGE)
    assert (found.dialect, found.language, found.malformed, found.charset) == ("html", "ar", None, "utf-8")
    assert [(link.canonical, link.title) for link in found.links] == [
        ("https://www.alwatan.example/world/101", "الميناء يفتح رصيفه"),
        ("https://www.alwatan.example/world/102", "عنوان ثان"),
        ("https://www.alwatan.example/world/103", "عنوان من الخاصية"),
        ("https://www.alwatan.example/world/104", "بلا عنوان"),
        ("https://other.example/world/105", "موقع آخر"),
    ]
    assert found.links[0].url == "https://www.alwatan.example/world/101?utm_source=home"


def test_without_pattern_every_link_counts_but_the_page_itself() -> None:
    found = read(PAGE, link_pattern=None)
    assert [link.canonical.removeprefix("https://www.alwatan.example") for link in found.links][:3] == [
        "/", "/sport/", "/world/101",
    ]  # fmt: skip


def test_base_element_rules_relative_links() -> None:
    found = read('<base href="https://a.example/x/"><a href="7">t</a>', link_pattern=r"\d")
    assert [link.url for link in found.links] == ["https://a.example/x/7"]


def test_arabic_pattern_is_found_in_encoded_links() -> None:
    found = read('<a href="/أخبار/1">t</a><a href="/رياضة/2">u</a>', link_pattern="/أخبار/")
    assert [link.title for link in found.links] == ["t"]


def test_links_beyond_the_cap_are_counted_once_each() -> None:
    body = "".join(f'<a href="/world/{number}">t</a>' * 2 for number in range(10))
    found = read(body, max_entries=4)
    assert (len(found.links), found.over_cap) == (4, 6)


def test_windows_1256_page_is_read_by_its_meta() -> None:
    body = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-1256">{PAGE[60:]}'
    found = read(body.encode("windows-1256", "replace"))
    assert found.charset == "cp1256"
    assert found.links[0].title == "الميناء يفتح رصيفه"


@pytest.mark.parametrize("depth", [300, 20_000])
def test_deep_nesting_does_not_hide_links(depth: int) -> None:
    found = read("<div>" * depth + '<a href="/world/1">t</a>' + "</div>" * depth + '<a href="/world/2">u</a>')
    assert [link.title for link in found.links] == ["t", "u"]


def test_broken_markup_is_read_as_browsers_do() -> None:
    found = read('<a href="/world/1">one<a href=/world/2>two</b><p><a href="/world/3">three &amp; &nbsp;four')
    assert [link.title for link in found.links] == ["one", "two", "three & four"]
    assert found.malformed is None


def test_xhtml_with_declaration_is_a_page() -> None:
    body = f'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x.dtd">{PAGE[15:]}'
    assert len(read(body).links) == 5


def test_feed_where_a_section_was_expected_is_read_as_a_feed() -> None:
    found = read("<rss version='2.0'><channel><item><link>https://a.example/1</link></item></channel></rss>")
    assert (found.dialect, len(found.links)) == ("rss2", 1)


@pytest.mark.parametrize("body", ["", "plain words", "\x00", "<", "{}"])
def test_page_without_links_gives_none(body: str) -> None:
    assert read(body).links == ()
