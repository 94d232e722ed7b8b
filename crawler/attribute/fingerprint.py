"""Fingerprints of a text, for finding the same wire story across publishers: shingles and their min-hash signature."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from crawler.attribute.wording import fold

SHINGLE_WORDS = 5  # long enough that two stories share few by chance, short enough to outlive an editor's touch
SIGNATURE = 64  # minima kept; the standard error of the estimated overlap is 1/sqrt(64) = .125 at worst

_WORD = re.compile(r"\w+")
_CHARACTERS = re.compile(r"[぀-ヿ㐀-鿿豈-﫿฀-๿က-႟]")  # scripts that put no spaces between words
_PRIME = (1 << 61) - 1
_MASK = (1 << 64) - 1


def shingles(text: str, language: str | None = None) -> frozenset[int]:
    """64-bit hashes of the text's five-word runs, after folding; a text shorter than that is one run.

    `language` (``ja``, ``zh``, ``th``) makes characters the unit where words are not spaced. The same text gives the
    same numbers in every process and version of Python.
    """
    words = _words(text, language)
    if not words:
        return frozenset()
    runs = (words[i : i + SHINGLE_WORDS] for i in range(max(1, len(words) - SHINGLE_WORDS + 1)))
    return frozenset(_hash(" ".join(run)) for run in runs)


def _words(text: str, language: str | None) -> list[str]:
    folded = fold(text)
    spaced = (language or "").lower()[:2] not in ("ja", "zh", "th", "my")
    return _WORD.findall(folded if spaced else _CHARACTERS.sub(r" \g<0> ", folded))


def _hash(run: str) -> int:
    return int.from_bytes(hashlib.blake2b(run.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _permutations() -> tuple[tuple[int, int], ...]:
    numbers = [_hash(f"wirekeep minhash {i}") % _PRIME for i in range(2 * SIGNATURE)]
    return tuple((numbers[2 * i] | 1, numbers[2 * i + 1]) for i in range(SIGNATURE))


_PERMUTATIONS = _permutations()


def signature(hashes: Iterable[int]) -> tuple[int, ...]:
    """The min-hash signature of a set of shingles: 64 numbers below 2**61, empty for an empty set."""
    known = [value & _MASK for value in hashes]
    if not known:
        return ()
    return tuple(min((a * value + b) % _PRIME for value in known) for a, b in _PERMUTATIONS)


def overlap(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """The estimated share of shingles that two signatures have in common (Jaccard), 0 where one is empty."""
    if not one or not other:
        return 0.0
    return sum(a == b for a, b in zip(one, other, strict=True)) / SIGNATURE
