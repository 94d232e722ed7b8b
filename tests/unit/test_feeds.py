"""RSS, Atom and JSON Feed become links; broken, hostile and huge ones too, as far as they can be believed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.discover import read_document
from crawler.discover.broken_feeds import read_broken_feed
from crawler.discover.entries import Reading
from crawler.discover.feeds import read_feed
from crawler.records import Discovery, DocumentKind

URL = "https://www.alwatan.example/rss"

RSS2 = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
     xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom">
<channel><title>الوطن</title><link>https://www.alwatan.example/</link><language>ar</language>
<atom:link href="https://www.alwatan.example/rss" rel="self" type="application/rss+xml"/>
<item>
  <title><![CDATA[ميناء <b>الصحراء</b> يفتح رصيفه &amp; يستقبل السفن]]></title>
  <link>https://www.alwatan.example/world/101?utm_source=rss&amp;b=2&amp;a=1</link>
  <guid isPermaLink="false">w-101</guid>
  <pubDate>Mon, 23 Nov 2026 10:00:00 +0300</pubDate>
  <dc:date>2026-11-23T09:30:00Z</dc:date>
  <dc:creator><![CDATA[هدى منصور]]></dc:creator><dc:creator>سامي علي</dc:creator>
  <author>desk@alwatan.test (مكتب الأخبار)</author>
  <category>عالم</category><category domain="x">اقتصاد</category><dc:subject>موانئ</dc:subject>
  <description>&lt;p&gt;بدأ الميناء العمل &amp;amp; استقبل سفينتين.&lt;/p&gt;</description>
  <content:encoded><![CDATA[<p>النص الكامل.</p><p>فقرة ثانية.</p>]]></content:encoded>
  <media:content url="https://cdn.alwatan.example/1.jpg"><media:title>صورة</media:title></media:content>
  <dc:language>ar</dc:language>
</item>
<item>
  <title>Second &lt;story&gt;</title><link>https://www.alwatan.example/world/102</link>
  <guid>https://www.alwatan.example/world/102</guid><pubDate>Mon, 23 Nov 2026 11:00:00 GMT</pubDate>
  <description>Plain words, 1 &lt; 2.</description>
</item>
<item><title>Only a guid</title><guid>https://www.alwatan.example/world/103</guid><dc:date>2026-11-22</dc:date></item>
</channel></rss>"""

RSS091 = """<?xml version="1.0"?>
<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">
<rss version="0.91"><channel><title>t</title><language>en-gb</language>
<item><title>One</title><link>https://a.example/1</link><description>d</description></item></channel></rss>"""

RSS1 = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://a.example/"><title>t</title>
<items><rdf:Seq><rdf:li rdf:resource="https://a.example/1"/></rdf:Seq></items></channel>
<item rdf:about="https://a.example/1"><title>خبر</title><link>https://a.example/1</link><dc:creator>أ ف ب</dc:creator>
<dc:date>2026-11-23T10:00:00+03:00</dc:date><dc:subject>عالم</dc:subject></item></rdf:RDF>"""

RSS09 = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://my.netscape.com/rdf/simple/0.9/"><channel><title>t</title></channel>
<item><title>One</title><link>https://a.example/1</link></item></rdf:RDF>"""

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ar" xml:base="https://www.alwatan.example/world/">
<title>t</title><author><name>الوطن</name></author>
<entry><id>tag:alwatan.example,2026:1</id><title type="text">A &lt;b&gt; c</title>
  <link rel="self" href="https://www.alwatan.example/api/1"/>
  <link rel="alternate" type="text/html" href="1?utm_source=x"/>
  <published>2026-11-23T10:00:00+03:00</published><updated>2026-11-23T12:00:00+03:00</updated>
  <author><name>هدى منصور</name><email>h@alwatan.example</email></author><author><name>سامي علي</name></author>
  <category term="w" label="عالم"/><category term="plain"/>
  <summary type="html">&lt;i&gt;موجز&lt;/i&gt; الخبر</summary>
  <content type="xhtml">
    <div xmlns="http://www.w3.org/1999/xhtml"><p>a &amp; b<br/>c <a href="z">l</a></p></div></content>
