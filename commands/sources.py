"""`wirekeep sources …`: what is watched, what a source would fetch, pause and resume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from commands.context import EXIT_FAILED, open_archive, read_context

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawler.pipeline.rehearsal import Learned, Rehearsal
    from crawler.settings import Settings
    from crawler.sources import Source

app = typer.Typer(help="Sources: list, show, check, diff, pause, resume.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A source of sources.toml.")]


def _load(settings: Settings) -> tuple[Source, ...]:
    from archive.errors import ConfigError
    from crawler.sources import load_sources

    if not settings.sources_file.exists():
        raise ConfigError(f"{settings.sources_file} does not exist; write one with: wirekeep init")
    return load_sources(settings.sources_file).sources


def _find(settings: Settings, name: str) -> Source:
    from archive.errors import ConfigError

    found = _load(settings)
    for source in found:
        if source.name == name:
            return source
    known = ", ".join(source.name for source in found) or "none"
    raise ConfigError(f"{settings.sources_file}: no source is called {name!r}; known: {known}")


@app.command()
def path(context: typer.Context) -> None:
    """Print where the sources file is."""
    typer.echo(read_context(context).sources_file)


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """The sources of the file: name, language, schedule, discovery, enabled."""
    from commands.display import print_json
    from commands.tables import print_table
    from crawler.durations import format_duration

    found = _load(read_context(context))
    if as_json:
        print_json([source.to_json() for source in found])
        return
    rows = [
        (
            source.name,
            "yes" if source.enabled else "no",
            source.language or "-",
            f"cron {source.cron}" if source.every is None else format_duration(source.every),
            str(len(source.feeds)),
            str(len(source.sitemaps)),
            str(len(source.sections)),
        )
        for source in found
    ]
    print_table(("name", "enabled", "language", "every", "feeds", "sitemaps", "sections"), rows)


@app.command()
def show(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """One source with every default filled in.

    [bold]Example[/bold]
    wirekeep sources show my-paper
    """
    from commands.display import clean_line, print_json

    source = _find(read_context(context), name)
    if as_json:
        print_json(source.to_json())
        return
    for key, value in source.to_json().items():
        typer.echo(f"{key:18} {clean_line(str(value))}")
    typer.echo(f"{'hosts covered':18} {', '.join(source.hosts)}")


@app.command()
def check(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A source of sources.toml.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every source, enabled or not.")] = False,
    articles: Annotated[int, typer.Option(min=0, max=20, help="Articles to fetch.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Fetch now and store nothing: links kept and dropped and why, two articles as stored, what each override changed.

    [bold]Examples[/bold]
    wirekeep sources check my-paper
    wirekeep sources check --all --articles 1
    """
    from archive.errors import ConfigError
    from commands.checked import print_rehearsal
    from commands.display import print_json
    from crawler.fetch import guard, loop

    settings = read_context(context)
    if bool(name) == every:
        raise ConfigError("sources check takes either NAME or --all, found " + ("both" if every else "neither"))
    wanted = _load(settings) if every else (_find(settings, str(name)),)
    found: list[Rehearsal] = []
    if settings.contact is None and not settings.allow_addresses:
        typer.echo("WIREKEEP_CONTACT is not set: the sites cannot see who asks, or reach you", err=True)

    learned = _read_learned(settings, wanted)

    async def main() -> int:
        from crawler.pipeline.rehearsal import rehearse

        guard.install(settings.allow_addresses)
        for source in wanted:
            found.append(await rehearse(settings, source, articles=articles, learned=learned[source.name]))
            if not as_json:
                print_rehearsal(found[-1])
        return 0

    loop.run(main)
    if as_json:
        print_json(found)
    if not all(one.works for one in found):
        raise typer.Exit(EXIT_FAILED)


def _read_learned(settings: Settings, sources: Iterable[Source]) -> dict[str, Learned]:
    """The lines learned for each source's hosts; a check also works where there is no archive yet, and says so."""
    from archive import embedded
    from archive.db import connect
    from archive.errors import ArchiveError
    from archive.store import boilerplate
    from crawler.pipeline.hostlines import HostState
    from crawler.pipeline.rehearsal import Learned
    from service.database import open_database, read_dsn

    names = [source.name for source in sources]
    if read_dsn(settings) is None and embedded.status(settings.data_dir).state == "absent":
        return dict.fromkeys(names, Learned(unread="there is no archive yet"))
    try:
        with open_database(settings) as dsn, connect(dsn) as conn:
            found: dict[str, Learned] = {}
            for source in sources:
                states = {host: boilerplate.host_lines(conn, host) for host in source.hosts}
                known = {host: HostState(version=at, lines=lines) for host, (at, lines) in states.items() if at}
                found[source.name] = Learned(hosts=known)
            return found
    except ArchiveError as error:
        return dict.fromkeys(names, Learned(unread=str(error)))


@app.command()
def diff(context: typer.Context, as_json: AsJson = False) -> None:
    """What loading the file now would change against the database."""
    from archive.store import sources as stored
    from commands.display import clean_line, print_json
    from crawler.sources import Source, diff_sources

    with open_archive(context) as (settings, conn):
        states = [state for state in stored.list_sources(conn) if state.retired_at is None]
    found = diff_sources([Source.from_json(state.settings) for state in states], _load(settings))
    if as_json:
        print_json(found)
        return
    for name in found.added:
        typer.echo(f"+ {name}")
    for name in found.retired:
        typer.echo(f"- {name} (retired; its articles stay)")
    for change in found.changed:
        typer.echo(f"~ {change.source}: {change.key}: {clean_line(str(change.old))} -> {clean_line(str(change.new))}")
    if not (found.added or found.retired or found.changed):
        typer.echo("no difference")


@app.command()
def pause(
    context: typer.Context,
    name: Name,
    why: Annotated[str, typer.Option(help="The reason, for status.")] = "paused by hand",
) -> None:
    """Stop crawling a source until `resume`; it survives a reload of sources.toml."""
    _set_pause(context, name, why)


@app.command()
def resume(context: typer.Context, name: Name) -> None:
    """Crawl a paused source again; what it missed is one catch-up."""
    _set_pause(context, name, None)


def _set_pause(context: typer.Context, name: str, why: str | None) -> None:
    from archive.errors import ConfigError
    from archive.store import sources as stored
    from commands.demand import LOADED_BY

    with open_archive(context) as (_settings, conn):
        known = {state.name: state for state in stored.list_sources(conn)}
        if name not in known:
            names = ", ".join(known) or "none"
            raise ConfigError(f"no source is called {name!r} in the database; known: {names}. {LOADED_BY}")
        done = stored.resume_source(conn, name) if why is None else stored.pause_source(conn, name, why)
    if done:
        typer.echo(f"{name}: {'resumed' if why is None else 'paused'}")
    elif why is None:
        typer.echo(f"{name}: was not paused")
    else:
        raise ConfigError(f"source {name!r} is retired: it is gone from sources.toml, so nothing crawls it")
