"""Reads the dateline at the head of a text: «بكين (رويترز) –», «لندن - رويترز:», "BEIJING, May 24 (Reuters) -".

An agency counts only where a dateline's form holds to its end: short atoms, one of them the agency and nothing else,
then a dash, a colon, a closing bracket or the end of the line. A sentence that mentions an agency has none of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from crawler.attribute.agencies import Named, may_name, named_at_end, named_at_start, names_only, opening_name
from crawler.attribute.places import is_date, is_date_word, is_house, is_place
from crawler.attribute.rules import words
from crawler.attribute.wording import Atom, Word, cut

_LABELS = words("author", "by")
_NO_HEAD = words("dateline", "saying") | words("dateline", "picture")
_HEAD = 160  # characters: the longest datelines met name five towns and three reporters
_ATOM_WORDS = 4  # words of a place or a name; «سان بطرسبورغ», "RIO DE JANEIRO", «عبد الرحمن بن محمد»
_IN = frozenset(("في", "in"))
_PREFIX_WORDS = 14
_PLACE_WORDS = 5
_RECURRING_WORDS = 2
_OWN_LINE_WORDS = 6  # «واشنطن: «الشرق الأوسط»»: place and house on a line of their own
_BARE_PLACE_WORDS = 3  # a place right before brackets without any dash: «شتوتجارت (د ب أ) أعلن»


@dataclass(frozen=True, kw_only=True, slots=True)
class Dateline:
    """What a dateline names; `end` is the offset where the text proper begins."""

    agencies: tuple[Named, ...]
    place: str | None
    end: int


def read_dateline(line: str, site_name: str | None = None) -> Dateline | None:
    """The dateline at the start of a line, or None.

    >>> read_dateline("لندن - رويترز: قال متحدث").place
    'لندن'
    """
    atoms = tuple(_loosened(cut(line[:_HEAD]), line))
    whole = len(line) <= _HEAD
    if not atoms or atoms[0].folded[0] in _IN:
        return None  # «في 11 مايو 2024 (رويترز) نشرت»
    if opening := _opening(atoms):
        return opening
    last = _last_atom(atoms, whole=whole)
    if last is None:
        return _placed_only(line, atoms, site_name)
    head = atoms[: last + 1]
    named = tuple(
        name
        for index, atom in enumerate(head)
        for name in names_only(atom)
        if not name.weak or atom.bracketed or (index and not names_only(head[index - 1])) or _before_town(head, index)
    )
    if not named:
        return _placed_only(line, atoms, site_name)
    end = atoms[last + 1].start if last + 1 < len(atoms) else len(line)
    return Dateline(agencies=named, place=place_of(line, head, site_name), end=end)


def is_dateline_only(line: str) -> bool:
    """Whether a line is a dateline with place and agency and nothing else: «غزة/ الأناضول», not «علي جابر/رويترز»."""
    dateline = read_dateline(line) if len(line) <= _HEAD and may_name(line) else None
    if dateline is None or not dateline.agencies or not dateline.place or dateline.end < len(line.rstrip()):
        return False
    first = cut(line)[0]
    town = len(first.words) == 1 and first.words[0].raw[0] >= "\u0600" and first.phrase not in _LABELS
    return is_place(first.phrase) or town


def _loosened(atoms: Sequence[Atom], line: str) -> Iterator[Atom]:
    """The atoms, with agencies cut loose from the date before them or the text behind them.

    «رام الله 11-5-2024 وفا-», «الرياض 03 شوال 1445 هـ الموافق 11 أبريل 2024 م واس», «بغداد/ واع أعلنت»,
    «موسكو، 11 مايو - سبوتنيك. أعلنت».
    """
    for index, atom in enumerate(atoms):
        named = named_at_end(atom)
        if named is not None and _is_dated_place(atom.words[: -len(named.words)]):
            yield Atom(atom.words[: -len(named.words)], atom.before, "", atom.bracketed)
            yield Atom(named.words, "", atom.after or "-", atom.bracketed)
            continue
        named = named_at_start(atom) if index else None
        if named is not None and not named.weak and _breaks_off(atoms[index - 1], atom, named, line):
            yield Atom(named.words, atom.before, "-", atom.bracketed)
            yield Atom(atom.words[len(named.words) :], "-", atom.after, atom.bracketed)
            continue
        yield atom


def _is_dated_place(before: Sequence[Word]) -> bool:
    """A date, with or without a known place before it."""
    place = list(takewhile(lambda word: not is_date_word(word.folded), before))
    dated = before[len(place) :]
    while place and place[-1].folded in _IN:
        place.pop()
    known = not place or is_place(" ".join(word.folded for word in place))
    return known and bool(dated) and all(is_date_word(word.folded) for word in dated)


def _breaks_off(previous: Atom, atom: Atom, named: Named, line: str) -> bool:
    """Whether the text begins right behind an agency: behind «place/», or behind a full stop."""
    if len(atom.words) <= len(named.words):
        return False
    stops = line[named.words[-1].end : named.words[-1].end + 2] == ". "
    return (is_place(previous.phrase) and "/" in previous.after) or (stops and previous.ends_with_dash)


def _opening(atoms: Sequence[Atom]) -> Dateline | None:
    """«وطنية - أعلن الوزير في مؤتمر»: a word that stands for its agency only at the head, before a dash and text."""
    if len(atoms) < 2 or not atoms[0].ends_with_dash or len(atoms[1].words) <= _ATOM_WORDS:
        return None
    named = opening_name(atoms[0])
    return Dateline(agencies=(named,), place=None, end=atoms[1].start) if named else None


def _before_town(head: Sequence[Atom], index: int) -> bool:
    """«قنا - الدوحة:», where «قنا» is also a town: a place that closes the dateline makes the first an agency."""
    return index == 0 and len(head) == 2 and is_place(head[1].phrase) and head[1].closes


def read_recurring_place(line: str) -> str | None:
    """The town of «وان- ضربت هزة ولاية وان»: a word or two, a dash right behind, and named again in the paragraph.

    For towns that the table lacks, on pages that credit an agency otherwise.
    """
    atoms = cut(line)
    if len(atoms) < 2 or len(atoms[0].words) > _RECURRING_WORDS or is_date(atoms[0]):
        return None
    if line[atoms[0].end : atoms[0].end + 1] not in {"-", "–", "—"}:
        return None  # «قال - كما قال أمس -»
    if line[:1] < "\u0600" or atoms[0].folded[0] in _LABELS or names_only(atoms[0]):
        return None  # in Latin script the table and capitals do
    rest = " ".join(atom.phrase for atom in atoms[1:])
    return line[atoms[0].start : atoms[0].end] if f" {atoms[0].phrase} " in f" {rest} " else None


def _last_atom(atoms: Sequence[Atom], *, whole: bool) -> int | None:
    """Index of the atom that ends the dateline: the last of the short ones that a dash, colon or bracket closes."""
    seen, count, last = False, 0, None
    for index, atom in enumerate(atoms):
        is_agency = bool(names_only(atom))
        told = _told(atom)
        count += len(told)
        if count > _PREFIX_WORDS or (not is_agency and (len(told) > _ATOM_WORDS or _NO_HEAD.intersection(told))):
            break
        seen = seen or is_agency
        ends_line = whole and index == len(atoms) - 1
        if seen and (_closes(atoms, index) or ends_line):
            last = index
            if whole and is_agency and index == len(atoms) - 2 and is_place(atoms[-1].phrase):
                last = index + 1  # «وكالات – القاهرة»
            if ":" in atom.after or (is_agency and _leads_to_text(atoms, index)):
                break
    if last is None or not any(names_only(atom) for atom in atoms[: last + 1]):
        return None
    return None if _is_saying(atoms, last) else last


def _told(atom: Atom) -> list[str]:
    """The words of an atom that are no date."""
    return [word for word in atom.folded if not is_date_word(word)]


def _closes(atoms: Sequence[Atom], index: int) -> bool:
    atom = atoms[index]
    if atom.closes or "/" in atom.after:
        return True
    # «(رويترز) قال»: a bracket alone ends a dateline at the very start, or behind a short place
    if not (atom.bracketed and atom.after[:1] in ")]"):
        return False
    before = atoms[:index]
    return sum(len(_told(a)) for a in before) <= _BARE_PLACE_WORDS


def _leads_to_text(atoms: Sequence[Atom], index: int) -> bool:
    """Whether what follows the agency is prose rather than more of the dateline («رويترز- القاهرة: قال»)."""
    rest = atoms[index + 1 : index + 3]
    if not rest:
        return True
    if any(names_only(atom) for atom in rest):
        return False
    follows = rest[0]
    return len(follows.words) > _ATOM_WORDS or not follows.closes


def _is_saying(atoms: Sequence[Atom], last: int) -> bool:
    """«رويترز: إيران تستعد» and «وكالة تاس: …» say who says so; a dateline has a dash, a bracket or a place."""
    head = atoms[: last + 1]
    if len(head) > 1 or head[0].bracketed:
        return False
    return ":" in head[0].after and not head[0].ends_with_dash and last + 1 < len(atoms)


def place_of(line: str, head: Sequence[Atom], site_name: str | None) -> str | None:
    """The place of a dateline or byline as written: its first group of atoms that is no agency, house or date."""
    group: list[Atom] = []
    for atom in head:
        if is_date(atom) or is_house(atom, site_name) or names_only(atom):
            if group:
                break
            continue
        if len(_told(atom)) > _PLACE_WORDS:
            break
        if group and (group[-1].closes and not atom.bracketed):
            break  # «الرياض - سعود المسعود»: a reporter behind the dash
        group.append(atom)
    while len(group) > 1 and not _holds_together(group, head):
        group.pop()
    if not group:
        return None
    end = _undated(group[-1])
    closing = line[end : end + 1]
    abbreviated = closing == "." and group[-1].words[-1].raw.isascii()  # "COLUMBIA, S.C."
    if abbreviated or (group[-1].bracketed and closing in (")", "]")):
        end += 1
    return line[group[0].start : end]


def _undated(atom: Atom) -> int:
    """Where an atom ends without the date behind it: «طرابلس 11 مايو 2024», «الدوحة في 11 مايو»."""
    place = list(takewhile(lambda word: not is_date_word(word.folded), atom.words))
    dated = atom.words[len(place) :]
    while len(place) > 1 and place[-1].folded in _IN:
        place.pop()
    numbered = any(char.isdigit() for word in dated for char in word.raw)
    return place[-1].end if place and numbered else atom.end


def _holds_together(group: Sequence[Atom], head: Sequence[Atom]) -> bool:
    """«دمشق، سوريا», «سوسيا (الضفة الغربية)», "COLUMBIA, S.C. (AP)"; not a place and the reporter after its comma."""
    last = group[-1]
    after = head[head.index(last) + 1 :]
    if after and after[0].bracketed and names_only(after[0]):
        return True
    alone = len(last.words) == 1 and last.phrase not in _LABELS  # «الرياض، تحقيق - فلان»
    return last.bracketed or "/" in last.before or is_place(last.phrase) or alone


def _placed_only(line: str, atoms: Sequence[Atom], site_name: str | None) -> Dateline | None:
    """«القاهرة - قال», "LONDON — ": a dateline without agency, only where the place is a known one."""
    if len(atoms) < 2:
        return None
    first = atoms[0]
    follows = next((i for i, a in enumerate(atoms[1:], 1) if not (is_date(a) or is_house(a, site_name))), None)
    if not is_place(first.phrase) or (follows is None and not _stands_alone(line, atoms)):
        return None
    if follows is None or _stands_alone(line, atoms):
        return Dateline(agencies=(), place=line[first.start : first.end], end=len(line))
    before_text = atoms[follows - 1]
    if not (before_text.ends_with_dash or (follows > 1 and before_text.closes)):
        return None
    return Dateline(agencies=(), place=line[first.start : first.end], end=atoms[follows].start)


def _stands_alone(line: str, atoms: Sequence[Atom]) -> bool:
    """Place and house or reporter on a line of their own: «واشنطن: «الشرق الأوسط»», «دبي ـ العربية.نت», «غزة/ خاص»."""
    if len(line) > _HEAD or sum(len(atom.words) for atom in atoms) > _OWN_LINE_WORDS or line.rstrip()[-1] in ".!?؟":
        return False
    quoted = ":" in atoms[0].after and any(mark in atoms[1].before for mark in '«“"„')
    return quoted or "/" in atoms[0].after or atoms[0].ends_with_dash
