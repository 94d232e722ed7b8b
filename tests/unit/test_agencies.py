"""The table of agencies: what a run of words names, and what only looks like it."""

from __future__ import annotations

import pytest

from crawler.attribute import agencies_of, attribute, rules_digest
from crawler.attribute.agencies import is_agency, names_only
from crawler.attribute.rules import read_table
from crawler.attribute.wording import cut, fold
from crawler.records import Credit


def codes(text: str) -> list[str]:
    return [named.code for atom in cut(text) for named in names_only(atom)]


def credits_of(text: str = "", **given: object) -> list[Credit]:
    defaults: dict[str, object] = {
        "authors_raw": (),
        "byline_raw": None,
        "credit_lines": (),
        "organisations": (),
        "site_name": None,
    }
    return list(attribute(text=text, **{**defaults, **given}).credits)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "spelling",
    ["أ ف ب", "أ.ف.ب", "ا ف ب", "أ. ف. ب", "أف ب", "أ ف  ب.", "فرانس برس", "AFP", "Agence France-Presse", "أَ فِ ب"],
)
def test_spellings_of_one_agency_are_one(spelling: str) -> None:
    assert codes(spelling) == ["AFP"]


@pytest.mark.parametrize(
    ("spelling", "code"),
    [
        ("رويتـــرز", "Reuters"),
        ("REUTERS", "Reuters"),
        ("وا س", "SPA"),
        ("و.ا.س", "SPA"),
        ("دب أ", "DPA"),
        ("dpa", "DPA"),
        ("وكالة الأنباء السعودية", "SPA"),
        ("وكالة الانباء الكويتيه", "KUNA"),
        ("الوكالات", "agencies"),
        ("AP Sports Writer", "AP"),
        ("The Associated Press", "AP"),
        ("TASS", "TASS"),
        ("أ ش أ", "MENA"),
    ],
)
def test_names_are_matched_however_written(spelling: str, code: str) -> None:
    assert codes(spelling) == [code]


@pytest.mark.parametrize(
    "text", ["دبا", "ap", "PAP smear", "Reuters building", "مراسل رويترز السابق في بغداد", "أب", "Map", "spa"]
)
def test_words_that_look_like_names_are_none(text: str) -> None:
    assert codes(text) == []


def test_joint_names_in_one_run_are_all_named() -> None:
    assert codes("واس ورويترز") == ["SPA", "Reuters"]
    assert codes("AFP and Reuters") == ["AFP", "Reuters"]


def test_every_alias_of_the_table_names_its_own_agency() -> None:
    for code, entry in read_table("agencies.toml").items():
        for alias in (*entry.get("names", ()), *entry.get("weak", ())):
            assert is_agency(alias), alias
            assert code in codes(alias.replace("-", " ")), alias


def test_no_alias_belongs_to_two_agencies() -> None:
    owner: dict[str, str] = {}
    for code, entry in read_table("agencies.toml").items():
        for alias in (*entry.get("names", ()), *entry.get("weak", ())):
            key = alias if len(alias) <= 4 and alias.isascii() else " ".join(fold(alias).split())
            assert owner.setdefault(key, code) == code, alias


MENTIONS = [
    "ذكرت وكالة تاس الروسية أن السفينة غادرت الميناء.",
    "نقلت وكالة تسنيم الإيرانية للأنباء عن محمد علي جعفري قوله إن القرار خط أحمر.",
    "قال مسؤولان تركيان كبيران لرويترز إن الدلائل الأولية تشير إلى هجوم.",
    "أعلنت النيابة الثلاثاء لوكالة فرانس برس أن لا وجه حق للدعوى.",
    "قالت وزارة الطاقة في بيان أوردته وكالة أنباء الإمارات (وام) اليوم الأربعاء إنها ستحرر الأسعار.",
    "رويترز: إيران تستعد لإعلان اتفاق جديد خلال أيام",
    "وكالة تاس: روسيا تطلق قمرا صناعيا جديدا",
    "ونقلت رويترز عن مصدر - طلب عدم ذكر اسمه - أن المحادثات مستمرة.",
    "A senior official told Reuters on Monday that talks would go on.",
    "Reuters reported that the bank — one of the largest — would close.",
    "The news agency TASS said the ship had left port.",
    "State news agency SANA, citing a source, said two people died.",
    "AP Moller-Maersk said on Tuesday it would cut jobs.",
    "Former Reuters editor Jane Doe - now at Columbia - disagrees.",
    "According to a Reuters poll, rates will rise.",
    "فارس بن محمد - رجل أعمال - قال إن المشروع سيبدأ",
    "سبأ - ابنة السابعة - لم تذهب إلى المدرسة",
    "كشفت وكالة الطيران والفضاء الأمريكية (ناسا) عن أول صور للكوكب.",
    "In Spa - a town in Belgium - the race begins.",
    "في 11 مايو 2024 (رويترز) نشرت تقريرا عن الأزمة",
    "أعلنت وكالة سبأ - التابعة للحوثيين - أن الغارات أصابت الميناء.",
    "وقال المتحدث- في تصريح، أوردته وكالة الأنباء العراقية (واع)، الجمعة- إن الوفد غادر.",
    "معا - هكذا هتف المتظاهرون في الساحة الكبرى وسط العاصمة أمس.",
    "موسكو - نفى المتحدث ما نشرته وكالة رويترز. وقال إن الخبر كاذب.",
    "التقى الوزير مديري وكالات الأنباء، رويترز وأ ف ب، في مكتبه.",
]


