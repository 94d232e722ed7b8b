"""Author names as pages write them: split, stripped of «By» and roles, told from organisations and mere words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.extract.page import Block, squeeze

_BY = re.compile(
    r"^\s*(?:written\s+by|reported\s+by|story\s+by|posted\s+by|by|von|par|por|di|da|door|av|af|autor(?:in)?|author|"
    r"reporter|text|texte|bericht|كتبت?|كتابة|بقلم|إعداد|اعداد|تقرير|تحرير|حوار|ترجمة|المصدر|الكاتب|الكاتبة)(?:\s*[:：]\s*|\s+)",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"\s*(?:;|\||،|\s/\s|•|·|\n|\s+(?:and|und|et|og|och)\s+|\s*&\s+|,\s+(?:and|und|et|y)\s+|\s+y\s+(?=[A-ZÁÉÍÓÚ])|\s+e\s+(?=[A-Z])|,(?!\s*(?:Jr|Sr|M\.?D|Ph\.?D)\b))\s*",
)
_PARENTHESIS = re.compile(r"\s*[(\[][^()\[\]]{1,60}[)\]]\s*$")
_MAIL = re.compile(r"\S+@\S+")
_ADDRESS = re.compile(r"^https?://|www\.|\.(?:com|org|net)/", re.IGNORECASE)
_PRINTED_DATE = re.compile(
    r"\s+\(?\d{1,4}[\s./:-]|\s+(?:published|updated|posted|veröffentlicht|publié|am|on)\s", re.IGNORECASE
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
    r"^\W*(?:(?:more\s+)?about\s+(?:the\s+|this\s+)?(?:authors?|writers?|reporters?|journalists?|contributors?)|meet\s+the\s+(?:author|writer)"
    r"|(?:view|see|read|show)\s+(?:all|more|full\s+bio)(?:\s+(?:posts?|articles?|stories|from\s+this\s+author))?"
    r"|(?:all|more|latest|recent)\s+(?:posts?|articles?|stories)(?:\s+(?:by|from)(?:\s+(?:this\s+)?(?:author|writer))?)?"
    r"|(?:نبذة\s+)?عن\s+(?:الكاتب|الكاتبة|المؤلف|المؤلفة|المحرر|الصحفي|كاتب\s+المقال)"
    r"|(?:المزيد\s+من|جميع|كل|أحدث|آخر|عرض\s+(?:كل|جميع)|شاهد\s+(?:كل|جميع))\s+(?:ال)?(?:مقالات|مواضيع|منشورات|تدوينات|كتابات)(?:\s+(?:الكاتب|الكاتبة))?"
    r"|مقالات\s+(?:أخرى\s+)?ل?(?:لكاتب|الكاتب)|السيرة\s+الذاتية|بقلم|كتب|كتبت|الكاتب|الكاتبة|المؤلف|المحرر)\W*$",
    re.IGNORECASE,
)
_ELSEWHERE = frozenset({"comments", "nav", "related", "footer"})
_LABEL = re.compile(
    r"^\s*(?:by|von|par|por|كتبت?|بقلم|إعداد|اعداد|تقرير|حوار|المصدر|مصدر)(?:\s*[:：]\s*|\s+)\S?", re.IGNORECASE
)
_SOURCE_LABEL = re.compile(r"^\s*(?:المصدر|مصدر الخبر|source)\s*[:：]\s*", re.IGNORECASE)
_MAX_BYLINE = 160
_MAX_BYLINE_WORDS = 20
_MAX_NAME = 60
_MAX_WORDS = 6


def split_names(raw: str) -> tuple[str, ...]:
    """Names in one author string, in order.

    >>> split_names("By Samya Kullab and Vasilisa Stepanenko")
    ('Samya Kullab', 'Vasilisa Stepanenko')
    """
    text = _MAIL.sub(" ", squeeze(raw))
    text = _PRINTED_DATE.split(_BY.sub("", text))[0]
    names: dict[str, None] = {}
    for part in _SPLIT.split(text):
        name = _PARENTHESIS.sub("", _BY.sub("", part)).strip(" .,:;-–—*")
        if name and not _ADDRESS.search(part) and not _LABEL_ONLY.match(part):
            names[name] = None
    return tuple(names)


def is_name(text: str) -> bool:
    """Whether a visible string can be a person's name: few words, no digits, no role word."""
    return (
        1 < len(text) <= _MAX_NAME
        and len(text.split()) <= _MAX_WORDS
        and not _DIGIT.search(text)
        and not _ROLE.search(text)
        and not _ADDRESS.search(text)
        and any(char.isalpha() for char in text)
    )


def linked_names(block: Block) -> tuple[str, ...]:
    """Names that stand in links of their own within a byline; none where its links are something else."""
    texts = [squeeze(element.text_content()) for element in block.element.iter("a")]
    names = [name for text in dict.fromkeys(texts) if text for name in split_names(text)]
    return tuple(names) if names and all(is_name(name) and " " in name for name in names) else ()


@dataclass(frozen=True, slots=True)
class Printed:
    """A byline on the page: its text, the names in it, and whether it is labelled as the source («المصدر: واس»)."""

    text: str | None = None
    names: tuple[str, ...] = ()
    is_source: bool = False


def visible_byline(blocks: tuple[Block, ...], first: int, last: int) -> Printed:
    """The byline printed near the headline: a short block marked as the author's between `first` and `last`.

    A label that stands alone («المصدر:») is joined with what follows it, and names no author: it says where the copy is
    from.
    """
    near = blocks[first:last]
    marked = (block for block in near if "author" in block.marks and not block.marks & _ELSEWHERE)
    labelled = (block for block in near if _LABEL.match(block.text) and not block.marks & _ELSEWHERE)
    for block in (*marked, *labelled):
        text = block.text
        if _LABEL_ONLY.match(text) and not text.rstrip().endswith((":", "：")):
            continue
        if text.rstrip().endswith((":", "：")) and block.index + 1 < len(blocks):
            text = f"{text} {blocks[block.index + 1].text}"
        if len(text) <= _MAX_BYLINE and len(text.split()) <= _MAX_BYLINE_WORDS:
            source = _SOURCE_LABEL.sub("", text)
            if source != text:
                return Printed(source.strip("() ") or None, is_source=True)
            return Printed(text, linked_names(block) or tuple(name for name in split_names(text) if is_name(name)))
    return Printed()
