"""Author names as pages write them: split, stripped of «By» and roles, told from organisations and mere words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml.html import HtmlElement

from crawler.extract.around import is_elsewhere
from crawler.extract.datewords import tokenise
from crawler.extract.page import Block, squeeze

_BY = re.compile(
    r"^\s*(?:(?:written|reported|story|posted|published|contributed|compiled|words|report)\s+by|by|(?:erstellt|publiziert|geschrieben|artikel|ein\s+artikel)\s+von"
    r"|von|durch|(?:publié|écrit|propos\s+recueillis)\s+par|par|(?:publicado|escrito|redactado)\s+por|por|(?:scritto|pubblicato)\s+da|di|da|(?:geschreven\s+)?door"
    r"|av|af|autor(?:in)?|author|auteur|reporter|text|texte|bericht|كتبت?|كتابة|بقلم|بواسطة|إعداد|اعداد|تقرير|تحرير|حوار|ترجمة|المصدر|الكاتب|الكاتبة)(?:\s*[:：]\s*|\s+)",
    re.IGNORECASE,
)
# "29 June 2017, 23:39 · by X": what follows the word is the byline, where only a date stands before it.
_LATER_BY = re.compile(
    r"(\D{0,40})\d.*?(?:^|\W)(?:by|von|durch|par|por|door|av|af|بقلم|كتبه|كتبها)\s*:?\s+(?=\S)", re.IGNORECASE
)
_SPLIT = re.compile(
    r"\s*(?:;|\||،|\s/\s|•|·|\n|\s+(?:and|And|AND|und|et|og|och)\s+|\s*&\s+|,\s+(?:and|und|et|y)\s+|\s+y\s+(?=[A-ZÁÉÍÓÚ])|\s+e\s+(?=[A-Z])|,(?!\s*(?:Jr|Sr|M\.?D|Ph\.?D)\b))\s*",
)
_FOR_HOUSE = re.compile(r"\s+[Ff]or\s+(?:[Tt]he\s+)?(?=[A-Z]).*$")  # "Jane Doe for The Gazette"
_PARENTHESIS = re.compile(r"\s*[(\[][^()\[\]]{1,60}[)\]]\s*$")
_MAIL = re.compile(r"\S+@\S+")
_ADDRESS = re.compile(r"^https?://|www\.|\.(?:com|org|net)/", re.IGNORECASE)
_PRINTED_DATE = re.compile(
    r"(?:\s+(?:at|on|am|um|den|vom|le|el|il|op|d\.))?\s+\(?\d{1,4}[\s./:-]|\s+(?:published|updated|posted|veröffentlicht|publié|am|on)\s",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_ROLE = re.compile(
    r"\b(?:staff|reporter|correspondent|editor|writer|journalist|redakteur(?:in)?|redaktion|contributor|columnist|"
    r"producer|photographer|updated|published|minutes?|read|follow|share|newsletter|comments?|posted|today|yesterday)\b"
    r"|مراسل|محرر|نشر|تحديث|منذ",
    re.IGNORECASE,
)
# What stands over an author's box or behind it, and names nobody.
_LABEL_ONLY = re.compile(
    r"^\W*(?:(?:more\s+)?about\s+(?:the\s+|this\s+)?(?:authors?|writers?|reporters?|journalists?|contributors?)|über\s+(?:den\s+autor|die\s+autorin)|à\s+propos\s+de\s+l.auteur|sobre\s+(?:el|la|o|a)\s+autora?|meet\s+the\s+(?:author|writer)"
    r"|(?:zeige\s+)?alle\s+(?:artikel|beiträge)|(?:view|see|read|show)\s+(?:all|more|full\s+bio)(?:\s+(?:posts?|articles?|stories|from\s+this\s+author))?"
    r"|(?:all|more|latest|recent)\s+(?:posts?|articles?|stories)(?:\s+(?:by|from)(?:\s+(?:this\s+)?(?:author|writer))?)?"
    r"|(?:نبذة\s+)?عن\s+(?:الكاتب|الكاتبة|المؤلف|المؤلفة|المحرر|الصحفي|كاتب\s+المقال)"
    r"|(?:المزيد\s+من|جميع|كل|أحدث|آخر|عرض\s+(?:كل|جميع)|شاهد\s+(?:كل|جميع))\s+(?:ال)?(?:مقالات|مواضيع|منشورات|تدوينات|كتابات)(?:\s+(?:الكاتب|الكاتبة))?"
    r"|مقالات\s+(?:أخرى\s+)?ل?(?:لكاتب|الكاتب)|السيرة\s+الذاتية|بقلم|كتب|كتبت|الكاتب|الكاتبة|المؤلف|المحرر)\W*$",
    re.IGNORECASE,
)
_ELSEWHERE = frozenset({"nav", "footer", "embed", "figure"})
_ARTICLES = frozenset({"the", "die", "der", "das", "les", "los", "las"})
_LABEL = re.compile(
    r"^\s*(?:by|von|par|por|كتبت?|بقلم|إعداد|اعداد|تقرير|حوار|المصدر|مصدر)(?:\s*[:：]\s*|\s+)\S?", re.IGNORECASE
)
_SOURCE_LABEL = re.compile(r"^\s*(?:المصدر|مصدر الخبر|source)\s*[:：]\s*", re.IGNORECASE)
# Characters of an author string, some thirty names; what is longer is none, and splitting it takes the square of it
# (200 kB: minutes).
LONGEST_AUTHORS = 1_000
_MAX_BYLINE = 160
_MAX_BYLINE_WORDS = 20
_MAX_NAME = 60
_MAX_WORDS = 6
_PROSE = 80  # characters from which a block is a paragraph
_SIGNED_WITHIN = 10  # blocks under the headline: picture, caption, decks and date come between


def split_names(raw: str) -> tuple[str, ...]:
    """Names in one author string, in order; none in a text that is too long for one (`LONGEST_AUTHORS`).

    >>> split_names("By Samya Kullab and Vasilisa Stepanenko")
    ('Samya Kullab', 'Vasilisa Stepanenko')
    """
    if len(raw) > LONGEST_AUTHORS:
        return ()
    text = _MAIL.sub(" ", squeeze(raw))
    later = None if _BY.match(text) else _LATER_BY.match(text)
    if later and _tells_date(later[1]):
        text = text[later.end() :]
    text = _FOR_HOUSE.sub("", _PRINTED_DATE.split(_BY.sub("", text))[0])
    names: dict[str, None] = {}
    for part in _SPLIT.split(text):
        name = _once(_PARENTHESIS.sub("", _BY.sub("", part)).strip(" .,:;-–—*"))
        if name and not _ADDRESS.search(part) and not _LABEL_ONLY.match(part):
            names[name] = None
    return tuple(names)


def _once(name: str) -> str:
    """A name that a hidden copy doubled, once: "Ida BergIda Berg"."""
    half = len(name) // 2
    for first, second in ((name[:half], name[half:]), (name[:half], name[half + 1 :])):
        if len(first) > 3 and first == second:
            return first
    return name


def _tells_date(text: str) -> bool:
    """Whether the words, if any, are a date's: labels, weekdays, months («رجب» alone may be a man)."""
    words = [token for token in tokenise(text) if token.kind == "word"]
    known = all(token.senses for token in words)
    return known and (not words or any(token.means("weekday") or token.means("words.label") for token in words))


