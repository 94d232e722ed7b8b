"""What a page and its answer say against being kept, listed or mined is a flag of the article, and changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from crawler.extract.reservations import read_reservations
from crawler.process import process
from crawler.records import Article, Page

PARAGRAPHS = "".join(
    f"<p>The harbour board said on day {day} that the northern quay would stay closed until the crane is mended.</p>"
    for day in range(1, 6)
)
HEAD = "<html lang='en'><head><title>Quay stays closed</title></head><body><h1>Quay stays closed</h1>"
PAGE = Page(
    url="https://gazette.example/quay-stays-closed",
    body=f"{HEAD}{PARAGRAPHS}</body></html>".encode(),
    content_type="text/html",
    fetched_at=datetime(2026, 11, 1, tzinfo=UTC),
)


def flags(head: str = "", robots_tag: str | None = None, tdm_reservation: str | None = None) -> tuple[str, ...]:
    root = html.document_fromstring(f"<html><head>{head}</head><body><p>x</p></body></html>")
    return read_reservations(root, robots_tag, tdm_reservation)


@pytest.mark.parametrize(
    ("head", "stated"),
    [
        ('<meta name="robots" content="index, follow, noarchive">', ("noarchive",)),
        ('<META NAME="Robots" CONTENT="NOARCHIVE,NOINDEX">', ("noarchive", "noindex")),
        ('<meta name="robots" content="all"><meta name="robots" content="noai noimageai">', ("noai",)),
        ('<meta name="robots" content="none">', ("noindex",)),
        ('<meta name="otherbot" content="noarchive">', ()),
        ('<meta name="description" content="noarchive">', ()),
        ('<meta name="tdm-reservation" content="1">', ("tdm_reserved",)),
        ('<meta name="tdm-reservation" content=" 1 "><meta name="tdm-policy" content="/p">', ("tdm_reserved",)),
        ('<meta name="tdm-reservation" content="0">', ()),
        ('<meta name="tdm-reservation" content="yes">', ()),
        ('<meta name="robots">', ()),
    ],
)
def test_a_page_states_it_in_meta_elements(head: str, stated: tuple[str, ...]) -> None:
    assert flags(head) == stated


@pytest.mark.parametrize(
    ("header", "stated"),
    [
        ("noarchive", ("noarchive",)),
        ("NoIndex, NoArchive", ("noindex", "noarchive")),
        ("otherbot: noarchive", ()),
        ("otherbot: noindex, noarchive", ()),
        ("noai, otherbot: noindex, *: noarchive", ("noai", "noarchive")),
        ("max-image-preview: large, noarchive", ("noarchive",)),
        ("unavailable_after: Wed, 03 Dec 2025 13:09:53 GMT, noarchive", ("noarchive",)),
        ("", ()),
        (":,:,", ()),
    ],
)
def test_an_answer_states_it_in_a_header_for_every_agent(header: str, stated: tuple[str, ...]) -> None:
    assert flags(robots_tag=header) == stated


@pytest.mark.parametrize(("header", "stated"), [("1", ("tdm_reserved",)), ("0", ()), ("2", ()), ("", ())])
def test_an_answer_reserves_mining_in_a_header(header: str, stated: tuple[str, ...]) -> None:
    assert flags(tdm_reservation=header) == stated


def test_what_page_and_answer_both_state_is_one_flag() -> None:
    head = '<meta name="robots" content="noarchive"><meta name="tdm-reservation" content="1">'
    assert flags(head, "noarchive", "1") == ("noarchive", "tdm_reserved")


@given(st.text(), st.text(), st.text())
def test_whatever_stands_there_is_read(header: str, reservation: str, content: str) -> None:
    root = html.document_fromstring("<html><head><meta name='robots'></head><body>x</body></html>")
    root.find(".//meta").set("content", "".join(one for one in content if one.isprintable()))
    assert set(read_reservations(root, header, reservation)) <= {"noarchive", "noindex", "noai", "tdm_reserved"}


def test_an_article_that_reserves_its_rights_is_taken_as_any_other_and_says_so() -> None:
    plain = process(PAGE)
    reserved = process(replace(PAGE, robots_tag="noarchive", tdm_reservation="1"))
    assert isinstance(plain, Article)
    assert isinstance(reserved, Article)
    assert reserved == replace(plain, flags=("noarchive", "tdm_reserved"))
