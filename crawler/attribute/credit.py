"""Reads agencies out of sign-offs («أ ف ب/ع.ع»), credit lines («المصدر: وكالات») and metadata, and weighs all evidence.

How far a credit is to be believed goes by where it stands. The scale orders evidence; it is no measured probability:
a dateline or sign-off is the agency's own mark on its copy, a line of the page is the publisher's word for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from crawler.attribute.agencies import Named, match_at, may_name, names_only
from crawler.attribute.dateline import Dateline
from crawler.attribute.places import is_date_word
from crawler.attribute.wording import Atom, Word, cut, fold
from crawler.records import Credit

CONFIDENCE = {
    "dateline": 0.95,
    "signoff": 0.9,
    "byline": 0.9,
    "credit_line": 0.8,
    "jsonld": 0.75,
}
CONTRIBUTED = 0.6  # "AP contributed to this report": the copy is the paper's own, with an agency's help
_STYLE = 0.7  # "Reporting by X; Editing by Y": Reuters' form of signing, which others copy
_WEAK = 0.15  # taken off where the name is also a word or a place

_TAIL_LINES = 4
_SIGNOFF_WORDS = 8
_SIGNOFF_LENGTH = 90  # characters; eight words of a sign-off are shorter
_CREDIT_WORDS = 30

_LABEL = re.compile(
    r"^\W*(?:المصدر|المصادر|مصدر|مصدر الخبر|نقلا عن|بتصرف عن"
    r"|sources?|quellen?|fuentes?|fonti?|fonte|kaynak|credits?|via"
    r"|with files from|with (?:reporting|inputs?|additional reporting) (?:from|by)|inputs? from"
    r"|content (?:provided )?by"
    r"|distributed by|mit (?:material|informationen) (?:von|der)|con informaci[oó]n de|con informazioni di|avec|mit"
    r"|(?:©|\(c\)|copyright|حقوق النشر|جميع الحقوق محفوظة)[\s©]*(?:\(c\)\s*)?(?:\d{4}[-–\d]*)?)\W",
    re.IGNORECASE,
)
_WITH_HELP = re.compile(
    r"^\W*(?:with files from|with (?:additional )?(?:reporting|inputs?) (?:from|by)|inputs? from)\W", re.IGNORECASE
)
_CONTRIBUTION = re.compile(
    r"^(?P<who>.{2,120}?)\s+contributed(?:\s+reporting)?\s+to\s+(?:this|the)\s+(?:report|story|article)", re.IGNORECASE
)
# Pictures have credits of their own: "© AFP / JEFF PACHOUD", "Photo: Reuters", "AFP via Getty Images".
_PICTURE = re.compile(
    r"^\W*(?i:photo|foto|bild|image|picture|file|handout|صورة|تصوير)|(?i:getty|shutterstock|picture alliance)"
    r"|[/|]\s*[A-Z][\w.]+ [A-Z]"
)
_LISTING = frozenset(map(fold, ("and", "writer", "writers", "reporter", "reporters", "et", "und", "y", "و")))
_REUTERS_STYLE = re.compile(
    r"^\W{0,3}(?:(?:additional )?reporting|writing) by [^;]{3,200}; ?(?:additional |writing |editing )", re.IGNORECASE
)
_REUTERS_ARABIC = re.compile(r"للنشرة العربية|\(تغطية صحفية")
_ENDING = re.compile(r"[.!?…»”\"':؟]\s*$")
_DESK_INITIALS = re.compile(r"^(?:[a-z]{1,4}|[؀-ۿ]{1,2})$")
_DONE = frozenset(map(fold, ("انتهى", "النهاية", "ends", "end", "يتبع")))


def sign_offs(lines: Sequence[str]) -> Iterator[Credit]:
    """Credits in the last lines of a text: a line of its own, or an agency behind the last full stop."""
    tail = [line for line in lines if line.strip()][-_TAIL_LINES:]
    yield from style_credits(tail)
    for line in tail:
        for named in _signed_line(line):
            yield _credit(named, line, "signoff")
    for named in _signed_end(tail[-1]) if tail else ():
        yield _credit(named, tail[-1], "signoff")


def style_credits(lines: Iterable[str]) -> Iterator[Credit]:
    """Credits in lines that name no agency, but reporters and editors in the form of one."""
    for line in lines:
        found = _REUTERS_STYLE.match(line) or _REUTERS_ARABIC.search(line)
        if found:
            yield Credit(agency="Reuters", matched=found[0].strip(), where="signoff", confidence=_STYLE)


def _signed_line(line: str) -> tuple[Named, ...]:
    """«(رويترز)», «أ ف ب/ع.ع», "-- AFP": agencies and desk initials, and nothing else."""
    if len(line) > _SIGNOFF_LENGTH:
        return ()
    atoms = cut(line)
    if not atoms or sum(len(atom.words) for atom in atoms) > _SIGNOFF_WORDS:
        return ()
    found: list[Named] = []
    for atom in atoms:
        only = names_only(atom)
        found += only
        if not only and not _is_desk(atom):
            return ()
    marked = len(atoms) > 1 or atoms[0].bracketed or bool(atoms[0].before)
    return tuple(named for named in found if not named.weak or marked)


def _is_desk(atom: Atom) -> bool:
    """Initials, «انتهى», numbers, or a date: «م.ل», «// انتهى //», «11 ماي 2024»."""
    dated = all(map(is_date_word, atom.folded)) and any(word.isdigit() for word in atom.folded)
    return dated or all(_DESK_INITIALS.match(word) or word in _DONE or word.isdigit() for word in atom.folded)


