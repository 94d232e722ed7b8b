"""Every agency by every name is credited where the copy is its own, and is not where the text only mentions it."""

from __future__ import annotations

import dataclasses
import json

import pytest

from crawler.attribute.agencies import UNNAMED
from crawler.attribute.credit import CONFIDENCE
from crawler.attribute.rules import read_table
from crawler.process import process
from crawler.records import Article, Credit, Page
from tests.unit.rule_pairs import ARABIC, ENGLISH, Shown

ALIASES = [
    (code, alias)
    for code, entry in read_table("agencies.toml").items()
    for alias in (*entry.get("names", ()), *entry.get("weak", ()))
]
NAMES = [(code, alias) for code, alias in ALIASES if code != UNNAMED]


def is_arabic(text: str) -> bool:
    return any("؀" <= letter <= "ۿ" for letter in text)


def credits_of(shown: Shown | Page) -> tuple[Credit, ...]:
    found = process(shown.page() if isinstance(shown, Shown) else shown)
    assert isinstance(found, Article), found
    return found.credits


def story(first: str, lang: str) -> Page:
    """The page of a story whose first paragraph begins with these words."""
    made = Shown(line="", lang=lang).page()
    opening = (ARABIC if lang == "ar" else ENGLISH)[0]
    return dataclasses.replace(made, body=made.body.replace(opening.encode(), f"{first} {opening}".encode()))


@pytest.mark.parametrize(("code", "alias"), ALIASES)
def test_agency_in_a_dateline_is_credited(code: str, alias: str) -> None:
    arabic = is_arabic(alias)
    page = story(f"القاهرة ({alias}) –" if arabic else f"LONDON ({alias}) -", "ar" if arabic else "en")
    assert [(one.agency, one.where) for one in credits_of(page)] == [(code, "dateline")]


@pytest.mark.parametrize(("code", "alias"), NAMES)
def test_agency_that_a_sentence_names_is_not_credited(code: str, alias: str) -> None:
    del code
    arabic = is_arabic(alias)
    said = (
        f"نقلت {alias} عن مصدر في الميناء قوله إن الأمر محسوم." if arabic else f"A clerk told {alias} it was settled."
    )
    assert credits_of(story(said, "ar" if arabic else "en")) == ()


def by(name: str, lang: str = "en") -> Shown:
    return Shown(line="", head=f'<meta name="author" content="{name}">', lang=lang)


def structured(organisation: str) -> Shown:
    """A page whose JSON-LD names a person as the author, and where the copy is from."""
    data = {
        "@type": "NewsArticle",
        "headline": "Harbour board to publish its report",
        "author": {"@type": "Person", "name": "Nora Finch"},
        "sourceOrganization": {"@type": "NewsMediaOrganization", "name": organisation},
    }
    return Shown(line="", head=f'<script type="application/ld+json">{json.dumps(data)}</script>')


def signed(line: str, lang: str = "en") -> Shown:
    """A page that names a person as the author, and holds that line below its text."""
    return dataclasses.replace(by("سارة خليل" if lang == "ar" else "Nora Finch", lang), below=f"<p>{line}</p>")


def below(line: str, lang: str = "en") -> Shown:
    return Shown(line="", below=f"<p>{line}</p>", lang=lang)


# Where a credit may stand: pages that credit the agency there, each with a near twin that names it and credits nobody.
PLACES: dict[str, tuple[tuple[str, Shown | Page, Shown | Page], ...]] = {
    "dateline": (
        ("Reuters", story("بكين (رويترز) –", "ar"), story("قال متحدث لرويترز –", "ar")),
        ("AFP", story("لندن - أ ف ب:", "ar"), story("لندن: قال رئيس فرانس برس إن", "ar")),
        ("AP", story("LONDON (AP) —", "en"), story("AP Moller — the shipping firm —", "en")),
    ),
    "byline": (
        ("Reuters", by("Nora Finch, Reuters"), by("Nora Finch, former Reuters editor")),
        ("SPA", by("جدة - واس", "ar"), by("واسيني الأعرج", "ar")),
    ),
    "signoff": (
        ("AFP", below("وينشر الباقي غدا. (أ ف ب)", "ar"), below("وينشر الباقي غدا كما قيل لـ(أ ف ب).", "ar")),
        ("Reuters", below("(Reporting by Nora Finch; Editing by Ada Moss)"), below("(Reporting by Nora Finch.)")),
        ("MENA", below("ولم يذكر التقرير أسماء أخرى (أ ش أ)", "ar"), below("ولم ترد أسماء فيما نقلته أ ش أ", "ar")),
        ("Bernama", below("The rest is due on Friday. -- Bernama"), below("Bernama was asked; it gave no answer.")),
    ),
    "credit_line": (
        ("KUNA", signed("نقلا عن كونا", "ar"), signed("نقلا عن كوناكري", "ar")),
        ("AP", signed("With files from The Associated Press"), signed("With files from the harbour office")),
        ("AFP", signed("© 2023 AFP"), signed("© AFP / NORA FINCH")),
    ),
    "jsonld": (
        ("AFP", structured("Agence France-Presse"), structured("Friends of Agence France-Presse")),
        ("DPA", structured("dpa"), structured("DP Akademie")),
    ),
}  # fmt: skip
CASES = [(where, *case) for where, cases in PLACES.items() for case in cases]


@pytest.mark.parametrize(("where", "code", "credited", "mentioned"), CASES, ids=[f"{c[0]}-{c[1]}" for c in CASES])
def test_copy_is_credited_where_the_agency_signs_and_not_on_the_near_twin(
    where: str, code: str, credited: Shown | Page, mentioned: Shown | Page
) -> None:
    assert (code, where) in [(one.agency, one.where) for one in credits_of(credited)]
    assert credits_of(mentioned) == ()


@pytest.mark.parametrize(
    "headline",
    ['<p><a href="/1">«رويترز»: القطارات تعود</a></p>', '<p>اقرأ أيضا: <a href="/2">«رويترز»: القطارات تعود</a></p>'],
)
def test_headline_of_another_story_credits_nobody(headline: str) -> None:
    assert credits_of(Shown(line="", below=headline, lang="ar")) == ()


def test_every_place_of_a_credit_has_its_pair() -> None:
    assert set(PLACES) == set(CONFIDENCE)
