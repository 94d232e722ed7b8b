"""What each override of a source changes on one page: the page is read with it, and once more without it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from crawler.clean import restore
from crawler.extract.charset import decode
from crawler.extract.page import parse, strip_dead
from crawler.extract.site import apply_site_rules
from crawler.process import process
from crawler.records import Article, Page, Rejected, SiteRules


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """One value of the result, without the override and with it; None for no value."""

    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """One key of ``[source.css]`` on one page.

    `value` is the selector or the pattern, `matched` how many `unit` of the page it found; `changed` are the values
    that differ without it, `gained` and `lost` the lines that the text has only with it and only without it.
    """

    key: str
    value: str
    matched: int
    unit: Literal["element", "line"]
    changed: tuple[Changed, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]


def try_overrides(page: Page, found: Article | Rejected) -> tuple[Override, ...]:
    """Every override of the page's source, in the order of the keys, with what it changes in `found`.

    `found` is what `process` made of the page; each override costs one more reading of it.
    """
    return tuple(
        _compare(found, process(replace(page, rules=without)), key, value, matched)
        for (key, value, without), matched in zip(_each(page.rules), _count(page, found), strict=True)
    )


def _each(rules: SiteRules) -> Iterator[tuple[str, str, SiteRules]]:
    """(key, selector or pattern, the rules without it) of every override that is set."""
    for index, selector in enumerate(rules.remove):
        yield "css.remove", selector, replace(rules, remove=_all_but(rules.remove, index))
    named = (
        ("css.title", rules.title, replace(rules, title=None)),
        ("css.authors", rules.authors, replace(rules, authors=None)),
        ("css.date", rules.date, replace(rules, date=None)),
        ("css.body", rules.body, replace(rules, body=None)),
    )
    yield from ((key, selector, without) for key, selector, without in named if selector)
    for index, pattern in enumerate(rules.remove_lines):
        yield "css.remove_lines", pattern, replace(rules, remove_lines=_all_but(rules.remove_lines, index))


def _all_but(values: tuple[str, ...], index: int) -> tuple[str, ...]:
    return values[:index] + values[index + 1 :]


def _count(page: Page, found: Article | Rejected) -> list[int]:
    """Elements that each selector finds as the page is read, then lines that each pattern matches."""
    root = parse(decode(page.body, setting=page.rules.charset, content_type=page.content_type).data)
    if root is None:
        return [0 for _ in _each(page.rules)]
    strip_dead(root)
    elements = [count for _, count in apply_site_rules(root, page.rules).matched]
    raw = restore(found.text, found.removals) if isinstance(found, Article) else found.text
    lines = raw.split("\n")
    patterns = [re.compile(pattern) for pattern in page.rules.remove_lines]
    return elements + [sum(pattern.fullmatch(line) is not None for line in lines) for pattern in patterns]


def _compare(found: Article | Rejected, without: Article | Rejected, key: str, value: str, matched: int) -> Override:
    old, new = _values(without), _values(found)
    return Override(
        key=key,
        value=value,
        matched=matched,
        unit="line" if key == "css.remove_lines" else "element",
        changed=tuple(
            Changed(what=what, before=old.get(what), after=new.get(what))
            for what in dict.fromkeys((*old, *new))
            if old.get(what) != new.get(what)
        ),
        gained=_only(found.text, without.text),
        lost=_only(without.text, found.text),
    )


def _values(found: Article | Rejected) -> dict[str, str | None]:
    if isinstance(found, Rejected):
        return {"outcome": f"rejected as {found.reason.value}: {found.detail}", "title": found.title}
    dated = found.published
    return {
        "outcome": "article",
        "title": found.title,
        "summary": found.summary,
        "authors": ", ".join(found.authors) or None,
        "agencies": ", ".join(credit.agency for credit in found.credits) or None,
        "place": found.place,
        "published": f"{dated.at.isoformat()} ({dated.provenance})" if dated else None,
        "language": found.language,
    }


def _only(text: str, other: str) -> tuple[str, ...]:
    """Lines of `text` that `other` has not, or not so often."""
    spare = Counter(other.split("\n"))
    found: list[str] = []
    for line in text.split("\n"):
        if spare[line] > 0:
            spare[line] -= 1
        elif line:
            found.append(line)
    return tuple(found)
