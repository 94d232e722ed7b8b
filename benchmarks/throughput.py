"""CPU a page of the whole pipeline, beside bare trafilatura and news-please on the same pages in the same run.

The pipeline is the real one: a worker process fetches over HTTP from a server in another process, writes WARC,
extracts in its pool and stores in PostgreSQL. Its CPU is that of the worker and all its children (PostgreSQL's is given
apart). Peers run in an environment of their own, in as many processes as there are cores, imports not counted.

    python -m benchmarks.throughput [--pages 240] [--rounds 3] [--minutes 10] [--page-seconds 10] [--corpora own,eval]

Prints every round and writes benchmarks/results/throughput.json and throughput.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive.db import connect
from archive.embedded import open_cluster
from archive.migrate import migrate
from archive.store import slots
from benchmarks.corpus import SavedPage, make_pages, read_evaluation
from benchmarks.peer_environment import PeerPages, measure_peer
from benchmarks.throughput_report import render
from scheduler import load_into

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
TICKS = os.sysconf("SC_CLK_TCK")
_CRAWL_SECONDS = 300.0  # a crawl of some hundred pages takes less than a minute


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says: how many pages, how long at most, CPU seconds after which a peer's page is cut."""

    pages: int
    rounds: int
    minutes: float
    page_seconds: float
    corpora: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The pipeline over one corpus: CPU milliseconds a page, how many pages gave text, what was stored."""

    pages: int
    cpu_ms: float
    texts: int
    postgresql_cpu_ms: float
    warc_mb_per_1000: float
    database_mb_per_1000: float


def main() -> None:
    """Measure, print, write."""
    options = _options()
    began = time.monotonic()
    corpora = {name: _READ[name](options.pages) for name in options.corpora}
    rounds: list[dict[str, object]] = []
    longest = 0.0
    for number in range(1, options.rounds + 1):
        for name, pages in corpora.items():
            if not pages:
                print(f"{name}: not beside the project, left out")
                continue
            started = time.monotonic()
            if number > 1 and started - began + longest > options.minutes * 60:
                print(f"{name}: round {number} left out, {options.minutes:g} minutes are nearly up (--minutes)")
                continue
            rounds.append(_measure_round(name, pages, number, options))
            longest = max(longest, time.monotonic() - started)
    _write(rounds, options)


def _options() -> Options:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=240, help="of each corpus")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=10.0, help="no further round begins that would end later")
    parser.add_argument("--page-seconds", type=float, default=10.0, help="CPU after which a peer's page is cut off")
    parser.add_argument("--corpora", default="own,eval")
    given = parser.parse_args()
    return Options(
        pages=given.pages,
        rounds=given.rounds,
        minutes=given.minutes,
        page_seconds=given.page_seconds,
        corpora=tuple(name for name in given.corpora.split(",") if name in _READ),
    )


_READ = {"own": make_pages, "eval": read_evaluation}


def _measure_round(name: str, pages: list[SavedPage], number: int, options: Options) -> dict[str, object]:
    print(f"{name}, round {number}: {len(pages)} pages", flush=True)
    with tempfile.TemporaryDirectory(prefix="wirekeep-bench-") as home:
        folder = Path(home) / "pages"
        folder.mkdir()
        for page in pages:
            (folder / f"{page.name}.html").write_bytes(page.html)
        peers: dict[str, PeerPages] = {}
        for way in ("trafilatura", "news-please"):
            if (found := measure_peer(way, folder, seconds=options.page_seconds)) is not None:
                peers[way] = found
                _tell_peer(way, found)
        pipeline = _measure_pipeline(folder, len(pages))
    print(f"  {'wirekeep':12} {pipeline.cpu_ms:8.2f} ms CPU a page, {pipeline.texts} of {pipeline.pages} with text")
    return {
        "corpus": name,
        "round": number,
        "wirekeep": asdict(pipeline),
        "peers": {way: asdict(peer) for way, peer in peers.items()},
    }


def _tell_peer(way: str, peer: PeerPages) -> None:
    text = f"  {way:12} {1000 * peer.cpu / peer.pages:8.2f} ms CPU a page, {peer.texts} of {peer.pages} with text"
    text += f", {peer.cut} cut off" if peer.cut else ""
    text += f", {peer.failed} failed ({peer.error})" if peer.failed else ""
    text += f", {peer.lookups} look-ups on the network refused" if peer.lookups else ""
    print(text, flush=True)


# ---------------------------------------------------------------------------------------------- the pipeline


def _measure_pipeline(pages: Path, count: int) -> Measured:
    home = Path(tempfile.mkdtemp(prefix="wirekeep-bench-"))
    home.chmod(0o711)
    try:
        with open_cluster(home / "db") as dsn, _served(home, pages) as port:
            migrate(dsn)
            with _worker(home, dsn, port) as process, connect(dsn) as conn:
                before = _session_cpu(process.pid)
                server_before = _server_cpu(home)
                load_into(conn, home / "sources.toml")
                conn.commit()
                slots.defer_crawl(conn, "bench", "manual")
                conn.commit()
                _await_crawl(conn, process)
                cpu = _session_cpu(process.pid) - before
                server = _server_cpu(home) - server_before
                row = conn.execute(
                    "SELECT count(*) AS texts, pg_database_size(current_database()) AS size FROM archive.articles"
                ).fetchone()
                assert row is not None
            warc = sum(file.stat().st_size for file in (home / "warc").glob("**/*.warc.gz*"))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return Measured(
        pages=count,
        cpu_ms=1000 * cpu / count,
        texts=row["texts"],
        postgresql_cpu_ms=round(1000 * server / count, 2),
        warc_mb_per_1000=round(warc * 1000 / count / 1e6, 1),
        database_mb_per_1000=round(row["size"] / max(1, row["texts"]) / 1e3, 1),
    )


@contextlib.contextmanager
def _served(home: Path, folder: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.server", str(folder), str(home / "port")]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        while not (home / "port").exists():
            time.sleep(0.05)
        yield int((home / "port").read_text())
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def _worker(home: Path, dsn: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    (home / "sources.toml").write_text(
        f'[[source]]\nname = "bench"\nfeeds = ["http://bench.test:{port}/feed"]\nevery = "1h"\npace = "0s"\n'
        'robots = "ignore"\nbackfill = "3650d"\nbackfill_undated = 100000\nmax_links = 100000\n'
    )
    env = {
        **os.environ,
        "WIREKEEP_DATABASE_URL": dsn,
        "WIREKEEP_DATA_DIR": str(home),
        "WIREKEEP_ALLOW_ADDRESSES": json.dumps([f"bench.test=127.0.0.1:{port}"]),
        "WIREKEEP_MIN_FREE_BYTES": "0",
        "WIREKEEP_MIN_FREE_PERCENT": "0",
        "WIREKEEP_REQUESTS_PER_CRAWL": "8",
        "WIREKEEP_LOG_FORMAT": "json",
    }
    with (home / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "worker"], cwd=ROOT, env=env, stderr=log, start_new_session=True
        )
        try:
            while b"worker_started" not in (home / "worker.log").read_bytes():
                if process.poll() is not None:
                    raise SystemExit((home / "worker.log").read_text()[-2000:])
                time.sleep(0.1)
            time.sleep(2.0)  # the pool's processes have imported what they need
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def _await_crawl(conn: object, process: subprocess.Popen[bytes]) -> None:
    began = time.monotonic()
    while process.poll() is None:
        if time.monotonic() - began > _CRAWL_SECONDS:
            raise SystemExit(f"the crawl has not ended after {_CRAWL_SECONDS:.0f} s")
        row = conn.execute("SELECT state, reason FROM store.crawl WHERE finished_at IS NOT NULL").fetchone()  # type: ignore[attr-defined]
        conn.rollback()  # type: ignore[attr-defined]
        if row is not None:
            if row["state"] != "finished":
                raise SystemExit(f"the crawl ended as {row['state']}: {row['reason']}")
            return
        time.sleep(0.2)
    raise SystemExit("the worker died")


def _session_cpu(session: int) -> float:
    """CPU seconds of every process of a session, with those of children that were waited for."""
    return sum(_cpu(Path(entry)) for entry in Path("/proc").glob("[0-9]*") if _field(entry, 5) == session)


def _server_cpu(home: Path) -> float:
    pid_files = list(home.glob("**/postmaster.pid")) or list(Path("/var/lib/wirekeep").glob("*/**/postmaster.pid"))
    pids = {int(file.read_text().split("\n", 1)[0]) for file in pid_files}
    found = 0.0
    for entry in Path("/proc").glob("[0-9]*"):
        if int(entry.name) in pids or _field(entry, 3) in pids:
            found += _cpu(entry)
    return found


def _fields(entry: Path) -> list[str]:
    try:
        text = (entry / "stat").read_text()
    except OSError:
        return []
    # The name in brackets may hold spaces: fields are counted from behind it.
    return ["", "", *text[text.rfind(")") + 2 :].split()]


def _field(entry: Path, number: int) -> int | None:
    fields = _fields(entry)
    return int(fields[number]) if len(fields) > number else None


def _cpu(entry: Path) -> float:
    fields = _fields(entry)
    return sum(int(fields[number]) for number in (13, 14, 15, 16)) / TICKS if len(fields) > 16 else 0.0


# ---------------------------------------------------------------------------------------------- results


def _write(rounds: list[dict[str, object]], options: Options) -> None:
    summary: dict[str, object] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "max_rss_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        "options": asdict(options),
        "rounds": rounds,
    }
    text = render(summary)
    print("\n" + text)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "throughput.json").write_text(json.dumps(summary, indent=1) + "\n")
    (RESULTS / "throughput.md").write_text(text + "\n")


if __name__ == "__main__":
    main()
