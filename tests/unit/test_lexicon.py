"""Every rule of the lexicon takes its own example out, and keeps the sentence that only quotes such words."""

from __future__ import annotations

import re

import pytest

from crawler.clean.lexicon import Lexicon, Rule, index_rules, load_lexicon, rules_digest
from crawler.clean.phrases import choose, find_candidates
from crawler.clean.verdicts import Sheet
from crawler.records import Line

RULES = load_lexicon().rules
PROSE = "The committee met for three hours on Monday and agreed to publish the whole of its report before the summer."


def match_line(lines: tuple[Line, ...], at: int, lexicon: Lexicon) -> Rule | None:
    sheet = Sheet(lines)
    return choose(sheet, at, find_candidates(sheet, lexicon).get(at, ()))


def judge(rule: Rule, text: str) -> Rule | None:
    """What the whole lexicon, or only `rule`, says of a line at the place that the rule is for."""
    line = Line(text=text, links=1.0 if rule.min_links and text in rule.removes else 0.0)
    prose = Line(text=PROSE)
    lines = (line, prose, prose, prose, prose) if rule.zone == "lead" else (prose, prose, prose, prose, line)
    return match_line(lines, lines.index(line), index_rules([rule]))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_removes_each_of_its_examples(rule: Rule) -> None:
    assert rule.removes
    for example in rule.removes:
        assert judge(rule, example) is rule, f"{rule.id} leaves {example!r}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_keeps_each_of_its_counterexamples(rule: Rule) -> None:
    assert rule.keeps
    for example in rule.keeps:
        assert judge(rule, example) is None, f"{rule.id} takes {example!r}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_other_rule_takes_the_sentence_that_a_rule_must_keep(rule: Rule) -> None:
    for example in rule.keeps:
        line = Line(text=example)
        lines = (Line(text=PROSE), Line(text=PROSE), Line(text=PROSE), Line(text=PROSE), line)
        assert match_line(lines, 4, load_lexicon()) is None, example


def test_rule_ids_are_unique_and_name_their_language() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))
    assert all(
        re.fullmatch(r"[a-z]{2,6}\.[a-z-]+", name) and rule.version >= 1 for name, rule in zip(ids, RULES, strict=True)
    )


def test_harakat_tatweel_and_letter_forms_do_not_matter() -> None:
    lines = tuple(Line(text=text) for text in (PROSE, PROSE, PROSE, PROSE, "إِقــرأ أيضًا :"))
    found = match_line(lines, 4, load_lexicon())
    assert found is not None
    assert found.id.startswith("ar.read-also")


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.shapes], ids=lambda rule: rule.id)
def test_no_shape_repeats_a_run_that_may_follow_itself_with_nothing_between(rule: Rule) -> None:
    # Such a run cuts each word in every way there is: «أرشيف» with thirty letters and a number behind took ten seconds.
    for shape in rule.shapes:
        assert not re.search(r"[+*][^()]?[?*]\)[{*+]|[+*]\)[*+]", shape.pattern), shape.pattern


@pytest.mark.parametrize("opening", ["أرشيف", "تابع", "انتهى"])
def test_a_line_that_nearly_has_a_shape_is_told_from_it_in_no_time(opening: str) -> None:
    line = f"{opening} {'ب' * 300} الصور القديمة '2024"
    assert match_line((Line(text=PROSE), Line(text=line)), 1, load_lexicon()) is None


def test_digest_of_the_rules_is_stable() -> None:
    assert rules_digest() == rules_digest()
    assert re.fullmatch(r"[0-9a-f]{16}", rules_digest())
