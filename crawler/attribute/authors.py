"""Splits author strings into people: without «By», roles, handles, dates, towns, agencies and the paper itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from crawler.attribute.agencies import is_agency, named_at_end
from crawler.attribute.places import is_date, is_house, is_place
from crawler.attribute.rules import phrases, words
from crawler.attribute.wording import cut, fold


def _any_of(section: str, key: str) -> str:
    return "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in phrases(section, key))


_BY = re.compile(rf"^\W*(?:{_any_of('author', 'by')})(?:\s*[:：/]\s*|\s+[-–]\s+|\s+|$)", re.IGNORECASE)
_OTHERS = _any_of("author", "photo")
_LABELLED = re.compile(
    rf"\s+[(\-–]?\s*(?=(?:{_OTHERS}|إعداد|اعداد|ترجمة|تحرير)\s*[:/\-–])|\s+(?=(?:{_OTHERS})\s)", re.IGNORECASE
)
_PHOTO = re.compile(rf"^\W*(?:{_OTHERS})\b", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*|(?<![\w.])@\w+")
_ADDRESS = re.compile(r"https?://\S*|www\.\S+|\b\S+\.(?:com|org|net)/\S*", re.IGNORECASE)
_BRACKETS = re.compile(r"\s*[(\[{][^()\[\]{}]*[)\]}]?")
_DATED = re.compile(
    r"\b(?:published|(?:last )?updated|posted on|created|modified)\b.*$"
    r"|(?:^|\s)(?:نشر|نُشر|آخر تحديث|تحديث|تاريخ النشر)\b.*$",
    re.IGNORECASE,
)
_ARABIC = "؀-ۿ"
_SPLIT = re.compile(
    rf"""\s*(?: [:;|•·¦\n\t،] | \s/\s | /(?=[A-Z{_ARABIC}]) | \s{{2,}} | \s[&+]\s
    | \s[-–—ـ]+\s | (?<=[{_ARABIC}])\s*[-–—]\s*
    | ,?\s+(?:and|und|et|og|och|ve|samt|sowie|mit|with|و)\s+
    | \s+(?:y|e|i|en)\s+(?=[A-ZÀ-ÞŁŚŻĆČŠŽ])
    | ,(?!\s*(?:Jr|Sr|II|III|IV|M\.?D|Ph\.?D|Esq)\b) )\s*""",
    re.VERBOSE,
)
_FROM_TOWN = re.compile(r"\s+(?:من|في|in|aus|à|desde|from)\s+")
_ONE_ARABIC_WORD = re.compile(rf"[{_ARABIC}]+")
_ARABIC_TOWN = re.compile(rf"^[{_ARABIC}\s()،]{{2,60}}:\s*(?=[^\s:])(?!\s*$)")  # «رجال ألمع: أحمد السلمي»
_INVERTED = re.compile(r"([^\W\d_a-z][^\s,،./]+), ([^\W\d_a-z][^\s,،./]*(?: [^\s,،]\.)?)")
_DOMAIN = re.compile(r"\S+\.[a-z]{2,4}", re.IGNORECASE)
_KOREAN_REPORTER = re.compile(r"\s*(?:기자|記者|特派員)$")  # "reporter", written behind the name
_CHROME = re.compile(r"\b(?:updated|published|minutes?|read|follow|share|comments?)\b", re.IGNORECASE)
_EDGES = " \t.,:;،-–—ـ*•·|/\"'“”«»{}\u200f\u200e\u202a\u202b\u202c"

_NOBODY, _JOBS, _HOUSES = words("author", "nobody"), words("author", "job"), words("author", "house")
_WAW_NAMES = words("author", "waw_names")
_FOR = words("agency", "for")
_MAX_NAME_WORDS = 7  # «محمد بن عبد الرحمن آل الشيخ» has six
_MAX_NAME = 70
_LONGEST = 1_000  # characters of an author string; splitting takes the square of its length


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """Who signed: `people` in order; `houses` are organisations that stand where a name would, as written."""

    people: tuple[str, ...]
    houses: tuple[str, ...]


def read_authors(raws: Iterable[str], site_name: str | None = None) -> Signed:
    """People and organisations of author strings, in order and each once.

    >>> read_authors(["By Samya Kullab and Vasilisa Stepanenko, AP"]).people
    ('Samya Kullab', 'Vasilisa Stepanenko')
    """
    people: dict[str, str] = {}
    houses: dict[str, str] = {}
    for raw in raws:
        parts = tuple(_parts(raw))
        for part in parts:
            if len(parts) > 1 and _ONE_ARABIC_WORD.fullmatch(part) and not _is_house_name(part, site_name):
                continue  # a town that the table lacks
            person, agency = _cut_agency(part)
            if agency:
                people.setdefault(fold(person), person)
                houses.setdefault(fold(agency), agency)
            elif _is_house_name(part, site_name):
                houses.setdefault(fold(part), part)
            elif _is_person(part):
                people.setdefault(fold(part), part)
    return Signed(people=tuple(people.values()), houses=tuple(houses.values()))


def _parts(raw: str) -> Iterator[str]:
    if len(raw) > _LONGEST:
        return
    text = _ADDRESS.sub(" ", _MAIL.sub(" ", raw.replace("\xa0", " ")))
    whole = _DATED.sub("", text).strip()
    text = _BY.sub("", whole).strip()
    if text == whole and not _PHOTO.match(text):
        text = _ARABIC_TOWN.sub("", text)
    turned = _turn_round(text)
    if turned:
        yield turned
        return
    for labelled in _LABELLED.split(text):
        if _PHOTO.match(labelled):
            continue
        bare = _BRACKETS.sub(" ", labelled)
        for part in _SPLIT.split(bare if bare.strip() else labelled):
            yield from filter(None, map(_clean, _split_waw(part or "")))


def _turn_round(text: str) -> str | None:
    """ "Brazil, Rachel", as scholarly metadata has it; not "AFP, MANILA"."""
    found = _INVERTED.fullmatch(text)
    if not found or any(is_agency(half) or is_place(fold(half)) for half in found.groups()):
        return None
    return f"{found[2]} {found[1]}"


def _clean(part: str) -> str:
    part = _BY.sub("", part.strip(_EDGES))
    town = _FROM_TOWN.split(part, maxsplit=1)
    if len(town) == 2 and is_place(fold(town[1])):
        part = town[0]
    return " ".join(_KOREAN_REPORTER.sub("", part.strip(_EDGES)).split())


def _split_waw(part: str) -> Iterator[str]:
    """«نذير رضا وبولا أسطيح»: the glued "and" starts a new name, if a whole name stands before it and one follows."""
    parts = part.split()
    current: list[str] = []
    for index, word in enumerate(parts):
        bare = fold(word)
        starts = bare.startswith("و") and len(bare) > 3 and bare not in _WAW_NAMES
        if starts and len(current) >= 2 and index + 1 < len(parts):
            yield " ".join(current)
            current = [word[1:]]
        else:
            current.append(word)
    yield " ".join(current)


def _cut_agency(part: str) -> tuple[str, str]:
    """ "Jane Doe Associated Press" in two, without a mark between them; (part, "") where it is one name."""
    atoms = cut(part)
    named = named_at_end(atoms[0]) if len(atoms) == 1 else None
    if named is None or named.weak or len(atoms[0].words) < len(named.words) + 2:
        return part, ""
    person = part[: named.words[0].start].strip(_EDGES)
    before = fold(person).split()
    if (
        before[-1] in _FOR
        or not _is_person(person)
        or not person.split()[-1][0].isalpha()
        or person.split()[-1].islower()
    ):
        return part, ""
    return person, named.written(part)


def is_signature(name: str) -> bool:
    """Whether a printed name can stand against a house that metadata names: no initials («amw»), no sentence."""
    parts = name.split()
    return (len(parts) > 1 and not parts[-1][0].islower()) or not name.isascii()


def _is_person(part: str) -> bool:
    """Few words, no digit, no job, no place, no date, nobody in particular."""
    atoms = cut(part)
    every = [word for atom in atoms for word in atom.folded]
    return (
        0 < len(every) <= _MAX_NAME_WORDS
        and len(part) <= _MAX_NAME
        and fold(part) not in _NOBODY
        and not _JOBS.intersection(every)
        and not re.search(r"\d", part)
        and not is_place(fold(part))
        and not all(map(is_date, atoms))
    )


def _is_house_name(part: str, site_name: str | None) -> bool:
    """An agency, a domain, the site itself, or a name with a word for a newsroom in it («Redaktion …», «صحيفة …»)."""
    folded = fold(part)
    if folded in _NOBODY or len(part) > _MAX_NAME or is_place(folded) or _CHROME.search(part):
        return False
    return (
        is_agency(part)
        or bool(_DOMAIN.fullmatch(part))
        or bool(_HOUSES.intersection(folded.split()))
        or any(is_house(atom, site_name) for atom in cut(part))
    )
