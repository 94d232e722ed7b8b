"""What stands around a story on its page is no part of it: labels, info lines, credits, decks, clocks, menus, walls."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.attribute import Attribution, attribute, is_credit_line
from crawler.attribute.authors import read_authors
from crawler.attribute.dateline import read_dateline, read_recurring_place
from crawler.clean import Cleaned, Facts, clean
from crawler.process import process
from crawler.records import Article, Line, Page, Rejected

FETCHED_AT = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)
BODY = (
    "The ferry company said on Monday that it would run two boats a day through the winter, one more than last year.",
    "Islanders had asked for three, and a timetable that lets children come home from school on the same afternoon.",
    "The council will pay for the second boat until the end of March and then look at the number of passengers.",
    "A petition with nine hundred names was handed in at the harbour office before the first crossing of the day.",
)
WIRE = "القاهرة (رويترز) – قالت الشركة يوم الاثنين إنها ستسير رحلتين في اليوم طوال الشتاء بزيادة رحلة عن العام الماضي."


def cleaned(*texts: str, credited: frozenset[str] = frozenset()) -> Cleaned:
    return clean([Line(text=text, block=at) for at, text in enumerate(texts)], Facts(credits=credited))


def attributed(*authors: str, text: str, byline: str | None = None, credit_lines: tuple[str, ...] = ()) -> Attribution:
    return attribute(
        text=text, authors_raw=authors, byline_raw=byline, credit_lines=credit_lines, organisations=(), site_name=None
    )


def read(html: str, url: str = "https://gazette.example/node/501") -> Article | Rejected:
    return process(Page(url=url, body=html.encode(), content_type="text/html; charset=utf-8", fetched_at=FETCHED_AT))


@pytest.mark.parametrize(
    ("raw", "people"),
    [
        ("عن الكاتب", ()),
        ("About the author", ()),
        ("المزيد من المقالات", ()),
        ("View all posts", ()),
        ("View all posts by Jane Roe", ("Jane Roe",)),
        ("عن الكاتب: سارة خليل", ("سارة خليل",)),
        ("بقلم: سارة خليل", ("سارة خليل",)),
    ],
)
def test_label_over_an_authors_box_is_no_person(raw: str, people: tuple[str, ...]) -> None:
    assert read_authors([raw]).people == people


@pytest.mark.parametrize(
    "line", ["Staff | 3/6/2020 - 22:37 | 318 views", "البريد - شينخوا | 23/11/2026 - 22:37 | عدد القراءات: 318"]
)
def test_info_line_leaves_the_top_of_the_text(line: str) -> None:
    found = cleaned(line, *BODY)
    assert found.text.split("\n") == list(BODY)
    assert [removal.rule for removal in found.removals] == ["info-line"]


@pytest.mark.parametrize(
    "line",
    [
        "The video of 3/6/2020 had 318 views - 12 of them from the island, the court heard.",
        "بلغ عدد القراءات 318 في 23/11/2026 - كما قالت الشركة.",
        "Votes on 3/6/2020 | 318 for the boat",
    ],
)
def test_sentence_with_a_date_and_a_count_is_kept(line: str) -> None:
    assert line in cleaned(line, *BODY).text


@pytest.mark.parametrize("line", ["المصدر : كونا", "بترا", "شينخوا", "(Reuters)", "Source: AFP", "المصدر: وكالات"])
def test_line_that_credits_an_agency_and_no_more_leaves_either_end(line: str) -> None:
    assert is_credit_line(line)
    credited = frozenset({line})
    assert cleaned(*BODY, line, credited=credited).text == "\n".join(BODY)
    assert cleaned(line, *BODY, credited=credited).text == "\n".join(BODY)


@pytest.mark.parametrize(
    "line", ["المصدر أكد أن المفاوضات مستمرة.", "بترا ترحب بزوارها", "Reuters workers strike", "المصدر"]
)
def test_line_that_says_more_is_no_credit(line: str) -> None:
    assert not is_credit_line(line)


def test_agency_that_the_text_credits_is_no_author() -> None:
    found = attributed("رويترز", text=WIRE)
    assert found.authors == ()
    assert [credit.agency for credit in found.credits] == ["Reuters"]


def test_agency_under_a_source_label_is_no_author() -> None:
    assert attributed("كونا", text=BODY[0], credit_lines=("كونا",)).authors == ()


def test_agency_whose_writer_only_helped_stays_as_the_metadata_name_it() -> None:
    found = attributed("The Associated Press", text=BODY[0], credit_lines=("With reporting by Associated Press",))
    assert found.authors == ("The Associated Press",)


def test_deck_before_a_dateline_is_the_summary() -> None:
    deck = "الشركة تستجيب لطلب سكان الجزيرة وتعد بمراجعة الجدول في الربيع"
    found = cleaned(
        deck, WIRE, "وقال متحدث باسم السكان إن العريضة التي وقعها تسعمئة شخص سلمت صباح اليوم إلى مكتب الميناء."
    )
    assert found.summary == deck
    assert found.text.startswith("القاهرة (رويترز)")


def test_first_paragraph_before_one_without_dateline_stays() -> None:
    assert cleaned(*BODY).summary is None


def test_dateline_is_found_behind_a_standfirst_and_behind_an_agencys_name() -> None:
    assert attributed(text=f"{BODY[0]}\n{WIRE}").place == "القاهرة"
    assert attributed(text=f"شينخوا\n{WIRE}").place == "القاهرة"


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("وان- ضربت هزة أرضية ولاية وان شرقي تركيا", "وان"),
        ("وان- ضربت هزة أرضية شرقي تركيا", None),
        ("Rates- the bank said Rates would rise", None),
        ("قال - كما قال أمس - إن العمل مستمر", None),
    ],
)
def test_unknown_town_is_a_place_where_the_paragraph_names_it_again(line: str, place: str | None) -> None:
    assert read_recurring_place(line) == place


def test_agency_whose_name_is_a_town_counts_before_another_town() -> None:
    found = read_dateline("قنا - الدوحة: تصدرت اللاعبة ترتيب البطولة")
    assert found is not None
    assert ([named.code for named in found.agencies], found.place) == (["QNA"], "الدوحة")


def _story(strip: str) -> str:
    paragraphs = "".join(f"<p>{text}</p>" for text in BODY)
    return (
        f"<html><head><title>Ferry runs twice a day</title></head><body>{strip}<header><a href='/'>Gazette</a></header>"
        f"<div class='story'><h1>Ferry runs twice a day</h1><div class='text'>{paragraphs}</div></div></body></html>"
    )


@pytest.mark.parametrize(
    "strip",
    [
        "<div>Saturday 1 June 2024 11:58 | Dubai 35°C | Gold 309.71</div>",
        "<div>السبت 1 يونيو 2024 11:58 | سعر الذهب 309</div>",
        "<div>Saturday 1 June 2024 08:58:12</div>",
        "<div>Saturday 1 June 2024 11:58</div>",
    ],
)
def test_clock_at_the_top_of_the_page_dates_no_story(strip: str) -> None:
    found = read(_story(strip))
    assert isinstance(found, Article)
    assert found.published is None


def test_date_over_the_headline_dates_the_story() -> None:
    found = read(_story("<div>Thursday 30 May 2024 11:58</div>"))
    assert isinstance(found, Article)
    assert found.published is not None
    assert found.published.at == datetime(2024, 5, 30, 11, 58, tzinfo=UTC)


NAV = "<header><a href='/'>Gazette</a><nav><a href='/n'>News</a> <a href='/b'>Business</a></nav></header>"
TEASERS = [f"Story number {at} about a ferry that runs twice a day" for at in range(12)]
HEADLINES = "".join(f"<li><a href='/{at}'>{text}</a></li>" for at, text in enumerate(TEASERS[:9]))
FOOTER = f"<footer><p>{'All rights reserved by the Gazette. ' * 9}</p></footer>"
CARDS = "".join(
    f"<div class='card'><a href='/{at}'><h3>{text}</h3></a><p>{BODY[at % 4][:98]}.</p></div>"
    for at, text in enumerate(TEASERS)
)


@pytest.mark.parametrize(
    ("title", "main", "reason"),
    [
        ("World", f"<h1>World</h1><p>Stories from around the world.</p><ul>{HEADLINES}</ul>{FOOTER}", "section_page"),
        ("Home", f"<h2>Top stories</h2>{CARDS}", "section_page"),
        ("Ferry", f"<h1>Ferry</h1><p>Updated moments ago</p>{FOOTER}", "empty_shell"),
        ("خيارات", "<p>نقوم نحن وشركاؤنا البالغ عددهم 842 بتخزين المعلومات على جهازك.</p>", "consent_wall"),
        ("Choose", "<h2>Read with advertising</h2><p>With tracking.</p><a>Subscribe now</a>", "consent_wall"),
        ("توقف", "<p>تم رفض الوصول إلى هذه الصفحة لأننا نعتقد أنك تستخدم أدوات آلية لتصفح الموقع.</p>", "challenge"),
        ("خطوة", "<p>يرجى إكمال الفحص الأمني للوصول إلى هذه الصفحة.</p>", "challenge"),
        ("عفوا", "<p>يبدو أنه لم يتم العثور على شيء هنا. ربما تجرب أحد الروابط أدناه أو البحث؟</p>", "soft_404"),
    ],
)  # fmt: skip
def test_page_without_a_story_is_rejected_for_the_right_reason(title: str, main: str, reason: str) -> None:
    found = read(f"<html><head><title>{title}</title></head><body>{NAV}<main>{main}</main></body></html>")
    assert isinstance(found, Rejected)
    assert found.reason == reason


def test_story_under_a_menu_is_no_shell_however_short() -> None:
    flash = "The ferry company said on Monday it would run two boats a day through the winter."
    found = read(
        f"<html><head><title>Ferry runs twice a day</title></head><body>{NAV}<article><h1>Ferry runs twice a day</h1>"
        f"<p>{flash}</p></article><footer>{'Gazette. ' * 30}</footer></body></html>"
    )
    assert isinstance(found, Article)
    assert flash in found.text
