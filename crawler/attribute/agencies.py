"""The table of agencies, and which of them an atom names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from crawler.attribute.rules import read_table, words
from crawler.attribute.wording import Atom, Word, cut, fold, fold_words

UNNAMED = "agencies"  # the code for «وكالات»

_BEFORE, _AFTER, _AND = words("agency", "before"), words("agency", "after"), words("agency", "and")
_MAX_CASED = 4  # Latin names up to so many letters count only as written: "AP" is an agency, "ap" is not


_SPELT_OUT = (fold("واس"),)  # an acronym by origin; papers also write «وا س»
_SPELT_PART = 2  # letters at most in a part of an acronym that is written apart: «دب أ»


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


@dataclass(frozen=True, slots=True)
class _Table:
    """All names, by their folded parts; `letters` are codes by joined single letters, `longest` is the most parts.

    Every name begins with one of the parts in `first` and ends with one in `last`: so most words are told from names
    without trying every length.
    """

    aliases: dict[tuple[str, ...], list[_Alias]]
    letters: dict[str, str]
    longest: int
    first: frozenset[str]
    last: frozenset[str]


@cache
def _table() -> _Table:
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
    spans = range(1, _SPELT_PART + 1)
    return _Table(
        aliases=aliases,
        letters=letters,
        longest=max(map(len, aliases)),
        first=frozenset({key[0] for key in aliases} | {joined[:span] for joined in letters for span in spans}),
        last=frozenset({key[-1] for key in aliases} | {joined[-span:] for joined in letters for span in spans}),
    )


def _parts(word: Word) -> list[str]:
    """The folded word as names are compared: in parts where it has hyphens, none where folding leaves only spaces."""
    return word.folded.replace("-", " ").split()


def may_name(line: str) -> bool:
    """False only where a line names no agency, by its words alone: quicker than cutting it, and so with most lines."""
    parts = " ".join(fold_words(line)).replace("-", " ").split()
    return not _table().first.isdisjoint(parts)


def match_at(words: Sequence[Word], index: int) -> Named | None:
    """The longest agency name that begins with this word."""
    begins = _parts(words[index])
    return None if begins and begins[0] not in _table().first else try_every_length(words, index)


def try_every_length(words: Sequence[Word], index: int) -> Named | None:
    """What `match_at` gives, without its glance at the first word."""
    table = _table()
    for length in range(min(table.longest, len(words) - index), 0, -1):
        run = tuple(words[index : index + length])
        key = tuple(part for word in run for part in _parts(word))
        for alias in table.aliases.get(key, ()):
            if alias.fits(run):
                return Named(alias.code, run, alias.weak)
        if 1 < length <= 4 and max(map(len, key), default=0) <= _SPELT_PART:
            code = table.letters.get("".join(key))
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
    table, words = _table(), atom.words
    ends = _parts(words[-1])
    if ends and ends[-1] not in table.last:
        return None
    for index in range(max(1, len(words) - table.longest), len(words)):
        named = match_at(words, index)
        if named is not None and index + len(named.words) == len(words):
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
