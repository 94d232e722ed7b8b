"""Pages of our own, after the shapes met in the wild, each with what must come out of it; a missing half fails."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.clean import restore
from crawler.process import process
from crawler.records import Article, Page, Rejected

PAGES = Path(__file__).parent.parent / "pages"
NAMES = sorted({path.stem for path in PAGES.iterdir() if path.suffix in {".html", ".toml"}})
FETCHED_AT = datetime(2024, 6, 1, 12, tzinfo=UTC)


def load(name: str) -> tuple[bytes, dict[str, Any]]:
    html, expected = PAGES / f"{name}.html", PAGES / f"{name}.toml"
    assert html.exists(), f"{expected.name} has no page beside it"
    assert expected.exists(), f"{html.name} has no expectation beside it"
    return html.read_bytes(), tomllib.loads(expected.read_text(encoding="utf-8"))


def read(name: str) -> tuple[Article | Rejected, dict[str, Any]]:
    body, want = load(name)
    page = Page(url=want["url"], body=body, content_type="text/html", fetched_at=FETCHED_AT)
    return process(page), want


ARTICLES = [name for name in NAMES if "rejected" not in load(name)[1]]
OTHERS = [name for name in NAMES if name not in ARTICLES]


def test_there_are_articles_and_others_in_three_languages() -> None:
    assert {name.split("_")[0] for name in ARTICLES} == {"arabic", "english", "german"}
    assert {load(name)[1]["rejected"] for name in OTHERS} >= {
        "section_page",
        "consent_wall",
        "challenge",
        "soft_404",
        "paywall_stub",
        "empty_shell",
        "error_page",
        "video",
        "gallery",
    }


@pytest.mark.parametrize("name", ARTICLES)
def test_article_comes_out_as_expected(name: str) -> None:
    found, want = read(name)
    assert isinstance(found, Article), found
    assert found.text == want["text"]
    assert found.summary == want.get("summary")
    got = {
        "title": found.title,
        "language": found.language,
        "authors": list(found.authors),
        "agencies": [credit.agency for credit in found.credits],
        "place": found.place,
        "published": found.published.at.isoformat() if found.published else None,
        "published_day": found.published.at.date().isoformat() if found.published else None,
        "modified": found.modified.at.isoformat() if found.modified else None,
        "section": found.section,
        "canonical_url": found.canonical_url,
        "charset": found.charset,
        "kind": found.kind,
        "flags": list(found.flags),
    }
    assert {key: got[key] for key in want.keys() & got.keys()} == {key: want[key] for key in want.keys() & got.keys()}
    assert {removal.rule for removal in found.removals} >= set(want.get("rules", ()))


@pytest.mark.parametrize("name", ARTICLES)
def test_text_and_removals_are_the_raw_extraction(name: str) -> None:
    found, _ = read(name)
    assert isinstance(found, Article)
    raw = restore(found.text, found.removals)
    for removal in found.removals:
        assert raw[removal.start : removal.start + len(removal.text)] == removal.text
    assert len(raw) == len(found.text) + sum(len(removal.text) for removal in found.removals)


@pytest.mark.parametrize("name", OTHERS)
def test_page_that_is_no_article_is_rejected_for_the_reason(name: str) -> None:
    found, want = read(name)
    assert isinstance(found, Rejected), found
    assert found.reason == want["rejected"], found.detail
    assert found.detail
