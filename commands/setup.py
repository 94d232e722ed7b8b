"""`wirekeep init`: the user's own sources.toml, made once and never overwritten."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.context import read_context


def add_to(app: typer.Typer) -> None:
    """Hang the commands on the door."""
    app.command()(init)


def init(
    context: typer.Context,
    force: Annotated[bool, typer.Option(help="Overwrite a sources file that is there.")] = False,
) -> None:
    """Write a commented sources.toml of your own, with a starter list of disabled sources.

    [bold]Example[/bold]
    wirekeep init && $EDITOR "$(wirekeep sources path)"
    """
    from archive.errors import ConfigError
    from crawler.sources import read_starter

    settings = read_context(context)
    path = settings.sources_file
    if path.exists() and not force:
        raise ConfigError(f"{path} exists already; edit it, or overwrite it with: wirekeep init --force")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(read_starter(), encoding="utf-8")
    typer.echo(f"Wrote {path}: every source in it is disabled.")
    typer.echo("Next:")
    typer.echo("  1. export WIREKEEP_CONTACT=https://…   a page, or mailto: address, where sites can reach you")
    typer.echo("  2. wirekeep sources check NAME        what it would fetch, storing nothing")
    typer.echo("  3. set enabled = true for it, or add your own")
    typer.echo("  4. wirekeep up")
