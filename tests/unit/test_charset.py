"""Bytes to characters: the order of evidence, and what is mended."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.extract.charset import decode, mend_characters

ARABIC = "أعلنت وزارة الزراعة اليوم أن موسم الزيتون هذا العام هو الأفضل منذ عشر سنوات في المناطق الساحلية"
FRENCH = "La décision a été prise à l'unanimité, où que l'on regarde, après une journée agitée"


def page(text: str, charset: str | None = None) -> str:
    meta = f'<meta charset="{charset}">' if charset else ""
    return f"<html><head>{meta}<title>x</title></head><body><p>{text}</p></body></html>"


def test_setting_of_the_source_comes_before_everything() -> None:
    body = codecs.BOM_UTF8 + page("abc", "utf-8").encode()
    found = decode(body, setting="windows-1252", content_type="text/html; charset=utf-8")
    assert (found.charset, found.source) == ("windows-1252", "setting")


def test_byte_order_mark_comes_before_the_header() -> None:
    found = decode(codecs.BOM_UTF16_LE + page(ARABIC).encode("utf-16-le"), content_type="text/html; charset=latin1")
    assert (found.charset, found.source) == ("utf-16-le", "bom")
    assert ARABIC in found.text


def test_sound_utf8_bytes_come_before_a_header_that_says_otherwise() -> None:
    found = decode(page(ARABIC).encode(), content_type="text/html; charset=windows-1256")
    assert (found.charset, found.source) == ("utf-8", "utf-8")
    assert ARABIC in found.text


@pytest.mark.parametrize("declared", ["utf-8", "iso-8859-1", "windows-1252", None])
def test_windows_1256_is_read_from_the_bytes_whatever_is_declared(declared: str | None) -> None:
    found = decode(page(ARABIC, declared).encode("cp1256"), content_type=f"text/html; charset={declared}")
    assert (found.charset, found.source) == ("windows-1256", "detected")
    assert ARABIC in found.text


def test_iso_8859_6_is_told_from_windows_1256() -> None:
    found = decode(page(ARABIC).encode("iso8859-6"))
    assert ARABIC in found.text


def test_header_comes_before_meta() -> None:
    found = decode(page("Привет, мир", "koi8-r").encode("cp1251"), content_type="text/html; charset=windows-1251")
    assert (found.charset, found.source) == ("windows-1251", "header")


def test_meta_is_used_where_the_header_is_silent() -> None:
    found = decode(page("Привет, мир", "windows-1251").encode("cp1251"), content_type="text/html")
    assert (found.charset, found.source) == ("windows-1251", "meta")


def test_latin1_means_windows_1252_as_in_browsers() -> None:
    found = decode(page(f"{FRENCH} “citation” €", "iso-8859-1").encode("cp1252"))
    assert found.charset == "windows-1252"
    assert "“citation” €" in found.text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Привет мир, новости сегодня " * 8, "cp1251"), (FRENCH, "cp1252"), ("ニュースをお伝えします" * 8, "shift_jis")],
)
def test_undeclared_text_is_detected(text: str, encoding: str) -> None:
    found = decode(page(text).encode(encoding))
    assert found.source == "detected"
    assert text in found.text


def test_language_attribute_decides_between_look_alikes() -> None:
    turkish = "Çocuklar için güneşli bir gün: İstanbul'da şenlik başladı"
    assert turkish in decode(page(turkish).replace("<html", '<html lang="tr"').encode("cp1254")).text


def test_a_few_broken_bytes_do_not_change_the_charset() -> None:
    body = page(ARABIC * 20).encode() + b"\xff"
    found = decode(body)
    assert (found.charset, found.flags) == ("utf-8", ("bytes_replaced",))


def test_unknown_labels_are_passed_over() -> None:
    assert decode(page(FRENCH, "x-nonsense").encode("cp1252"), setting="no-such").charset == "windows-1252"


def test_nul_is_stripped_and_flagged() -> None:
    found = decode(b"<p>a\x00b</p>")
    assert found.text == "<p>ab</p>"
    assert found.flags == ("nul_removed",)


def test_lone_surrogates_are_replaced_and_pairs_joined() -> None:
    assert mend_characters("a\ud83d b \ud83d\ude00") == (
        "a\ufffd b 😀",
        "a\ufffd b 😀".encode(),
        ("surrogates_replaced",),
    )
    assert decode(b"<p>\xed\xa0\xbd after</p>").text == "<p>\ufffd after</p>"


def test_bad_character_references_are_mended() -> None:
    assert mend_characters("x&#xD83D;y&#1;z&#10;&#233;")[0] == "x\ufffdyz&#10;&#233;"


@pytest.mark.parametrize("form", ["&#{};", "&#{}x", "&#000{};", "&#x{:x};", "&#X00{:X} "])
def test_every_bad_character_reference_is_found(form: str) -> None:
    bad = {code: "" for code in range(32) if code not in {9, 10, 13}}
    bad |= dict.fromkeys([*range(0xD800, 0xE000), 0xFFFE, 0xFFFF, 0x110000, 2_000_000, 9_999_999], "\ufffd")
    for code, instead in bad.items():
        written = form.format(code)
        mended = mend_characters(f"a{written}b")[0]
        assert mended.startswith(f"a{instead}"), written
        assert "&#" not in mended, written


@given(st.binary(max_size=400), st.sampled_from([None, "text/html; charset=utf-8", "text/html; charset=windows-1256"]))
def test_any_bytes_become_text_that_can_be_stored(body: bytes, content_type: str | None) -> None:
    found = decode(body, content_type=content_type)
    assert found.text.encode("utf-8") == found.data
    assert "\x00" not in found.text
