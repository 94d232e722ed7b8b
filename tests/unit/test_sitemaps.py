"""Sitemaps, indexes and news sitemaps become links and children, gzipped or not, whole or broken."""

from __future__ import annotations

import gzip
import zlib

import pytest

from crawler.discover import read_document
from crawler.discover.document import MAX_UNPACKED, unpack
from crawler.records import Discovery, DocumentKind

URL = "https://www.alwatan.example/sitemap.xml"
SPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)

NEWS = f"""<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet href="s.xsl"?>
<!-- made by hand -->
<urlset {SPACES}>
<url><loc>https://www.alwatan.example/world/1?utm_source=sitemap</loc><lastmod>2026-11-23T12:00:00+03:00</lastmod>
  <image:image><image:loc>https://cdn.alwatan.example/1.jpg</image:loc><image:title>صورة</image:title></image:image>
  <news:news><news:publication><news:name>الوطن</news:name><news:language>ar</news:language></news:publication>
  <news:publication_date>2026-11-23T10:00:00+03:00</news:publication_date>
  <news:title>خبر &amp; آخر</news:title><news:keywords>عالم، اقتصاد, موانئ</news:keywords></news:news></url>
</urlset>"""


def read(body: str | bytes, **settings: object) -> Discovery:
    given = body.encode() if isinstance(body, str) else body
    arguments = {"url": URL, "kind": DocumentKind.SITEMAP, "content_type": "text/xml", "timezone": "Asia/Riyadh"}
    return read_document(given, **{**arguments, **settings})  # type: ignore[arg-type]


def make_sitemap(*entries: tuple[str, str | None]) -> str:
    urls = (f"<url><loc>{loc}</loc>{f'<lastmod>{at}</lastmod>' if at else ''}</url>" for loc, at in entries)
    return f"<urlset {SPACES}>{''.join(urls)}</urlset>"


def list_ids(found: Discovery) -> list[str]:
    return [link.canonical.rpartition("/")[2] for link in found.links]


def test_news_sitemap_keeps_title_date_language_and_keywords() -> None:
    found = read(NEWS)
    assert (found.dialect, found.malformed, found.children) == ("newssitemap", None, ())
    (link,) = found.links
    assert link.canonical == "https://www.alwatan.example/world/1"
    assert (link.title, link.language, link.tags) == ("خبر & آخر", "ar", ("عالم", "اقتصاد", "موانئ"))
    assert link.published is not None
    assert link.modified is not None
    assert (link.published.at.hour, link.modified.at.hour, link.published.provenance) == (7, 9, "sitemap")


def test_plain_sitemap_dates_say_when_a_page_was_changed() -> None:
    found = read(make_sitemap(("https://a.example/1", "2026-11-23"), ("/2", None)))
    assert found.dialect == "sitemap"
    assert [link.url for link in found.links] == ["https://a.example/1", "https://www.alwatan.example/2"]
    first, second = found.links
    assert (first.published, second.modified) == (None, None)
    assert first.modified is not None
    assert (first.modified.precision, first.modified.zone) == ("day", "Asia/Riyadh")


def test_index_names_its_children_newest_first() -> None:
    names = {"old": "2026-01-01", "none": None, "new": "2026-11-23T10:00:00Z", "mid": "2026-11-23", "none2": None}
    children = "".join(
        f"<sitemap><loc>https://a.example/{name}.xml?b=2&amp;a=1</loc>"
        f"{f'<lastmod>{at}</lastmod>' if at else ''}</sitemap>"
        for name, at in names.items()
    )
    found = read(f"<sitemapindex {SPACES}>{children}</sitemapindex>")
    assert (found.dialect, found.links) == ("sitemapindex", ())
    assert [child.rpartition("/")[2].partition(".")[0] for child in found.children] == [
        "new", "mid", "old", "none", "none2",
    ]  # fmt: skip
    assert found.children[0] == "https://a.example/new.xml?b=2&a=1"


def test_of_a_sitemap_beyond_the_cap_the_newest_are_kept_in_document_order() -> None:
    entries = [(f"https://a.example/{day}", f"2026-11-{day:02d}") for day in (3, 9, 1, 7, 8, 2)]
    found = read(make_sitemap(("https://a.example/undated", None), *entries), max_entries=3)
    assert (list_ids(found), found.over_cap) == (["9", "7", "8"], 4)


def test_of_an_undated_sitemap_beyond_the_cap_the_first_are_kept() -> None:
    found = read(make_sitemap(*((f"https://a.example/{number}", None) for number in range(9))), max_entries=3)
    assert (list_ids(found), found.over_cap) == (["0", "1", "2"], 6)


