"""Reads this package's rule files, once, and says by a digest which rules were in force."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from crawler.attribute.wording import fold

FILES = ("agencies.toml", "bylines.toml", "places.toml")


def read_text(name: str) -> str:
    """The text of a rule file."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def read_table(name: str) -> dict[str, Any]:
    """A rule file, parsed."""
    return tomllib.loads(read_text(name))


def words(section: str, key: str) -> frozenset[str]:
    """The folded words, or phrases where it is a list, of a key of `bylines.toml`."""
    value: str | list[str] = read_table("bylines.toml")[section][key]
    return frozenset(fold(word) for word in (value.split() if isinstance(value, str) else value))


def phrases(section: str, key: str) -> tuple[str, ...]:
    """The phrases of a list as written, the longest first, as alternatives of a pattern need them."""
    return tuple(sorted(read_table("bylines.toml")[section][key], key=len, reverse=True))


def rules_digest() -> str:
    """A short digest over the rule files: it changes when, and only when, a table does."""
    digest = hashlib.sha256()
    for name in FILES:
        digest.update(read_text(name).encode())
    return digest.hexdigest()[:16]
