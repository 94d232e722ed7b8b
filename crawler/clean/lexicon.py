"""The lexicon: phrases of boilerplate by language, as data, with the conditions under which a line may go."""

from __future__ import annotations

import functools
import hashlib
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal, cast

from crawler.clean.folding import fold

Zone = Literal["any", "lead", "tail"]
Match = Literal["whole", "opens", "ends", "within"]

_NAMES = "id version match zone phrases max_words min_links heads closes label removes keeps why"
_FIELDS = frozenset(_NAMES.split())


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule of the lexicon.

    `phrases` are folded. `match`: the phrase is the whole line, opens it, ends it or stands within it; `zone`: where in
    the text the line must stand; `max_words`: a longer line stays (0: no limit); `min_links`: share of the line inside
    links that is needed; `heads`: the line is the heading of a list of links, which goes with it; `closes`: the line
    opens a region that a line ending in this (folded) word closes, and all of it goes; `label`: the phrase must
    stand as a label (a colon or dash behind it, or the line a link, or no sentence). `removes` and `keeps` are
    examples, held by the tests; `file` is the rule file.
    """

    id: str
    version: int
    match: Match
    zone: Zone
    phrases: tuple[str, ...]
    max_words: int
    min_links: float
    heads: bool
    closes: str
    label: bool
    removes: tuple[str, ...]
    keeps: tuple[str, ...]
    file: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lexicon:
    """All rules, indexed by how they are looked up."""

    rules: tuple[Rule, ...]
    whole: dict[str, tuple[Rule, ...]]
    opening: dict[str, tuple[tuple[str, Rule], ...]]  # by first word
    ending: dict[str, tuple[tuple[str, Rule], ...]]  # by last word
    within: tuple[tuple[str, Rule], ...]


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
    within: list[tuple[str, Rule]] = []
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
                within.append((phrase, rule))
    return Lexicon(rules=tuple(rules), whole=whole, opening=opening, ending=ending, within=tuple(within))


def _rule(entry: dict[str, Any], name: str) -> Rule:
    if unknown := set(entry) - _FIELDS:
        raise ValueError(
            f"{name}: rule {entry.get('id')!r} has unknown keys {sorted(unknown)}; known: {sorted(_FIELDS)}"
        )
    match = entry.get("match", "whole")
    return Rule(
        id=entry["id"],
        version=entry["version"],
        match=cast(Match, match),
        zone=cast(Zone, entry.get("zone", "any")),
        phrases=tuple(dict.fromkeys(folded for phrase in entry["phrases"] if (folded := fold(phrase)))),
        max_words=entry.get("max_words", 0 if match == "whole" else 14),
        min_links=entry.get("min_links", 0.0),
        heads=entry.get("heads", False),
        label=entry.get("label", False),
        closes=fold(entry.get("closes", "")),
        removes=tuple(entry["removes"]),
        keeps=tuple(entry["keeps"]),
        file=name,
    )
