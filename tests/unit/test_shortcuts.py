"""What spares attribution and cleaning their exact look never says no where that says yes, in any text."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.attribute.agencies import (
    Named,
    match_at,
    may_name,
    named_at_end,
    names_only,
    try_every_length,
)
from crawler.attribute.dateline import read_dateline
from crawler.attribute.rules import read_table
from crawler.attribute.wording import Atom, cut, fold, fold_words
from crawler.clean.folding import _DROPPED, _LETTERS, fold_letters
from crawler.clean.lexicon import Rule, load_lexicon
from crawler.clean.phrases import find_candidates
from crawler.clean.verdicts import Sheet
from crawler.records import Line

SURE = [name for entry in read_table("agencies.toml").values() for name in entry.get("names", ())]
NAMES = [*SURE, *(name for entry in read_table("agencies.toml").values() for name in entry.get("weak", ()))]
ACRONYMS = ["واس", *("".join(name.split()) for name in SURE if " " in name and max(map(len, name.split())) == 1)]


def written_apart(acronym: str) -> list[str]:
    """Every way to write an acronym in parts of one letter and two: «دبأ», «د بأ», «دب أ», «د ب أ»."""
    rests = [(acronym[:size], rest) for size in (1, 2) if len(acronym) > size for rest in written_apart(acronym[size:])]
    return [f"{part} {rest}" for part, rest in rests] + ([acronym] if len(acronym) <= 2 else [])


APART = [spelt for acronym in ACRONYMS for spelt in written_apart(acronym) if 1 in map(len, spelt.split())]
BLANK = "\ufc5e"  # a ligature of vowel signs, of which folding leaves only a space
OTHERS = ["قال", "في", "11", "مايو", "القاهرة", "و", "the", "ap", "الخبر", "L'été", "Straße", "ـ", BLANK, "أَ", "𝐀𝐏"]
PIECES = st.sampled_from([*NAMES, *APART, *(part for name in NAMES for part in name.split()), *OTHERS]) | st.text(
    max_size=6
)
GAPS = st.sampled_from([" ", " ", " - ", "-", "/", " (", ") ", ".", "\u200f", "ـ", "، ", "\n"])
LINES = st.lists(st.tuples(PIECES, GAPS), max_size=9).map(lambda told: "".join(piece + gap for piece, gap in told))


def fold_by_the_book(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in parts if c != "ـ" and unicodedata.category(c) not in ("Mn", "Cf"))
    same = {"ى": "ي", "ی": "ي", "ک": "ك", "گ": "ك", "ہ": "ه", "ة": "ه", "ı": "i", "پ": "ب"}
    return unicodedata.normalize("NFC", "".join(same.get(c, c) for c in kept))


def words_of(line: str) -> list[str]:
    return [word.folded for atom in cut(line) for word in atom.words]


def ends(atom: Atom, index: int) -> Named | None:
    named = try_every_length(atom.words, index)
    return named if named is not None and index + len(named.words) == len(atom.words) else None


def test_every_character_is_folded_by_the_book() -> None:
    every = "\n".join(chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF)
    assert fold(every) == fold_by_the_book(every)


def test_letters_are_folded_and_marks_dropped_in_one_pass_as_in_two() -> None:
    every = "\n".join(chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF)
    dropped = re.sub(f"[{_DROPPED}]", "", every)
    assert fold_letters(every) == dropped.translate(str.maketrans(_LETTERS))


@given(LINES | st.text())
def test_a_line_is_folded_as_its_words_are_one_by_one(line: str) -> None:
    assert fold_words(line) == words_of(line)
    assert words_of(line) == [fold_by_the_book(word.raw) for atom in cut(line) for word in atom.words]


@given(LINES)
@example(f"{BLANK} {BLANK}")
@example(f"{BLANK} رويترز")
def test_a_name_is_found_whether_or_not_its_first_and_last_word_are_glanced_at(line: str) -> None:
    for atom in cut(line):
        indexes = range(len(atom.words))
        assert [match_at(atom.words, at) for at in indexes] == [try_every_length(atom.words, at) for at in indexes]
        assert named_at_end(atom) == next(filter(None, (ends(atom, at) for at in indexes[1:])), None)


@given(LINES)
def test_a_line_that_names_an_agency_is_never_passed_over(line: str) -> None:
    dateline = read_dateline(line)
    placed = dateline is not None and dateline.agencies and dateline.place
    if placed or any(try_every_length(atom.words, at) for atom in cut(line) for at in range(len(atom.words))):
        assert may_name(line)


def test_every_name_of_the_table_passes_every_glance() -> None:
    for name in (*NAMES, *APART):
        (*_, last) = cut(f"قال {name}")
        assert may_name(name), name
        assert any(names_only(atom) for atom in cut(name.replace("-", " "))), name
        assert named_at_end(last) is not None or len(cut(name)) > 1, name


LEXICON = load_lexicon()
RULES = [(*rule.phrases[:9], *rule.phrases[-9:], *rule.removes) for rule in LEXICON.rules]
PHRASES = st.sampled_from(RULES).flatmap(st.sampled_from)
SHAPES = [shape for rule in LEXICON.shaped for shape in rule.shapes]
SHAPED = [word for shape in SHAPES for word in re.findall(r"[ء-ي]+|[a-z]{2,}", shape.pattern)]
NUMBERS = ["3", "12", "2024", "16 20", "١٢", "²", "❶", "7abc", "abc7", "'"]
WORDS = PHRASES | st.sampled_from(SHAPED) | st.sampled_from(NUMBERS) | st.sampled_from(["ا ب", "x", "."])


def has_words_of(rule: Rule, folded: str) -> bool:
    """Whether a line that is a link has a rule's words, by trying all that the rule has."""
    count = len(folded.split())
    bare = " ".join(word for word in folded.strip("0123456789 ").split() if not word.isdigit())
    if rule.match == "shape":
        short = count <= min(60, rule.max_words) and len(folded) <= 400
        return short and any(shape.fullmatch(folded) for shape in rule.shapes)
    held = {
        "whole": lambda phrase: phrase in (folded, bare),
        "opens": lambda phrase: f"{folded} ".startswith(f"{phrase} "),
        "ends": lambda phrase: f" {folded}".endswith(f" {phrase}"),
        "within": lambda phrase: count <= 60 and f" {phrase} " in f" {folded} ",
    }[rule.match]
    return any(map(held, rule.phrases))


