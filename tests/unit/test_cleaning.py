"""Cleaning takes lines out for a reason, keeps what must stay, and can always be undone."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.clean import Cleaned, Facts, clean, normalise_line, restore
from crawler.clean.folding import fold
from crawler.clean.lexicon import load_lexicon
from crawler.clean.verdicts import opens_with_dateline
from crawler.records import Line

PROSE = (
    "The council met for three hours on Monday and agreed to publish the whole of its report before the summer.",
    "Its chairman said the delay had been nobody's fault and everybody's, and that the papers were being read again.",
    "Two members voted against, and one left the room before the count and did not come back.",
)
PHRASES = sorted(phrase for rule in load_lexicon().rules for phrase in rule.removes)


def lines(*texts: str, **marks: str) -> tuple[Line, ...]:
    return tuple(Line(text=text, block=at) for at, text in enumerate(texts))


def rules(found: Cleaned) -> list[str]:
    return [removal.rule for removal in found.removals]


LINE = st.builds(
    Line,
    text=st.one_of(st.sampled_from([*PROSE, *PHRASES]), st.text(st.characters(exclude_characters="\n\r"), min_size=1)),
    tag=st.sampled_from(["p", "h2", "li", "div", ""]),
    links=st.sampled_from([0.0, 0.5, 1.0]),
    marks=st.frozensets(st.sampled_from(["nav", "related", "caption", "figure", "author", "standfirst", "article"])),
    beside=st.booleans(),
    before=st.booleans(),
)


@given(st.lists(LINE, max_size=14))
def test_text_and_removals_together_are_the_raw_extraction_exactly(made: list[Line]) -> None:
    raw = "\n".join(line.text for line in made)
    found = clean(made, Facts(titles=(PROSE[1],), description=PROSE[0]), host_lines=frozenset({fold(PROSE[2])}))
    assert restore(found.text, found.removals) == raw
    for removal in found.removals:
        assert raw[removal.start : removal.start + len(removal.text)] == removal.text


@given(st.lists(LINE, max_size=10))
def test_cleaning_twice_gives_the_same(made: list[Line]) -> None:
    facts = Facts(titles=(PROSE[1],))
    assert clean(made, facts) == clean(made, facts)


def test_seed_like_tail_goes_and_the_text_stays() -> None:
    body = (
        "بكين (رويترز) – وقع رئيس الوزراء مجموعة من الاتفاقيات يوم الأربعاء خلال رحلة إلى بكين.",
        "وقال إن العلاقات على مستوى عال.",
    )
    found = clean(lines(*body, "معاييرنا: مبادئ الثقة في Thomson Reuters.", "اترك ردك"), Facts())
    assert found.text == "\n".join(body)
    assert rules(found) == ["ar.trust-line", "ar.comment-prompt"]
    assert [removal.zone for removal in found.removals] == ["tail", "tail"]


def test_title_echo_goes_from_the_lead_only() -> None:
    found = clean(lines("Council to publish report", *PROSE), Facts(titles=("Council to publish report",)))
    assert rules(found) == ["title-echo"]
    assert found.text == "\n".join(PROSE)


def test_paragraph_that_opens_with_a_dateline_is_never_dropped() -> None:
    dateline = "القاهرة (أ ف ب) – اقرأ أيضا"
    assert opens_with_dateline(dateline)
    made = (Line(text=dateline, links=1.0, marks=frozenset({"related"})), *lines(*PROSE))
    assert dateline in clean(made, Facts()).text or not clean(made, Facts()).text.startswith(dateline)
    prose = Line(text=f"{dateline} كما قالت المعلمة لتلاميذها في أول يوم من أيام السنة الدراسية الجديدة، وهو يوم ماطر.")
    marked = Line(text=prose.text, marks=frozenset({"share"}))
    assert prose.text in clean((*lines(*PROSE), marked), Facts()).text


def test_first_sentence_of_the_text_is_kept_whatever_its_surroundings_say() -> None:
    first = Line(text=PROSE[0], marks=frozenset({"share"}))
    assert clean((first, *lines(*PROSE[1:])), Facts()).text.startswith(PROSE[0])


def test_marks_that_most_of_the_text_bears_say_nothing() -> None:
    made = tuple(Line(text=text, marks=frozenset({"tags", "ad"})) for text in PROSE)
    assert clean(made, Facts()).removals == ()


def test_links_under_a_heading_go_with_it() -> None:
    related = (
        Line(text="Related stories"),
        Line(text="Storm shuts the coast road", links=1.0),
        Line(text="New notes shown", links=1.0),
    )
    found = clean((*lines(*PROSE[:2]), *related, Line(text=PROSE[2])), Facts())
    assert found.text == "\n".join(PROSE)


def test_learned_host_line_goes_by_its_folded_form() -> None:
    learned = frozenset({normalise_line("Tip the newsroom: 555 0100!")})
    found = clean(lines(*PROSE, "Tip the newsroom — 555 0100"), Facts(), host_lines=learned)
    assert rules(found) == ["host-line"]


def test_site_pattern_takes_whole_lines_and_wins_over_the_guard() -> None:
    found = clean(lines(*PROSE), Facts(), site_patterns=[r"The council .*", r"Two members"])
    assert rules(found) == ["site-line"]
    assert found.text == "\n".join(PROSE[1:])


def test_marked_deck_becomes_the_summary() -> None:
    deck = Line(
        text="Nobody's fault, and everybody's: how a report was lost twice.",
        marks=frozenset({"standfirst"}),
        beside=False,
    )
    found = clean((deck, *lines(*PROSE)), Facts())
    assert found.summary == deck.text
    assert found.text == "\n".join(PROSE)


def test_first_paragraph_that_the_description_repeats_is_text() -> None:
    found = clean(lines(*PROSE), Facts(description=PROSE[0]))
    assert found.summary is None
    assert found.text == "\n".join(PROSE)


def test_caption_byline_and_date_go() -> None:
    made = (
        Line(text="By Nora Finch"),
        Line(text="16 April 2024, 10:05 am"),
        *lines(*PROSE[:2]),
        Line(text="The chamber on Monday. Photo: Sound Post", tag="figcaption", marks=frozenset({"caption", "figure"})),
        Line(text=PROSE[2]),
    )
    found = clean(made, Facts(authors=("Nora Finch",)))
    assert found.text == "\n".join(PROSE)
    assert rules(found) == ["byline", "date-line", "caption"]


@pytest.mark.parametrize(
    "last",
    [
        "وقال المتحدث باسم المجلس إن المحادثات مع الشركات الأربع ستستمر حتى نهاية الشهر المقبل (رويترز)",
        "وقال إن المحادثات مستمرة. (أ ف ب)",
        "The rest of the report will be read on Friday. — AFP",
    ],
)
def test_last_paragraph_that_an_agency_signs_is_no_caption(last: str) -> None:
    assert clean(lines(*PROSE, last), Facts()).text.endswith(last)
    caption = "The chamber on Monday before the members came in and the doors were shut (AP Photo/Jane Roe)"
    assert clean(lines(*PROSE, caption), Facts()).text == "\n".join(PROSE)


def test_nothing_in_gives_nothing_out() -> None:
    assert clean((), Facts()).text == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("اقْرأ أيضاً", "إقرأ ايضا"),
        ("مشـــاركة", "مشاركة"),
        ("٣ دقائق", "3 دقائق"),
        ("READ More:", "read more"),
        ("İLGİLİ", "ilgili"),
    ],
)
def test_spellings_fold_to_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@given(st.text())
def test_folding_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    "last",
    [
        "وأضاف أن المرحلة الأولى تشمل ثلاثين قرية. (أ ف ب)",
        "ويرافق الرئيس في زيارته وزراء الخارجية والاقتصاد والطاقة والجمارك والداخلية والسياحة.-(الأناضول)",
    ],
)
def test_an_agency_behind_the_last_full_stop_leaves_the_paragraph_in(last: str) -> None:
    made = lines(*PROSE[:2], last)
    assert clean(made, Facts()).text.endswith(last)


def test_a_picture_credit_above_the_text_goes_though_it_reads_like_a_paragraph() -> None:
    caption = "ممرض يقدم مساعدة لمريض في عيادة وسط المدينة أمس وخلفه عدد من المنتظرين في الممر الطويل (رويترز)"
    made = lines(caption, *PROSE[:2])
    assert clean(made, Facts()).text == "\n".join(PROSE[:2])


def test_a_dateline_of_its_own_is_no_picture_credit() -> None:
    made = lines("غزة/ الأناضول", *PROSE[:2])
    kept = clean(made, Facts(datelines=frozenset({"غزة/ الأناضول"}))).text
    assert kept.startswith("غزة/ الأناضول\n")


def test_a_sure_rule_takes_what_stands_where_the_text_should_begin() -> None:
    greeting = "نقدم لكم زوارنا الكرام أهم وآخر المستجدات كما وردت في المقال التالي: الحكومة تعلن افتتاح الجسر الجديد"
    made = lines(greeting, *PROSE[:2])
    assert clean(made, Facts()).text == "\n".join(PROSE[:2])


def test_a_teaser_cut_off_goes_with_the_link_before_it_at_the_end_of_the_text_only() -> None:
    heading, link = Line(text="شاهد أيضاً"), Line(text="المعارضة تطالب بعزل الرئيس بعد إعلان الطوارئ", links=1.0)
    teaser = Line(text="طالب الحزب الرئيسي المعارض يوم الأحد بعزل الرئيس وقال إنه تجاوز صلاحياته بعد أن أعلن …")
    text = lines(*PROSE)
    assert clean((*text, heading, link, teaser), Facts()).text == "\n".join(PROSE)
    assert teaser.text in clean((*text[:2], heading, link, teaser, text[2]), Facts()).text


def test_a_line_with_an_endless_word_is_held_against_no_shape() -> None:
    usual, endless = "16:20 ت م", "1" * 500 + " دقيقة مضت"
    assert rules(clean(lines(usual, *PROSE), Facts())) == ["ar.dated-shape"]
    assert clean(lines(*PROSE, endless), Facts()).text.endswith(endless)


def test_a_page_of_credits_takes_time_with_its_length_and_not_with_its_square() -> None:
    assert _count_calls(1200) < 3 * _count_calls(600)


def _count_calls(number: int) -> int:
    made = lines(*PROSE[:2], *["(Reuters) - x"] * number)
    calls = 0

    def count(_frame: FrameType, _event: str, _argument: Any) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        clean(made, Facts(credits=frozenset({"(Reuters) - x"})))
    finally:
        sys.setprofile(None)
    return calls
