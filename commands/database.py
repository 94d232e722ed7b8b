"""`wirekeep db …`: the database's life: start, stop, migrate, url, psql, roles, reindex."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Annotated

import typer

from commands.context import EXIT_FAILED, open_archive, read_context

if TYPE_CHECKING:
    from crawler.settings import Settings

app = typer.Typer(help="The database: start, stop, migrate, connect, roles.", no_args_is_help=True)


def _refuse_server(settings: Settings, what: str) -> None:
    from archive.errors import ConfigError

    if settings.database_url is not None:
        raise ConfigError(
            f"WIREKEEP_DATABASE_URL is set: that server is not ours to {what}; unset it for the embedded one"
        )


@app.command()
def start(context: typer.Context) -> None:
    """Start the embedded PostgreSQL and leave it running until `wirekeep db stop`."""
    from archive import embedded

    settings = read_context(context)
    _refuse_server(settings, "start")
    typer.echo(embedded.start(settings.data_dir))


@app.command()
def stop(context: typer.Context) -> None:
    """Stop the embedded PostgreSQL cleanly."""
    from archive import embedded

    settings = read_context(context)
    _refuse_server(settings, "stop")
    typer.echo("stopped" if embedded.stop(settings.data_dir) else "was not running")


@app.command()
def migrate(context: typer.Context) -> None:
    """Bring the schema to what this version expects; safe to run twice, and by two at once."""
    from archive.migrate import migrate as run
    from service.database import open_database

    settings = read_context(context)
    with open_database(settings, check=False) as dsn:
        done = run(dsn)
    typer.echo(f"schema: {done.before or 'empty'} -> {done.after}; queue files applied: {len(done.queue_files)}")


@app.command()
def url(context: typer.Context) -> None:
    """Print the DSN (the embedded server is started and left running, or the DSN would lead nowhere)."""
    from archive import embedded

    settings = read_context(context)
    if settings.database_url is not None:
        typer.echo(settings.database_url.get_secret_value())
    else:
        typer.echo(embedded.start(settings.data_dir))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context) -> None:
    """Open psql on the archive; what follows goes to psql.

    [bold]Example[/bold]
    wirekeep db psql -- -c "select * from archive.sources"
    """
    from archive.db import split_password
    from archive.embedded import find_psql
    from service.database import open_database

    settings = read_context(context)
    with open_database(settings) as dsn:
        place, password = split_password(dsn)
        environment = {"PGCLIENTENCODING": "UTF8", "PGTZ": settings.timezone, **os.environ}
        if password is not None:
            environment["PGPASSWORD"] = password
        code = subprocess.call([str(find_psql()), "-d", place, *context.args], env=environment)
    raise typer.Exit(code)


@app.command()
def roles(
    context: typer.Context,
    apply: Annotated[bool, typer.Option("--apply", help="Make them now.")] = False,
    show: Annotated[bool, typer.Option("--print", help="Print the SQL (the default).")] = False,
) -> None:
    """Owner, writer, operator and reader: print the SQL that makes them, or apply it."""
    from archive.roles import apply_roles, roles_sql

    if not apply or show:
        typer.echo(roles_sql(read_context(context).role_prefix))
        return
    with open_archive(context) as (settings, conn):
        report = apply_roles(conn, settings.role_prefix)
    for line in report.lines():
        typer.echo(line)


@app.command()
def reindex(
    context: typer.Context,
    batch: Annotated[int, typer.Option(min=1, help="Rows a transaction.")] = 500,
) -> None:
    """Refill the search vectors of all articles (after an upgrade of the analyser)."""
    from rich.progress import Progress

    from archive.store import search

    with open_archive(context) as (_settings, conn), Progress(transient=True) as progress:
        task = progress.add_task("search vectors", total=search.count_stale(conn))
        done = 0
        while filled := search.refill(conn, batch):
            done += filled
            progress.advance(task, filled)
    typer.echo(f"{done} search vectors refilled")


@app.command()
def verify(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check the whole archive: every WARC record re-hashed against its row, every revision and outcome in order.

    Exits 1 where something is not as it must be. Records that no row points at (a crash in between) are only counted.
    """
    from rich.progress import Progress

    from archive.audit import audit
    from commands.display import clean_line, print_json

    with open_archive(context) as (settings, conn):
        total = conn.execute("SELECT count(*) AS captures FROM store.capture").fetchone()
        conn.rollback()
        with Progress(transient=True, disable=as_json) as progress:
            task = progress.add_task("captures", total=total["captures"] if total else None)
            found = audit(conn, settings.warc_root, progress=lambda done: progress.advance(task, done))
    if as_json:
        print_json(found)
    else:
        for finding in found.findings:
            typer.echo(f"{finding.check}: {clean_line(finding.subject)}: {clean_line(finding.detail)}")
        typer.echo(
            f"{found.captures} captures, {found.records} records in sealed WARC files ({found.orphans} without a row), "
            f"{len(found.findings)} findings"
        )
    if found.findings:
        raise typer.Exit(EXIT_FAILED)
