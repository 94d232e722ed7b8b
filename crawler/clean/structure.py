"""Takes lines by where they stood on the page: echoes of the title, captions, link lists, bylines, other regions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.clean.folding import fold
from crawler.clean.verdicts import Sheet, ends_sentence, opens_with_dateline

_REGIONS = {
    "nav": "region-nav",
    "related": "region-related",
    "share": "region-share",
    "newsletter": "region-newsletter",
    "comments": "region-comments",
    "form": "region-form",
    "button": "region-button",
    "footer": "region-footer",
    "ad": "region-ad",
    "paywall": "region-paywall",
    "legal": "region-legal",
    "tags": "region-tags",
    "aside": "region-aside",
    "hidden": "region-hidden",
}
# Words of which a printed date consists, folded; digits and their like are added by `_is_date`.
_DATE_NAMES = """
monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun january
february march april may june july august september october november december jan feb mar apr jun jul aug sep sept
oct nov dec am pm gmt utc est edt cst cdt mst mdt pst pdt et bst ist cet cest at on the of st nd rd th uhr um vor
min mins minutes minute hours hour hrs ago days day updated published posted last montag dienstag mittwoch
donnerstag freitag samstag sonntag januar februar märz mai juni juli oktober dezember den aktualisiert stand janvier
février mars avril juin juillet août septembre octobre novembre décembre le à h publié mis jour lundi mardi mercredi
jeudi vendredi samedi dimanche de enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre
diciembre الاحد الاثنين الثلاثاء الاربعاء الخميس الجمعه السبت يناير فبراير مارس ابريل مايو يونيو يوليو اغسطس سبتمبر
اكتوبر نوفمبر ديسمبر كانون الثاني الاول شباط اذار نيسان ايار حزيران تموز اب ايلول تشرين جانفي فيفري افريل ماي جوان
جويليه اوت غشت شتنبر نونبر دجنبر يوليوز ثاني اول ص م صباحا مساء بتوقيت غرينتش منذ ساعه ساعات دقيقه دقايق يوم ايام هجري ه
الموافق اخر تحديث نشر في القاهره بيروت الساعه
"""
_DATE_WORDS = frozenset(_DATE_NAMES.split())
_CAPTION_CREDIT = re.compile(
    r"(?:\(|/|\||©|—|–|-)\s*(?:AP|AFP|Reuters|Getty(?: Images)?|EPA|dpa|Shutterstock|رويترز|أ ف ب|الأناضول)"
    r"[^.]{0,30}\)?$"
    r"|^(?:©|\(c\)|\(C\))|©\s*\w|(?:Foto|Photo|Bild|Image|Picture|Imagen|Fotografía|Crédit photo)s?\s*[:©/]",
)
# An agency alone behind the text, in brackets or behind a dash; a picture's credit says more: "(AP Photo/Jane Roe)".
_SIGNED = re.compile(r"\s*(?:[(\[]\s*[^()\[\]/|]{2,20}[)\]]|[—–-]+\s*[^\s/|]{2,12})$")
# An info line: «البريد - شينخوا | 23/11/2026 - 22:37 | عدد القراءات: 318», "Staff | 3 June 2020 | 318 views".
_COUNTER = re.compile(
    r"\b(?:views?|reads?|hits|visits?|shares|comments?|min(?:ute)?s? read"
    r"|(?:عدد )?(?:ال)?(?:قراءات|قراءه|مشاهدات|مشاهده|زيارات|زياره|تعليقات|تعليق|مشاركات|تصفح))\b"
)
_DAY = re.compile(r"(?<!\d)(?:\d{1,2}[/.\-]\d{1,2}[/.\-]\d{2,4}|\d{4}[/.\-]\d{1,2}[/.\-]\d{1,2})(?!\d)")
_PARTS = re.compile(r"\s[|¦•·–—/\-]+\s|\|")
_INFO_WORDS = 24
_DESCRIBED_WORDS = 6
_TITLE_WORDS = 4
_ADDRESS = re.compile(r"^(?:https?://|www\.)\S+$")
_LISTED_LINK, _ALL = 0.4, 0.9  # a list item of a bold kicker and a link: «**Storm:** Harbour closed»
_SYMBOLS = re.compile(r"^[\W_ـ]*$")  # a tatweel counts as a letter; «ــــ» is a rule


@dataclass(frozen=True, slots=True)
class Facts:
    """What metadata knows and lines may repeat."""

    titles: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    description: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    site_name: str | None = None
    credits: frozenset[str] = frozenset()  # lines that credit agencies and say nothing else
    datelines: frozenset[str] = frozenset()  # lines that are a dateline and nothing else


def apply_structure(sheet: Sheet, facts: Facts) -> None:
    """All rules that look at place and markup, the surest first."""
    _guard_described(sheet, facts)
    _take_title_echo(sheet, facts)
    _take_symbols(sheet)
    _take_captions(sheet, facts)
    _take_regions(sheet)
    _take_info_lines(sheet)
    _take_credits(sheet, facts)
    _take_bylines(sheet, facts)
    _take_links(sheet)


def _guard_described(sheet: Sheet, facts: Facts) -> None:
    """What the description repeats above the text is the deck, whatever class it bears (`teaser` is common)."""
    description = fold(facts.description or "")
    for at in sheet.open() if description else ():
        folded = sheet.folded[at]
        if sheet.places[at] != "lead" or "figure" in sheet.lines[at].marks or sheet.words(at) < _DESCRIBED_WORDS:
            continue
        if description.startswith(folded) or folded.startswith(description[:-3]):
            sheet.guarded.add(at)


def _take_title_echo(sheet: Sheet, facts: Facts) -> None:
    titles = {folded for title in facts.titles if (folded := fold(title))}
    names = {folded for name in (facts.section, facts.site_name) if name and (folded := fold(name))}
    for at in sheet.open():
        heading = sheet.lines[at].tag in {"h1", "h2"}
        echo = sheet.folded[at] in titles and (heading or sheet.places[at] != "body")
        if echo or (heading and sheet.places[at] == "lead" and _holds_title(sheet.folded[at], titles)):
            sheet.force(at, "title-echo")
        elif sheet.folded[at] in names and sheet.places[at] != "body":
            sheet.take(at, "site-or-section-name")


def _holds_title(folded: str, titles: set[str]) -> bool:
    """Whether a heading is a title with a kicker before it or a site's name behind, or says it in other words."""
    words = set(folded.split())
    for title in titles:
        told = set(title.split())
        if len(told) >= _TITLE_WORDS and (
            folded.endswith(f" {title}")
            or folded.startswith(f"{title} ")
            or len(words & told) * 5 >= max(len(words), len(told)) * 3
        ):
            return True
    return False


