"""Bylines: agencies and place in them, and the people who signed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.attribute import Attribution, agencies_of, attribute
from crawler.attribute.authors import read_authors
from crawler.attribute.byline import read_byline


def attributed(*authors: str, byline: str | None = None, site: str | None = None, text: str = "نص") -> Attribution:
    return attribute(
        text=text, authors_raw=authors, byline_raw=byline, credit_lines=(), organisations=(), site_name=site
    )


@pytest.mark.parametrize(
    ("byline", "codes", "place"),
    [
        ("القاهرة – د ب أ", ["DPA"], "القاهرة"),
        ("القاهرة د ب أ", ["DPA"], "القاهرة"),
        ("جدة واس - الوئام:", ["SPA"], "جدة"),
        ('دبي"رويترز', ["Reuters"], "دبي"),
        ("الرياض -الوئام-واس:", ["SPA"], "الرياض"),
        ("رويترز - بنغازي (ليبيا):", ["Reuters"], "بنغازي (ليبيا)"),
        ("أربيل، واشنطن- أ ف ب، رويترز", ["AFP", "Reuters"], "أربيل، واشنطن"),
        ("كوالالمبور- رويترز/د ب أ", ["Reuters", "DPA"], "كوالالمبور"),
        ("لندن: الوطن، الوكالات", ["agencies"], "لندن"),
        ("الرياض 24 شوال 1436 هـ الموافق 09 اغسطس 2015 م واس", ["SPA"], "الرياض"),
        ("لندن - رويترز | Tuesday, 11 August 2015 - 12:57 pm", ["Reuters"], "لندن"),
        ("الدوحة - قنا", ["QNA"], "الدوحة"),
        ("لارونكس (فرنسا) - رويترز", ["Reuters"], "لارونكس (فرنسا)"),
        ("أوفنباخ/برلين :د ب أ", ["DPA"], "أوفنباخ/برلين"),
        ("الرياض، تحقيق - راشد السكران", [], "الرياض"),
        ("عمان (بترا)", ["Petra"], "عمان"),
        ("By Jane Doe and John Roe, Reuters", ["Reuters"], None),
        ("Reuters Staff", ["Reuters"], None),
        ("By JANE DOE, AP Sports Writer", ["AP"], None),
        ("Von Jane Doe, dpa", ["DPA"], None),
        ("Jane Doe of The Associated Press", ["AP"], None),
        ("- Associated Press - Friday, April 28, 2023", ["AP"], None),
        ("Le Figaro avec AFP", ["AFP"], None),
        ("Le Figaro et AFP", ["AFP"], None),
        ("قنا - محمد علي", [], None),
        ("حسام أبو العلا - القاهرة", [], "القاهرة"),
        ("طلال الصياح من الرياض", [], "الرياض"),
        ("الرياض - سعود المسعود", [], "الرياض"),
        ("د. عبد العزيز الغدير", [], None),
        ("Jane Doe, former Reuters editor", [], None),
        ("فارس العتيبي", [], None),
    ],
)
def test_bylines_name_agencies_and_place(byline: str, codes: list[str], place: str | None) -> None:
    found = read_byline(byline, "الوئام")
    assert [named.code for named in found.agencies] == codes
    assert found.place == place


@pytest.mark.parametrize(
    ("raw", "people"),
    [
        ("By Samya Kullab and Vasilisa Stepanenko", ["Samya Kullab", "Vasilisa Stepanenko"]),
        ("Felix Schröder und Jörg Soldwisch, dpa", ["Felix Schröder", "Jörg Soldwisch"]),
        ("By X. Doe, Y. Roe and Z. van der Berg", ["X. Doe", "Y. Roe", "Z. van der Berg"]),
        ("By Jane Doe | Senior reporter", ["Jane Doe"]),
        ("Jane Doe / Journalist", ["Jane Doe"]),
        ("Jane Doe jane.doe@example.org @janedoe", ["Jane Doe"]),
        ("Jane Doe Published May 24, 2023 10:05 AM", ["Jane Doe"]),
        ("Elena Oberholzer (obe)", ["Elena Oberholzer"]),
        ("Brazil, Rachel", ["Rachel Brazil"]),
        ("Jane Doe, Jr.", ["Jane Doe, Jr"]),
        ("Jean-Pierre Al-Masri", ["Jean-Pierre Al-Masri"]),
        ("María R. Sahuquillo y Juan Pérez", ["María R. Sahuquillo", "Juan Pérez"]),
        ("신현주 기자", ["신현주"]),
        ("كتب: حسام أبو العلا", ["حسام أبو العلا"]),
        ("إعداد: عبد الله بن محمد آل الشيخ", ["عبد الله بن محمد آل الشيخ"]),
        ("حسام أبو العلا - القاهرة", ["حسام أبو العلا"]),
        ("كتبت - أسماء نصار", ["أسماء نصار"]),
        ("الرياض - سعود المسعود، واس", ["سعود المسعود"]),
        ("بغداد: حمزة مصطفى  و مناف العبيدي", ["حمزة مصطفى", "مناف العبيدي"]),
        ("نذير رضا وبولا أسطيح", ["نذير رضا", "بولا أسطيح"]),
        ("كايلا إبستين وأنجليكا كاساس", ["كايلا إبستين", "أنجليكا كاساس"]),
        ("أحمد وليد", ["أحمد وليد"]),
        ("محمد وفيق وأحمد وائل العلي", ["محمد وفيق", "أحمد وائل العلي"]),
        ("هنري مانس من برلين وجيفان فاساجار من لندن", ["هنري مانس", "جيفان فاساجار"]),
        ("حوار: عبد الله حامد  تصوير: أحمد حشاد", ["عبد الله حامد"]),
        ("رجال ألمع: أحمد السلمي", ["أحمد السلمي"]),
        ("عيسى الحربي- سبق- سالزبورج:", ["عيسى الحربي"]),
        ("صنعاء: عرفات مدابش  الرياض: فهد الذيابي", ["عرفات مدابش", "فهد الذيابي"]),
        ("أدونيس", ["أدونيس"]),
        ("وكالات", []),
        ("Staff", []),
        ("https://www.facebook.com/someone", []),
        ("القاهرة", []),
        ("May 24, 2023", []),
    ],
)
def test_people_are_split_out_of_author_strings(raw: str, people: list[str]) -> None:
    assert list(read_authors([raw], "الوئام").people) == people


def test_the_paper_itself_is_no_author_beside_a_person() -> None:
    assert attributed("Jane Doe", "The Daily Example", site="The Daily Example").authors == ("Jane Doe",)
    assert attributed("الوئام - خالد المرشود", site="صحيفة الوئام").authors == ("خالد المرشود",)


def test_an_agency_that_signs_beside_a_person_is_kept_and_credited() -> None:
    found = attributed("Adam Vidler", "AP")
    assert found.authors == ("Adam Vidler", "AP")
    assert [(c.agency, c.where) for c in found.credits] == [("AP", "byline")]


def test_where_nobody_signs_the_house_stands_as_the_page_has_it() -> None:
    assert attributed("BBC News", site="BBC News").authors == ("BBC News",)
    assert attributed("وكالات").authors == ()
    assert attributed("admin").authors == ()


def test_a_printed_byline_names_people_where_metadata_names_only_the_house() -> None:
    assert attributed("mdr.de", byline="von David Straub, MDR", site="mdr.de").authors[0] == "David Straub"


def test_initials_do_not_stand_against_the_house_that_metadata_names() -> None:
    assert attributed("The Daily Example", byline="amw", site="The Daily Example").authors == ("The Daily Example",)
    assert attributed("Daily.example", byline="red, Daily.example/Agenturen", site="x").authors == ("Daily.example",)


def test_unnamed_agencies_are_no_author_beside_a_house() -> None:
    assert attributed("The Daily Example with Agencies", site="The Daily Example").authors == ("The Daily Example",)


def test_desk_of_the_house_printed_beside_a_person_is_no_author() -> None:
    assert attributed("gazette.test", byline="von Jana Muster, Gazette THÜRINGEN", site="Gazette").authors == (
        "Jana Muster",
    )


@pytest.mark.parametrize(
    ("raw", "authors"),
    [
        ("Jane Doe Associated Press", ("Jane Doe", "Associated Press")),
        ("محمد علي رويترز", ("محمد علي", "رويترز")),
        ("Jane Doe, MS, RDN", ("Jane Doe",)),
    ],
)
def test_agency_and_degree_are_told_from_the_name_before_them(raw: str, authors: tuple[str, ...]) -> None:
    assert attributed(raw).authors == authors


def test_an_author_string_as_long_as_a_page_names_nobody() -> None:
    assert read_authors(["Ida Berg, " * 200, "Jana Muster"]).people == ("Jana Muster",)


def test_agencies_of_joins_byline_and_dateline() -> None:
    assert agencies_of("سبق، واس- الباحة:", "سبق، واس- الباحة: أكد أمير المنطقة أن") == ("SPA",)
    assert agencies_of("محمد علي", "لندن - رويترز: قال متحدث إن") == ("Reuters",)
    assert agencies_of("", "") == ()


@given(st.text(max_size=120))
def test_any_author_string_is_survived(raw: str) -> None:
    found = attributed(raw, byline=raw, site=raw[:20], text=raw)
    assert all(name.strip() == name and name for name in found.authors)
    for credit in found.credits:
        assert 0 <= credit.confidence <= 1
