"""What an article shows of its host's template: ends and short lines, never the reporter's first words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.pipeline.hostlines import MOST_LINES, observe_article
from crawler.process import process
from crawler.records import Article, Page, Removal, Versions

PARAGRAPHS = tuple(
    f"وقال مسؤول في البلدية رقم {number} إن أعمال الصيانة في الشارع الرئيسي ستنتهي قبل موسم الأمطار المقبل بأسبوعين."
    for number in range(8)
)
LEAD = "بكين (رويترز) – وقعت الشركتان يوم الثلاثاء اتفاقا لتوريد قطارات كهربائية إلى خمس مدن ساحلية خلال ثلاثة أعوام."
VERSIONS = Versions(extractor=1, trafilatura="2", rules="r", site="s")


def article(*lines: str, removals: tuple[Removal, ...] = ()) -> Article:
    return Article(
        text="\n".join(lines),
        title="عنوان",
        summary=None,
        removals=removals,
        authors=(),
        credits=(),
        place=None,
        published=None,
        modified=None,
        language="ar",
        section=None,
        tags=(),
        image=None,
        canonical_url=None,
        charset="utf-8",
        charset_source="header",
        versions=VERSIONS,
    )


def observed(*lines: str) -> dict[str, str]:
    return {line.sample: line.zone for line in observe_article("paper.example", article(*lines)).lines}


def test_lines_at_either_end_and_short_ones_are_observed() -> None:
    found = observed("القسم", LEAD, *PARAGRAPHS[:4], "خلفية", *PARAGRAPHS[4:], "بوابة الصحيفة")
    assert found["القسم"] == "lead"
    assert found["خلفية"] == "body"
    assert found["بوابة الصحيفة"] == "tail"
    assert found[PARAGRAPHS[-1]] == "tail"
    assert PARAGRAPHS[3] not in found


def test_first_sentence_datelines_and_credits_are_never_observed() -> None:
    first = PARAGRAPHS[0]
    assert first not in observed(first, *PARAGRAPHS[1:])
    assert LEAD not in observed(first, LEAD, *PARAGRAPHS[1:4])
    found = observed(first, *PARAGRAPHS[1:4], "رويترز", "(أ ف ب)", "بوابة الصحيفة")
    assert set(found) & {"رويترز", "(أ ف ب)"} == set()
    assert "بوابة الصحيفة" in found


def test_a_learned_line_is_observed_as_if_it_still_stood_there() -> None:
    body = "".join(
        f"<p>{paragraph}</p>" for paragraph in (LEAD, *PARAGRAPHS, "بوابة الصحيفة على مدار الساعة", "خاتمة الصفحة")
    )
    page = Page(
        url="https://paper.example/1",
        body=f"<html lang='ar'><head><title>ت</title></head><body><article><h1>قطارات كهربائية لخمس مدن</h1>{body}"
        "</article></body></html>".encode(),
        content_type="text/html; charset=utf-8",
        fetched_at=datetime(2026, 11, 1, tzinfo=UTC),
    )
    before = process(page)
    after = process(replace(page, host_lines=frozenset({"بوابه الصحيفه علي مدار الساعه"}), host_state=1))
    assert isinstance(before, Article)
    assert isinstance(after, Article)
    assert "بوابة الصحيفة" in before.text
    assert "بوابة الصحيفة" not in after.text
    one, other = observe_article("paper.example", before), observe_article("paper.example", after)
    assert (set(one.lines), one.paragraphs) == (set(other.lines), other.paragraphs)


def test_two_articles_that_share_most_paragraphs_share_hashes() -> None:
    one = observe_article("h", article(LEAD, *PARAGRAPHS[:6])).paragraphs
    other = observe_article("h", article(LEAD, *PARAGRAPHS[:5], "فقرة أضيفت لاحقا")).paragraphs
    assert len(set(one) & set(other)) >= len(one) / 2
    assert all(-(2**63) <= number < 2**63 for number in one)


@pytest.mark.parametrize("count", [0, 1, 500])
def test_what_is_observed_is_bounded(count: int) -> None:
    lines = [f"بند {number}" for number in range(count)]
    assert len(observe_article("h", article(*lines)).lines) <= MOST_LINES


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="\n", exclude_categories=("Cs",)), max_size=60)))
def test_any_text_can_be_observed(lines: list[str]) -> None:
    found = observe_article("h", article(*lines)).lines
    assert all(one.sample in lines for one in found)
    assert len({one.line for one in found}) == len(found)
