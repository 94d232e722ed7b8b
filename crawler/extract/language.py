"""Which language a text is in: what the page declares, checked against the script of its text."""

from __future__ import annotations

import re

# Languages by the script they are written in; the first is the guess where nothing is declared.
_SCRIPTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff", ("ar", "fa", "ur", "ps", "ckb", "ku", "sd", "ug", "pnb")),
    ("\u0590-\u05ff", ("he", "yi")),
    ("\u0400-\u052f", ("ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn", "tg")),
    ("\u0370-\u03ff", ("el",)),
    ("\u3040-\u30ff", ("ja",)),
    ("\uac00-\ud7af", ("ko",)),
    ("\u4e00-\u9fff", ("zh", "ja")),
    ("\u0e00-\u0e7f", ("th",)),
    ("\u0900-\u097f", ("hi", "mr", "ne")),
    ("\u0980-\u09ff", ("bn", "as")),
    ("\u0b80-\u0bff", ("ta",)),
    ("\u10a0-\u10ff", ("ka",)),
    ("\u0530-\u058f", ("hy",)),
    ("\u1200-\u137f", ("am", "ti")),
)
_PATTERNS = tuple((re.compile(f"[{chars}]"), languages) for chars, languages in _SCRIPTS)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
# Letters that Persian, Urdu, Pashto and Kurdish have and Arabic has not.
_BY_LETTER = (
    ("ur", re.compile("[ٹڈڑںے]")),
    ("ps", re.compile("[ټډړښځڅۍ]")),
    ("ckb", re.compile("[ێۆڵڕ]")),
    ("fa", re.compile("[پچژگ]|[یک](?=\\w)")),
)
_SAMPLE = 4_000
_TAG = re.compile(r"^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*$")


def detect_language(text: str, declared: tuple[str | None, ...]) -> str | None:
    """ISO 639 code (two letters where there are) of the text.

    `declared` are language tags in order of trust. A tag counts only if the text is in a script of that language: a
    template left at `lang="en"` says nothing about an Arabic text.

    >>> detect_language("وقالت الوزارة إن", ("en-US",))
    'ar'
    """
    codes = [code for tag in declared if (code := _code(tag))]
    sample = text[:_SAMPLE]
    latin = len(_LATIN.findall(sample))
    counts = [(len(pattern.findall(sample)), languages) for pattern, languages in _PATTERNS]
    most, languages = max(counts, key=lambda item: item[0])
    if "ja" in languages or counts[6][0]:
        languages = ("ja",) if counts[4][0] * 10 > counts[6][0] else languages
    if most == 0 or most < latin / 2:
        return next((code for code in codes if not any(code in known for _, known in _PATTERNS)), None)
    if code := next((code for code in codes if code in languages), None):
        return code
    return _arabic_script(sample, most) if languages[0] == "ar" else languages[0]


def _arabic_script(sample: str, letters: int) -> str:
    for code, pattern in _BY_LETTER:
        if len(pattern.findall(sample)) * 40 > letters:
            return code
    return "ar"


def _code(tag: str | None) -> str | None:
    tag = (tag or "").strip()
    if not _TAG.match(tag):
        return None
    code = tag.replace("_", "-").split("-")[0].lower()
    return {"iw": "he", "ara": "ar", "eng": "en", "fas": "fa"}.get(code, code)
