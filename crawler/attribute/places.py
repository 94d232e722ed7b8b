"""Tells places, house names, dates and section words from names of people, as far as a byline needs it."""

from __future__ import annotations

import re
from functools import cache

from crawler.attribute.rules import read_table, words
from crawler.attribute.wording import Atom, cut

_DATE_WORDS = words("date", "words")
_DIGIT = re.compile(r"\d")


@cache
def _places() -> frozenset[str]:
    places = read_table("places.toml")["places"]
    phrases = {" ".join(word.folded for atom in cut(place) for word in atom.words) for place in places}
    return frozenset(_bare(phrase) for phrase in phrases)


def _bare(phrase: str) -> str:
    return phrase.removeprefix("ال")


def is_place(phrase: str) -> bool:
    """Whether a folded phrase is a place of the table: «القاهره», "london"."""
    return _bare(phrase) in _places()


def is_date(atom: Atom) -> bool:
    """Whether an atom holds a date or time and no name: "May 24", «3 مايو», "13:07"."""
    return all(map(is_date_word, atom.folded))


def is_date_word(word: str) -> bool:
    """Whether a folded word belongs to a date: a month, a weekday, anything with a digit."""
    return word in _DATE_WORDS or bool(_DIGIT.search(word))


def is_house(atom: Atom, site_name: str | None) -> bool:
    """Whether an atom is the publisher itself, by the name it gives itself: «الوئام», «صحيفة الوئام»."""
    if not site_name:
        return False
    site = " ".join(word.folded for part in cut(site_name) for word in part.words)
    own = atom.phrase
    for title in ("صحيفه ", "جريده ", "موقع ", "the "):
        site, own = site.removeprefix(title), own.removeprefix(title)
    return bool(own) and (own == site or (len(own) > 3 and site.startswith(own + " ")))