def _signed_end(line: str) -> tuple[Named, ...]:
    """«… في بيان. (أ ف ب)», "… he said. — Reuters": behind the end of a sentence, not in one («قال لـ(رويترز)»)."""
    atoms = cut(line[-120:])
    if len(atoms) < 2:
        return ()
    last, offset = atoms[-1], max(0, len(line) - 120)
    before = line[: offset + last.start]
    bare = before.rstrip("([{ -–—ـ/\u200f\u200e")
    only = names_only(last)
    marked = last.bracketed or bool(re.search(r"[-–—ـ]\s*$", before))
    if not only or not marked or not (_ENDING.search(bare) or (last.bracketed and _ends_text(line, only[-1], offset))):
        return ()
    shifted = (Named(n.code, tuple(_shift(w, offset) for w in n.words), n.weak) for n in only)
    return tuple(n for n in shifted if not n.weak or last.bracketed)


def _ends_text(line: str, named: Named, offset: int) -> bool:
    """A bracket that closes the text, with a space before it: «… حتى الآن (رويترز)»."""
    start = offset + named.words[0].start
    return line[max(0, start - 2) : start] == " ("


def _shift(word: Word, offset: int) -> Word:
    return Word(word.raw, word.folded, word.start + offset, word.end + offset)


# --------------------------------------------------------------------------------------------- credit lines


def credits_in_lines(lines: Iterable[str], *, trusted: bool) -> Iterator[Credit]:
    """Credits in lines such as «المصدر: وكالات», "© 2023 AFP", "AP contributed to this report".

    `trusted` lines were marked by the page as credit lines and need no label to count.
    """
    for line in lines:
        if (len(line.split()) > _CREDIT_WORDS and not _LABEL.match(line)) or _PICTURE.search(line):
            continue
        contribution = _CONTRIBUTION.match(line)
        if contribution:
            for named in _listed(contribution["who"]):
                yield _credit(named, line, "credit_line", CONTRIBUTED)
            continue
        label = _LABEL.match(line)
        if label or trusted:
            start = label.end() if label else 0
            confidence = CONTRIBUTED if _WITH_HELP.match(line) else None
            for named in _listed(line[start : start + 120]):
                if trusted or not named.weak or _is_whole(line[start:], named):
                    yield _credit(named, line[start : start + 120], "credit_line", confidence)


def is_credit_line(line: str) -> bool:
    """Whether a line credits agencies and says nothing else: «المصدر : كونا», «بترا», "(Reuters)"."""
    if len(line) > _SIGNOFF_LENGTH or not may_name(line):
        return False
    label = _LABEL.match(line)
    atoms = cut(line[label.end() :] if label else line)
    named = [names_only(atom) for atom in atoms]
    desk = all(only or _is_desk(atom) for atom, only in zip(atoms, named, strict=True))
    return any(named) and (desk or _is_signed_by_editors(atoms, named[0]))


def _is_signed_by_editors(atoms: Sequence[Atom], first: tuple[Named, ...]) -> bool:
    """«وام/أحمد علي/دينا عمر»: an agency and those who signed for it, with strokes between."""
    names = atoms[1:]
    short = all(2 <= len(atom.words) <= 3 and atom.before.strip() == "/" for atom in names)
    return bool(first) and not first[0].weak and len(names) <= 3 and short


def _listed(text: str) -> Iterator[Named]:
    """Agencies named by whole atoms, or in front of a full stop ("© The Associated Press. All rights reserved")."""
    for index, atom in enumerate(cut(text)):
        only = names_only(atom)
        yield from only
        skip = 1 if atom.folded[0] in ("the", "by") else 0
        named = None if only or index else match_at(atom.words, skip)
        if named is not None and not named.weak and _ends_name(atom, skip + len(named.words), text):
            yield named


def _ends_name(atom: Atom, index: int, text: str) -> bool:
    """Whether the list goes on or the sentence ends behind the name; "AP Moller" is none."""
    rest = atom.words[index:]
    stops = bool(re.match(r"\.(?:\s|$)", text[atom.words[index - 1].end :]))
    return not rest or stops or rest[0].folded in _LISTING or all(word.raw.isdigit() for word in rest)


def _is_whole(text: str, named: Named) -> bool:
    atoms = cut(text)
    return len(atoms) == 1 and bool(names_only(atoms[0])) and named.weak


def organisation_credits(organisations: Iterable[str]) -> Iterator[Credit]:
    """Credits in JSON-LD's author, sourceOrganization and provider."""
    for name in organisations:
        for atom in cut(name):
            for named in names_only(atom):
                if not named.weak or len(named.words[0].raw) > 2:
                    yield _credit(named, name, "jsonld")


# --------------------------------------------------------------------------------------------- evidence


def dateline_credits(line: str, dateline: Dateline | None) -> Iterator[Credit]:
    """Credits of a dateline, with its place."""
    for named in dateline.agencies if dateline else ():
        yield _credit(named, line, "dateline", place=dateline.place if dateline else None)


def byline_credits(line: str, named: Iterable[Named], place: str | None) -> Iterator[Credit]:
    """Credits of a byline, with its place."""
    for one in named:
        yield _credit(one, line, "byline", place=place)


def _credit(named: Named, line: str, where: str, confidence: float | None = None, place: str | None = None) -> Credit:
    base = CONFIDENCE[where] if confidence is None else confidence
    return Credit(
        agency=named.code,
        matched=named.written(line),
        where=where,
        confidence=round(base - (_WEAK if named.weak else 0), 2),
        place=place,
    )


def weigh(found: Iterable[Credit]) -> tuple[Credit, ...]:
    """One credit an agency: the best evidence, the first of equals; in order of belief, then as met."""
    best: dict[str, Credit] = {}
    for credit in found:
        known = best.get(credit.agency)
        if known is None or credit.confidence > known.confidence:
            best[credit.agency] = credit
    return tuple(sorted(best.values(), key=lambda credit: -credit.confidence))
