"""Learned boilerplate: `boilerplate` shows the lines that recur on a source's pages, and takes decisions on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from archive.store.boilerplate import BoilerplateLine

MEANING = {
    "accepted": "taken out, an operator said so",
    "applied": "taken out",
    "proposed": "recurs, not beyond doubt; left in",
    "retired": "was taken out; the newest pages lack it",
    "rejected": "left in, an operator said so",
}


def add_to(app: typer.Typer) -> None:
    """Hang the command on the door."""
    app.command()(boilerplate)


def boilerplate(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Name from sources.toml.")],
    accept: Annotated[
        list[int] | None, typer.Option(metavar="LINE", help="Take this line out from now on. Repeatable.")
    ] = None,
    reject: Annotated[
        list[int] | None, typer.Option(metavar="LINE", help="Never take this line out. Repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the lines that recur on a source's pages, and which of them are taken out of texts.

    Texts that are stored stay as they are; the next fetch of a page reads it by what was decided.

    [bold]Examples[/bold]
    wirekeep boilerplate my-paper
    wirekeep boilerplate my-paper --accept 12 --reject 15
    """
    from archive.errors import ConfigError
    from archive.store import boilerplate as store
    from archive.store import sources
    from commands.context import open_archive
    from commands.display import print_json

    both = sorted(set(accept or []) & set(reject or []))
    if both:
        raise ConfigError(f"line {both[0]} is both accepted and rejected; say one of them")
    with open_archive(context) as (settings, conn):
        if sources.load_source(conn, source) is None:
            known = ", ".join(state.name for state in sources.list_sources(conn)) or "none"
            raise ConfigError(f"no source is called {source!r} in the database; known: {known}")
        for line_id in accept or []:
            store.accept(conn, source, line_id)
        for line_id in reject or []:
            store.reject(conn, source, line_id)
        lines = store.list_lines(conn, source)
    if as_json:
        print_json(lines)
    else:
        print_lines(source, lines, settings.zone)


def print_lines(source: str, lines: list[BoilerplateLine], zone: ZoneInfo) -> None:
    """A block a line: the line itself on a line of its own, so that Arabic tears nothing."""
    from commands.display import clean_line, print_heading, print_text, show_time

    if not lines:
        typer.echo(f"{source}: no line recurs on its pages yet")
        return
    for at, line in enumerate(lines):
        if at == 0 or lines[at - 1].state != line.state:
            print_heading(f"{line.state}: {MEANING[line.state]}")
        print_text(f"{line.line_id:>6}  {clean_line(line.line, 300)}")
        print_text(
            f"        {line.host}  {line.stories} stories on {line.days} days ({line.share:.0%} of the newest pages), "
            f"{line.at_an_end:.0%} at an end"
        )
        print_text(f"        seen {show_time(line.first_seen, zone)} to {show_time(line.last_seen, zone)}")
        for url in line.examples:
            print_text(f"        {url}")
