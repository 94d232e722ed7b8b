"""The `wirekeep` command: a thin door; each group of commands lives in `commands/` and imports its stage inside."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from archive.errors import ArchiveUnavailable, ConfigError, WirekeepError
from commands import ask, boilerplate, database, demand, demo, service, setup, sources
from commands.context import EXIT_FAILED, EXIT_UNAVAILABLE, EXIT_USAGE, Options
from commands.pipe import end_with_reader

app = typer.Typer(
    name="wirekeep",
    help="Archives wire news: fetches articles on a schedule, keeps what the reporter wrote, answers in SQL.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong use or settings, 3 the database is not available, 4 nothing found.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)
setup.add_to(app)
service.add_to(app)
demand.add_to(app)
ask.add_to(app)
boilerplate.add_to(app)
app.add_typer(sources.app, name="sources")
app.add_typer(database.app, name="db")
demo.add_to(app)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"wirekeep {version('wirekeep')}")
        raise typer.Exit


@app.callback()
def set_options(
    context: typer.Context,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Where database, WARC files and sources.toml live.", envvar="WIREKEEP_DATA_DIR", show_envvar=True
        ),
    ] = None,
    log_level: Annotated[str | None, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = None,
    log_format: Annotated[str | None, typer.Option(help="auto, console or json.")] = None,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version and end.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Options that every command takes; everything else is set by WIREKEEP_… variables (docs/settings.md)."""
    context.obj = Options(data_dir=data_dir, log_level=log_level, log_format=log_format)


def main() -> None:
    """Run the command; errors that are ours come out as one clear message."""
    end_with_reader()
    try:
        _refuse_undecodable(sys.argv[1:])
        app()
    except ConfigError as error:
        _fail(error, EXIT_USAGE)
    except ArchiveUnavailable as error:
        _fail(error, EXIT_UNAVAILABLE)
    except WirekeepError as error:
        _fail(error, EXIT_FAILED)
    finally:
        if sys.stdout is not None:
            sys.stdout.flush()  # a reader that has gone shows here at the latest, not in Python's own end


def _refuse_undecodable(arguments: list[str]) -> None:
    """Refuse bytes that are no text: they reach us as lone surrogates, which neither PostgreSQL nor JSON takes."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError as error:
            raise ConfigError(f"the argument {argument!r} is not text in UTF-8") from error


def _fail(error: WirekeepError, code: int) -> None:
    typer.echo(f"wirekeep: {error}", err=True)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
