"""Joins what datelines, bylines, sign-offs, credit lines and metadata say of a text's origin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crawler.attribute.agencies import is_agency, is_unnamed
from crawler.attribute.authors import Signed, is_signature, read_authors
from crawler.attribute.byline import read_byline
from crawler.attribute.credit import (
    CONTRIBUTED,
    byline_credits,
    credits_in_lines,
    dateline_credits,
    organisation_credits,
    sign_offs,
    style_credits,
    weigh,
)
from crawler.attribute.dateline import Dateline, read_dateline, read_recurring_place
from crawler.attribute.wording import fold
from crawler.records import Credit

_SHORT_LINE = 12  # words: a byline or dateline on a line of its own, with the text beginning on the next

_AS_SOURCE = frozenset({"dateline", "signoff", "credit_line"})  # where an agency stands as the source of the copy


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribution:
    """Who wrote the text, whose copy it is, and where it was written.

    `authors` are people; where none is named it is the house or agency that signs. An agency alone is no author where
    text or page credit it as the source: it is a credit. `credits` has one entry an agency, the surest first; `place`
    is the dateline's, as written.
    """

    authors: tuple[str, ...]
    credits: tuple[Credit, ...]
    place: str | None


def attribute(
    *,
    text: str,
    authors_raw: tuple[str, ...],
    byline_raw: str | None,
    credit_lines: tuple[str, ...],
    organisations: tuple[str, ...],
    site_name: str | None,
) -> Attribution:
    """Authors, credits and place of an article.

    `text` is a paragraph per line; `authors_raw` are the author strings of metadata, as the page has them; `byline_raw`
    the printed byline; `credit_lines` the lines that the page marks as credit; `organisations` the names in JSON-LD's
    author, sourceOrganization and provider; `site_name` what the publisher calls itself.
    """
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    line, dateline = _head(lines, site_name)
    bylines = [read_byline(raw, site_name) for raw in (byline_raw, *authors_raw) if raw]
    raws = [raw for raw in (byline_raw, *authors_raw) if raw]
    found: list[Credit] = [*dateline_credits(line, dateline)]
    for raw, byline in zip(raws, bylines, strict=True):
        found += byline_credits(raw, byline.agencies, byline.place)
    found += sign_offs(lines)
    found += style_credits(credit_lines)  # cleaning takes them out of the text
    found += _credit_lines(lines, credit_lines)
    found += organisation_credits(organisations)
    places = [dateline.place if dateline else None, *(byline.place for byline in bylines)]
    if found and lines:
        places.append(read_recurring_place(lines[0]))
    return Attribution(
        authors=_authors(authors_raw, byline_raw, site_name, credited=any(map(_is_source, found))),
        credits=weigh(found),
        place=next((place for place in places if place), None),
    )


def agencies_of(byline: str, first_paragraph: str) -> tuple[str, ...]:
    """Codes of the agencies that a byline names, or the dateline at the head of the first paragraph.

    >>> agencies_of("الوئام - ا ف ب:", "")
    ('AFP',)
    """
    named = [*read_byline(byline).agencies]
    dateline = read_dateline(first_paragraph)
    if dateline is not None:
        named += dateline.agencies
    return tuple(dict.fromkeys(one.code for one in named))


def _head(lines: list[str], site_name: str | None) -> tuple[str, Dateline | None]:
    """The first line's dateline, or the second's: behind a byline, or behind a standfirst where it names an agency.

    A first line that is an agency's name alone gives way to a second that has the place too.
    """
    best: tuple[str, Dateline | None] = ("", None)
    for index, line in enumerate(lines[:2]):
        dateline = read_dateline(line, site_name)
        behind = index and len(lines[0].split()) > _SHORT_LINE
        if dateline is None or (behind and not dateline.agencies):
            continue
        if best[1] is None or (dateline.place and not best[1].place and len(lines[0].split()) <= _SHORT_LINE):
            best = (line, dateline)
    return best


def _is_source(credit: Credit) -> bool:
    """Whether the copy is credited as the agency's own, not only its writer or its help."""
    return credit.where in _AS_SOURCE and credit.confidence > CONTRIBUTED


def _credit_lines(lines: list[str], marked: tuple[str, ...]) -> Iterator[Credit]:
    yield from credits_in_lines(marked, trusted=True)
    yield from credits_in_lines(lines[-4:], trusted=False)


def _authors(
    raws: tuple[str, ...], byline_raw: str | None, site_name: str | None, *, credited: bool
) -> tuple[str, ...]:
    """Metadata's people, else the printed byline's; a signing house, or agency not credited, where there is nobody."""
    stated = read_authors(raws, site_name)
    printed = read_authors((byline_raw,) if byline_raw else (), site_name)
    if stated.people:
        return stated.people + tuple(house for house in stated.houses if is_agency(house))
    if stated.houses and site_name:
        own = tuple(name for name in printed.people if not fold(name).startswith(f"{fold(site_name)} "))
        printed = Signed(people=own, houses=printed.houses)
    if printed.people and (not stated.houses or any(map(is_signature, printed.people))):
        return printed.people
    houses = [house for house in stated.houses or printed.houses if not (credited and is_agency(house))]
    named = [house for house in houses if not is_unnamed(house)]
    return tuple(named or houses)
