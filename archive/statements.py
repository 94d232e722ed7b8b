"""The SQL of the archive by name: reads `archive/sql/*.sql` once.

A statement is a line ``-- name: lease_urls``, a comment line that says in a sentence what it does, and the SQL with
named parameters (``%(url)s``; a literal percent sign is ``%%``).
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from archive.errors import ConfigError

_HEAD = re.compile(r"^-- name: *(\S*) *$", re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def statement(name: str) -> str:
    """The SQL called `name`.

    Raises:
        ConfigError: no statement has that name, or a file is not as described above (a fault of the program).
    """
    known = load_statements()
    if name not in known:
        raise ConfigError(f"archive/sql: no statement is named {name!r}; known: {', '.join(sorted(known))}")
    return known[name]


@cache
def load_statements() -> dict[str, str]:
    """Every statement by name, read once a process."""
    found: dict[str, str] = {}
    for file in sorted(files("archive.sql").iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".sql"):
            for name, sql in parse_statements(file.read_text(encoding="utf-8"), file.name).items():
                if name in found:
                    raise ConfigError(f"archive/sql/{file.name}: statement {name!r} is defined a second time")
                found[name] = sql
    return found


def parse_statements(text: str, where: str) -> dict[str, str]:
    """The statements of one file; `where` names it in messages.

    >>> parse_statements("-- name: one\\n-- The number one.\\nSELECT 1;\\n", "a.sql")
    {'one': '-- The number one.\\nSELECT 1'}

    Raises:
        ConfigError: a name is missing or used twice, or a statement has no sentence or no SQL.
    """
    heads = list(_HEAD.finditer(text))
    found: dict[str, str] = {}
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        name = head.group(1)
        body = text[head.end() : after.start() if after else len(text)].strip().removesuffix(";").rstrip()
        _check_statement(name, body, where)
        if name in found:
            raise ConfigError(f"archive/sql/{where}: statement {name!r} is defined a second time")
        found[name] = body
    return found


def _check_statement(name: str, body: str, where: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigError(f"archive/sql/{where}: {name!r} is not a name such as lease_urls")
    first, _, rest = body.partition("\n")
    if not first.startswith("-- ") or not first.strip("- "):
        raise ConfigError(f"archive/sql/{where}: statement {name!r} lacks the comment line that says what it does")
    if not any(line.strip() and not line.lstrip().startswith("--") for line in rest.splitlines()):
        raise ConfigError(f"archive/sql/{where}: statement {name!r} has no SQL")