def candidates_of(text: str) -> set[str]:
    sheet = Sheet((Line(text=text, links=1.0),))
    return {rule.id for rule in find_candidates(sheet, LEXICON).get(0, ())}


def by_trying_all(text: str) -> set[str]:
    (folded,) = Sheet((Line(text=text),)).folded
    return {rule.id for rule in LEXICON.rules if folded and has_words_of(rule, folded)}


@given(st.lists(WORDS, max_size=6).map(" ".join) | st.text(max_size=40))
def test_a_line_has_the_candidates_that_trying_every_rule_gives(text: str) -> None:
    assert candidates_of(text) == by_trying_all(text)


@pytest.mark.parametrize("rule", [rule for rule in LEXICON.rules if rule.match == "whole"], ids=lambda rule: rule.id)
def test_numbers_around_a_whole_line_and_in_it_do_not_matter(rule: Rule) -> None:
    for text in (f"12 {rule.phrases[0]} 3", f"7 ❶ {rule.phrases[-1]}", f"{rule.phrases[0]} ❶", f"7{rule.phrases[0]}9"):
        assert rule.id in candidates_of(text)


@pytest.mark.parametrize("rule", [rule for rule in LEXICON.rules if rule.match == "within"], ids=lambda rule: rule.id)
def test_a_phrase_is_found_in_the_middle_of_a_line(rule: Rule) -> None:
    for phrase in rule.phrases:
        assert rule.id in candidates_of(f"x {phrase} y")


@pytest.mark.parametrize("rule", LEXICON.shaped, ids=lambda rule: rule.id)
def test_what_has_a_shape_passes_the_look_for_any(rule: Rule) -> None:
    for removed in rule.removes:
        assert rule.id in candidates_of(removed)
