"""Asking the archive: `search`, `show`, `why`, `sql`."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.context import EXIT_NOTHING, open_archive, read_context

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from archive.answers import Shown
    from crawler.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
FORMATS = ("table", "csv", "jsonl")


def add_to(app: typer.Typer) -> None:
    """Hang the commands on the door."""
    app.command()(search)
    app.command()(show)
    app.command()(why)
    app.command()(sql)


def search(
    context: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="WORD", help='Words, "a phrase", or, -without; any Arabic spelling.')
    ],
    language: Annotated[str | None, typer.Option(help="ISO 639-1: ar, en …")] = None,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    agency: Annotated[str | None, typer.Option(help="Only copy credited to this agency: Reuters, AFP, SPA …")] = None,
    since: Annotated[str | None, typer.Option(help="From this moment on: 2026-11-01, 3d, yesterday …")] = None,
    until: Annotated[str | None, typer.Option(help="Before this moment.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Search the archive, best first.

    [bold]Examples[/bold]
    wirekeep search --agency Reuters --since yesterday "مجلس الوزراء"
    wirekeep search rail -- -strike
    """
    from archive import query
    from commands import reports
    from commands.display import print_json
    from commands.moments import read_moment

    with open_archive(context) as (settings, conn):
        hits = query.search(
            conn,
            " ".join(words),
            language=language,
            source=source,
            agency=agency,
            since=read_moment(since, settings.zone) if since else None,
            until=read_moment(until, settings.zone) if until else None,
            limit=limit,
        )
    if as_json:
        print_json(hits)
    else:
        reports.print_hits(hits, settings.zone)
    if not hits:
        if not as_json:
            typer.echo("nothing found", err=True)
        raise typer.Exit(EXIT_NOTHING)


def show(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Any spelling or alias.")],
    raw: Annotated[bool, typer.Option("--raw", help="Print the HTTP response exactly as it came.")] = False,
    removed: Annotated[bool, typer.Option("--removed", help="Also what cleaning took out, and by which rule.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a story: text, metadata, credits with their evidence.

    [bold]Examples[/bold]
    wirekeep show https://paper.example/a-story --removed
    wirekeep show https://paper.example/a-story --raw > page.http
    """
    from archive import query
    from archive.errors import ConfigError
    from commands import reports
    from commands.display import print_json
    from crawler.discover.urls import canonicalise

    canonical = canonicalise(url)
    if canonical is None:
        raise ConfigError(f"{url!r} is not a URL; expected http(s)://host/path")
    with open_archive(context) as (settings, conn):
        found = query.show(conn, canonical)
    if found is None:
        typer.echo(f"{canonical}\nis not in the archive; wirekeep why says the reason", err=True)
        raise typer.Exit(EXIT_NOTHING)
    if raw:
        _write_raw(settings, found)
    elif as_json:
        print_json(found)
    else:
        reports.print_story(found, settings.zone, removed=removed)


def _write_raw(settings: Settings, found: Shown) -> None:
    from archive import warc
    from archive.errors import ArchiveError

    if found.body is None:
        raise ArchiveError(f"{found.url}: no body was ever received")
    place = found.body
    record = warc.read_record(settings.warc_root, place.path, place.offset, place.length)
    sys.stdout.buffer.write(record.raw_http_bytes)
    sys.stdout.buffer.flush()


def why(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Any spelling or alias.")],
    as_json: AsJson = False,
) -> None:
    """Say why a story is, or is not, in the archive: announcements, rules, fetches, next attempt.

    [bold]Example[/bold]
    wirekeep why https://paper.example/a-story
    """
    from archive import query
    from archive.errors import ConfigError
    from commands import reports
    from commands.display import print_json
    from crawler.discover.urls import canonicalise

    canonical = canonicalise(url)
    if canonical is None:
        raise ConfigError(f"{url!r} is not a URL; expected http(s)://host/path")
    with open_archive(context) as (settings, conn):
        found = query.why(conn, canonical)
    if as_json:
        print_json(found)
    else:
        if canonical != url:
            typer.echo(f"canonicalised from {url} to" + (f"\n{canonical}" if found.url != canonical else ""))
        if found.url != canonical:
            typer.echo("known as")
        reports.print_why(found, settings.zone)
    if found.state is None:
        raise typer.Exit(EXIT_NOTHING)


def sql(
    context: typer.Context,
    statement: Annotated[
        str, typer.Argument(metavar="STATEMENT", help="One query, or - to read it from standard input.")
    ],
    form: Annotated[str, typer.Option("--format", "-f", help="table, csv or jsonl.")] = "table",
    timeout: Annotated[float | None, typer.Option(help="Limit in seconds (WIREKEEP_QUERY_TIMEOUT).")] = None,
) -> None:
    """Ask in SQL: one statement with a reader's rights, read-only, streamed.

    [bold]Examples[/bold]
    wirekeep sql "select source, count(*) from archive.articles group by 1"
    wirekeep sql -f csv "select * from archive.coverage" > coverage.csv
    """
    from archive.ask import run_sql
    from archive.errors import ConfigError
    from service.database import open_database

    if form not in FORMATS:
        raise ConfigError(f"--format {form!r} is none of {', '.join(FORMATS)}")
    text = _read_statement() if statement == "-" else statement
    settings = read_context(context)
    role, limit = f"{settings.role_prefix}_reader", settings.query_timeout if timeout is None else timeout
    with (
        open_database(settings) as dsn,
        run_sql(dsn, text, role=role, timeout=limit, zone=settings.timezone) as answer,
    ):
        _write_rows(answer.columns, answer.rows, form, settings.zone)


def _read_statement() -> str:
    from archive.errors import ConfigError

    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"standard input is not UTF-8: {error}") from error


def _write_rows(columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]], form: str, zone: ZoneInfo) -> None:
    from commands.display import print_lines, to_plain
    from commands.tables import print_rows

    if form == "jsonl":
        _refuse_twins(columns)
        print_lines(dict(zip(columns, row, strict=True)) for row in rows)
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_to_csv(to_plain(cell)) for cell in row] for row in rows)
    else:
        count = print_rows(columns, rows, zone)
        typer.echo(f"({count} row{'' if count == 1 else 's'})")


def _refuse_twins(columns: tuple[str, ...]) -> None:
    """Refuse columns of one name: an object holds one of them only, and the others would be lost without a word."""
    from archive.errors import ConfigError

    twins = sorted({name for name in columns if columns.count(name) > 1})
    if twins:
        raise ConfigError(f"several columns are called {twins[0]!r}; name each apart (AS …) for -f jsonl")


def _to_csv(cell: Any) -> Any:
    """Lists and objects as JSON, as in the other form for programs; nothing for null."""
    return json.dumps(cell, ensure_ascii=False) if isinstance(cell, list | dict | bool) else cell
