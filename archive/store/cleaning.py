"""Text as PostgreSQL can hold it: no NUL, no lone surrogates, claimed dates within bounds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, overload

from archive.records import AnnouncementRow, CreditRow, DateRow, ExtractionRow, RemovalRow

# The bounds of the domain store.claimed_time: year 9999, year 0 and infinity break readers.
FIRST_DATE = datetime(1800, 1, 1, tzinfo=UTC)
END_OF_DATES = datetime(2200, 1, 1, tzinfo=UTC)

_SURROGATE = re.compile("[\ud800-\udfff]")


@overload
def clean_text(text: str) -> str: ...
@overload
def clean_text(text: None) -> None: ...
@overload
def clean_text(text: str | None) -> str | None: ...
def clean_text(text: str | None) -> str | None:
    """`text` without NUL, with U+FFFD for each lone surrogate.

    >>> clean_text("a\\0b\\ud83d")
    'ab\ufffd'
    """
    if text is None or (text.isascii() and "\0" not in text):
        return text
    return _SURROGATE.sub("\ufffd", text.replace("\0", ""))


def clean_texts(texts: Iterable[str]) -> list[str]:
    """Each of `texts` clean."""
    return [clean_text(text) for text in texts]


def clean_json(value: Any) -> Any:
    """A JSON value with every string in it clean."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(key)): clean_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(item) for item in value]
    return value


def bound_date(date: DateRow | None) -> datetime | None:
    """The date where it lies within bounds, else None: its evidence is kept all the same."""
    return date.at if date is not None and FIRST_DATE <= date.at < END_OF_DATES else None


def describe_date(date: DateRow | None) -> dict[str, Any] | None:
    """The evidence of a claimed date as JSON."""
    if date is None:
        return None
    return {
        "raw": clean_text(date.raw),
        "precision": date.precision,
        "provenance": date.provenance,
        "zone": date.zone,
        "flags": list(date.flags),
    }


def clean_extraction(row: ExtractionRow) -> ExtractionRow:
    """`row` as it can be stored; flag ``nul_removed`` where a NUL had to go."""
    removals = tuple(_clean_removal(removal) for removal in _move_removals(row))
    cleaned = replace(
        row,
        title=clean_text(row.title),
        titles=tuple((clean_text(where), clean_text(title)) for where, title in row.titles),
        summary=clean_text(row.summary),
        text=clean_text(row.text),
        language=clean_text(row.language),
        authors=tuple(clean_texts(row.authors)),
        place=clean_text(row.place),
        section=clean_text(row.section),
        tags=tuple(clean_texts(row.tags)),
        image=clean_text(row.image),
        canonical_url=clean_text(row.canonical_url),
        kind=clean_text(row.kind),
        published=_clean_date(row.published),
        modified=_clean_date(row.modified),
        flags=tuple(clean_texts(row.flags)),
        removals=removals,
        credits=tuple(_clean_credit(credit) for credit in row.credits),
    )
    if _has_nul(row) and "nul_removed" not in cleaned.flags:
        cleaned = replace(cleaned, flags=(*cleaned.flags, "nul_removed"))
    return cleaned


def clean_announcement(row: AnnouncementRow) -> AnnouncementRow:
    """`row` as it can be stored."""
    return replace(
        row,
        url=clean_text(row.url),
        announced_url=clean_text(row.announced_url),
        rule=clean_text(row.rule),
        reason=clean_text(row.reason),
        guid=clean_text(row.guid),
        title=clean_text(row.title),
        summary=clean_text(row.summary),
        content=clean_text(row.content),
        authors=tuple(clean_texts(row.authors)),
        tags=tuple(clean_texts(row.tags)),
        language=clean_text(row.language),
    )


def _clean_date(date: DateRow | None) -> DateRow | None:
    return None if date is None else replace(date, raw=clean_text(date.raw))


def _clean_removal(removal: RemovalRow) -> RemovalRow:
    return replace(removal, span=clean_text(removal.span))


def _clean_credit(credit: CreditRow) -> CreditRow:
    return replace(credit, matched=clean_text(credit.matched), place=clean_text(credit.place))


def _has_nul(row: ExtractionRow) -> bool:
    texts = (row.title, row.summary, row.text, *row.authors, *row.tags, *(removal.span for removal in row.removals))
    return any(text is not None and "\0" in text for text in texts)


def _move_removals(row: ExtractionRow) -> tuple[RemovalRow, ...]:
    """Removals with their offsets counted in a raw extraction that has lost its NULs."""
    if "\0" not in row.text and not any("\0" in removal.span for removal in row.removals):
        return row.removals
    raw = row.text
    for removal in sorted(row.removals, key=lambda one: one.start):
        raw = raw[: removal.start] + removal.span + raw[removal.start :]
    return tuple(replace(one, start=one.start - raw.count("\0", 0, one.start)) for one in row.removals)
