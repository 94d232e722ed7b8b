"""What a page says about its article: headlines, names, dates, JSON-LD in all its states, language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.extract.jsonld import Statement, read_statement
from crawler.extract.language import detect_language
from crawler.extract.metadata import Context, Metadata, read_metadata, read_metas
from crawler.extract.names import split_names
from crawler.extract.page import PageTree, parse, strip_dead, walk
from crawler.extract.titles import rank_titles, strip_site

FETCHED_AT = datetime(2024, 6, 1, tzinfo=UTC)
URL = "https://gazette.example/world/a-story-of-note"


def read(html: str, url: str = URL, timezone: str | None = None) -> Metadata:
    root = parse(html)
    assert root is not None
    statement, metas = read_statement(root, url), read_metas(root)
    strip_dead(root)
    return read_metadata(walk(root), metas, statement, Context(url=url, fetched_at=FETCHED_AT, timezone=timezone))


def state(json: str) -> Statement:
    root = parse(f'<html><head><script type="application/ld+json">{json}</script></head><body><p>x</p></body></html>')
    assert root is not None
    return read_statement(root, URL)


@pytest.mark.parametrize(
    ("title", "site", "left"),
    [
        ("Rates rise | The Gazette", "The Gazette", "Rates rise"),
        ("Rates rise - World - The Gazette", "The Gazette", "Rates rise - World"),
        ("The Gazette: Rates rise", None, "The Gazette: Rates rise"),
        ("الحكومة تقر الموازنة - صحيفة الميناء", "صحيفة الميناء", "الحكومة تقر الموازنة"),
        ("Rates rise – then fall", "The Gazette", "Rates rise – then fall"),
        ("Rates rise | gazette.example", None, "Rates rise"),
    ],
)
def test_site_name_is_taken_off_the_title(title: str, site: str | None, left: str) -> None:
    assert strip_site(title, site, "gazette.example", set()) == left


def test_wording_that_most_places_agree_on_wins_and_others_are_kept() -> None:
    stated = [("jsonld", "Rates rise"), ("h1", "Rates rise"), ("og", "You will not believe these rates")]
    titles = rank_titles(stated, site_name=None, host="gazette.example")
    assert titles[0] == ("jsonld", "Rates rise")
    assert ("og", "You will not believe these rates") in titles


def test_setting_beats_every_other_title() -> None:
    stated = [("jsonld", "A"), ("og", "A"), ("h1", "A"), ("setting", "B")]
    assert rank_titles(stated, site_name=None, host="x.example")[0] == ("setting", "B")


def ranked(*stated: tuple[str, str], site: str | None = "The Gazette") -> str:
    return rank_titles(list(stated), site_name=site, host="gazette.example")[0][1]


def test_social_wording_wins_unless_the_site_name_is_still_on_it() -> None:
    page = [("jsonld", "Rates rise again"), ("h1", "Rates rise again"), ("title", "Rates rise again | The Gazette")]
    social = "What the bank did next will surprise savers"
    assert ranked(*page, ("og", social), ("twitter", social)) == social
    named = f"{social} | The Gazette"
    assert ranked(*page, ("og", named), ("twitter", named)) == "Rates rise again"


def test_page_title_stands_for_an_h1_that_no_other_place_agrees_with() -> None:
    stated = [
        ("jsonld", "Flood on the coast: what we know"),
        ("title", "Flood on the coast: what we know"),
        ("og", "Flood on the coast: all news"),
        ("twitter", "Flood on the coast: all news"),
    ]
    assert ranked(*stated, ("h1", "Dam holds, says mayor")) == "Flood on the coast: what we know"
    assert ranked(*stated, ("h1", "Flood on the coast: all news")) == "Flood on the coast: all news"


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        ("Minister leaves talks without…", "Minister leaves talks without a word to the press"),
        ("Minister leaves talks and", 'Minister leaves talks and "will not be back"'),
        ("الوزير يغادر المحادثات دون ...", "الوزير يغادر المحادثات دون كلمة للصحافة"),
    ],
)
def test_title_that_was_cut_off_counts_for_the_whole_one(cut: str, whole: str) -> None:
    assert ranked(("og", cut), ("twitter", cut), ("h1", whole)) == whole


def test_title_that_is_merely_shorter_is_no_cut_off_one() -> None:
    short, longer = "Minister leaves the talks", "Minister leaves the talks without a word"
    assert ranked(("og", short), ("twitter", short), ("h1", longer)) == short


def test_of_one_wording_in_capitals_and_as_usual_the_usual_one_stands() -> None:
    assert ranked(("jsonld", "RATES RISE AGAIN"), ("og", "Rates rise again")) == "Rates rise again"
    assert ranked(("h1", "RATES RISE AGAIN")) == "RATES RISE AGAIN"


def test_what_a_template_left_behind_a_title_goes() -> None:
    assert ranked(("og", "Rates rise again - "), ("h1", "Rates rise again")) == "Rates rise again"
    assert ranked(("title", "Rates rise again * The Gazette * by Ida Berg"), ("h1", "Rates rise again")) == (
        "Rates rise again"
    )


def test_slug_is_no_headline_where_another_stands() -> None:
    assert ranked(("og", "rates-rise-again-in-2024"), ("h1", "Rates rise again")) == "Rates rise again"


def test_underscores_in_a_title_end_in_a_verdict() -> None:
    # Were a character of it readable in two ways, this would take the age of the universe.
    snake = "a_" * 100 + "!"
    assert ranked(("og", snake)) == snake


def test_what_is_as_long_as_a_page_is_neither_headline_nor_byline() -> None:
    page = "Rates rise again and again " * 50
    assert ranked(("og", page), ("h1", "Rates rise again")) == "Rates rise again"
    assert rank_titles([("og", page)], site_name=None, host="gazette.example") == ()
    assert split_names("Ida Berg, " * 200) == ()


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ("By Samya Kullab and Vasilisa Stepanenko", ("Samya Kullab", "Vasilisa Stepanenko")),
        ("Felix Schröder und Jörg Soldwisch, dpa", ("Felix Schröder", "Jörg Soldwisch", "dpa")),
        ("كتبت: أسماء نصار", ("أسماء نصار",)),
        ("By Madeleine Howell 30 August 2023 • 4:45pm", ("Madeleine Howell",)),
        ("Elena Oberholzer (obe)", ("Elena Oberholzer",)),
        ("https://facebook.com/someone", ()),
        ("By Jane Doe And John Roe For The Daily Example", ("Jane Doe", "John Roe")),
        ("29. Juni 2017, 23:39 · von Tobias Muster", ("Tobias Muster",)),
        ("Veröffentlicht am 15/07/2014 von Jana Muster", ("Jana Muster",)),
        ("Posted by Jane Doe at 5:11 AM", ("Jane Doe",)),
        ("Erstellt von Jana Muster", ("Jana Muster",)),
        ("Jane DoeJane Doe", ("Jane Doe",)),
        ("5 مايو 2024 - بقلم ليلى حداد", ("ليلى حداد",)),
    ],
)
def test_names_are_split_and_stripped(raw: str, names: tuple[str, ...]) -> None:
    assert split_names(raw) == names


def test_article_is_found_in_a_graph_with_authors_by_id() -> None:
    found = state(
        '{"@graph":[{"@type":"WebSite","name":"S"},{"@type":"Person","@id":"#p","name":"Ida Berg"},'
        '{"@type":["NewsArticle"],"headline":"H","author":{"@id":"#p"},"datePublished":"2024-01-01T10:00:00Z"}]}'
    )
    assert (found.headline, found.persons, found.published) == ("H", ("Ida Berg",), "2024-01-01T10:00:00Z")


def test_organisations_are_told_from_persons() -> None:
    found = state('{"@type":"NewsArticle","author":[{"@type":"Organization","name":"Reuters"},{"name":"Jo Field"}]}')
    assert found.persons == ("Jo Field",)
    assert found.organisations == ("Reuters",)


@pytest.mark.parametrize(
    "json",
    [
        '{"@type":"NewsArticle","headline":"H",}',
        '<!-- {"@type":"NewsArticle","headline":"H"} -->',
        '//<![CDATA[\n{"@type":"NewsArticle","headline":"H"}\n//]]>',
        '{"@type":"NewsArticle","headline":"H","articleBody":"he said "no" again"}',
        '{"@type":"NewsArticle","headline":"H","articleBody":"a\nb"};',
        '[[{"@type":"Article","headline":"H"}]]',
    ],
)
def test_broken_json_is_read_as_far_as_it_goes(json: str) -> None:
    assert state(json).headline == "H"


def test_surrogates_in_json_do_not_get_out() -> None:
    assert state('{"@type":"NewsArticle","headline":"a\\ud83d b"}').headline == "a\ufffd b"


@given(st.text(max_size=300))
def test_any_text_in_the_script_is_survived(text: str) -> None:
    found = state(text.replace("<", " ").replace("\x00", ""))
    for value in (found.headline, found.description, found.body):
        assert value is None or value.encode("utf-8") is not None


def test_date_with_time_betters_a_date_without_and_keeps_its_provenance() -> None:
    found = read(
        '<html><head><meta name="date" content="2024-03-05"><meta property="og:published_time" '
        'content="2024-03-05T14:02:00+02:00"></head><body><h1>T</h1></body></html>'
    )
    assert found.published is not None
    assert found.published.at == datetime(2024, 3, 5, 12, 2, tzinfo=UTC)
    assert found.published.provenance == "meta:og:published_time"
    assert found.published.raw == "2024-03-05T14:02:00+02:00"


def test_time_without_zone_is_read_in_the_zone_of_the_source() -> None:
    html = '<meta property="article:published_time" content="2024-03-05T14:02:00"><body><h1>T</h1></body>'
    found = read(html, timezone="Asia/Riyadh")
    assert found.published is not None
    assert found.published.at == datetime(2024, 3, 5, 11, 2, tzinfo=UTC)
    assert found.published.zone_assumed


def test_date_out_of_bounds_is_no_date() -> None:
    assert read('<meta property="article:published_time" content="9999-03-05T14:02:00Z"><h1>T</h1>').published is None
    assert read('<meta property="article:published_time" content="2031-03-05T14:02:00Z"><h1>T</h1>').published is None


def test_date_in_the_url_is_the_last_resort() -> None:
    found = read("<body><h1>T</h1></body>", url="https://gazette.example/2023/04/09/story.html")
    assert found.published is not None
    assert (found.published.precision, found.published.provenance) == ("day", "url")


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("world/2019/nov/19/story", "2019-11-19"),
        ("2020-02/19/c_1125", "2020-02-19"),
        ("20200219/story", "2020-02-19"),
        ("2013/8/3/story", "2013-08-03"),
        ("2021/22/week-of-snow", None),
        ("2015/01/story", None),
    ],
)
def test_url_dates_are_read_in_each_shape_but_a_season_is_none(path: str, day: str | None) -> None:
    found = read("<body><h1>T</h1></body>", url=f"https://gazette.example/{path}")
    assert (found.published.at.date().isoformat() if found.published else None) == day


@pytest.mark.parametrize(
    ("line", "published", "modified"),
    [
        ("Updated 7 May 2024 Published 5 May 2024", "2024-05-05", "2024-05-07"),
        ("آخر تحديث: 7 مايو 2024 - نشر في: 5 مايو 2024", "2024-05-05", "2024-05-07"),
        ("Zuletzt aktualisiert am 07.05.2024", "2024-05-07", "2024-05-07"),
        ("5 May 2024", "2024-05-05", None),
    ],
)
def test_printed_update_is_told_from_publication(line: str, published: str, modified: str | None) -> None:
    found = read(f"<body><h1>A story of note</h1><div>{line}</div><p>Text.</p></body>")
    assert found.published is not None
    assert found.published.at.date().isoformat() == published
    assert (found.modified.at.date().isoformat() if found.modified else None) == modified


def test_publication_further_down_beats_an_update_printed_first() -> None:
    found = read("<body><h1>A story</h1><div>Updated: 7 May 2024</div><div>5 May 2024, 10:30</div></body>")
    assert found.published is not None
    assert found.published.at == datetime(2024, 5, 5, 10, 30, tzinfo=UTC)


def test_update_told_by_the_hour_alone_is_the_time_of_its_day() -> None:
    found = read("<body><h1>عنوان الخبر</h1><div>الأحد 5 أيار/مايو 2024، آخر تحديث 02:21 (GMT+0400)</div></body>")
    assert found.published is not None
    assert found.published.at == datetime(2024, 5, 4, 22, 21, tzinfo=UTC)


def test_date_line_that_holds_the_link_to_the_comments_is_still_read() -> None:
    found = read(
        '<body><article><h1>A story of note</h1><div class="entry-meta">5 May 2024, 10:30 '
        '<span class="comments-link"><a href="#c">3 comments</a></span></div>'
        "<p>The story, long enough to be most of the page.</p></article></body>"
    )
    assert found.published is not None
    assert found.published.at == datetime(2024, 5, 5, 10, 30, tzinfo=UTC)


def test_date_in_the_headline_is_what_the_story_tells_of() -> None:
    found = read("<body><h1>Results of 4 May 2024</h1><div>6 May 2024</div></body>")
    assert found.published is not None
    assert found.published.at.day == 6
    assert read("<body><h1>Results of 4 May 2024</h1></body>").published is None


@pytest.mark.parametrize("line", ["0000026136", "1714900000", "Founded 12 May 1921"])
def test_number_or_old_day_printed_on_the_page_is_no_publication_date(line: str) -> None:
    assert read(f"<body><h1>A story of note</h1><div>{line}</div></body>").published is None


def test_empty_stamp_of_software_is_no_date() -> None:
    html = '<meta property="article:published_time" content="1970-01-01T00:00:00Z"><h1>T</h1><div>5 May 2024</div>'
    found = read(html)
    assert found.published is not None
    assert found.published.at.year == 2024


@pytest.mark.parametrize(
    ("line", "path", "day", "flags"),
    [
        ("5 May", "2019/05/05/story", "2019-05-05", ()),  # the year left out
        ("3 days ago", "2019/05/05/story", "2019-05-05", ()),  # counted from the fetch
        ("26 شوال 1445", "2024/05/05/story", "2024-05-05", ()),  # converted
        ("05/03/2024", "2024/05/03/story", "2024-05-03", ()),
        ("26 شوال 1445", "story", "2024-05-05", ("estimated",)),
    ],
)
def test_a_date_that_is_sure_beats_one_in_doubt(line: str, path: str, day: str, flags: tuple[str, ...]) -> None:
    found = read(f"<body><h1>A story of note</h1><div>{line}</div></body>", url=f"https://gazette.example/{path}")
    assert found.published is not None
    assert (found.published.at.date().isoformat(), found.published.flags) == (day, flags)


def test_gregorian_date_printed_near_a_hijri_one_beats_it() -> None:
    found = read("<body><h1>عنوان الخبر</h1><div>26 شوال 1445</div><div>4 مايو 2024</div></body>")
    assert found.published is not None
    assert (found.published.at.date().isoformat(), found.published.flags) == ("2024-05-04", ())


@pytest.mark.parametrize(
    ("attribute", "headline", "day"),
    [
        ('lang="en-US"', "A story of note", "2024-03-05"),
        ('lang="en-GB"', "A story of note", "2024-05-03"),
        ('lang="fr"', "Une histoire", "2024-05-03"),
        ('lang="en-US"', "عنوان الخبر", "2024-05-03"),  # a template's language, not the text's
    ],
)
def test_language_of_the_page_decides_between_day_first_and_month_first(
    attribute: str, headline: str, day: str
) -> None:
    found = read(f"<html {attribute}><body><h1>{headline}</h1><div>03/05/2024</div></body></html>")
    assert found.published is not None
    assert found.published.at.date().isoformat() == day


def test_meta_elements_fill_what_json_ld_leaves_open() -> None:
    found = read(
        '<html lang="ar"><head><meta property="og:title" content="عنوان"><meta property="og:image" content="/a.jpg">'
        '<meta property="article:section" content="اقتصاد"><meta property="article:tag" content="نفط">'
        '<meta property="article:tag" content="غاز"><meta name="author" content="ليلى حداد">'
        '<link rel="canonical" href="/world/other"></head><body><h1>عنوان</h1></body></html>'
    )
    assert found.title == "عنوان"
    assert (found.image, found.section, found.tags) == ("https://gazette.example/a.jpg", "اقتصاد", ("نفط", "غاز"))
    assert (found.authors, found.canonical_url) == (("ليلى حداد",), "https://gazette.example/world/other")


PROSE = "<p>The story, which goes on for a while and says what happened, where and when, in more than eighty signs.</p>"


def authors(html: str) -> tuple[str, ...]:
    return read(f"{html}{PROSE * 3}").authors


def test_author_metas_that_are_repeated_all_count() -> None:
    assert authors(
        '<meta name="dc.creator" content="Jane Doe"><meta name="dc.creator" content="John Roe"><body><h1>T</h1>'
    ) == ("Jane Doe", "John Roe")


@pytest.mark.parametrize(
    "markup",
    [
        '<span itemprop="author">Jane Doe</span>',
        '<div itemprop="author"><img alt=""><a href="/d"><b itemprop="name">Jane Doe</b></a></div>',
        '<p>3 June, <a rel="author" href="/d">Jane Doe</a></p>',
    ],
)
def test_author_in_markup_is_read(markup: str) -> None:
    assert authors(f"<body><h1>A story of note</h1>{markup}") == ("Jane Doe",)


def test_author_in_markup_of_comments_and_teasers_is_not_the_storys() -> None:
    comment = '<div class="comment"><span itemprop="author">Ann Onymous</span></div>'
    teasers = "".join(f'<li><a rel="author" href="/x">{name} Other</a> on rates</li>' for name in ("Ida", "Ola"))
    far = "<p>A line.</p>" * 40
    assert authors(f"<body><h1>A story of note</h1>{far}{comment}<ul>{teasers}</ul>") == ()


def test_names_in_spans_of_their_own_are_names_of_their_own() -> None:
    byline = '<div class="byline"><span>Jane Doe</span> <span>John Roe</span></div>'
    assert authors(f"<body><h1>A story of note</h1>{byline}") == ("Jane Doe", "John Roe")


@pytest.mark.parametrize(
    "line", ["Veröffentlicht am 05.05.2024", "Skip the video", "The whole team", "Sunday", "Data: 05-05-2024"]
)
def test_line_in_the_bylines_place_that_is_no_name_names_nobody(line: str) -> None:
    assert authors(f'<body><h1>A story of note</h1><div class="byline">{line}</div>') == ()


def test_first_line_marked_as_byline_that_holds_a_name_is_the_byline() -> None:
    lines = '<div class="byline">Published on 5 May 2024</div><div class="byline">By Jane Doe</div>'
    found = read(f"<body><h1>A story of note</h1>{lines}{PROSE * 3}")
    assert (found.authors, found.byline) == (("Jane Doe",), "By Jane Doe")


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("<p><b>Jane Doe/John Roe</b></p>{}", ("Jane Doe", "John Roe")),
        ("{}<p><b>Jane Doe</b></p><div>More</div>", ("Jane Doe",)),
        ("{}<p><b>Words of wisdom</b></p>{}", ("The Gazette",)),
        ("{}<p><b>Flawed Approach</b></p>{}", ("The Gazette",)),
        ("<p>Jane Doe</p>{}", ("The Gazette",)),
    ],
)
def test_story_signed_in_bold_is_the_writers_where_only_the_house_is_named(body: str, names: tuple[str, ...]) -> None:
    head = '<meta property="og:site_name" content="The Gazette"><meta name="author" content="The Gazette">'
    html = f"{head}<body><h1>A story of note</h1><article>{body.replace('{}', PROSE)}</article></body>"
    assert read(html).authors == names


def test_source_label_names_no_author() -> None:
    found = read("<body><h1>عنوان الخبر</h1><div>المصدر:</div><ul><li>(أبوظبي - الميناء)</li></ul><p>نص</p></body>")
    assert found.authors == ()
    assert found.byline == "أبوظبي - الميناء"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "http://[", "mailto:a@b.example"])
def test_canonical_that_is_no_web_address_is_dropped(address: str) -> None:
    assert read(f'<link rel="canonical" href="{address}"><body><h1>T</h1></body>').canonical_url is None


@pytest.mark.parametrize(
    ("text", "declared", "code"),
    [
        ("وقالت الوزارة إن القرار يسري من الغد", "en-US", "ar"),
        ("وقالت الوزارة إن القرار يسري من الغد", None, "ar"),
        ("دولت می‌گوید گزارش را چاپ می‌کند و پژوهشگران چشم به راه آن هستند", None, "fa"),
        ("דובר הצבא מסר הודעה בבוקר", None, "he"),
        ("The ministry said so", "en", "en"),
        ("Le ministère l'a dit", "fr-FR", "fr"),
        ("Le ministère l'a dit", "ar", None),
        ("Привет мир", None, "ru"),
    ],
)
def test_language_is_what_is_declared_as_far_as_the_script_allows(
    text: str, declared: str | None, code: str | None
) -> None:
    assert detect_language(text, (declared,)) == code


def test_walk_survives_nesting_of_thousands() -> None:
    root = parse("<div>" * 1500 + "<p>deep</p>" + "</div>" * 1500)
    assert root is not None
    tree: PageTree = walk(root)
    assert tree.too_deep
    assert [block.text for block in tree.blocks] == ["deep"]
