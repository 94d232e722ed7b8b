"""Reads agencies and place out of a byline: «القاهرة – د ب أ», «جدة واس - الوئام:», "By X and Y, Reuters"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from crawler.attribute.agencies import Named, named_at_end, named_at_start, names_only
from crawler.attribute.dateline import place_of
from crawler.attribute.places import is_date_word, is_house, is_place
from crawler.attribute.rules import words
from crawler.attribute.wording import Atom, Word, cut, fold

_LONGEST = 200  # characters: a byline with five reporters and two agencies; what is longer is a biography
_ATOM_WORDS = 6
_NOT_NOW, _FOR = words("agency", "not_now"), words("agency", "for")
_TOWN_BEGINS = words("place", "begins")


@dataclass(frozen=True, kw_only=True, slots=True)
class Byline:
    """What a byline names besides people."""

    agencies: tuple[Named, ...]
    place: str | None


def read_byline(line: str, site_name: str | None = None) -> Byline:
    """Agencies, in order and each once, and the place that a byline names.

    >>> [named.code for named in read_byline("جدة، واشنطن- واس، رويترز").agencies]
    ['SPA', 'Reuters']
    """
    if len(line) > _LONGEST:
        return Byline(agencies=(), place=None)
    atoms = cut(line)
    found: dict[str, Named] = {}
    for index in range(len(atoms)):
        for named in _named(atoms, index):
            if not named.weak or _stands_firm(atoms, index):
                found.setdefault(named.code, named)
    return Byline(agencies=tuple(found.values()), place=_place(line, atoms, site_name, has_agency=bool(found)))


def _named(atoms: Sequence[Atom], index: int) -> tuple[Named, ...]:
    atom = atoms[index]
    only = names_only(atom)
    told = [word for word in atom.folded if not is_date_word(word)]
    if only or len(told) > _ATOM_WORDS or _NOT_NOW.intersection(told):
        return only
    glued = _glued(atom)
    if glued is not None:
        return (glued[1],)
    at_start = named_at_start(atom)
    if at_start is not None and not at_start.weak and _is_arabic(at_start) and index == 0:
        return (at_start,)
    return ()


def _glued(atom: Atom) -> tuple[tuple[Word, ...], Named] | None:
    """What stands before an agency that ends the atom, and the agency.

    Arabic papers drop the dash («القاهرة د ب أ»); in Latin script a preposition or a known place must lead to it.
    """
    named = named_at_end(atom)
    if named is None or named.weak:
        return None
    before = atom.words[: -len(named.words)]
    phrase = " ".join(word.folded for word in before)
    if _is_arabic(named) or before[-1].folded in _FOR or is_place(phrase):
        return before, named
    return None


def _is_arabic(named: Named) -> bool:
    return "؀" <= named.words[0].raw[0] <= "ۿ"


def _stands_firm(atoms: Sequence[Atom], index: int) -> bool:
    """A weak name counts in brackets, alone, or behind a place («الدوحة - قنا», not «قنا - محمد علي»)."""
    if atoms[index].bracketed or len(atoms) == 1:
        return True
    return index > 0 and (is_place(atoms[index - 1].phrase) or bool(names_only(atoms[index - 1])))


def _place(line: str, atoms: Sequence[Atom], site_name: str | None, *, has_agency: bool) -> str | None:
    """A known place, wherever it stands; with an agency also what stands in the place's position and looks like one."""
    plain = [atom for atom in atoms if not is_house(atom, site_name) and not names_only(atom)]
    known = [atom for atom in plain if is_place(atom.phrase)]
    if known and known[0] is not plain[0] and not _located(plain):
        return line[known[0].start : known[0].end]
    if known or (has_agency and len(atoms) > 1 and plain and _may_be_place(plain)):
        return place_of(line, atoms, site_name)
    for atom in plain:
        town = _town_before_agency(atom) or _from_town(atom)
        if town is not None:
            return line[town[0] : town[1]]
    return None


def _located(plain: Sequence[Atom]) -> bool:
    """«لارونكس (فرنسا)», «أوفنباخ/برلين», «شرورة، لندن»: what the known place comes with is one too."""
    first, second = plain[0], plain[1]
    joined = "/" in second.before or (len(first.words) == 1 and any(mark in second.before for mark in ",،"))
    return first.words[0].raw[0] >= "؀" and (second.bracketed or joined)


def _may_be_place(plain: Sequence[Atom]) -> bool:
    """Arabic, behind it a dash, colon or bracket, and no two words that could be a man's name («محمد علي - رويترز»)."""
    first = plain[0]
    if not first.words[0].raw[0] >= "؀" or any(word in _FOR or len(word) < 2 for word in first.folded):
        return False
    located = len(plain) > 1 and plain[1].bracketed
    separate = not any(mark in first.after for mark in ",،+&")  # «الجزيرة + وكالات» are two sources
    return separate and (len(first.words) == 1 or located or first.folded[0] in _TOWN_BEGINS)


def _town_before_agency(atom: Atom) -> tuple[int, int] | None:
    """«القاهرة د ب أ», «الرياض 24 شوال 1436 واس»: the span of the town."""
    glued = _glued(atom)
    town = tuple(takewhile(lambda word: not is_date_word(word.folded), glued[0])) if glued else ()
    return (town[0].start, town[-1].end) if is_place(" ".join(word.folded for word in town)) else None


def _from_town(atom: Atom) -> tuple[int, int] | None:
    """«طلال الصياح من الرياض», "Jane Doe in London": the span of the town."""
    for index, word in enumerate(atom.words[1:-1], 1):
        if word.folded in (fold("من"), fold("في"), "in"):
            rest = atom.words[index + 1 :]
            for length in range(min(3, len(rest)), 0, -1):
                if is_place(" ".join(w.folded for w in rest[:length])):
                    return rest[0].start, rest[length - 1].end
    return None
