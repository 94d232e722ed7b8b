"""Reads trafilatura's XPaths as conditions on attributes, tested once for each wording that a page has of them.

`.//*[self::div or self::p][re:test(@class, '…') or contains(@id, '…')]` costs libxml2 a call into Python and a search
over forty alternatives for each element, a quarter of all the time that a page took. Here the elements are walked once,
and equal attributes are judged once. The expressions stay trafilatura's own: they are read from its objects, and one
that is not of this form stays the XPath that it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from lxml.etree import XPath
from lxml.html import HtmlElement

Selector = Callable[[HtmlElement], Sequence[HtmlElement]]
# Attribute values in the order of `_Reader.names` (None where missing), the tag, the names in the order of the page.
_Facts = tuple[tuple[str | None, ...], str, tuple[str, ...]]
_Test = Callable[[_Facts], bool]
_Text = Callable[[_Facts], str]

_NAMESPACES = {"re": "http://exslt.org/regular-expressions"}
_FORM = re.compile(r"\s*(\()?\.//(\*|\w+)((?:\[.*\])?)(?(1)\)\[1\])\s*", re.DOTALL)
_TOKEN = re.compile(r"\s*(?:(or|and)\b|self::(\w+)|@([\w-]+)|'([^']*)'|([a-z][\w:-]*)\(|([()=|,]))")
_LITERAL = re.compile(r"[\w -]+")


class _UnknownFormError(Exception):
    """An expression that this module does not read."""


def read_selector(xpath: XPath) -> Selector:
    """What `xpath` finds among the descendants of an element, in page order; of one that ends in ``[1]``, its first."""
    parts = _split_union(xpath.path)
    if len(parts) > 1:
        selectors = [read_selector(XPath(part, namespaces=_NAMESPACES)) for part in parts]
        return cast(Selector, xpath) if any(isinstance(one, XPath) for one in selectors) else _join(selectors)
    found = _FORM.fullmatch(xpath.path)
    if found is None:
        return cast(Selector, xpath)
    predicates = _split_predicates(found[3])
    first = found[1] is not None
    if predicates[-1:] == ["1"]:
        # the first child of each parent that holds: its first in the page is the first of all
        predicates.pop()
        first = True
    tags, rest = _read_tags(found[2], predicates)
    reader = _Reader()
    tests, others = [], []
    for predicate in rest:
        try:
            tests.append(reader.read(predicate))
        except _UnknownFormError:
            others.append(XPath(f"self::*[{predicate}]", namespaces=_NAMESPACES))
    if rest and not tests:
        return cast(Selector, xpath)
    return _Selector(tags, tuple(reader.names), _all_of(tests) if tests else None, tuple(others), first)


@dataclass(frozen=True, slots=True)
class _Selector:
    """Elements with one of `tags` (all where none) whose attributes `names` pass `test`, and of which `others` hold."""

    tags: tuple[str, ...]
    names: tuple[str, ...]
    test: _Test | None
    others: tuple[XPath, ...]
    first: bool

    def __call__(self, tree: HtmlElement) -> list[HtmlElement]:
        found = self._find(tree)
        return [element for element in (next(found, None),) if element is not None] if self.first else list(found)

    def _find(self, tree: HtmlElement) -> Iterator[HtmlElement]:
        names, test = self.names, self.test
        known: dict[_Facts, bool] = {}
        for element in tree.iterdescendants(*(self.tags or ("*",))):
            if test is None:
                yield element
                continue
            get = element.get
            values = tuple([get(name) for name in names])
            # the order counts only for «the first of two attributes»
            several = len(values) - values.count(None) > 1
            facts = (values, element.tag, tuple(element.keys()) if several else ())
            holds = known.get(facts)
            if holds is None:
                holds = known[facts] = test(facts)
            if holds and all(other(element) for other in self.others):
                yield element


def _join(selectors: Sequence[Selector]) -> Selector:
    def select(tree: HtmlElement) -> list[HtmlElement]:
        found = {element for selector in selectors for element in selector(tree)}
        return [element for element in tree.iterdescendants() if element in found]

    return select


def _split_union(path: str) -> list[str]:
    """The expressions of ``.//a|.//b[@c|@d]``: two."""
    parts, depth, quoted = [""], 0, False
    for char in path:
        quoted ^= char == "'"
        depth += 0 if quoted else (char in "[(") - (char in "])")
        if char == "|" and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def _split_predicates(text: str) -> list[str]:
    """The contents of ``[a][b][1]``, brackets within strings left alone."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, char in enumerate(text):
        if char == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif char == "[":
            depth += 1
            start = at + 1 if depth == 1 else start
        elif char == "]":
            depth -= 1
            if depth == 0:
                parts.append(text[start:at])
    return parts


def _read_tags(name: str, predicates: list[str]) -> tuple[tuple[str, ...], list[str]]:
    if name != "*":
        return (name,), predicates
    if predicates and re.fullmatch(r"\s*self::\w+(?:\s+or\s+self::\w+)*\s*", predicates[0]):
        return tuple(re.findall(r"self::(\w+)", predicates[0])), predicates[1:]
    return (), predicates


@dataclass(slots=True)
class _Reader:
    """Reads predicates by recursive descent; collects the attributes that they name."""

    names: list[str] = field(default_factory=list)
    tokens: list[tuple[str, ...]] = field(default_factory=list)
    at: int = 0

    def read(self, predicate: str) -> _Test:
        """Raises `_UnknownFormError` for a predicate of another form."""
        self.tokens, self.at, end = [], 0, 0
        while end < len(predicate.rstrip()):
            found = _TOKEN.match(predicate, end)
            if found is None:
                raise _UnknownFormError(predicate)
            self.tokens.append((*(group or "" for group in found.groups()), found[0].strip()))
            end = found.end()
        test = self._read_or()
        if self.at != len(self.tokens):
            raise _UnknownFormError(predicate)
        return test

    def _peek(self) -> str:
        return self.tokens[self.at][-1] if self.at < len(self.tokens) else ""

    def _take(self, text: str) -> None:
        if self._peek() != text:
            raise _UnknownFormError(text)
        self.at += 1

    def _read_or(self) -> _Test:
        tests = [self._read_and()]
        while self._peek() == "or":
            self.at += 1
            tests.append(self._read_and())
        return tests[0] if len(tests) == 1 else _any_of(tests)

    def _read_and(self) -> _Test:
        tests = [self._read_one()]
        while self._peek() == "and":
            self.at += 1
            tests.append(self._read_one())
        return _all_of(tests)

    def _read_one(self) -> _Test:
        _, tag, attribute, _, function, mark, _ = self.tokens[self.at] if self.at < len(self.tokens) else ("",) * 7
        if tag:
            self.at += 1
            return lambda facts: facts[1] == tag
        if mark == "(":
            self.at += 1
            test = self._read_or()
            self._take(")")
            return test
        if attribute:
            return self._read_attribute()
        if function in _CALLS:
            self.at += 1
            return _CALLS[function](self)
        raise _UnknownFormError(self._peek())

    def _read_attribute(self) -> _Test:
        """``@a`` alone, or ``@a='b'``."""
        at = self._place()
        if self._peek() != "=":
            return lambda facts: facts[0][at] is not None
        self.at += 1
        wanted = self.read_string()
        return lambda facts: facts[0][at] == wanted

    def _place(self) -> int:
        name = self.tokens[self.at][2]
        if not name:
            raise _UnknownFormError(self._peek())
        self.at += 1
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def read_string(self) -> str:
        token = self.tokens[self.at] if self.at < len(self.tokens) else ("",) * 7
        if not token[-1].startswith("'"):
            raise _UnknownFormError(token[-1])
        self.at += 1
        return token[3]

    def read_text(self) -> _Text:
        """``@a``, ``@a|@b`` (the one that stands first in the page), ``translate(…, 'A', 'a')``; "" where missing."""
        if self._peek() == "translate(":
            self.at += 1
            inner = self.read_text()
            self._take(",")
            old = self.read_string()
            self._take(",")
            table = str.maketrans(old, self.read_string())
            self._take(")")
            return lambda facts: inner(facts).translate(table)
        places = [self._place()]
        while self._peek() == "|":
            self.at += 1
            places.append(self._place())
        if len(places) == 1:
            return lambda facts, at=places[0]: facts[0][at] or ""  # type: ignore[misc]
        return lambda facts: _first_text(facts, places, self.names)

    def comma(self) -> None:
        self._take(",")

    def close(self) -> None:
        self._take(")")

    def read_group(self) -> _Test:
        test = self._read_or()
        self._take(")")
        return test

    def flags(self) -> str:
        if self._peek() != ",":
            return ""
        self.at += 1
        return self.read_string()


def _first_text(facts: _Facts, places: list[int], names: list[str]) -> str:
    values, _, order = facts
    there = [at for at in places if values[at] is not None]
    if not there:
        return ""
    first = there[0] if len(there) == 1 else min(there, key=lambda at: order.index(names[at]))
    return values[first] or ""


def _read_contains(reader: _Reader) -> _Test:
    text = reader.read_text()
    reader.comma()
    part = reader.read_string()
    reader.close()
    return lambda facts: part in text(facts)


def _read_starts(reader: _Reader) -> _Test:
    text = reader.read_text()
    reader.comma()
    part = reader.read_string()
    reader.close()
    return lambda facts: text(facts).startswith(part)


def _read_not(reader: _Reader) -> _Test:
    test = reader.read_group()
    return lambda facts: not test(facts)


def _read_pattern(reader: _Reader) -> _Test:
    text = reader.read_text()
    reader.comma()
    pattern = reader.read_string()
    flags = reader.flags()
    reader.close()
    search = _searcher(pattern, flags)
    return lambda facts: search(text(facts))


_CALLS: dict[str, Callable[[_Reader], _Test]] = {
    "contains": _read_contains,
    "starts-with": _read_starts,
    "not": _read_not,
    "re:test": _read_pattern,
}


def _searcher(pattern: str, flags: str) -> Callable[[str], bool]:
    """A search for alternatives: plain words as substrings (ten times faster), the others as one pattern."""
    if flags not in {"", "i"}:
        raise _UnknownFormError(flags)
    whole = re.compile(pattern, re.IGNORECASE if flags else 0)
    parts = _split_alternatives(pattern)
    plain = () if flags else tuple(part for part in parts if _LITERAL.fullmatch(part))
    others = [part for part in parts if not _LITERAL.fullmatch(part)]
    rest = re.compile("|".join(others)).search if others else None
    if not plain:
        return lambda text: whole.search(text) is not None

    def search(text: str) -> bool:
        if not text:
            return blank
        for part in plain:  # a loop, here and in the two below: `any` over a generator takes twice the time
            if part in text:
                return True
        return rest is not None and rest(text) is not None

    blank = whole.search("") is not None
    return search


def _any_of(tests: list[_Test]) -> _Test:
    def test(facts: _Facts) -> bool:
        for one in tests:  # noqa: SIM110
            if one(facts):
                return True
        return False

    return test


def _all_of(tests: list[_Test]) -> _Test:
    if len(tests) == 1:
        return tests[0]

    def test(facts: _Facts) -> bool:
        for one in tests:  # noqa: SIM110
            if not one(facts):
                return False
        return True

    return test


def _split_alternatives(pattern: str) -> list[str]:
    """The alternatives of a pattern at its top level."""
    if "\\" in pattern or re.search(r"\[[^\]]*[()|]", pattern):
        return [pattern]
    parts, depth, start = [], 0, 0
    for at, char in enumerate(pattern):
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            parts.append(pattern[start:at])
            start = at + 1
    return [*parts, pattern[start:]]
