"""Running the service: `up`, `scheduler`, `worker`, `status`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from commands.context import EXIT_FAILED, open_archive, read_context

if TYPE_CHECKING:
    from crawler.settings import Settings
    from crawler.sources import Source


def add_to(app: typer.Typer) -> None:
    """Hang the commands on the door."""
    app.command()(up)
    app.command()(scheduler)
    app.command()(worker)
    app.command()(status)


def up(
    context: typer.Context,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Worker processes.")] = 1,
) -> None:
    """Run the whole service: database (embedded), scheduler and worker; Ctrl-C or SIGTERM stops it cleanly.

    [bold]Example[/bold]
    WIREKEEP_CONTACT=https://your.domain/about wirekeep up
    """
    from service.database import open_database
    from service.supervisor import Role, Supervisor

    settings = read_context(context, logs=True)
    _refuse_unready(settings)
    with open_database(settings):
        os.environ["WIREKEEP_SUPERVISED"] = "1"
        shared = _pass_on(settings)
        roles = [Role(name="scheduler", arguments=[*shared, "scheduler"])]
        roles += [Role(name=f"worker-{n + 1}", arguments=[*shared, "worker"]) for n in range(workers)]
        keeper = None if settings.database_url is not None else _database_keeper(settings)
        supervisor = Supervisor(roles, stop_timeout=settings.stop_timeout, keeper=keeper)
        code = asyncio.run(supervisor.run())
    raise typer.Exit(code)


def scheduler(context: typer.Context) -> None:
    """Run the scheduler role only: what is due becomes a queued job. Any number may share one database."""
    from service.database import open_database
    from service.planner import run_scheduler

    settings = read_context(context, logs=True)
    with open_database(settings) as dsn:
        raise typer.Exit(asyncio.run(run_scheduler(settings, dsn)))


def worker(context: typer.Context) -> None:
    """Run the worker role only: crawls and re-crawls. Any number may share one database, on any machines."""
    from crawler.fetch import loop
    from service.database import open_database

    settings = read_context(context, logs=True)
    stop: list[asyncio.Event] = []

    async def main() -> int:
        from service.worker import run_worker

        stop.append(asyncio.Event())
        return await run_worker(settings, dsn, stop[0])

    with open_database(settings) as dsn:
        code = loop.run(main, on_signal=lambda _number: stop[0].set())
    raise typer.Exit(code)


def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    check: Annotated[
        str | None,
        typer.Option(help="Exit 1 unless healthy: all, scheduler, worker or database (for health checks)."),
    ] = None,
) -> None:
    """Say what the service is doing: sources, processes, queue, paused hosts, what is owed.

    [bold]Examples[/bold]
    wirekeep status
    wirekeep status --json | jq .sources
    wirekeep status --check worker
    """
    from datetime import timedelta

    from archive import query
    from commands import reports
    from commands.display import print_json
    from service.health import find_trouble

    with open_archive(context) as (settings, conn):
        found = query.status(conn, timedelta(seconds=settings.dead_after))
    if as_json:
        print_json(found)
    elif check is None:
        reports.print_status(found, settings.zone)
    if check is not None:
        trouble = find_trouble(found, check)
        for line in trouble:
            typer.echo(line, err=True)
        if trouble:
            raise typer.Exit(EXIT_FAILED)


def _refuse_unready(settings: Settings) -> None:
    """Say which lines to write, and where, before anything is started.

    Raises:
        ConfigError: no sources file, no enabled source, or no contact for a source that is not on loopback.
    """
    from archive.errors import ConfigError
    from crawler.sources import load_sources

    path = settings.sources_file
    missing: list[str] = []
    enabled: list[Source] = []
    if not path.exists():
        missing.append(f"  wirekeep init      # writes {path}; then set enabled = true for a source in it")
    else:
        enabled = [source for source in load_sources(path).sources if source.enabled]
        if not enabled:
            missing.append(f"  enabled = true     # in {path}, for at least one source")
    if settings.contact is None and (not enabled or any(_leaves_machine(source, settings) for source in enabled)):
        missing.append(
            "  export WIREKEEP_CONTACT=https://your.page/about    # in your shell or service file: "
            "sites must be able to reach you"
        )
    if missing:
        raise ConfigError("nothing can be fetched yet; still to write:\n" + "\n".join(missing))


def _leaves_machine(source: Source, settings: Settings) -> bool:
    """Whether any of the source's documents lies on a host that is not one of the allowed loopback names."""
    from crawler.discover.urls import host_of
    from crawler.fetch.guard import parse_allowed

    allowed = {f"{host}:{port}" for (host, port), _address in map(parse_allowed, settings.allow_addresses)}
    return any(host_of(url) not in allowed for url in source.documents)


def _pass_on(settings: Settings) -> list[str]:
    return [
        "--data-dir",
        str(settings.data_dir),
        "--log-level",
        settings.log_level,
        "--log-format",
        settings.log_format,
    ]


def _database_keeper(settings: Settings) -> Callable[[], None]:
    from archive.embedded import ensure_running

    def keep() -> None:
        ensure_running(settings.data_dir)

    return keep
