"""docs/schema.md is what the database says of itself, and the documentation's SQL runs as a reader."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archive.ask import run_sql
from archive.db import Connection
from scripts.write_docs import COLUMNS, FUNCTIONS, RELATIONS, schema_page

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/operations.md", "docs/architecture.md", "docs/extraction.md")


def test_schema_page_is_made_from_the_comments(conn: Connection) -> None:
    assert (ROOT / "docs/schema.md").read_text(encoding="utf-8") == schema_page(conn), "run: make docs"


@pytest.mark.parametrize("schema", ["archive", "store"])
def test_every_view_table_column_and_function_carries_a_comment(conn: Connection, schema: str) -> None:
    silent = [row["name"] for row in conn.execute(FUNCTIONS, (schema,)).fetchall() if not row["comment"]]
    for relation in conn.execute(RELATIONS, (schema,)).fetchall():
        rows = [relation, *conn.execute(COLUMNS, (relation["oid"],)).fetchall()]
        silent += [f"{relation['name']}.{row['name']}" for row in rows if not row["comment"]]
    assert silent == []


def _statements() -> list[tuple[str, str]]:
    """Queries of the pages: those of ```sql blocks (one a block, ended by ;) and of `wirekeep sql "…"`."""
    found: list[tuple[str, str]] = []
    for name in PAGES:
        text = (ROOT / name).read_text(encoding="utf-8")
        for block in re.findall(r"^```sql\n(.*?)^```", text, re.S | re.M):
            found += [(name, one.strip()) for one in block.split(";") if one.strip()]
        found += [(name, one) for one in re.findall(r'wirekeep(?: --data-dir \S+)? sql (?:-f \w+ )?"([^"]+)"', text)]
    return found


def test_the_pages_hold_queries() -> None:
    assert len(_statements()) >= 5


@pytest.mark.parametrize(("page", "statement"), _statements())
def test_queries_of_the_documentation_run(database: str, conn: Connection, page: str, statement: str) -> None:
    if "archive.recrawl" in statement:  # asks for something, which no reader may: here it is only planned
        conn.execute(f"EXPLAIN {statement}".encode())
        return
    # The server of the tests has no roles of ours; there is nothing here that a superuser could harm.
    with run_sql(database, statement, role="pg_read_all_data", timeout=20) as answer:
        assert answer.columns
        list(answer.rows)
