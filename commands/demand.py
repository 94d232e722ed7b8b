"""Re-crawl on demand: `crawl` a source now, `recrawl` URLs or a source's articles."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from commands.context import EXIT_FAILED, open_archive

if TYPE_CHECKING:
    from archive.answers import RequestState
    from archive.db import Connection
    from archive.records import CrawlEnd
    from crawler.settings import Settings

LOADED_BY = "The scheduler reads sources.toml: wirekeep up"


def add_to(app: typer.Typer) -> None:
    """Hang the commands on the door."""
    app.command()(crawl)
    app.command()(recrawl)


def crawl(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="SOURCE", help="Names from sources.toml.")],
    wait: Annotated[
        bool, typer.Option(help="Wait until the crawls have ended, say how; exit 1 if one failed.")
    ] = False,
    timeout: Annotated[float, typer.Option(help="Longest wait in seconds.")] = 600.0,
) -> None:
    """Crawl sources now, besides their schedule. A running worker picks the job up.

    [bold]Example[/bold]
    wirekeep crawl my-paper --wait
    """
    from archive.errors import ArchiveError, ConfigError
    from archive.store import crawls, slots, sources

    with open_archive(context) as (settings, conn):
        ids: dict[str, int] = {}
        for name in names:
            state = sources.load_source(conn, name)
            if state is None or state.retired_at is not None:
                known = ", ".join(s.name for s in sources.list_sources(conn) if s.retired_at is None) or "none"
                raise ConfigError(f"no source is called {name!r} in the database; known: {known}. {LOADED_BY}")
            if state.paused_at is not None:
                raise ConfigError(f"source {name!r} is paused; end that first with: wirekeep sources resume {name}")
            ids[name] = state.source_id
        jobs = {name: slots.defer_crawl(conn, name, "manual") for name in names}
        for name, job in jobs.items():
            typer.echo(f"{name}: queued as job {job}" if job is not None else f"{name}: a job of it waits already")
        _warn_if_idle(conn, settings)
        if not wait:
            return
        queued = {job: name for name, job in jobs.items() if job is not None}
        if not slots.wait_for_jobs(conn, list(queued), timeout):
            raise ArchiveError(f"still not done after {timeout:g} s; is a worker running? see: wirekeep status")
        ends = crawls.list_ended(conn, {job: ids[name] for job, name in queued.items()})
        finished = [_tell_end(name, ends.get(job)) for job, name in queued.items()]
        if not all(finished):
            raise typer.Exit(EXIT_FAILED)


def _tell_end(name: str, end: CrawlEnd | None) -> bool:
    """Print how a crawl ended; whether it finished."""
    if end is None:
        typer.echo(f"{name}: not crawled: it was paused or retired meanwhile")
        return False
    counts = ", ".join(f"{count} {what}" for what, count in end.counts.items() if isinstance(count, int) and count)
    typer.echo(f"{name}: {end.state}" + (f" ({end.reason or counts})" if end.reason or counts else ""))
    return end.state == "finished"


def recrawl(
    context: typer.Context,
    urls: Annotated[list[str] | None, typer.Argument(metavar="URL", help="Any spelling or alias.")] = None,
    source: Annotated[str | None, typer.Option(help="All articles of this source instead.")] = None,
    since: Annotated[
        str | None, typer.Option(help="With --source: first seen since (2026-11-01, 3d, yesterday).")
    ] = None,
    force: Annotated[
        bool, typer.Option(help="Fetch without validators, extract even if the bytes are the same.")
    ] = False,
    wait: Annotated[bool, typer.Option(help="Wait for the outcome and print it.")] = False,
    timeout: Annotated[float, typer.Option(help="Longest wait in seconds.")] = 300.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fetch articles again. An unknown URL on a host of a source is archived.

    [bold]Examples[/bold]
    wirekeep recrawl https://paper.example/a-story --wait
    wirekeep recrawl --source my-paper --since 3d
    """
    from archive.errors import ConfigError
    from archive.store import requests
    from commands.moments import read_moment
    from crawler.discover.urls import canonicalise

    if bool(urls) == bool(source):
        raise ConfigError("recrawl takes either URLs or --source NAME, found " + ("both" if urls else "neither"))
    with open_archive(context) as (settings, conn):
        ids: list[int] = []
        with conn.transaction():  # all of them or none: a refusal names one and says nothing of the others
            for url in urls or []:
                canonical = canonicalise(url)
                if canonical is None:
                    raise ConfigError(f"{url!r} is not a URL that can be fetched; expected http(s)://host/path")
                ids.append(requests.ask_url(conn, canonical, force=force))
        if source is not None:
            moment = read_moment(since, settings.zone) if since else None
            ids.append(requests.ask_source(conn, source, moment, force))
        _warn_if_idle(conn, settings)
        _report(conn, ids, wait=wait, timeout=timeout, as_json=as_json)


def _warn_if_idle(conn: Connection, settings: Settings) -> None:
    """Say so where no worker lives: what was asked for waits until one does."""
    from archive import query

    processes = query.status(conn, timedelta(seconds=settings.dead_after)).processes
    if not any(process.alive and process.role == "worker" for process in processes):
        typer.echo("no worker is running; it waits until one does:  wirekeep up", err=True)


def _report(conn: Connection, ids: list[int], *, wait: bool, timeout: float, as_json: bool) -> None:
    from commands.display import print_json

    states = _wait(conn, ids, timeout if wait else 0.0)
    if as_json:
        print_json(states)
    else:
        for state in states:
            typer.echo(_describe(state))
    if wait and any(state.state != "done" or state.outcome == "failed" for state in states):
        raise typer.Exit(EXIT_FAILED)


def _wait(conn: Connection, ids: list[int], timeout: float) -> list[RequestState]:
    from archive import query

    end = time.monotonic() + timeout
    while True:
        states = query.request_states(conn, ids)
        if all(state.state == "done" for state in states) or time.monotonic() >= end:
            return states
        time.sleep(0.25)


def _describe(state: RequestState) -> str:
    line = f"request {state.request_id}  {state.state}  {state.asked}"
    if state.outcome:
        line += f"  {state.outcome}" + (f" ({state.reason})" if state.reason else "")
    elif state.waits_for:
        line += f"  waits for: {state.waits_for}"
    return line
