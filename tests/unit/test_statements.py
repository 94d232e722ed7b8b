"""The archive's SQL is found by name, and a faulty file is refused with the reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archive.errors import ConfigError
from archive.statements import load_statements, parse_statements, statement

TWO = """-- Head of the file.

-- name: first
-- The first one.
SELECT 1
 WHERE x = %(x)s;

-- name: second
-- The second one,
-- in two lines.
DELETE FROM t
"""


def test_statements_are_found_by_name_without_their_closing_semicolon() -> None:
    found = parse_statements(TWO, "two.sql")
    assert list(found) == ["first", "second"]
    assert found["first"] == "-- The first one.\nSELECT 1\n WHERE x = %(x)s"
    assert found["second"].endswith("DELETE FROM t")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "-- name: a\n-- S.\nSELECT 1\n-- name: a\n-- S.\nSELECT 2",
            "archive/sql/x.sql: statement 'a' is defined a second",
        ),
        ("-- name: a\nSELECT 1", "archive/sql/x.sql: statement 'a' lacks the comment line that says what it does"),
        ("-- name: a\n-- Says.\n-- More.\n", "archive/sql/x.sql: statement 'a' has no SQL"),
        ("-- name: A-b\n-- S.\nSELECT 1", "archive/sql/x.sql: 'A-b' is not a name such as lease_urls"),
        ("-- name: \n-- S.\nSELECT 1", "archive/sql/x.sql: '' is not a name such as lease_urls"),
    ],
)
def test_a_faulty_statement_is_refused_with_file_and_reason(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        parse_statements(text, "x.sql")


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ConfigError, match="no statement is named 'no_such_statement'"):
        statement("no_such_statement")


def test_every_statement_has_a_sentence_and_balanced_parameters() -> None:
    for name, text in load_statements().items():
        assert text.partition("\n")[0].rstrip().endswith((".", ":", ",", ";")) or "\n-- " in text, name
        # A lone % makes psycopg fail at run time only.
        assert not re.search(r"%(?!\(\w+\)s|%)", text), name


def test_every_statement_is_run_by_the_archive() -> None:
    root = Path(__file__).parents[2]
    code = "".join(path.read_text(encoding="utf-8") for path in (root / "archive").rglob("*.py"))
    assert [name for name in load_statements() if f'"{name}"' not in code] == [], "nobody runs them: remove them"