@pytest.mark.parametrize("namespace", ["", 'xmlns="https://www.sitemaps.org/schemas/sitemap/0.9"', 'xmlns="x:y"'])
def test_namespace_may_be_missing_or_wrong(namespace: str) -> None:
    assert list_ids(read(f"<urlset {namespace}><url><loc>https://a.example/1</loc></url></urlset>")) == ["1"]


def test_list_of_addresses_is_a_sitemap() -> None:
    found = read("\ufeffhttps://a.example/1\r\n\r\nhttps://a.example/2\nhttps://a.example/2\n")
    assert (found.dialect, list_ids(found), found.malformed) == ("sitemap", ["1", "2"], None)


def test_feed_where_a_sitemap_was_expected_is_read_as_a_feed() -> None:
    found = read("<rss version='2.0'><channel><item><link>https://a.example/1</link></item></channel></rss>")
    assert (found.dialect, found.kind, list_ids(found)) == ("rss2", DocumentKind.SITEMAP, ["1"])


def test_sitemap_where_a_feed_was_expected_is_read_as_a_sitemap() -> None:
    assert list_ids(read(NEWS, kind=DocumentKind.FEED)) == ["1"]


def test_page_where_a_sitemap_was_expected_says_so() -> None:
    found = read("<html><body>404</body></html>")
    assert found.malformed == "an HTML page where a sitemap was expected"


# ------------------------------------------------------------------------------------------ broken


@pytest.mark.parametrize("cut", range(1, 70, 4))
def test_entries_before_the_break_are_kept_and_none_is_cut(cut: int) -> None:
    whole = make_sitemap(*((f"https://a.example/{number}", None) for number in range(1000, 1010)))
    body = whole[: whole.index("https://a.example/1005") + cut]
    complete = 5 + ("</url>" in body[body.index("1004</loc></url>") + 16 :])
    found = read(body)
    assert list_ids(found) == [str(number) for number in range(1000, 1000 + complete)]
    assert (found.malformed or "").startswith("not well-formed XML: ")


def test_bare_ampersands_are_mended() -> None:
    found = read(make_sitemap(("https://a.example/1", None), ("https://a.example/s?id=1&lang=ar&copy=3&amp;x=4", None)))
    assert found.links[1].canonical == "https://a.example/s?copy=3&id=1&lang=ar&x=4"


def test_ampersands_outlive_a_fault_that_cannot_be_mended() -> None:
    body = make_sitemap(("https://a.example/1", None), ("https://a.example/s?a=1&amp;b=2", None))
    found = read(body.replace("<loc>https://a.example/1", "<x y=1/><loc>https://a.example/1"))
    assert list_ids(found) == ["1", "s?a=1&b=2"]


def test_entity_bomb_is_refused() -> None:
    entities = "".join(
        f"<!ENTITY {name} '{f'&{before};' * 10}'>" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    body = (
        f"<!DOCTYPE u [<!ENTITY a 'aaaaaaaaaa'>{entities}]><urlset><url><loc>https://a.example/&i;</loc></url></urlset>"
    )
    found = read(body)
    assert sum(len(link.url) for link in found.links) < 100
    assert "not expanded" in (found.malformed or "")


# ------------------------------------------------------------------------------------------ gzip


@pytest.mark.parametrize("content_type", ["application/x-gzip", "text/xml", None])
def test_gzipped_sitemap_is_told_by_its_bytes(content_type: str | None) -> None:
    found = read(gzip.compress(NEWS.encode()), content_type=content_type)
    assert (found.dialect, list_ids(found), found.malformed) == ("newssitemap", ["1"], None)


def test_gzip_of_several_members_is_read_whole() -> None:
    half = len(NEWS.encode()) // 2
    body = gzip.compress(NEWS.encode()[:half]) + gzip.compress(NEWS.encode()[half:])
    assert read(body) == read(NEWS)


def test_cut_gzip_gives_what_came_before_the_cut() -> None:
    body = gzip.compress(make_sitemap(*((f"https://a.example/{n * 7919}", None) for n in range(5000))).encode())
    found = read(body[: len(body) // 2])
    assert 1000 < len(found.links) < 4000
    assert (found.malformed or "").startswith("a gzip file that ends too early; not well-formed XML: ")


def test_damaged_gzip_says_so() -> None:
    found = read(b"\x1f\x8b\x08\x00" + b"\xff" * 100)
    assert (found.malformed or "").startswith("a damaged gzip file")


def test_gzip_bomb_is_cut_at_the_cap() -> None:
    squeezer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(squeezer.compress(b"<urlset>".ljust(1024 * 1024)) for _ in range(200)) + squeezer.flush()
    unpacked, damage = unpack(bomb)
    assert len(unpacked) == MAX_UNPACKED
    assert damage == "more than 50 MiB when unpacked: cut there"


def test_gzip_within_gzip_is_not_followed() -> None:
    found = read(gzip.compress(gzip.compress(NEWS.encode())))
    assert (found.dialect, found.links) == ("unknown", ())
