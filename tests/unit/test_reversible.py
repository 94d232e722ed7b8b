"""Cleaning can be undone: text and removals are the raw extraction to the letter, whatever the lines and rules."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler import process as joined
from crawler.clean import Facts, clean, normalise_line, restore
from crawler.clean.lexicon import load_lexicon
from crawler.clean.registry import declared_rules
from crawler.extract.body import Hints, extract_lines
from crawler.extract.page import PageTree
from crawler.records import Article, Line, Page
from tests.unit.rule_pairs import ARABIC, ENGLISH, PAIRS, TITLES

PAGES = {
    path.with_suffix(".html"): expected["url"]
    for path in sorted((Path(__file__).parent.parent / "pages").glob("*.toml"))
    if "rejected" not in (expected := tomllib.loads(path.read_text(encoding="utf-8")))
}
WORDS = (
    *ENGLISH,
    *ARABIC,
    *TITLES.values(),
    *(phrase for rule in load_lexicon().rules for phrase in rule.removes),
    *(shown.line for pair in PAIRS.values() for shown in (pair.takes, pair.leaves)),
    "",
    " ",
    "* * *",
)
MARKS = sorted(
    {mark for line in PAIRS for mark in [line.removeprefix("region-")]} | {"figure", "quote", "list", "meta"}
)
LINES = st.lists(
    st.builds(
        Line,
        text=st.one_of(st.sampled_from(WORDS), st.text(st.characters(exclude_characters="\n"), max_size=90)),
        tag=st.sampled_from(["p", "h1", "h2", "li", "div", "figcaption", ""]),
        links=st.sampled_from([0.0, 0.3, 0.7, 1.0]),
        strong=st.sampled_from([0.0, 1.0]),
        marks=st.frozensets(st.sampled_from(MARKS), max_size=3),
        witnessed=st.sampled_from([None, True, False]),
        beside=st.booleans(),
        before=st.booleans(),
        added=st.booleans(),
    ),
    max_size=16,
)
FACTS = st.builds(
    Facts,
    titles=st.lists(st.sampled_from(WORDS), max_size=2).map(tuple),
    authors=st.lists(st.sampled_from(WORDS), max_size=2).map(tuple),
    description=st.one_of(st.none(), st.sampled_from(WORDS)),
    section=st.one_of(st.none(), st.sampled_from(WORDS)),
    site_name=st.one_of(st.none(), st.sampled_from(WORDS)),
    credits=st.frozensets(st.sampled_from(WORDS), max_size=2),
)
RULES = {rule.id: rule.version for rule in declared_rules()}


@settings(max_examples=150, deadline=None)
@given(
    lines=LINES,
    facts=FACTS,
    learned=st.frozensets(st.sampled_from(WORDS), max_size=3),
    patterns=st.lists(st.sampled_from(["The .*", r".*\d+.*", "", ".", "(?s).*"]), max_size=2),
)
def test_any_lines_under_any_rules_are_put_together_again(
    lines: list[Line], facts: Facts, learned: frozenset[str], patterns: list[str]
) -> None:
    raw = "\n".join(line.text for line in lines)
    host_lines = frozenset(map(normalise_line, learned))
    found = clean(lines, facts, host_lines=host_lines, site_patterns=patterns)
    assert restore(found.text, found.removals) == raw
    assert restore(found.text, tuple(reversed(found.removals))) == raw
    assert found.text == "\n".join(line.text for line in found.kept)
    for removal in found.removals:
        assert raw[removal.start : removal.start + len(removal.text)] == removal.text
        assert RULES[removal.rule] == removal.rule_version


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_article_and_its_removals_are_what_was_extracted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def watch(tree: PageTree, hints: Hints) -> tuple[Line, ...]:
        lines = extract_lines(tree, hints)
        seen.extend(line.text for line in lines)
        return lines

    monkeypatch.setattr(joined, "extract_lines", watch)
    page = Page(
        url=PAGES[path],
        body=path.read_bytes(),
        content_type="text/html",
        fetched_at=datetime(2024, 6, 1, 12, tzinfo=UTC),
    )
    found = joined.process(page)
    assert isinstance(found, Article)
    assert len(seen) > 2
    assert restore(found.text, found.removals) == "\n".join(seen)
