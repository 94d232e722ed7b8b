"""Cuts a line into atoms: the runs of words between the dashes, commas, colons and brackets of a credit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from unicodedata import category, normalize

# Vowel signs, tatweel, bidi controls and joiners carry nothing; NFKD takes hamza and madda off their letters.
_SAME = {"ى": "ي", "ی": "ي", "ک": "ك", "گ": "ك", "ہ": "ه", "ة": "ه", "ı": "i", "پ": "ب", "ـ": ""}
_NOTHING = ("Mn", "Cf")
# What may not stand as it is: such of the first plane, and all of the others, whose ranges would slow every search.
_RESPELT = re.compile(
    "["
    + "".join(c for c in map(chr, range(0x10000)) if c in _SAME or category(c) in _NOTHING)
    + "\U00010000-\U0010ffff]"
)
_DASHES = "-‐‑‒–—―−"

# A dash between Latin letters belongs to the word; between Arabic ones papers use it as a separator («الرياض-واس»).
# A tatweel that touches no letter on either side is a dash.
_LETTERS = r"[^\W_ـ][^\W_]* (?: ['’ʼ´] [^\W_]+ )* (?: [-‐‑] (?=[a-zà-ɏа-яα-ω]) [^\W_]+ (?: ['’] [^\W_]+ )* )*"
_WORD = re.compile(_LETTERS, re.VERBOSE | re.IGNORECASE)
_TOKEN = re.compile(
    rf"""
    (?P<word> {_LETTERS} )
  | (?P<dash> (?: [{_DASHES}] | (?<!\w)ـ+(?!\w) )+ )
  | (?P<open> [(\[{{«“„"‘] ) | (?P<close> [)\]}}»”] )
  | (?P<mark> [^\w\s] | _ | ـ )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BREAKING = set(":;|/\\,،؛+&•*©·●؍¦>") | {"\n"}


def fold(text: str) -> str:
    """A word or phrase as it is compared: no case, accents, harakat, tatweel; one alef, yaa and haa.

    >>> fold("الأنبــاءِ")
    'الانباء'
    """
    if text.isascii():
        return text.lower()
    return normalize("NFC", _RESPELT.sub(_respell, normalize("NFKD", text.casefold())))


def _respell(found: re.Match[str]) -> str:
    char = found[0]
    return _SAME.get(char, "" if category(char) in _NOTHING else char)


def fold_words(line: str) -> list[str]:
    """The words of a line as compared, without what stands between them.

    >>> fold_words("بكين (رويترز) – قال")
    ['بكين', 'رويترز', 'قال']
    """
    return _fold_each(_WORD.findall(line))


def _fold_each(words: list[str]) -> list[str]:
    """Each of the words folded: all at once, as folding never reaches across a line's end."""
    return fold("\n".join(words)).split("\n") if words else []


@dataclass(frozen=True, slots=True)
class Word:
    """A word as written and as compared."""

    raw: str
    folded: str
    start: int
    end: int


@dataclass(frozen=True)
class Atom:
    """A run of words with what stands around it: `before` and `after` are the marks, ``""`` at the line's ends.

    `bracketed` is True within round or square brackets, not within quotation marks.
    """

    words: tuple[Word, ...]
    before: str
    after: str
    bracketed: bool

    @property
    def start(self) -> int:
        return self.words[0].start

    @property
    def end(self) -> int:
        return self.words[-1].end

    @cached_property
    def folded(self) -> tuple[str, ...]:
        """The words as compared."""
        return tuple(word.folded for word in self.words)

    @cached_property
    def phrase(self) -> str:
        """The words as compared, with single spaces."""
        return " ".join(self.folded)

    @property
    def ends_with_dash(self) -> bool:
        return any(c in _DASHES or c == "ـ" for c in self.after)

    @property
    def closes(self) -> bool:
        """Whether a mark follows that ends a dateline: a dash or a colon."""
        return self.ends_with_dash or ":" in self.after


def cut(line: str) -> tuple[Atom, ...]:
    """The atoms of a line, in order.

    >>> [(a.phrase, a.bracketed) for a in cut("بكين (رويترز) – قال")]
    [('بكين', False), ('رويترز', True), ('قال', False)]
    """
    return tuple(_atoms(line))


def _atoms(line: str) -> Iterator[Atom]:
    words: list[Word] = []
    before, marks, depth, bracketed = "", "", 0, False
    tokens = list(_TOKEN.finditer(line))
    folded = iter(_fold_each([found[0] for found in tokens if found.lastgroup == "word"]))
    for found in tokens:
        kind, text = found.lastgroup, found[0]
        if kind == "word":
            if words and marks:
                yield Atom(tuple(words), before, marks, bracketed)
                words, before = [], marks
            elif not words:
                before = marks
            marks, bracketed = "", depth > 0
            words.append(Word(text, next(folded), found.start(), found.end()))
        elif kind == "mark" and text not in _BREAKING:
            continue  # a full stop in «أ.ف.ب», an ellipsis, an apostrophe
        else:
            marks += text
            depth = max(0, depth + (text in "([{") - (text in ")]}"))
    if words:
        yield Atom(tuple(words), before, marks, bracketed)
