"""Writes the pages of docs/ that are generated: settings.md, commands.md, schema.md. Tests hold them to the code.

Run it with `make docs` after changing a setting, a command, or a comment in migrations/sql/.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from archive.db import Connection, connect  # noqa: E402
from archive.embedded import open_cluster  # noqa: E402
from archive.migrate import migrate  # noqa: E402
from cli import app  # noqa: E402
from crawler.settings import PREFIX, Settings  # noqa: E402

# Where the default depends on the machine.
SAID_DEFAULTS = {
    "data_dir": "per user, e.g. `~/.local/share/wirekeep`",
    "extract_processes": "the number of cores",
}

SETTINGS_HEAD = """\
# Settings

Every setting is an environment variable. A secret may lie in a file instead: `WIREKEEP_<NAME>_FILE` names a file whose
stripped content is the value (one of the two, not both). An empty variable counts as not set. A bad value stops the
program and names itself. Sizes are in bytes, times in seconds. `--data-dir`, `--log-level` and `--log-format` are
options of `wirekeep` too and win over the environment.

| variable | default | what it is |
|---|---|---|
"""

SETTINGS_TAIL = """
`WIREKEEP_SUPERVISED` is set by `wirekeep up` for the roles it starts (they end when it is gone); do not set it
yourself.

What a source is, its schedule, pace and patterns, stands in `sources.toml`: see [add-a-source](add-a-source.md).
"""

COMMANDS_HEAD = """\
# Commands

What `wirekeep … --help` says, on one page. Exit codes: 0 done, 1 failed, 2 wrong use or settings, 3 the database is not
available, 4 nothing found. `--json` prints JSON for programs; diagnostics go to standard error.
"""

SCHEMA_HEAD = """\
# Schema

Made from the database's own comments by `make docs`; `\\d+ archive.articles` in `wirekeep db psql` shows the same.

- Schema `archive` is what people ask: views and functions. It is a contract: columns are added, never renamed or taken
  away.
- Schema `store` is how it is kept. Read it to understand the archive; write queries against `archive`.
- Schema `queue` is Procrastinate's, as its own migrations make it.

All times are `timestamptz`. How the tables belong together: [architecture](architecture.md#what-is-kept).
"""

RELATIONS = """
SELECT c.oid, n.nspname AS schema, c.relname AS name, obj_description(c.oid, 'pg_class') AS comment
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v', 'm')
 ORDER BY c.relname
"""

COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, col_description(a.attrelid, a.attnum) AS comment
  FROM pg_attribute a
 WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum
"""

FUNCTIONS = """
SELECT p.proname AS name, pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result,
       obj_description(p.oid, 'pg_proc') AS comment
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname = %s
 ORDER BY p.proname
"""


def settings_page() -> str:
    """docs/settings.md, from crawler.settings."""
    rows = [
        f"| `{PREFIX}{name.upper()}` | {_default(name, field.default)} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    ]
    return SETTINGS_HEAD + "".join(rows) + SETTINGS_TAIL


def _default(name: str, value: Any) -> str:
    if name in SAID_DEFAULTS:
        return SAID_DEFAULTS[name]
    return "-" if value is None or value == () else f"`{value}`"


def list_commands() -> Iterator[tuple[str, Any]]:
    """Every command that does something, as (``wirekeep db start``, its object), groups in the order of --help."""
    yield from _walk("wirekeep", typer.main.get_command(app))


def _walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    children: Mapping[str, Any] = getattr(command, "commands", {})
    if path == "wirekeep" or not children:
        yield path, command
    for name, child in children.items():
        yield from _walk(f"{path} {name}", child)


def commands_page() -> str:
    """docs/commands.md, from the commands themselves."""
    return COMMANDS_HEAD + "".join(_command(path, command) for path, command in list_commands())


def _command(path: str, command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = " ".join([path, *map(_usage, arguments), *(["[OPTIONS]"] if options else [])])
    said, _, examples = re.sub(r"\[/?bold\]", "", command.help or "").partition("\n\n")
    lines = [f"\n## {path}\n", f"{' '.join(said.split())}\n"]
    body = [f"    {usage}"]
    for paragraph in examples.strip().split("\n\n") if examples.strip() else []:
        head, *rest = paragraph.strip().splitlines()
        if head.startswith("Example"):
            body += ["", *(f"    {line.strip()}" for line in rest)]
        else:
            lines.append(" ".join(paragraph.split()) + "\n")
    lines.append("\n".join(body) + "\n")
    facts = [_parameter(one) for one in (*arguments, *options)]
    return "\n".join(lines) + ("\n" + "".join(facts) if facts else "")


def _usage(argument: Any) -> str:
    name = (argument.metavar or argument.name or "").upper() + ("…" if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _parameter(one: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts))
    if one.param_type_name == "argument":
        names = f"`{(one.metavar or one.name).upper()}`"
    default = one.default
    shown = "" if default in (None, False, ...) or one.required or callable(default) else f" (default {default})"
    return f"- {names}: {(one.help or '').rstrip('.')}{shown}.\n"


def schema_page(conn: Connection) -> str:
    """docs/schema.md, from the comments in a migrated database."""
    parts = [
        SCHEMA_HEAD,
        "\n## Views\n",
        *_relations(conn, "archive"),
        "\n## Functions\n",
        *_functions(conn, "archive"),
    ]
    parts += ["\n## Tables of schema store\n", *_relations(conn, "store")]
    parts += ["\n## Functions of schema store\n", *_functions(conn, "store")]
    return "".join(parts)


def _functions(conn: Connection, schema: str) -> list[str]:
    return [_function(schema, row) for row in conn.execute(FUNCTIONS, (schema,)).fetchall()]


def _relations(conn: Connection, schema: str) -> Iterator[str]:
    for relation in conn.execute(RELATIONS, (schema,)).fetchall():
        yield f"\n### {relation['schema']}.{relation['name']}\n\n{relation['comment']}\n\n"
        yield "| column | type | what it holds |\n|---|---|---|\n"
        for column in conn.execute(COLUMNS, (relation["oid"],)).fetchall():
            yield f"| `{column['name']}` | {_type(column['type'])} | {_cell(column['comment'])} |\n"


def _type(name: str) -> str:
    return re.sub(r"(DEFAULT NULL)::\w+", r"\1", name.replace("timestamp with time zone", "timestamptz"))


def _cell(comment: str | None) -> str:
    return (comment or "").replace("|", "\\|")


def _function(schema: str, row: Mapping[str, Any]) -> str:
    call = f"{schema}.{row['name']}({_type(row['arguments'])})\n    → {_type(row['result'])}"
    return f"\n### {schema}.{row['name']}\n\n{_cell(row['comment'])}\n\n    {call}\n"


def main() -> None:
    """Write all pages; the schema is read from a fresh database of its own."""
    docs = ROOT / "docs"
    (docs / "settings.md").write_text(settings_page(), encoding="utf-8")
    (docs / "commands.md").write_text(commands_page(), encoding="utf-8")
    # As root the server runs as another user, who must be able to enter.
    with tempfile.TemporaryDirectory(prefix="wirekeep-docs-") as folder:
        Path(folder).chmod(0o711)
        with open_cluster(Path(folder)) as dsn:
            migrate(dsn)
            with connect(dsn) as conn:
                (docs / "schema.md").write_text(schema_page(conn), encoding="utf-8")


if __name__ == "__main__":
    main()
