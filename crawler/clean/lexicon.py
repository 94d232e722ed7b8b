"""The lexicon: phrases of boilerplate by language, as data, with the conditions under which a line may go."""

from __future__ import annotations

import functools
import hashlib
import itertools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal, cast

from crawler.clean.folding import fold, fold_letters

Zone = Literal["any", "lead", "tail", "edge"]
Match = Literal["whole", "opens", "ends", "within", "shape"]

_NAMES = "id version match zone phrases max_words min_links heads closes label sure removes keeps why"
_FIELDS = frozenset(_NAMES.split())
_CHOICE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule of the lexicon.

    `phrases` are folded. `match`: the phrase is the whole line, opens it, ends it or stands within it, or is a
    regular expression that matches all of it (`shape`, compiled in `shapes`); `zone`: where in the text the line must
    stand (`edge`: lead or tail); `max_words`: a longer line stays (0: no limit); `min_links`: share of the line
    inside links that is needed; `heads`: the line is the heading of a list of links, which goes with it; `closes`:
    the line opens a region that a line ending in this (folded) word closes, and all of it goes; `label`: the phrase
    must stand as a label (a colon or dash behind it, or the line a link, or no sentence; for a `shape` one of the
    latter two); `sure`: it may take what reads like the first paragraph. `removes` and `keeps` are examples, held by
    the tests; `file` is the rule file.
    """

    id: str
    version: int
    match: Match
    zone: Zone
    phrases: tuple[str, ...]
    shapes: tuple[re.Pattern[str], ...]
    max_words: int
    min_links: float
    heads: bool
    closes: str
    label: bool
    sure: bool
    removes: tuple[str, ...]
    keeps: tuple[str, ...]
    file: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lexicon:
    """All rules, indexed by how they are looked up.

    `beginning` are the first words of the `whole` phrases; `any_shape` matches where a shape of `shaped` does.
    """

    rules: tuple[Rule, ...]
    whole: dict[str, tuple[Rule, ...]]
    beginning: frozenset[str]
    opening: dict[str, tuple[tuple[str, Rule], ...]]  # by first word
    ending: dict[str, tuple[tuple[str, Rule], ...]]  # by last word
    within: dict[str, tuple[tuple[int, str, Rule], ...]]  # by first word, each with its place among them
    shaped: tuple[Rule, ...]
    any_shape: re.Pattern[str]


def lexicon_files() -> tuple[tuple[str, bytes], ...]:
    """Names and bytes of the lexicon files, in order of name."""
    found = [entry for entry in files(__package__).iterdir() if entry.name.startswith("lexicon.")]
    return tuple((e.name, e.read_bytes()) for e in sorted(found, key=lambda e: e.name) if e.name.endswith(".toml"))


def rules_digest() -> str:
    """Digest over all rule files of cleaning (lexicon and gates): changes when any rule does."""
    digest = hashlib.sha256()
    for entry in sorted(files(__package__).iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            digest.update(entry.name.encode() + b"\0" + entry.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@functools.cache
def load_lexicon() -> Lexicon:
    """The lexicon that ships with the package, read once: it is constant."""
    rules = [_rule(entry, name) for name, data in lexicon_files() for entry in tomllib.loads(data.decode())["rule"]]
    return index_rules(rules)


def index_rules(rules: list[Rule]) -> Lexicon:
    """A lexicon over the given rules."""
    whole: dict[str, tuple[Rule, ...]] = {}
    opening: dict[str, tuple[tuple[str, Rule], ...]] = {}
    ending: dict[str, tuple[tuple[str, Rule], ...]] = {}
    within: dict[str, tuple[tuple[int, str, Rule], ...]] = {}
    count = 0
    for rule in rules:
        for phrase in rule.phrases:
            if rule.match == "whole":
                whole[phrase] = (*whole.get(phrase, ()), rule)
            elif rule.match == "opens":
                word = phrase.split()[0]
                opening[word] = (*opening.get(word, ()), (phrase, rule))
            elif rule.match == "ends":
                word = phrase.split()[-1]
                ending[word] = (*ending.get(word, ()), (phrase, rule))
            else:
                word = phrase.split()[0]
                within[word] = (*within.get(word, ()), (count, phrase, rule))
                count += 1
    shaped = tuple(rule for rule in rules if rule.shapes)
    shapes = [f"(?:{shape.pattern})" for rule in shaped for shape in rule.shapes]
    return Lexicon(
        rules=tuple(rules),
        whole=whole,
        beginning=frozenset(phrase.split()[0] for phrase in whole),
        opening=opening,
        ending=ending,
        within=within,
        shaped=shaped,
        any_shape=re.compile("|".join(shapes) or r"(?!)"),
    )


def spell_out(phrase: str) -> Iterator[str]:
    """The phrases that a phrase with choices in braces stands for.

    >>> list(spell_out("{تابعنا|تابعونا} على {|موقع }نبض"))
    ['تابعنا على نبض', 'تابعنا على موقع نبض', 'تابعونا على نبض', 'تابعونا على موقع نبض']
    """
    parts = _CHOICE.split(phrase)  # texts at even places, choices at odd ones
    yield from map(
        "".join, itertools.product(*(part.split("|") if at % 2 else (part,) for at, part in enumerate(parts)))
    )


def _rule(entry: dict[str, Any], name: str) -> Rule:
    if unknown := set(entry) - _FIELDS:
        raise ValueError(
            f"{name}: rule {entry.get('id')!r} has unknown keys {sorted(unknown)}; known: {sorted(_FIELDS)}"
        )
    match = entry.get("match", "whole")
    shaped = match == "shape"
    spelt = () if shaped else (one for phrase in entry["phrases"] for one in spell_out(phrase))
    return Rule(
        id=entry["id"],
        version=entry["version"],
        match=cast(Match, match),
        zone=cast(Zone, entry.get("zone", "any")),
        phrases=tuple(dict.fromkeys(folded for phrase in spelt if (folded := fold(phrase)))),
        shapes=tuple(re.compile(fold_letters(phrase)) for phrase in entry["phrases"]) if shaped else (),
        max_words=entry.get("max_words", 0 if match == "whole" else 14),
        min_links=entry.get("min_links", 0.0),
        heads=entry.get("heads", False),
        label=entry.get("label", False),
        sure=entry.get("sure", False),
        closes=fold(entry.get("closes", "")),
        removes=tuple(entry["removes"]),
        keeps=tuple(entry["keeps"]),
        file=name,
    )
