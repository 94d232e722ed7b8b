"""JSON Feed 1.0 and 1.1: each item becomes an `Entry`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from crawler.discover.entries import Entry, LinkList, Reading

# Objects and arrays in one document. 100,000 items have some 400,000; each costs 64 bytes and more.
MAX_OBJECTS = 1_000_000

_ITEMS = re.compile(r'"items"\s*:\s*\[')


def read_json_feed(text: str, reading: Reading) -> tuple[LinkList, str | None, str | None]:
    """The links of a JSON Feed, how it is malformed (None if it is not), and its language.

    Of a document that is cut or faulty, the items before the fault are taken.
    """
    found = LinkList(reading)
    if text.count("{") + text.count("[") > MAX_OBJECTS:
        return found, f"more than {MAX_OBJECTS} objects in one document: not read", None
    feed, fault = _load(text)
    items = feed.get("items")
    for item in items if isinstance(items, list) else ():
        if found.is_full:
            found.skip()
        else:
            found.add(_read_item(item, reading.url) if isinstance(item, dict) else Entry(link="", base=reading.url))
    if fault is None and not isinstance(items, list):
        fault = 'JSON without a list of "items"'
    return found, fault, _text(feed, "language") or None


def _load(text: str) -> tuple[dict[str, Any], str | None]:
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError) as error:
        return {"items": list(_salvage(text))}, f"not well-formed JSON: {error}"[:300]
    return (feed, None) if isinstance(feed, dict) else ({}, "JSON that is no object")


def _salvage(text: str) -> Iterator[Any]:
    """The whole items at the beginning of the list, up to the first that is not."""
    match = _ITEMS.search(text)
    position = match.end() if match else len(text)
    decoder = json.JSONDecoder()
    while position < len(text):
        if text[position] in " \t\r\n,":
            position += 1
            continue
        try:
            item, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return
        yield item


def _read_item(item: dict[str, Any], url: str) -> Entry:
    plain = _text(item, "content_text")
    authors = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    tags = item.get("tags")
    return Entry(
        link=_text(item, "url") or _text(item, "external_url"),
        base=url,
        guid=_text(item, "id") or None,
        title=_text(item, "title") or None,
        plain_title=True,
        summary=_text(item, "summary") or None,
        plain_summary=True,
        content=_text(item, "content_html") or (escape(plain) if plain else None),
        authors=tuple(_text(author, "name") for author in authors or () if isinstance(author, dict)),
        published=_text(item, "date_published") or None,
        modified=_text(item, "date_modified") or None,
        language=_text(item, "language") or None,
        tags=tuple(str(tag) for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
    )


def _text(table: dict[str, Any], key: str) -> str:
    """A string, or a number written as one (ids are); "" for anything else."""
    value = table.get(key)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
