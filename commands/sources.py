"""`wirekeep sources …`: what is watched, what a source would fetch, pause and resume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.context import EXIT_FAILED, open_archive, read_context

if TYPE_CHECKING:
    from crawler.pipeline.rehearsal import CheckedArticle, CheckedDocument, Rehearsal
    from crawler.settings import Settings
    from crawler.sources import Source

app = typer.Typer(help="Sources: list, show, check, diff, pause, resume.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A source of sources.toml.")]
SHOWN_LINKS = 8


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
    """Fetch now and store nothing: links found, kept and dropped and why, two articles as they would be stored.

    [bold]Examples[/bold]
    wirekeep sources check my-paper
    wirekeep sources check --all --articles 1
    """
    from archive.errors import ConfigError
    from commands.display import print_json
    from crawler.fetch import guard, loop

    settings = read_context(context)
    if bool(name) == every:
        raise ConfigError("sources check takes either NAME or --all, found " + ("both" if every else "neither"))
    wanted = _load(settings) if every else (_find(settings, str(name)),)
    found: list[Rehearsal] = []
    if settings.contact is None and not settings.allow_addresses:
        typer.echo("WIREKEEP_CONTACT is not set: the sites cannot see who asks, or reach you", err=True)

    async def main() -> int:
        from crawler.pipeline.rehearsal import rehearse

        guard.install(settings.allow_addresses)
        for source in wanted:
            found.append(await rehearse(settings, source, articles=articles))
            if not as_json:
                _print_rehearsal(found[-1])
        return 0

    loop.run(main)
    if as_json:
        print_json(found)
    if not all(one.works for one in found):
        raise typer.Exit(EXIT_FAILED)


def _print_rehearsal(found: Rehearsal) -> None:
    from commands.display import print_heading

    print_heading(f"{found.source}: {'works' if found.works else 'does not work yet'}")
    for document in found.documents:
        _print_document(document)
    for article in found.articles:
        _print_article(article)


def _print_document(document: CheckedDocument) -> None:
    from commands.display import clean_line, console

    typer.echo(f"\n  {document.kind} {clean_line(document.url)}")
    if document.error is not None:
        typer.echo(f"    not read: {clean_line(document.error)}")
        return
    kept = len(document.owed)
    facts = f"    {document.dialect}: {len(document.links)} links, {kept} would be fetched"
    if document.children:
        facts += f", {len(document.children)} sitemaps named"
    if document.over_cap:
        facts += f", {document.over_cap} beyond the cap"
    typer.echo(facts)
    if document.malformed:
        typer.echo(f"    malformed: {clean_line(document.malformed)}")
    for link in document.links[:SHOWN_LINKS]:
        typer.echo(f"    {link.fate:12} {clean_line(link.rule)}  {clean_line(link.url, 120)}")
        if link.title:
            console.print(f"      {clean_line(link.title, 160)}", markup=False)
    if len(document.links) > SHOWN_LINKS:
        typer.echo(f"    … and {len(document.links) - SHOWN_LINKS} more (--json shows all)")


def _print_article(article: CheckedArticle) -> None:
    from commands.display import clean_line, console, print_text
    from crawler.records import Rejected

    typer.echo(f"\n  article {clean_line(article.url)}")
    result = article.result
    if result is None:
        typer.echo(f"    not read: {clean_line(article.error or '')}")
        return
    if isinstance(result, Rejected):
        typer.echo(f"    rejected as {result.reason.value}: {clean_line(result.detail)}")
        return
    facts: list[tuple[str, Any]] = [
        ("title", result.title),
        ("summary", result.summary),
        ("authors", ", ".join(result.authors)),
        ("agencies", ", ".join(credit.agency for credit in result.credits)),
        ("place", result.place),
        (
            "published",
            f"{result.published.at.isoformat()} ({result.published.provenance})" if result.published else None,
        ),
        ("language", result.language),
        ("charset", f"{result.charset} ({result.charset_source})"),
    ]
    for key, value in facts:
        if value:
            console.print(f"    {key:10} {clean_line(str(value))}", markup=False)
    print_text(result.text)
    for removal in result.removals:
        console.print(f"    removed by {removal.rule}: {clean_line(removal.text, 120)}", markup=False)


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
        done = stored.resume_source(conn, name) if why is None else stored.pause_source(conn, name, why)
        if not done:
            known = ", ".join(state.name for state in stored.list_sources(conn)) or "none"
            raise ConfigError(f"no source is called {name!r} in the database; known: {known}. {LOADED_BY}")
    typer.echo(f"{name}: {'resumed' if why is None else 'paused'}")
