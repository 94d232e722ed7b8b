"""Text folded for comparison, so that spelling, vowel signs and punctuation never decide whether a rule matches."""

from __future__ import annotations

import re
import unicodedata

# Harakat, Quranic signs, tatweel, zero-width and direction marks, variation selectors.
_DROPPED = (
    "\u0307\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0f\ufeff\u00ad"
)
_LETTERS = {
    **dict.fromkeys("أإآٱٲٳ", "ا"),
    **dict.fromkeys("ىیېئ", "ي"),
    **dict.fromkeys("ک", "ك"),
    **dict.fromkeys("ؤ", "و"),
    **dict.fromkeys("ةۀہە", "ه"),
    **{chr(0x0660 + digit): str(digit) for digit in range(10)},
    **{chr(0x06F0 + digit): str(digit) for digit in range(10)},
    **dict.fromkeys("’‘ʼ`´", "'"),
}
_RESPELT = re.compile(f"[{_DROPPED}{''.join(_LETTERS)}]")
_WORD = re.compile(r"\w+(?:'\w+)?")


def fold(text: str) -> str:
    """The words of a text in one spelling, separated by single spaces.

    >>> fold("«اقْرأ أيضاً:»")
    'اقرا ايضا'
    """
    if text.isascii():  # a table and a pattern less, for half the lines there are
        return " ".join(_WORD.findall(text.lower().replace("`", "'")))
    return " ".join(_WORD.findall(fold_letters(unicodedata.normalize("NFKC", text).casefold())))


def fold_letters(text: str) -> str:
    """A text whose letters are folded and whose punctuation stands: for patterns that are held against folded lines.

    >>> fold_letters("(?:تابعنا|تابِعي)")
    '(?:تابعنا|تابعي)'
    """
    return _RESPELT.sub(lambda found: _LETTERS.get(found[0], ""), text)


def count_words(folded: str) -> int:
    """Words in folded text."""
    return folded.count(" ") + 1 if folded else 0
