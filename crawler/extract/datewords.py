"""Cuts a date's raw string into tokens and looks their words up in `months.toml`.

A word may mean several things ("ago" is August in Spanish, «م» is "p.m." or "of the common era"): a token carries all
senses, and `dates` decides by what stands around it.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import pairwise
from typing import Literal

Kind = Literal["number", "numbers", "time", "offset", "word", "mark"]
Sense = int | str

# Vowel signs, tatweel, bidi controls and joiners carry nothing. NFKD has taken hamza and madda off alef, waw and yaa.
_SAME = str.maketrans(
    {"ى": "ي", "ی": "ي", "ک": "ك", "ہ": "ه", "ة": "ه", "ı": "i", "،": ",", "؛": ";", "٫": ".", "−": "-", "–": "-"}
)
_LONGEST_PHRASE = 4


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a raw string: `start` and `end` are offsets in it, `numbers` its numbers as written, in order."""

    kind: Kind
    text: str
    start: int
    end: int
    numbers: tuple[int, ...] = ()
    senses: Mapping[str, Sense] = field(default_factory=dict)
    digits: tuple[int, ...] = ()  # how many digits each number was written with

    def means(self, head: str) -> bool:
        """Whether the word stands under that head of the table, e.g. ``ago.after``."""
        return head in self.senses


def fold(text: str) -> tuple[str, list[int]]:
    """The text without case, accents, harakat and tatweel, digits in ASCII; and where each character came from."""
    out: list[str] = []
    origin: list[int] = []
    for index, char in enumerate(text):
        for piece in _fold_char(char):
            out.append(piece)
            origin.append(index)
    origin.append(len(text))
    return "".join(out), origin


def _fold_char(char: str) -> str:
    if char < "\x80":
        return char.lower()
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if "가" <= char <= "힣":  # Hangul would fall apart into letters
        return char
    parts = unicodedata.normalize("NFKD", char.casefold())
    kept = "".join(c for c in parts if unicodedata.category(c) not in ("Mn", "Cf") and c != "ـ")
    return kept.translate(_SAME)


def _phrase(text: str) -> str:
    return " ".join(re.findall(r"[^\W\d_]+", fold(text)[0]))


def _read_table() -> dict[str, dict[str, Sense]]:
    """phrase -> {head: value} from months.toml."""
    table: dict[str, dict[str, Sense]] = {}
    data = tomllib.loads(files(__package__).joinpath("months.toml").read_text(encoding="utf-8"))

    def add(head: str, value: Sense, words: list[str]) -> None:
        for word in words:
            table.setdefault(_phrase(word), {})[head] = value

    for calendar, months in data["months"].items():
        for number, words in months.items():
            add(f"month.{calendar}", int(number), words)
    for unit, counts in data["units"].items():
        for count, words in counts.items():
            add("unit", unit, words)
            add("unit.count", int(count), words)
    for head, entries in (("weekday", data["weekdays"]), ("days", data["days"]), ("count", data["numbers"])):
        for number, words in entries.items():
            add(head, int(number), words)
    for head in ("zones", "offsets"):
        for name, words in data[head].items():
            add("zone", name, words)
    for head in ("words", "ago", "now"):
        for name, words in data[head].items():
            add(f"{head}.{name}", name, words)
    return table


TABLE = _read_table()