@pytest.mark.parametrize("sentence", MENTIONS)
def test_an_agency_that_is_merely_mentioned_is_no_credit(sentence: str) -> None:
    body = f"{sentence}\nوقال شهود عيان إن الحادث وقع صباحا.\n{sentence}"
    assert credits_of(body) == []
    assert agencies_of("", sentence) == ()


@pytest.mark.parametrize(
    ("last", "code"),
    [
        ("(رويترز)", "Reuters"),
        ("أ ف ب/ع.ع", "AFP"),
        ("وقال إن المحادثات ستستمر. (أ ف ب)", "AFP"),
        ("he said in a statement. — AFP", "AFP"),
        ("-- Bernama", "Bernama"),
        ("(Reporting by Jane Doe in London; Editing by John Roe)", "Reuters"),
        ("(تغطية صحفية جين دو - إعداد فلان للنشرة العربية - تحرير فلان)", "Reuters"),
        ("//انتهى// واس", "SPA"),
        ("(بترا)", "Petra"),
        ("ومع: 11 ماي 2024", "MAP"),
        ("ع.ش/ي.ب (د ب أ)", "DPA"),
    ],
)
def test_sign_offs_are_credits(last: str, code: str) -> None:
    found = credits_of(f"قال وزير الخارجية إن الزيارة ناجحة.\nوأضاف أنها الأولى من نوعها.\n{last}")
    assert [(credit.agency, credit.where) for credit in found] == [(code, "signoff")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("المصدر: وكالات", ["agencies"]),
        ("المصدر : الجزيرة + رويترز", ["Reuters"]),
        ("Source: AFP", ["AFP"]),
        ("© 2023 AFP", ["AFP"]),
        ("© Thomson Reuters 2020", ["Reuters"]),
        ("Copyright 2023 The Associated Press. All rights reserved.", ["AP"]),
        ("With files from The Associated Press and Jane Doe", ["AP"]),
        ("The Associated Press contributed to this report.", ["AP"]),
        ("Associated Press writer John Roe in Paris contributed to this report.", ["AP"]),
        ("(Con información de AFP, EFE y Reuters)", ["AFP", "EFE", "Reuters"]),
        ("(Quelle: APA/dpa)", ["APA", "DPA"]),
        ("المصدر: وكالة الصحافة الفرنسية", ["AFP"]),
        ("المصدر - وفا", ["WAFA"]),
        ("المصدر: الفرنسية", ["AFP"]),
        ("وام/أحمد البوتلي/دينا عمر", ["WAM"]),
        ("المصدر: وزارة الصحة", []),
        ("© AFP / JEFF PACHOUD", []),
        ("Photo: Reuters", []),
    ],
)
def test_credit_lines_are_credits_and_picture_credits_are_not(line: str, expected: list[str]) -> None:
    found = credits_of("He said so.\nShe did not.", credit_lines=(line,))
    assert sorted(credit.agency for credit in found) == sorted(expected)
    assert all(credit.where == "credit_line" for credit in found)


def test_a_desk_note_that_cleaning_took_out_still_credits_its_agency() -> None:
    note = "(إعداد سارة خليل للنشرة العربية - تحرير أحمد ماهر)"
    found = credits_of("قال الوزير إن الزيارة ناجحة.", credit_lines=(note,))
    assert [(credit.agency, credit.where) for credit in found] == [("Reuters", "signoff")]


def test_organisations_of_structured_data_are_credits() -> None:
    found = credits_of("A text.", organisations=("Agence France-Presse", "The Daily Example"))
    assert [(credit.agency, credit.where) for credit in found] == [("AFP", "jsonld")]


def test_one_agency_is_credited_once_by_its_best_evidence() -> None:
    found = credits_of(
        "بكين (رويترز) – قالت الصين إنها ستشارك.\nوأضافت أنها ستحضر.\n(رويترز)",
        credit_lines=("المصدر: رويترز",),
        organisations=("Reuters",),
    )
    assert found == [Credit(agency="Reuters", matched="رويترز", where="dateline", confidence=0.95, place="بكين")]


def test_a_name_that_is_also_a_word_is_believed_less() -> None:
    (sure,) = credits_of("(رويترز)\nنص")
    (less,) = credits_of("(سانا)\nنص")
    assert less.confidence < sure.confidence


def test_rules_digest_is_stable_and_short() -> None:
    assert rules_digest() == rules_digest()
    assert len(rules_digest()) == 16
