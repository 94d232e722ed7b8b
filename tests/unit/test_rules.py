"""Every declared rule takes its line off a page and leaves the near twin on another; a rule without both fails."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from crawler.clean import Facts, clean
from crawler.clean.lexicon import Rule, load_lexicon
from crawler.clean.registry import STRUCTURE, declared_rules, find_rule
from crawler.clean.verdicts import Sheet
from crawler.process import process
from crawler.records import Article, Line
from tests.unit.rule_pairs import ENGLISH, PAIRS, Shown

CLEAN = Path(__file__).parents[2] / "crawler" / "clean"
STRUCTURAL = tuple(rule for rule in declared_rules() if rule.file == STRUCTURE)
HEADING = tuple(rule for rule in load_lexicon().rules if rule.heads)
CLOSING = tuple(rule for rule in load_lexicon().rules if rule.closes)


def read(shown: Shown) -> Article:
    found = process(shown.page())
    assert isinstance(found, Article), found
    return found


@pytest.mark.parametrize("rule", [rule.id for rule in STRUCTURAL])
def test_rule_takes_its_line_off_the_page(rule: str) -> None:
    assert rule in PAIRS, f"{rule} has no pair in tests/unit/rule_pairs.py"
    shown = PAIRS[rule].takes
    taken = {removal.text.strip(): removal.rule for removal in read(shown).removals}
    assert taken.get(shown.line) == rule


@pytest.mark.parametrize("rule", [rule.id for rule in STRUCTURAL])
def test_rule_leaves_the_near_twin_in_the_text(rule: str) -> None:
    assert rule in PAIRS, f"{rule} has no pair in tests/unit/rule_pairs.py"
    shown = PAIRS[rule].leaves
    found = read(shown)
    assert shown.line in found.text.split("\n"), [(one.rule, one.text) for one in found.removals]


def test_every_pair_is_of_a_declared_rule_and_both_languages_are_there() -> None:
    assert set(PAIRS) == {rule.id for rule in STRUCTURAL}
    languages = [pair.takes.lang for pair in PAIRS.values()]
    assert languages.count("ar") >= len(PAIRS) // 3
    assert languages.count("en") >= len(PAIRS) // 3


@pytest.mark.parametrize("rule", HEADING, ids=lambda rule: rule.id)
def test_links_go_with_their_heading_and_a_sentence_below_it_stays(rule: Rule) -> None:
    heading = Line(text=rule.removes[0], tag="h3")
    link, sentence = "Storm shuts the coast road", "Storm shuts the coast road, the harbour master wrote."
    body = [Line(text=text) for text in ENGLISH]
    taken = clean([*body[:3], heading, Line(text=link, links=1.0), body[3]], Facts()).removals
    assert {one.text.strip(): one.rule for one in taken}[link] == f"{rule.id}.links"
    kept = clean([*body[:3], heading, Line(text=sentence, links=0.2), body[3]], Facts())
    assert sentence in kept.text.split("\n")


@pytest.mark.parametrize("rule", CLOSING, ids=lambda rule: rule.id)
def test_region_goes_up_to_the_line_that_closes_it_and_stays_where_nothing_does(rule: Rule) -> None:
    opening, inside, closing = rule.removes[0], "Four boats a day", f"Four boats {rule.closes}"
    body = [Line(text=text) for text in ENGLISH]
    around = [Line(text=opening), Line(text=inside)]
    taken = clean([*body[:2], *around, Line(text=closing), *body[2:]], Facts()).removals
    assert {one.text.strip(): one.rule for one in taken}[inside] == f"{rule.id}.region"
    assert inside in clean([*body[:2], *around, *body[2:]], Facts()).text.split("\n")


def test_every_rule_that_code_takes_lines_by_is_declared_and_none_is_declared_in_vain() -> None:
    nodes = [node for path in CLEAN.glob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    taking = {
        call.args[1].value
        for call in nodes
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in {"take", "force"}
        if len(call.args) > 1 and isinstance(call.args[1], ast.Constant)
    }
    named = {node.value for node in nodes if isinstance(node, ast.Constant)}
    declared = {rule.id for rule in STRUCTURAL}
    assert taking <= declared
    assert {name for name in named if isinstance(name, str) and name.startswith("region-")} <= declared
    assert declared <= named


def test_rule_that_is_declared_nowhere_takes_nothing() -> None:
    with pytest.raises(ValueError, match=r"'no-such-rule' takes a line, but no file of crawler/clean declares it"):
        Sheet((Line(text="A line"),)).force(0, "no-such-rule")


def test_every_declaration_says_in_one_sentence_what_the_rule_takes() -> None:
    for rule in declared_rules():
        assert rule.version >= 1
        assert rule.says.strip() == rule.says != ""
        assert not rule.says.endswith("."), rule.id
        assert (CLEAN / rule.file).exists()
    assert find_rule("en.read-also").says.startswith("a line that is such words as 'Related Stories'")
    assert find_rule("en.read-also.links").version == find_rule("en.read-also").version


def test_extraction_page_has_a_row_for_each_rule_written_in_code() -> None:
    page = (CLEAN.parents[1] / "docs" / "extraction.md").read_text(encoding="utf-8")
    for rule in STRUCTURAL:
        row = f"| `{rule.id}` | {rule.version} | {rule.says} |"
        assert row in page, f"docs/extraction.md lacks: {row}"