def is_name(text: str) -> bool:
    """Whether a visible string can be a person's name: few words, no digits, no role word, no date, no sentence."""
    words = text.split()
    return (
        1 < len(text) <= _MAX_NAME
        and len(words) <= _MAX_WORDS
        and not _DIGIT.search(text)
        and not _ROLE.search(text)
        and not _ADDRESS.search(text)
        and any(char.isalpha() for char in text)
        and text[0] not in "#@&_"
        and ": " not in text
        and (len(words) == 1 or _is_capitalised(words))
        and not _tells_date(text)
    )


def _is_capitalised(words: list[str]) -> bool:
    """Latin names end with a capital ("van der Berg", not "skip the video"), as do those in other scripts with case."""
    last = words[-1]
    return not last[0].islower() and not (words[0].casefold() in _ARTICLES and last[0].isupper())


def element_names(element: HtmlElement) -> tuple[str, ...]:
    """Names that stand in links or spans of their own within a byline; none where these are something else."""
    for tag in ("a", "span"):
        texts = dict.fromkeys(squeeze(child.text_content()) for child in element.iter(tag))
        names = tuple(dict.fromkeys(name for text in texts if text for name in split_names(text)))
        full = [name for name in names if is_name(name) and " " in name]
        if names and len(full) == len(names) and (tag == "a" or len(names) > 1):
            return names
    return ()


