"""Datelines in every order met: place, agency, house, date, and what stands between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.attribute import attribute
from crawler.attribute.dateline import is_dateline_only, read_dateline

DATELINES = [
    ("لندن - رويترز - قال متحدث باسم الحكومة إن", ["Reuters"], "لندن", "قال"),
    ("رويترز - لندن: قال متحدث باسم الحكومة إن", ["Reuters"], "لندن", "قال"),
    ("واس- الرياض: بدأت المديرية العامة للجوازات اليوم العمل على", ["SPA"], "الرياض", "بدأت"),
    ("بكين (رويترز) – قالت وزارة الخارجية الصينية إن", ["Reuters"], "بكين", "قالت"),
    ("(رويترز) – قال مسؤولون إن", ["Reuters"], None, "قال"),
    ("الوئام - ا ف ب: ألقى ممثل كوميدي بريطاني أوراقا", ["AFP"], None, "ألقى"),
    ("الرياض - الوئام - رويترز : تراجعت أسعار النفط في ختام", ["Reuters"], "الرياض", "تراجعت"),
    ("واشنطن/ 3 مايو / أ ف ب - أعلن البيت الأبيض أن", ["AFP"], "واشنطن", "أعلن"),
    ("شتوتجارت (د ب أ) أعلن نادي المدينة أن", ["DPA"], "شتوتجارت", "أعلن"),
    ("باريس ـ رويترز: قال الرئيس الفرنسي إن", ["Reuters"], "باريس", "قال"),
    ("جدة، واشنطن- واس، رويترز: بحث وزير الخارجية مع نظيره", ["SPA", "Reuters"], "جدة، واشنطن", "بحث"),
    ("سوسيا (الضفة الغربية) - أ ف ب: هدم الجيش منزلا في", ["AFP"], "سوسيا (الضفة الغربية)", "هدم"),
    ("دمشق، سوريا (CNN) -- أكدت جهات سورية معارضة أن", ["CNN"], "دمشق، سوريا", "أكدت"),
    ("الدوحة - قنا: استقبل أمير البلاد اليوم في مكتبه", ["QNA"], "الدوحة", "استقبل"),
    ("موسكو، 24 مايو (تاس) - أعلنت وزارة الدفاع أن", ["TASS"], "موسكو", "أعلنت"),
    ("القاهرة (أ ف ب، رويترز) - أعلنت وزارة الصحة أن", ["AFP", "Reuters"], "القاهرة", "أعلنت"),
    ("BEIJING, May 24 (Reuters) - China said on Wednesday", ["Reuters"], "BEIJING", "China"),
    ("LONDON (AP) — The prime minister said", ["AP"], "LONDON", "The"),
    ("COLUMBIA, S.C. (AP) — About a dozen owners of", ["AP"], "COLUMBIA, S.C.", "About"),
    ("(Reuters) - Shares rose on Monday after the bank", ["Reuters"], None, "Shares"),
    ("BEIJING, May 24 (Xinhua) -- The State Council said", ["Xinhua"], "BEIJING", "The"),
    ("MOSCOW, May 24. /TASS/. The defence ministry said that", ["TASS"], "MOSCOW", "The"),
    ("PARIS: AFP — The French president said on Monday", ["AFP"], "PARIS", "The"),
    ("Hong Kong (CNN Business) A muddled view of trade talks", ["CNN"], "Hong Kong", "A"),
    ("BERLIN (dpa) - Die Bundesregierung hat am Montag", ["DPA"], "BERLIN", "Die"),
    ("القاهرة ـ (أ ش أ): قررت الحكومة إطلاق خطة للمياه", ["MENA"], "القاهرة", "قررت"),
    ("بغداد/ واع قررت الحكومة العراقية يوم الأحد إطلاق", ["INA"], "بغداد", "قررت"),
    ("رام الله 11-5-2024 وفا- قررت الحكومة يوم الأحد", ["WAFA"], "رام الله", "قررت"),
    ("بكين 11 مايو 2024 (شينخوا) قررت الحكومة الصينية أن", ["Xinhua"], "بكين", "قررت"),
    ("موسكو، 11 مايو - سبوتنيك. قررت الحكومة الروسية يوم السبت", ["Sputnik"], "موسكو", "قررت"),
    ("طرابلس 11 مايو 2024 (وال) – قررت الحكومة الليبية", ["LANA"], "طرابلس", "قررت"),
    ("الدوحة في 11 مايو /قنا/ قررت اللجنة العليا يوم السبت", ["QNA"], "الدوحة", "قررت"),
    ("الدار البيضاء/ 11 ماي 2024 (ومع) قررت الحكومة أن", ["MAP"], "الدار البيضاء", "قررت"),
    ("القدس المحتلة/ سما/ قررت بلدية المدينة يوم السبت أن", ["Sama"], "القدس المحتلة", "قررت"),
    ("وطنية - قررت بلدية المدينة يوم السبت إقفال الطريق", ["NNA"], None, "قررت"),
]

ON_A_LINE_OF_THEIR_OWN = [
    ("الرياض 03 ذو القعدة 1445 هـ الموافق 11 مايو 2024 م واس", ["SPA"], "الرياض"),
    ("وكالات – القاهرة", ["agencies"], "القاهرة"),
    ("غزة/ الأناضول", ["Anadolu"], "غزة"),
    ("واشنطن: «الشرق الأوسط»", [], "واشنطن"),
    ("دبي ـ العربية.نت", [], "دبي"),
    ("رام الله / خاص", [], "رام الله"),
]


@pytest.mark.parametrize(("line", "codes", "place"), ON_A_LINE_OF_THEIR_OWN)
def test_a_dateline_on_a_line_of_its_own_is_read_to_its_end(line: str, codes: list[str], place: str) -> None:
    found = read_dateline(line)
    assert found is not None
    assert [named.code for named in found.agencies] == codes
    assert (found.place, found.end) == (place, len(line))


@pytest.mark.parametrize(
    "line",
    [
        "وقال المتحدث- في تصريح، أوردته وكالة الأنباء العراقية (واع)، الجمعة- إن الاجتماع انتهى",
        "وأفادت وكالة سانا - دمشق: أن الاجتماع انتهى",
        "متظاهرون في الساحة الكبرى، 8 سبتمبر. تصوير : أ.ف.ب",
    ],
)
def test_a_head_that_tells_who_said_or_pictured_it_is_no_dateline(line: str) -> None:
    found = read_dateline(line)
    assert found is None or not found.agencies


def test_a_word_that_opens_for_its_agency_is_none_elsewhere() -> None:
    lines = ("وطنية", "قررت بلدية المدينة يوم السبت إقفال الطريق حتى نهاية الأسبوع.")
    found = attribute(
        text="\n".join(lines),
        authors_raw=(),
        byline_raw=None,
        credit_lines=("وطنية",),
        organisations=(),
        site_name=None,
    )
    assert found.credits == ()


@pytest.mark.parametrize(
    ("line", "expected"),
    [("غزة/ الأناضول", True), ("ليفكوشا/الأناضول", True), ("علي جابر/رويترز", False), ("Von: det/dpa", False)],
)
def test_place_and_agency_alone_are_told_from_a_photographer(line: str, expected: bool) -> None:
    assert is_dateline_only(line) is expected


@pytest.mark.parametrize(("line", "codes", "place", "begins"), DATELINES)
def test_datelines_are_read_in_every_order(line: str, codes: list[str], place: str | None, begins: str) -> None:
    found = read_dateline(line, "الوئام")
    assert found is not None
    assert [named.code for named in found.agencies] == codes
    assert found.place == place
    assert line[found.end :].startswith(begins)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("القاهرة - قال وزير الخارجية المصري إن", "القاهرة"),
        ("MADRID — Rafael Nadal kept Spain's hopes alive", "MADRID"),
        ("أبوظبي - البيان: أكد وزير الدولة أن", "أبوظبي"),
    ],
)
def test_a_known_place_is_a_dateline_without_agency(line: str, place: str) -> None:
    found = read_dateline(line, "البيان")
    assert found is not None
    assert (found.agencies, found.place) == ((), place)


@pytest.mark.parametrize(
    "line",
    [
        "قال وزير الخارجية - في تصريح لرويترز - إن الزيارة ناجحة.",
        "القاهرة مدينة لا تنام",
        "London is a city that never sleeps - or so they say.",
        "أحمد: هذا سؤال صعب",
        "Question: what is AFP?",
        "",
        "-",
    ],
)
def test_sentences_are_no_datelines(line: str) -> None:
    assert read_dateline(line) is None


def test_a_dateline_on_its_own_line_counts() -> None:
    found = attribute(
        text="لندن - رويترز\nقال متحدث باسم الحكومة إن المحادثات مستمرة.",
        authors_raw=(),
        byline_raw=None,
        credit_lines=(),
        organisations=(),
        site_name=None,
    )
    assert [(c.agency, c.where, c.place) for c in found.credits] == [("Reuters", "dateline", "لندن")]
    assert found.place == "لندن"


def test_a_dateline_in_the_middle_of_a_text_does_not_count() -> None:
    first = "قال متحدث باسم الحكومة إن المحادثات مستمرة منذ أسابيع في العاصمة وستبقى كذلك."
    text = f"{first}\nوتابع.\nلندن - رويترز - قال آخر.\nوتابع.\nوانتهى."
    found = attribute(text=text, authors_raw=(), byline_raw=None, credit_lines=(), organisations=(), site_name=None)
    assert found.credits == ()


@given(st.text(alphabet=st.sampled_from("ابرويترزلندن (){}[]«»-–ـ:،,/.\u200f A1"), max_size=120))
def test_any_line_is_survived(line: str) -> None:
    found = read_dateline(line)
    assert found is None or (0 <= found.end <= len(line) and (found.place is None or found.place in line))