_TOKEN = re.compile(
    r"""
    (?P<numbers> (?<![\d.:/-]) (?: \d{4}\s?[年년]\s?\d{1,2}\s?[月월]\s?\d{1,2}\s?[日일]?
        | \d{1,4} (?P<sep>\s?[-/.]\s?) \d{1,2} (?P=sep) \d{1,4} ) (?! \d | [./]\d | -\d{1,4}(?!\d|:) ) )
  | (?P<time> \d{1,2}:\d{2} (?: :\d{2} (?: [.,:]\d+ )? )? (?!\d)
        | \d{1,2}\s?h\s?\d{2} (?!\d)
        | \d{1,2}\s?[時时시]\s?\d{1,2}\s?[分분]
        | (?<!\d\.) \d{1,2}\.\d{2} (?= \s?(?:uhr\b|[ap]\.?\s?m\b|h\b|مساء|صباح|ظهر|عصر|فجر|ليل|بعد\ الظهر) )
        | (?<=kl\.\ ) \d{1,2}[.:]\d{2} (?!\d) | (?<=kl\ ) \d{1,2}[.:]\d{2} (?!\d) | (?<=klo\ ) \d{1,2}[.:]\d{2} (?!\d) )
  | (?P<meridiem> [ap]\s?\.\s?m\b\.? )
  | (?P<solar> ه\s?\.?\s?ش\b\.? )
  | (?P<lunar> ه\s?\.?\s?ق\b\.? )
  | (?P<number> \d+ (?: (?:st|nd|rd|th|er|re|o|a)\b | [º°ª.]\B )? )
  | (?P<word> [^\W\d_]+ )
  | (?P<mark> \S )
    """,
    re.VERBOSE,
)
# Behind a time only what cannot be a dash and a day; behind GMT anything.
_OFFSET_OF_TIME = re.compile(r"[+-]\d{2}(?::?\d{2})?(?![\d:/.-])")
_OFFSET_OF_UTC = re.compile(r"[+-]\s?\d{1,2}(?::?\d{2})?(?![\d/.])")
_UTC_NAMES = frozenset({"utc", "gmt", "z", "غرينتش", "جرينتش", "غرينيتش", "جرينيتش", "غرينش"})
_KINDS: dict[str, Kind] = {"number": "number", "numbers": "numbers", "time": "time", "mark": "mark"}
_FIXED: dict[str, Mapping[str, Sense]] = {
    "solar": {"words.solar": "solar"},
    "lunar": {"words.hijri": "hijri"},
}


def tokenise(raw: str) -> list[Token]:
    """Tokens of a raw string, in order; phrases of the table ("تشرين الثاني", "il y a") are one token.

    >>> [t.senses.get("month.gregorian") for t in tokenise("٣ تشرين الثاني ٢٠٢٣")]
    [None, 11, None]
    """
    folded, origin = fold(raw)
    return list(_join_phrases(list(_cut(folded)), folded, origin))


def _cut(folded: str) -> Iterator[tuple[Kind, int, int, Mapping[str, Sense]]]:
    position = 0
    offset: re.Pattern[str] | None = None
    while position < len(folded):
        if folded[position].isspace():
            position += 1
            continue
        found = offset.match(folded, position) if offset else None
        if found:
            yield "offset", position, found.end(), {}
            position, offset = found.end(), None
            continue
        found = _TOKEN.match(folded, position)
        if found is None:  # cannot be: the last branch takes any character that is not space
            return
        kind = str(found.lastgroup)
        senses: Mapping[str, Sense] = _FIXED.get(kind, {})
        if kind == "meridiem":
            letter = found[0][0]
            senses = {f"words.{letter}m": f"{letter}m"}
        yield _KINDS.get(kind, "word"), position, found.end(), senses
        position = found.end()
        offset = _offset_after(kind, found[0])


def _offset_after(kind: str, text: str) -> re.Pattern[str] | None:
    if text in _UTC_NAMES:
        return _OFFSET_OF_UTC
    return _OFFSET_OF_TIME if kind in ("time", "meridiem") or text in ("am", "pm") else None


def _join_phrases(
    pieces: list[tuple[Kind, int, int, Mapping[str, Sense]]], folded: str, origin: list[int]
) -> Iterator[Token]:
    index = 0
    while index < len(pieces):
        kind, start, end, senses = pieces[index]
        taken = 1
        if kind == "word" and not senses:
            for length in range(_LONGEST_PHRASE, 0, -1):
                group = pieces[index : index + length]
                if len(group) == length and _is_run(group, folded):
                    known = TABLE.get(" ".join(folded[a:b] for _, a, b, _ in group))
                    if known is not None:
                        senses, end, taken = known, group[-1][2], length
                        break
        text = folded[start:end]
        written = re.findall(r"\d+", text)
        yield Token(
            kind, text, origin[start], origin[end - 1] + 1, tuple(map(int, written)), senses, tuple(map(len, written))
        )
        index += taken


def _is_run(group: list[tuple[Kind, int, int, Mapping[str, Sense]]], folded: str) -> bool:
    """Whether these are words with no more than a space, hyphen or apostrophe between them."""
    if any(kind != "word" for kind, *_ in group):
        return False
    gaps = (folded[a[2] : b[1]] for a, b in pairwise(group))
    return all(gap.strip() in ("", "'", "’", "-") and len(gap) <= 2 for gap in gaps)