@dataclass(frozen=True, slots=True)
class Printed:
    """A byline on the page: its text, the names in it, and whether it is labelled as the source («المصدر: واس»)."""

    text: str | None = None
    names: tuple[str, ...] = ()
    is_source: bool = False


def _names_in_line(text: str) -> tuple[str, ...]:
    """The names of a byline; none in a sentence, and a lone word only where it is all there is or behind "by"."""
    parts = split_names(text)
    if any(len(part.split()) > _MAX_WORDS for part in parts):
        return ()
    told = text.strip() in parts or bool(_BY.match(text) or _LATER_BY.match(text))
    return tuple(name for name in parts if is_name(name) and (told or " " in name))


def visible_byline(blocks: tuple[Block, ...], first: int, last: int, headline: int) -> Printed:
    """The byline printed near the headline: a short block marked as the author's between `first` and `last`.

    The first that holds a name, else the first. A label that stands alone («المصدر:») is joined with what follows it,
    and names no author: it says where the copy is from.
    """
    near = [block for block in blocks[first:last] if not is_elsewhere(block, headline) and not block.marks & _ELSEWHERE]
    marked = (block for block in near if "author" in block.marks)
    labelled = (block for block in near if _LABEL.match(block.text))
    best = Printed()
    for block in (*marked, *labelled):
        text = block.text
        if _LABEL_ONLY.match(text) and not text.rstrip().endswith((":", "：")):
            continue
        if text.rstrip().endswith((":", "：")) and block.index + 1 < len(blocks):
            text = f"{text} {blocks[block.index + 1].text}"
        if len(text) > _MAX_BYLINE or len(text.split()) > _MAX_BYLINE_WORDS:
            continue
        source = _SOURCE_LABEL.sub("", text)
        if source != text:
            return best if best.text else Printed(source.strip("() ") or None, is_source=True)
        names = element_names(block.element) or _names_in_line(text)
        if names:
            return Printed(text, names)
        best = best if best.text else Printed(text)
    return best


def bold_signature(blocks: tuple[Block, ...], headline: int) -> tuple[str, ...]:
    """Names on a bold line of their own right before the story's first paragraph or right after its last.

    Only scripts with case tell a name from a sub-head.
    """
    if headline < 0:
        return ()
    prose = [block.index for block in blocks if block.index > headline and len(block.text) >= _PROSE]
    if not prose:
        return ()
    opening, closing = prose[0] - 1, prose[-1] + 1
    for at, beside in ((opening, prose[0]), (closing, prose[-1])):
        near = headline < at < min(len(blocks), headline + _SIGNED_WITHIN) or at == closing < len(blocks)
        together = near and blocks[at].element.getparent() is blocks[beside].element.getparent()
        if together and (names := _bold_names(blocks[at], headline)):
            return names
    return ()


def _bold_names(block: Block, headline: int) -> tuple[str, ...]:
    if block.strong < len(block.text) or len(block.text) > _MAX_NAME or block.links or is_elsewhere(block, headline):
        return ()
    parts = re.split(r"\s*/\s*|\s+and\s+", block.text)
    return tuple(parts) if all(map(_is_cased_name, parts)) else ()


def _is_cased_name(part: str) -> bool:
    words = part.split()
    return (
        2 <= len(words) <= 4
        and is_name(part)
        and all(w[0].isupper() and w[1:].islower() and w.isalpha() for w in words)
    )
