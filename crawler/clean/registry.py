"""Names every rule that can take a line: its version, what it takes in one sentence, and the file that declares it."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

from crawler.clean.lexicon import Rule, load_lexicon

STRUCTURE = "structure.toml"
# How a rule of the lexicon finds its phrases, and where, in words.
_MATCHES = {"whole": "is", "opens": "opens with", "ends": "ends with", "within": "holds", "shape": "has the shape of"}
_PLACES = {"any": "", "lead": ", above the text", "tail": ", below the text", "edge": ", above or below the text"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """One rule: `says` is what it takes, `file` the rule file in `crawler/clean/` that declares it."""

    id: str
    version: int
    says: str
    file: str


def declared_rules() -> tuple[Declared, ...]:
    """Every rule of cleaning, those of structure first, then the lexicon's in the order of its files."""
    return tuple(_by_id().values())


def find_rule(rule: str) -> Declared:
    """The declaration of a rule.

    Raises `ValueError` where no file declares it: such a rule may take nothing.
    """
    found = _by_id().get(rule)
    if found is None:
        raise ValueError(f"rule {rule!r} takes a line, but no file of crawler/clean declares it; add it to {STRUCTURE}")
    return found


@functools.cache
def _by_id() -> dict[str, Declared]:
    entries = tomllib.loads(files(__package__).joinpath(STRUCTURE).read_text(encoding="utf-8"))["rule"]
    rules = [
        *(Declared(id=one["id"], version=one["version"], says=one["says"], file=STRUCTURE) for one in entries),
        *(declared for rule in load_lexicon().rules for declared in _declare(rule)),
    ]
    found = {rule.id: rule for rule in rules}
    if len(found) < len(rules):
        twice = sorted({rule.id for rule in rules if [other.id for other in rules].count(rule.id) > 1})
        raise ValueError(f"rules are declared twice: {', '.join(twice)}")
    return found


def _declare(rule: Rule) -> Iterator[Declared]:
    """A rule of the lexicon, and what goes with the lines that it takes."""
    long = f", of {rule.max_words} words at most" if rule.max_words else ""
    says = f"a line that {_MATCHES[rule.match]} such words as {rule.removes[0]!r}{_PLACES[rule.zone]}{long}"
    yield Declared(id=rule.id, version=rule.version, says=says, file=rule.file)
    if rule.heads:
        says = f"a link in the list under the heading that {rule.id} takes"
        yield Declared(id=f"{rule.id}.links", version=rule.version, says=says, file=rule.file)
    if rule.closes:
        says = f"a line of the region that opens with the line that {rule.id} takes"
        yield Declared(id=f"{rule.id}.region", version=rule.version, says=says, file=rule.file)
