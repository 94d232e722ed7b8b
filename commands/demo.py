"""`wirekeep demo`: the whole pipeline on a small newsroom on loopback, with the real parts, in `.demo/`."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, cast

import typer

from commands.context import EXIT_FAILED, Options

if TYPE_CHECKING:
    from archive.db import Connection
    from archive.progress import Progress
    from crawler.settings import Settings

STARTED_WITHIN = 30.0
# Seen on 2 cores: the first run takes about 20 s; three times that and more for slower machines.
LONGEST = 100.0
# In several of the newsroom's stories, with a prefix in some of them: the search finds those too.
SAMPLE_WORD = "القمح"
AGENCIES = """select agency, count(distinct article_id) as stories
  from archive.credits where is_current group by agency order by stories desc, agency limit 5"""
COVERAGE = "select source, announced, stored, outcome_rejected, pending from archive.coverage order by source"
MISSING = "SELECT url FROM archive.outcomes WHERE outcome IN ('rejected', 'robots') ORDER BY length(url), url LIMIT 1"


def add_to(app: typer.Typer) -> None:
    """Hang the command on the door."""
    app.command()(demo)


def demo(
    context: typer.Context,
    fresh: Annotated[bool, typer.Option(help="Forget the demo's archive and begin anew.")] = False,
) -> None:
    """Archive a small newsroom on loopback with the real parts, then show what came of it.

    The demo's archive lies in .demo/ of the current folder (or in --data-dir), apart from your own.
    """
    options = cast(Options, context.obj)
    folder = (options.data_dir if _was_given(context) and options.data_dir else Path(".demo")).absolute()
    context.obj = replace(options, data_dir=folder)
    if fresh:
        _forget(folder)
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with _serve_newsroom(folder) as ready:
        os.environ["WIREKEEP_ALLOW_ADDRESSES"] = json.dumps(ready.allow_addresses)
        # The newsroom allows brisk crawling; heartbeats are quick so that `status` is right within seconds.
        os.environ.setdefault("WIREKEEP_CONCURRENCY", "6")
        ended = _archive(context, folder)
    _show(context, folder, ended, time.monotonic() - began)
    if not ended.done:
        raise typer.Exit(EXIT_FAILED)


def _was_given(context: typer.Context) -> bool:
    parent = context.parent
    source = parent.get_parameter_source("data_dir") if parent is not None else None
    return source is not None and source.name == "COMMANDLINE"


def _forget(folder: Path) -> None:
    import shutil

    from archive import embedded
    from archive.errors import ConfigError

    if not folder.exists():
        return
    if not (folder / "newsroom.json").exists():
        raise ConfigError(f"{folder} is no demo archive (no newsroom.json in it); it is left alone")
    embedded.stop(folder)
    shutil.rmtree(folder)


@dataclass(frozen=True, kw_only=True)
class Ready:
    """Where the newsroom answers."""

    port: int
    allow_addresses: list[str]


@contextlib.contextmanager
def _serve_newsroom(folder: Path) -> Iterator[Ready]:
    """The newsroom in a process of its own, at the port and moment of the first run, so that URLs stay the same."""
    from demo.sources import write_sources

    remembered = folder / "newsroom.json"
    before = json.loads(remembered.read_text()) if remembered.exists() else {}
    port, now = before.get("port", 0), before.get("now", datetime.now(UTC).isoformat())
    if port and not _is_free(port):
        typer.echo(f"port {port} of the first run is taken; the newsroom moves, and its stories count as new")
        port = 0
    ready_file = folder / "newsroom.ready"
    ready_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "demo", "--port", str(port), "--now", now, "--ready-file", str(ready_file)]
    with (folder / "newsroom.log").open("ab") as log, _child(command, log) as process:
        found = _await_ready(process, ready_file, folder / "newsroom.log")
        remembered.write_text(json.dumps({"port": found["port"], "now": now}))
        write_sources(folder / "sources.toml", found["port"], every="10s")
        yield Ready(port=found["port"], allow_addresses=found["allow_addresses"])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextlib.contextmanager
def _child(command: list[str], log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=45)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_ready(process: subprocess.Popen[bytes], ready_file: Path, log: Path) -> dict[str, Any]:
    from archive.errors import WirekeepError

    end = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < end and process.poll() is None:
        if ready_file.exists():
            return cast("dict[str, Any]", json.loads(ready_file.read_text()))
        time.sleep(0.05)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
    raise WirekeepError(f"the newsroom did not start within {STARTED_WITHIN:g} s; the end of {log}:\n{tail}")


def _archive(context: typer.Context, folder: Path) -> Progress:
    """Run `wirekeep up` on the newsroom until everything announced has an outcome or a later date."""
    from archive.db import connect
    from commands.context import read_context
    from service.database import open_database

    settings = read_context(context)
    typer.echo(f"archive in {folder}; starting PostgreSQL …")
    with open_database(settings) as dsn, connect(dsn) as conn, (folder / "wirekeep.log").open("ab") as log:
        command = [sys.executable, "-m", "cli", "--data-dir", str(folder), "--log-format", "json", "up"]
        since = _now(conn)
        with _child(command, log) as process:
            return _watch(conn, since, process)


def _now(conn: Connection) -> datetime:
    row = conn.execute("SELECT clock_timestamp() AS now").fetchone()
    conn.rollback()
    assert row is not None
    return cast(datetime, row["now"])


def _watch(conn: Connection, since: datetime, process: subprocess.Popen[bytes]) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    from archive.progress import measure_progress

    end = time.monotonic() + LONGEST
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bars(*columns, transient=False) as bars:
        sources, urls = bars.add_task("sources", total=None), bars.add_task("URLs", total=None)
        while True:
            found = measure_progress(conn, since)
            bars.update(sources, completed=found.crawled, total=found.sources or None)
            bars.update(urls, completed=found.concluded, total=(found.concluded + found.owed) or None)
            if (found.sources and found.done) or time.monotonic() > end or process.poll() is not None:
                bars.update(urls, total=found.concluded + found.owed)  # a run that finds nothing new ends at 0/0
                return found
            time.sleep(0.2)


def _show(context: typer.Context, folder: Path, ended: Progress, seconds: float) -> None:
    from commands.context import open_archive

    with open_archive(context) as (settings, conn):
        _show_articles(conn, settings)
        _show_search(conn, settings)
        _show_sql(conn)
        missing = _find_missing(conn)
    command = f"{_own_name()} --data-dir {_short(folder)}"
    typer.echo(f"\n{ended.articles} stories archived; this run took {seconds:.0f} s.")
    if not ended.done:
        typer.echo(f"Not everything was done in {LONGEST:g} s; the logs: {folder}/wirekeep.log")
    typer.echo("\nWhat to type next (nothing needs to run for it):")
    for line in (
        f"search '{SAMPLE_WORD}' --since yesterday",
        *([f"why {missing}"] if missing else []),
        f'sql "{COVERAGE}"',
        "status",
    ):
        typer.echo(f"  {command} {line}")
    typer.echo(f"\nYour own sources, in an archive of their own:\n  {_own_name()} init")


def _short(folder: Path) -> str:
    try:
        return str(folder.relative_to(Path.cwd()))
    except ValueError:
        return str(folder)


def _own_name() -> str:
    script = Path(sys.argv[0])
    try:
        return str(script.absolute().relative_to(Path.cwd()))
    except ValueError:
        return "wirekeep" if script.name == "wirekeep" else str(script)


def _show_articles(conn: Connection, settings: Settings) -> None:
    from commands.display import print_heading, show_time
    from commands.tables import print_table

    rows = conn.execute(
        "SELECT source, agencies, dated_at, title FROM archive.articles ORDER BY dated_at DESC LIMIT 8"
    ).fetchall()
    print_heading("\nThe newest stories")
    print_table(
        ("dated", "source", "agencies", "title"),
        [
            (
                show_time(row["dated_at"], settings.zone)[:16],
                row["source"],
                ", ".join(row["agencies"]),
                row["title"] or "",
            )
            for row in rows
        ],
    )


def _show_search(conn: Connection, settings: Settings) -> None:
    from archive import query
    from commands.display import print_heading
    from commands.reports import print_hits

    print_heading(f"\nA search: {SAMPLE_WORD}")
    print_hits(query.search(conn, SAMPLE_WORD, limit=2), settings.zone)


def _show_sql(conn: Connection) -> None:
    from commands.display import print_heading
    from commands.tables import print_table

    print_heading(f"And in SQL: {AGENCIES}")
    rows = conn.execute(AGENCIES).fetchall()
    print_table(("agency", "stories"), [(row["agency"], str(row["stories"])) for row in rows])


def _find_missing(conn: Connection) -> str | None:
    """A story that was announced and is not in the archive, to ask `why` of; one with a short address."""
    row = conn.execute(MISSING).fetchone()
    return None if row is None else cast(str, row["url"])
