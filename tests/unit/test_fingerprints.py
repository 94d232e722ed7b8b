"""Fingerprints: the same in every process, near for near texts, far for far ones."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from crawler.attribute import overlap, shingles, signature

WIRE = (
    "قال متحدث باسم وزارة الخارجية الصينية يوم الأربعاء إن بلاده سترسل مبعوثا خاصا إلى المنطقة في الأسبوع المقبل "
    "لإجراء محادثات مع الأطراف المعنية، وأضاف أن بكين تدعو الجميع إلى ضبط النفس والعودة إلى طاولة المفاوضات "
    "في أقرب وقت ممكن"
)


def test_the_same_text_has_the_same_numbers_in_another_process() -> None:
    code = "from crawler.attribute import shingles; print(min(shingles('one two three four five six')))"
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert runs == {f"{min(shingles('one two three four five six'))}\n"}


def test_numbers_never_change_between_versions() -> None:
    """Stored fingerprints would no longer match; change them only with a migration."""
    assert sorted(shingles("one two three four five six")) == [4322731170382286266, 4475916206259131367]


def test_spelling_and_harakat_do_not_matter() -> None:
    assert shingles(WIRE) == shingles(WIRE.replace("إ", "ا").replace("،", "") + "ً")


def test_an_edited_copy_is_near_and_another_story_far() -> None:
    copy = WIRE.replace("يوم الأربعاء", "اليوم") + " وأكدت الوزارة ذلك"
    other = "فاز المنتخب المصري على نظيره التونسي بهدفين مقابل هدف واحد في المباراة التي أقيمت مساء أمس في القاهرة"
    near = overlap(signature(shingles(WIRE)), signature(shingles(copy)))
    far = overlap(signature(shingles(WIRE)), signature(shingles(other)))
    assert near > 0.4
    assert far == 0.0


def test_short_texts_are_one_shingle_and_empty_ones_none() -> None:
    assert len(shingles("two words")) == 1
    assert shingles("  … ") == frozenset()
    assert overlap((), signature(shingles("two words"))) == 0.0


def test_scripts_without_spaces_are_cut_by_character() -> None:
    assert len(shingles("東京都知事選挙", "ja")) == 3
    assert len(shingles("東京都知事選挙")) == 1


@given(st.text(max_size=200))
def test_any_text_has_a_fingerprint(text: str) -> None:
    found = shingles(text)
    assert all(0 <= number < 2**64 for number in found)
    assert len(signature(found)) in (0, 64)
