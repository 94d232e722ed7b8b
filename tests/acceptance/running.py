"""Wirekeep as a user runs it, for tests: roles as processes on a fresh database, against the newsroom."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive.db import connect
from archive.progress import measure_progress
from demo import oracle
from demo.bytelog import Served
from demo.server import Newsroom
from demo.sources import write_sources

ROOT = Path(__file__).parents[2]
# How long anything is waited for, in seconds: what takes five on a quiet machine took fifty on one with a load of 12.
PATIENCE = 150.0


class Wirekeep:
    """One installation: data folder, database, sources file, and the roles that were started."""

    def __init__(self, folder: Path, dsn: str, newsroom: Newsroom) -> None:
        self.folder = folder
        self.dsn = dsn
        self.newsroom = newsroom
        self.roles: list[subprocess.Popen[bytes]] = []
        self.log = folder / "wirekeep.log"
        self.made_at = datetime.now(UTC)
        self.env = {
            **os.environ,
            "WIREKEEP_DATABASE_URL": dsn,
            "WIREKEEP_DATA_DIR": str(folder),
            "WIREKEEP_ALLOW_ADDRESSES": json.dumps(list(newsroom.allow_addresses)),
            "WIREKEEP_MIN_FREE_BYTES": "0",
            "WIREKEEP_MIN_FREE_PERCENT": "0",
            "WIREKEEP_HEARTBEAT": "1",
            "WIREKEEP_DEAD_AFTER": "6",
            "WIREKEEP_EXTRACT_PROCESSES": "2",
            "WIREKEEP_LOG_FORMAT": "json",
            "PYTHONWARNINGS": "default",
        }

    def write_sources(self, **options: Any) -> tuple[str, ...]:
        """A sources.toml for the newsroom (options as `demo.sources.write_sources`).

        With `every` of seven days a source is due once, at start; with an hour, again in a test that runs past the
        full hour.
        """
        return write_sources(self.folder / "sources.toml", self.newsroom.port, **options)

    def start(self, role: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start `scheduler`, `worker` or `up`."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "cli", role],
                cwd=ROOT,
                env={**self.env, **environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.roles.append(process)
        return process

    def stop(self, process: subprocess.Popen[bytes] | None = None, number: int = signal.SIGTERM) -> list[int]:
        """Stop one role, or all; returns their exit codes."""
        wanted = [process] if process is not None else self.roles
        for one in wanted:
            if one.poll() is None:
                one.send_signal(number)
        codes = [one.wait(timeout=PATIENCE) for one in wanted]
        self.roles = [one for one in self.roles if one not in wanted]
        return codes

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9, children (the extraction pool) included: a machine that lost power."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=PATIENCE)
        self.roles = [one for one in self.roles if one is not process]

    def run(self, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """One `wirekeep` command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            cwd=ROOT,
            env={**self.env, **environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"wirekeep {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def sql(self, query: str, parameters: Any = None) -> list[dict[str, Any]]:
        """Rows of a query as the owner."""
        with connect(self.dsn, autocommit=True) as conn:
            return conn.execute(query, parameters).fetchall()  # type: ignore[arg-type]

    def execute(self, statement: str, parameters: Any = None) -> None:
        """A statement as the owner."""
        with connect(self.dsn, autocommit=True) as conn:
            conn.execute(statement, parameters)  # type: ignore[arg-type]

    def crawl_all(self, *, since: datetime | None = None) -> None:
        """Wait until every enabled source was crawled once since then (at all), and nothing is owed now."""
        since = since or self.made_at
        with connect(self.dsn) as conn:
            self.until(lambda: measure_progress(conn, since).done, "every source crawled and nothing owed")

    def until(self, holds: Callable[[], Any], what: str, within: float = PATIENCE) -> Any:
        """Wait until `holds()` is true, and return it.

        Raises:
            AssertionError: it was not within `within` seconds; with the end of the log.
        """
        end = time.monotonic() + within
        while time.monotonic() < end:
            found = holds()
            if found:
                return found
            time.sleep(0.1)
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-25:]) if self.log.exists() else ""
        raise AssertionError(f"not within {within:g} s: {what}\n{tail}")

    def short_gaps(self, delay: float) -> list[oracle.Gap]:
        """Gaps below the delay in the newsroom's log.

        A request that a busy newsroom reads late makes the gap after it look short (17 ms seen on a loaded machine,
        more than the crawler's margin may be possible): such a gap counts only where the requests left too early too.
        """
        sent: dict[str, list[float]] = {}
        for row in self.sql("SELECT url, extract(epoch FROM fetched_at)::float8 AS at FROM archive.captures"):
            sent.setdefault(row["url"], []).append(row["at"])

        def left(served: Served) -> float:
            """When it left, by the archive; when it was read, for one that left no capture."""
            return max((at for at in sent.get(served.url, []) if at <= served.started_at), default=served.started_at)

        short = [gap for gap in oracle.gaps(self.newsroom.log) if gap.seconds < delay]
        return [gap for gap in short if left(gap.second) - left(gap.first) < delay]

    def recrawl_sources(self, *names: str) -> None:
        """Fetch every story of the sources again, and extract it even where its bytes are the same."""
        for name in names:
            self.sql("SELECT archive.recrawl_source(%s, NULL, true)", [name])
        self.until(lambda: not self.sql("SELECT 1 FROM archive.requests WHERE state <> 'done'"), "every request served")

    def events(self, name: str) -> list[dict[str, Any]]:
        """Log lines of one event."""
        found: list[dict[str, Any]] = []
        for line in self.log.read_text(errors="replace").splitlines():
            if line.startswith("{") and f'"{name}"' in line:
                event = json.loads(line)
                if event.get("event") == name:
                    found.append(event)
        return found
