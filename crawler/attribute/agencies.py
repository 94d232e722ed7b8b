"""The table of agencies, and which of them an atom names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from crawler.attribute.rules import read_table, words
from crawler.attribute.wording import Atom, Word, cut, fold

UNNAMED = "agencies"  # the code for «وكالات»

_BEFORE, _AFTER, _AND = words("agency", "before"), words("agency", "after"), words("agency", "and")
_MAX_CASED = 4  # Latin names up to so many letters count only as written: "AP" is an agency, "ap" is not


_SPELT_OUT = (fold("واس"),)  # an acronym by origin; papers also write «وا س»


@dataclass(frozen=True, slots=True)
class Named:
    """An agency named by a run of words."""

    code: str
    words: tuple[Word, ...]
    weak: bool

    def written(self, line: str) -> str:
        """The words as they stand in the line."""
        return line[self.words[0].start : self.words[-1].end]


@dataclass(frozen=True, slots=True)
class _Alias:
    code: str
    raw: tuple[str, ...]
    weak: bool

    def fits(self, words: Sequence[Word]) -> bool:
        cased = len(self.raw) == 1 and self.raw[0].isascii() and len(self.raw[0]) <= _MAX_CASED
        return not cased or words[0].raw == self.raw[0]


@cache
def _table() -> tuple[dict[tuple[str, ...], list[_Alias]], dict[str, str], int]:
    """(aliases by folded words, codes by joined single letters, most words in an alias)."""
    aliases: dict[tuple[str, ...], list[_Alias]] = {}
    letters: dict[str, str] = {}
    for code, entry in read_table("agencies.toml").items():
        for weak, names in ((False, entry.get("names", ())), (True, entry.get("weak", ()))):
            for name in names:
                parts = [word for atom in cut(name.replace("-", " ")) for word in atom.words]
                key = tuple(word.folded for word in parts)
                aliases.setdefault(key, []).append(_Alias(code, tuple(word.raw for word in parts), weak))
                spelt = len(key) > 1 and all(len(part) == 1 for part in key)
                if not weak and (spelt or key == _SPELT_OUT):
                    letters["".join(key)] = code
    return aliases, letters, max(map(len, aliases))


def match_at(words: Sequence[Word], index: int) -> Named | None:
    """The longest agency name that begins with this word."""
    aliases, letters, longest = _table()
    for length in range(min(longest, len(words) - index), 0, -1):
        run = tuple(words[index : index + length])
        key = tuple(part for word in run for part in word.folded.replace("-", " ").split())
        for alias in aliases.get(key, ()):
            if alias.fits(run):
                return Named(alias.code, run, alias.weak)
        if 1 < length <= 4 and max(len(part) for part in key) <= 2:
            code = letters.get("".join(key))
            if code is not None and _is_spelt(key):
                return Named(code, run, weak=False)
    return None


def _is_spelt(key: tuple[str, ...]) -> bool:
    """Whether letters are written apart, not two words of two letters that happen to join."""
    return any(len(part) == 1 for part in key)


def names_only(atom: Atom) -> tuple[Named, ...]:
    """The agencies of an atom that says nothing else («رويترز», "AP Sports Writer"), else ()."""
    found: list[Named] = []
    index = 0
    while index < len(atom.words):
        word = atom.words[index]
        named = match_at(atom.words, index)
        if named is None and found and _is_joined(word):
            named = match_at(_without_waw(atom.words, index), index)
        if named is not None:
            found.append(named)
            index += len(named.words)
        elif word.folded in (_AFTER | _AND if found else _BEFORE):
            index += 1
        else:
            return ()
    return tuple(found)


def named_at_end(atom: Atom) -> Named | None:
    """The agency that an atom ends with: «القاهرة د ب أ», "Jane Doe of The Associated Press"."""
    for index in range(1, len(atom.words)):
        named = match_at(atom.words, index)
        if named is not None and index + len(named.words) == len(atom.words):
            return named
    return None


def named_at_start(atom: Atom) -> Named | None:
    """The agency that an atom begins with: «واس جدة»."""
    return match_at(atom.words, 0)


def opening_name(atom: Atom) -> Named | None:
    """The agency that an atom stands for at the very head of a text and nowhere else («وطنية»)."""
    code = _openers().get(atom.phrase)
    return Named(code, atom.words, weak=True) if code else None


@cache
def _openers() -> dict[str, str]:
    table = read_table("agencies.toml").items()
    return {fold(name): code for code, entry in table for name in entry.get("opens", ())}


def _is_joined(word: Word) -> bool:
    return len(word.folded) > 3 and word.folded[0] == "و"


def _without_waw(words: Sequence[Word], index: int) -> tuple[Word, ...]:
    word = words[index]
    bare = Word(word.raw[1:], word.folded[1:], word.start + 1, word.end)
    return (*words[:index], bare, *words[index + 1 :])


def is_agency(text: str) -> bool:
    """Whether a whole string names agencies and nothing else."""
    atoms = cut(text)
    return bool(atoms) and all(names_only(atom) for atom in atoms)


def is_unnamed(text: str) -> bool:
    """Whether a whole string says "agencies" and names none («وكالات»)."""
    atoms = cut(text)
    return bool(atoms) and all(n.code == UNNAMED for atom in atoms for n in names_only(atom)) and is_agency(text)