def _take_symbols(sheet: Sheet) -> None:
    for at in sheet.open():
        if _SYMBOLS.match(sheet.lines[at].text):
            sheet.take(at, "symbols-only")


def _take_captions(sheet: Sheet, facts: Facts) -> None:
    standing = sheet.open()
    last_prose = max(filter(sheet.is_prose, standing), default=-1)
    for at in standing:
        line = sheet.lines[at]
        marks = sheet.marks(at)
        if ("caption" in marks or "figure" in marks) and "quote" not in marks:
            sheet.take(at, "caption")
        elif sheet.words(at) > 40 or ends_sentence(line.text) or line.text in facts.datelines:
            continue
        elif _CAPTION_CREDIT.search(line.text) and not (at >= last_prose and _is_signed_off(sheet, at)):
            above = at < standing[-1] and not opens_with_dateline(line.text)
            (sheet.force if above else sheet.take)(at, "caption-credit")  # above the text it may read like its start


def _is_signed_off(sheet: Sheet, at: int) -> bool:
    """Whether the last line of the text is a paragraph that the agency signs: «… المحادثات مستمرة. (أ ف ب)»."""
    line = sheet.lines[at]
    signed = _SIGNED.search(line.text)
    return bool(signed and line.beside and (sheet.is_prose(at) or ends_sentence(line.text[: signed.start()])))


def _take_regions(sheet: Sheet) -> None:
    for at in sheet.open():
        marks = sheet.marks(at)
        rule = next((rule for mark, rule in _REGIONS.items() if mark in marks), None)
        if "header" in marks and sheet.lines[at].before:
            sheet.force(at, "region-header")
        if rule and not (sheet.lines[at].witnessed and sheet.is_prose(at)):
            sheet.take(at, rule)


def _take_info_lines(sheet: Sheet) -> None:
    """A line above the text in parts, one a date and one a count of readers or comments."""
    for at in sheet.open():
        text = sheet.lines[at].text
        if sheet.places[at] != "lead" or sheet.words(at) > _INFO_WORDS or ends_sentence(text):
            continue
        parts = [part for part in _PARTS.split(text) if part.strip()]
        counted = any(_COUNTER.search(fold(part)) and any(c.isdigit() for c in part) for part in parts)
        dated = any(_DAY.search(part) or _is_date(fold(part)) for part in parts)
        if len(parts) > 1 and counted and dated:
            sheet.force(at, "info-line")


def _take_credits(sheet: Sheet, facts: Facts) -> None:
    """An agency's name alone above or below the text, «المصدر: كونا»: where the copy is from, not copy."""
    standing = sheet.open() if facts.credits else []
    last_prose = max(filter(sheet.is_prose, standing), default=-1)
    for at in standing:
        if sheet.lines[at].text in facts.credits and (sheet.places[at] != "body" or at >= last_prose):
            sheet.take(at, "agency-line")


def _take_bylines(sheet: Sheet, facts: Facts) -> None:
    authors = {folded for name in facts.authors if (folded := fold(name))}
    for at in sheet.open():
        marks, folded = sheet.marks(at), sheet.folded[at]
        if sheet.places[at] == "tail" and "author" in marks:
            sheet.take(at, "region-author")
        if sheet.places[at] == "body" or sheet.words(at) > 30:
            continue
        bare = (
            folded.removeprefix("by ")
            .removeprefix("von ")
            .removeprefix("كتب ")
            .removeprefix("كتبت ")
            .removeprefix("بقلم ")
        )
        if bare in authors or (sheet.words(at) <= 12 and any(name in bare and len(name) > 6 for name in authors)):
            sheet.take(at, "byline")
        elif _is_date(folded):
            sheet.take(at, "date-line")
        elif "author" in marks or ("meta" in marks and sheet.words(at) <= 12):
            sheet.take(at, "region-author" if "author" in marks else "region-meta")


def _is_date(folded: str) -> bool:
    words = folded.split()
    dated = all(word in _DATE_WORDS or word.rstrip("stndrhamp").isdigit() for word in words)
    return dated and any(word[0].isdigit() for word in words)


def _take_links(sheet: Sheet) -> None:
    """Lines that are nearly all link: in the lead and tail any, in the body a headline-like one or a list of them."""
    for at in sheet.open():
        line = sheet.lines[at]
        listed = "list" in line.marks and line.links >= _LISTED_LINK and line.links + line.strong >= _ALL
        if (line.links < 0.8 and not listed) or (line.witnessed and ends_sentence(line.text)):
            continue
        if line.beside and _ADDRESS.match(line.text):
            continue  # printed for its own sake
        if sheet.places[at] != "body" or not ends_sentence(line.text) or "list" in line.marks:
            sheet.take(at, "link-line")