</entry>
<entry><id>https://www.alwatan.example/world/2</id>
  <title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">X <b>y</b></div></title>
  <link href="https://www.alwatan.example/world/2"/><updated>2026-11-23T12:00:00Z</updated>
  <content type="text">p &lt; q</content></entry>
<entry><id>https://www.alwatan.example/world/3</id><title type="html">R &amp;amp; D</title>
  <link href="https://www.alwatan.example/world/3"/><published>2026-11-23T12:00:00Z</published>
  <updated>2026-11-23T12:00:00Z</updated><content type="html">&lt;p&gt;x&lt;/p&gt;</content></entry>
</feed>"""

JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "t",
    "language": "ar",
    "items": [
        {
            "id": 101,
            "url": "https://a.example/101?fbclid=x",
            "title": "خبر <أول>",
            "content_html": "<p>نص</p>",
            "summary": "موجز",
            "date_published": "2026-11-23T10:00:00+03:00",
            "date_modified": "2026-11-23T11:00:00+03:00",
            "authors": [{"name": "هدى"}, {"url": "x"}],
            "tags": ["عالم", 3],
        },
        {"id": "https://a.example/102", "content_text": "a < b", "author": {"name": "سامي"}},
        "no item",
    ],
}

WELL_FORMED = {"rss2": RSS2, "rss0.91": RSS091, "rss1": RSS1, "rss0.9": RSS09, "atom": ATOM}


def read(
    body: str | bytes, content_type: str | None = "application/xml; charset=utf-8", **settings: object
) -> Discovery:
    given_body = body.encode() if isinstance(body, str) else body
    arguments = {"url": URL, "kind": DocumentKind.FEED, "content_type": content_type, "timezone": "Asia/Riyadh"}
    return read_document(given_body, **{**arguments, **settings})  # type: ignore[arg-type]


def make_rss(*items: str, head: str = "") -> str:
    return f'<?xml version="1.0"?>{head}<rss version="2.0"><channel>{"".join(items)}</channel></rss>'


def make_item(number: int, extra: str = "") -> str:
    return f"<item><title>t{number}</title><link>https://a.example/{number}</link>{extra}</item>"


# ------------------------------------------------------------------------------------------ dialects


def test_rss2_item_keeps_everything_it_says() -> None:
    found = read(RSS2)
    assert (found.dialect, found.language, found.charset, found.malformed, found.over_cap) == (
        "rss2", "ar", "utf-8", None, 0,
    )  # fmt: skip
    link = found.links[0]
    assert link.url == "https://www.alwatan.example/world/101?utm_source=rss&b=2&a=1"
    assert link.canonical == "https://www.alwatan.example/world/101?a=1&b=2"
    assert link.title == "ميناء الصحراء يفتح رصيفه & يستقبل السفن"
    assert link.summary == "بدأ الميناء العمل & استقبل سفينتين."
    assert link.content == "<p>النص الكامل.</p><p>فقرة ثانية.</p>"
    assert link.authors == ("هدى منصور", "سامي علي", "مكتب الأخبار")
    assert (link.guid, link.language, link.tags) == ("w-101", "ar", ("عالم", "اقتصاد", "موانئ"))
    assert link.published is not None
    assert (link.published.at.isoformat(), link.published.raw) == (
        "2026-11-23T07:00:00+00:00",
        "Mon, 23 Nov 2026 10:00:00 +0300",
    )
    assert link.modified is not None
    assert link.modified.at.isoformat() == "2026-11-23T09:30:00+00:00"


def test_rss2_guid_serves_where_there_is_no_link() -> None:
    link = read(RSS2).links[2]
    assert link.canonical == "https://www.alwatan.example/world/103"
    assert link.published is not None
    assert (link.published.precision, link.published.zone_assumed) == ("day", True)


@pytest.mark.parametrize(
    ("document", "dialect"), [(RSS091, "rss0.9"), (RSS09, "rss0.9"), (RSS1, "rss1"), (ATOM, "atom"), (RSS2, "rss2")]
)
def test_dialect_is_told_by_the_document(document: str, dialect: str) -> None:
    found = read(document, content_type="text/html")
    assert (found.dialect, found.malformed) == (dialect, None)
    assert found.links


def test_rss1_reads_dublin_core() -> None:
    link = read(RSS1).links[0]
    assert (link.title, link.authors, link.guid, link.tags) == ("خبر", ("أ ف ب",), "https://a.example/1", ("عالم",))
    assert link.published is not None
    assert link.modified is None


def test_atom_tells_published_from_updated_and_follows_its_base() -> None:
    first, second, third = read(ATOM).links
    assert first.canonical == "https://www.alwatan.example/world/1"
    assert (first.title, first.summary) == ("A <b> c", "موجز الخبر")
    assert first.content == '<p>a &amp; b<br>c <a href="z">l</a></p>'
    assert (first.authors, first.tags) == (("هدى منصور", "سامي علي"), ("عالم", "plain"))
    assert first.published is not None
    assert first.modified is not None
    assert (first.published.at.hour, first.modified.at.hour) == (7, 9)
    assert (second.title, second.content, second.published) == ("X y", "p &lt; q", None)
    assert second.modified is not None
    assert (third.title, third.content, third.modified) == ("R & D", "<p>x</p>", None)
    assert read(ATOM).language == "ar"


def test_json_feed_of_both_versions_is_read() -> None:
    found = read(json.dumps(JSON_FEED), content_type="application/feed+json")
    assert (found.dialect, found.language) == ("json", "ar")
    assert found.malformed == "1 entries without a usable address"
    first, second = found.links
    assert (first.canonical, first.guid, first.title) == ("https://a.example/101", "101", "خبر <أول>")
    assert (first.content, first.summary, first.authors, first.tags) == ("<p>نص</p>", "موجز", ("هدى",), ("عالم",))
    assert first.modified is not None
    assert (second.canonical, second.content, second.authors) == ("https://a.example/102", "a &lt; b", ("سامي",))


def test_description_with_whole_article_is_kept_as_content() -> None:
    body = make_rss(make_item(1, "<description>&lt;p&gt;a&lt;/p&gt;&lt;p&gt;b&lt;/p&gt;</description>"))
    assert (read(body).links[0].summary, read(body).links[0].content) == ("a b", "<p>a</p><p>b</p>")
    assert read(make_rss(make_item(1, "<description>a &lt;b&gt;b&lt;/b&gt;</description>"))).links[0].content is None


def test_same_story_twice_is_one_link() -> None:
    found = read(make_rss(make_item(1), make_item(1).replace("/1<", "/1#live-2<"), make_item(2)))
    assert [link.canonical for link in found.links] == ["https://a.example/1", "https://a.example/2"]


def test_feed_in_a_namespace_of_its_own_is_read() -> None:
    body = '<rss version="2.0" xmlns="http://strange.example/rss"><channel>' + make_item(1) + "</channel></rss>"
    assert read(body).links[0].title == "t1"


# ------------------------------------------------------------------------------------------ both parsers


@pytest.mark.parametrize("name", WELL_FORMED)
def test_both_parsers_give_the_same_records_on_well_formed_input(name: str) -> None:
    document = WELL_FORMED[name].encode()
    reading = Reading(url=URL, max_entries=100, timezone="Asia/Riyadh")
    by_lxml, stream = read_feed([document], reading, atom=name == "atom")
    loose = read_broken_feed(document, reading)
    assert loose is not None
    by_feedparser, language = loose
    assert stream.broken is None
    assert by_lxml.links
    assert by_feedparser.links == by_lxml.links
    assert language == (stream.language or stream.root_language)


# ------------------------------------------------------------------------------------------ malformed


@pytest.mark.parametrize("cut", range(1, 60, 3))
def test_entries_before_the_break_are_kept_and_none_is_cut(cut: int) -> None:
    whole = make_rss(*(make_item(number) for number in range(1000, 1020)))
    body = whole[: whole.index("https://a.example/1015") + cut]
    found = read(body)
    expected = [f"https://a.example/{number}" for number in range(1000, 1015 + (body.count("</item>") > 15))]
    assert [link.canonical for link in found.links] == expected
    assert found.malformed is not None
    assert found.malformed.startswith("not well-formed XML: ")


def test_entries_after_a_fault_are_kept_too() -> None:
    body = make_rss(make_item(1), make_item(2, "<description>R&D &nbsp; a<br>b</description>"), make_item(3))
    found = read(body)
    assert [link.title for link in found.links] == ["t1", "t2", "t3"]
    assert found.links[1].summary is not None
    assert found.links[1].summary.startswith("R&D")
    assert "not well-formed" in (found.malformed or "")


@pytest.mark.parametrize("loose", [True, False])
def test_cut_address_is_left_out_when_a_faulty_feed_is_read_again(loose: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.discover.document.MAX_LOOSE", 1_000_000 if loose else 10)
    whole = make_rss(make_item(1000, "<x>R&D</x>"), make_item(1001), make_item(1002))
    for cut in range(1, len("https://a.example/1002</link></item>")):
        found = read(whole[: whole.index("https://a.example/1002") + cut])
        assert [link.canonical[-4:] for link in found.links] == ["1000", "1001"]


def test_bare_ampersand_in_a_link_does_not_change_its_parameters() -> None:
    body = make_rss("<item><title>t</title><link>https://a.example/s?id=1&copy=2&page=3</link></item>")
    assert read(body).links[0].canonical == "https://a.example/s?copy=2&id=1&page=3"


def test_large_malformed_feed_is_mended_without_feedparser(monkeypatch: pytest.MonkeyPatch) -> None:
    body = make_rss(make_item(1), "<item><title>R&D&nbsp;x</title><link>https://a.example/2?a=1&amp;b=2</link></item>")
    monkeypatch.setattr("crawler.discover.document.MAX_LOOSE", 10)
    found = read(body)
    assert [link.canonical for link in found.links] == ["https://a.example/1", "https://a.example/2?a=1&b=2"]
    assert found.links[1].title == "R&D x"


@pytest.mark.parametrize(
    "junk", ["\n\n", "\ufeff\n", "<br />\n<b>Warning</b>: mysql in <b>/x.php</b>\n", "<!-- cached -->", "\x00"]
)
def test_junk_before_the_feed_does_not_hide_it(junk: str) -> None:
    found = read(junk + make_rss(make_item(1), make_item(2)))
    assert (found.dialect, len(found.links)) == ("rss2", 2)


def test_control_characters_do_not_stop_the_reading() -> None:
    found = read(make_rss(make_item(1), make_item(2).replace("t2", "t\x0b2\x00"), make_item(3)))
    assert [link.title for link in found.links] == ["t1", "t2", "t3"]


def test_cut_json_keeps_the_whole_items_before_the_break() -> None:
    text = json.dumps({"version": "1", "items": [{"id": str(n), "url": f"https://a.example/{n}"} for n in range(9)]})
    found = read(text[: text.index("https://a.example/7") + 19])
    assert [link.guid for link in found.links] == [str(number) for number in range(7)]
    assert (found.malformed or "").startswith("not well-formed JSON: ")


def test_nul_and_lone_surrogates_of_json_do_not_reach_the_records() -> None:
    body = b'{"items": [{"url": "https://a.example/1", "title": "a\\u0000b\\ud83d", "id": "x\\udc00"}]}'
    assert (read(body).links[0].title, read(body).links[0].guid) == ("ab\ufffd", "x\ufffd")


def test_entries_without_address_are_counted_in_words() -> None:
    found = read(make_rss(make_item(1), "<item><title>x</title></item>", "<item><link>mailto:a@b.c</link></item>"))
    assert len(found.links) == 1
    assert found.malformed == "2 entries without a usable address"


@pytest.mark.parametrize("body", [b"", b"  \n", b"nothing here", b"\x89PNG\r\n\x1a\n", b"\xff\xfe", b"<", b"\x1f\x8b"])
def test_what_is_no_document_says_so(body: bytes) -> None:
    found = read(body, content_type=None)
    assert (found.dialect, found.links) == ("unknown", ())
    assert "feed was expected" in (found.malformed or "")


def test_page_where_a_feed_was_expected_names_the_feeds_it_links() -> None:
    found = read(
        '<!doctype html><html><head><link rel="alternate" type="application/rss+xml" href="/feed/"></head>'
        '<body><a href="/1">x</a></body></html>'
    )
    assert (found.dialect, found.links, found.kind) == ("html", (), DocumentKind.FEED)
    assert found.malformed == ("an HTML page where a feed was expected; it names https://www.alwatan.example/feed/")


# ------------------------------------------------------------------------------------------ hostile


BOMB = "<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
    f"<!ENTITY {name} '{f'&{before};' * 10}'>" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
) + "]>"  # fmt: skip


@pytest.mark.parametrize("where", ["<title>&i;</title>", '<title x="&i;">t</title>'])
def test_billion_laughs_are_refused(where: str) -> None:
    found = read(make_rss(f"<item>{where}<link>https://a.example/1</link></item>", head=BOMB))
    assert sum(len(link.title or "") for link in found.links) < 100
    assert "entities in its DOCTYPE, which are not expanded" in (found.malformed or "")


@pytest.mark.parametrize(
    "declaration",
    ['<!ENTITY x SYSTEM "file:///etc/passwd">', '<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;'],
)
def test_external_entities_are_not_opened(declaration: str) -> None:
    body = make_rss(
        "<item><title>a&x;b</title><link>https://a.example/1</link></item>", head=f"<!DOCTYPE r [{declaration}]>"
    )
    found = read(body)
    assert "root:" not in repr(found)
    assert [link.title for link in found.links] in ([], ["ab"])
    assert "not expanded" in (found.malformed or "")


def test_body_that_is_a_file_name_opens_no_file() -> None:
    assert read(b"/etc/passwd").links == ()
    loose = read_broken_feed(b"/etc/passwd", Reading(url=URL, max_entries=5))
    assert loose is not None
    assert loose[0].links == ()


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"items":' + b"[" * 200_000, b'{"items": [' + b"9" * 5000 + b"]}"])
def test_deep_or_odd_json_is_malformed(body: bytes) -> None:
    found = read(body)
    assert found.links == ()
    assert found.malformed is not None


def test_endless_element_is_given_up() -> None:
    found = read(b"<rss><channel>" + make_item(1).encode() + b"<item><x>" + b"<a/>" * 1_000_000)
    assert len(found.links) == 1
    assert "more than 2 MiB: reading stopped there" in (found.malformed or "")


def test_entries_beyond_the_cap_are_counted() -> None:
    found = read(make_rss(*map(make_item, range(100))), max_entries=30)
    assert (len(found.links), found.over_cap, found.malformed) == (30, 70, None)
    assert found.links[-1].guid is None
    assert found.links[-1].title == "t29"


def test_fields_are_capped() -> None:
    long = "x" * 700_000
    body = make_rss(
        f"<item><title>{long}</title><link>https://a.example/1</link><guid>{long}</guid><description>&lt;p&gt;{long}"
        f"</description>{''.join(f'<category>{n}</category>' for n in range(500))}</item>"
    )
    link = read(body).links[0]
    assert (len(link.title or ""), len(link.guid or ""), len(link.summary or "")) == (1000, 4096, 20_000)
    assert (len(link.content or ""), len(link.tags)) == (500_000, 100)


# ------------------------------------------------------------------------------------------ charsets

ARABIC = "قالت وكالة الأنباء اليوم إن الوزير التقى نظيره في الرياض وبحثا العلاقات بين البلدين"


def make_arabic(declared: str | None, charset: str) -> bytes:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    item = f"<item><title>{ARABIC}</title><link>https://a.example/1</link></item>"
    return f'{declaration}<rss version="2.0"><channel>{item * 3}</channel></rss>'.encode(charset)


@pytest.mark.parametrize(
    ("declared", "charset", "content_type", "setting"),
    [
        ("windows-1256", "windows-1256", "text/xml", None),
        (None, "windows-1256", "text/xml; charset=windows-1256", None),
        ("UTF-8", "windows-1256", "text/xml; charset=utf-8", None),
        ("UTF-8", "windows-1256", None, None),
        ("iso-8859-1", "windows-1256", "text/xml; charset=iso-8859-1", None),
        (None, "windows-1256", None, None),
        ("windows-1252", "windows-1256", None, "windows-1256"),
        ("iso-8859-6", "iso-8859-6", None, None),
        (None, "iso-8859-6", None, None),
        ("windows-1256", "utf-8", "text/xml; charset=iso-8859-1", None),
        (None, "utf-8", None, None),
        ("nonsense", "utf-8", "text/xml; charset=\"klingon\"", None),
        ("windows-1252", "utf-8-sig", "text/xml; charset=windows-1252", None),
        ("utf-16", "utf-16", "text/xml", None),
        ("utf-8", "utf-16-le", "text/xml; charset=utf-8", None),
    ],
)  # fmt: skip
def test_charset_is_found_by_evidence(
    declared: str | None, charset: str, content_type: str | None, setting: str | None
) -> None:
    found = read(make_arabic(declared, charset), content_type=content_type, charset=setting)
    assert [link.title for link in found.links] == [ARABIC]


def test_one_bad_letter_does_not_make_utf8_something_else() -> None:
    body = make_arabic("utf-8", "utf-8").replace("الوزير".encode(), "الوزي".encode() + b"\xd8", 1)
    found = read(body)
    assert found.charset == "utf-8"
    assert "الوزي\ufffd التقى" in (found.links[0].title or "")


def test_sources_own_word_comes_before_everything() -> None:
    found = read(make_arabic("utf-8", "utf-8"), charset="windows-1256")
    assert found.charset == "cp1256"
    assert found.links[0].title != ARABIC


# ------------------------------------------------------------------------------------------ any bytes

PIECES = st.sampled_from([
    b"<rss>", b"<channel>", b"<item>", b"</item>", b"<link>", b"https://a.example/1", b"</link>", b"<entry>", b"<feed>",
    b"<urlset>", b"<url><loc>", b"</loc></url>", b"<![CDATA[", b"]]>", b"<!--", b"&amp;", b"&x;", b"<?xml ", b"?>",
    b"<!DOCTYPE x [", b"\xff\xfe", b"\x00", b"{", b'"items":[', b'{"url":"https://a.example/2"}', b"]", b"<html>",
    b"<a href=/1>", b"\x1f\x8b\x08", b"\xd8", b"xmlns:a='b'", b"<sitemapindex><sitemap>", b"<a:b/>", b"<pubDate>9",
    b"</category>", b"</title>", b"<content type='xhtml'><div>", b"<guid isPermaLink='true'>", b"<svg>", b"&#x1F;",
])  # fmt: skip


@given(st.binary(max_size=200) | st.lists(PIECES, max_size=30).map(b"".join), st.sampled_from(DocumentKind))
@example(b"<rss><channel><item><title>&#0;</title></item>", DocumentKind.FEED)
def test_no_bytes_make_read_document_raise(body: bytes, kind: DocumentKind) -> None:
    found = read_document(body, url=URL, kind=kind, content_type="text/xml; charset=\x00x", max_entries=3)
    assert len(found.links) <= 3


@given(st.integers(0, len(RSS2)), st.integers(0, len(RSS2)), st.sampled_from(["", "&", "<", "]]>", "\x00", "</item>"]))
def test_damaged_feed_never_announces_an_address_that_was_not_there(start: int, end: int, put: str) -> None:
    damaged = RSS2[: min(start, end)] + put + RSS2[max(start, end) :]
    known = {re.sub(r"\D", "", link.canonical)[:3] for link in read(RSS2).links}
    for link in read(damaged).links:
        if put == "" and start == end:
            assert re.sub(r"\D", "", link.canonical)[:3] in known


def test_reading_twice_gives_equal_records() -> None:
    assert read(RSS2) == read(RSS2)
    assert replace(read(ATOM), charset=None) == replace(read(ATOM), charset=None)


def test_feed_of_100000_entries_is_read_in_little_memory() -> None:
    program = """
import resource
from crawler.discover import read_document
from crawler.records import DocumentKind
item = ("<item><title>خبر من الوكالة {0}</title><link>https://a.example/{0}?utm_source=rss</link><guid>{0}</guid>"
        "<pubDate>Mon, 23 Nov 2026 10:00:00 +0300</pubDate><description>نص قصير عن الخبر</description></item>").encode()
body = b"<rss version='2.0'><channel>" + b"".join(item.replace(b"{0}", b"%d" % n) for n in range(100_000))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = read_document(body + b"</channel></rss>", url="https://a.example/", kind=DocumentKind.FEED, content_type=None)
print(len(found.links), found.over_cap, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    taken, over_cap, grown = map(int, ran.stdout.split())
    assert (taken, over_cap) == (10_000, 90_000)
    assert grown < 80 * 1024  # KiB, the copy of the body that the program itself makes included
