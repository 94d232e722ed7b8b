"""CPU a page of the whole pipeline, beside bare trafilatura and news-please on the same pages in the same run.

The pipeline is the real one: a worker process fetches over HTTP from a server in another process, writes WARC,
extracts in its pool and stores in PostgreSQL. Its CPU is that of the worker and all its children (PostgreSQL's is given
apart). Peers run in as many processes as there are cores, imports not counted.

    python -m benchmarks.throughput [--pages 400] [--rounds 3]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import platform
import resource
import shutil
import signal
import statistics
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
from scheduler import load_into

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One way over one corpus: CPU milliseconds a page, and how many of the pages gave text."""

    way: str
    corpus: str
    pages: int
    cpu_ms: float
    texts: int


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    corpora = {"own": make_pages(options.pages), "eval": read_evaluation(options.pages)}
    rounds: list[dict[str, object]] = []
    for name, pages in corpora.items():
        if not pages:
            print(f"{name}: not beside the project, skipped")
            continue
        rounds += [_measure_round(name, pages, number) for number in range(options.rounds)]
    _report(rounds)


def _measure_round(name: str, pages: list[SavedPage], number: int) -> dict[str, object]:
    ways = [_measure_peer("trafilatura", pages, name), _measure_peer("news-please", pages, name)]
    pipeline, sizes = _measure_pipeline(pages, name)
    found = {way.way: way for way in ways if way is not None} | {"wirekeep": pipeline}
    bare = found["trafilatura"]
    row: dict[str, object] = {
        "corpus": name,
        "round": number + 1,
        "measured": [asdict(one) for one in found.values()],
        "pages_per_cpu_second_to_trafilatura": round(bare.cpu_ms / pipeline.cpu_ms, 3),
        **sizes,
    }
    if "news-please" in found:
        row["pages_per_cpu_second_to_news_please"] = round(found["news-please"].cpu_ms / pipeline.cpu_ms, 2)
    for one in found.values():
        print(
            f"{name:5} round {number + 1}  {one.way:12} {one.cpu_ms:7.2f} ms CPU a page, "
            f"{one.texts} of {one.pages} with text"
        )
    return row


# ---------------------------------------------------------------------------------------------- peers


def _measure_peer(way: str, pages: list[SavedPage], corpus: str) -> Measured | None:
    with multiprocessing.get_context("spawn").Pool(os.cpu_count() or 1, initializer=_prepare, initargs=(way,)) as pool:
        if not all(pool.map(_is_there, [way] * (os.cpu_count() or 1))):
            print(f"{way} is not installed (make bench installs it); skipped")
            return None
        results = pool.map(_RUN[way], [page.html for page in pages], chunksize=8)
    seconds = sum(cpu for cpu, _ in results)
    return Measured(
        way=way,
        corpus=corpus,
        pages=len(pages),
        cpu_ms=1000 * seconds / len(pages),
        texts=sum(bool(length) for _, length in results),
    )


def _prepare(way: str) -> None:
    with contextlib.suppress(ImportError):
        if way == "trafilatura":
            import trafilatura  # noqa: F401
        else:
            import newsplease  # noqa: F401


def _is_there(way: str) -> bool:
    return ("trafilatura" if way == "trafilatura" else "newsplease") in sys.modules


def _run_trafilatura(html: bytes) -> tuple[float, int]:
    from trafilatura import bare_extraction

    began = time.process_time()
    found = bare_extraction(html, with_metadata=True, include_comments=False)
    return time.process_time() - began, len(found.text or "") if found is not None else 0


def _run_news_please(html: bytes) -> tuple[float, int]:
    from newsplease import NewsPlease

    began = time.process_time()
    try:
        text = NewsPlease.from_html(html, url="http://bench.test/a").maintext
    except Exception as error:  # noqa: BLE001 - a peer's failure is a page without text, and is counted as one
        text = None
        print(f"news-please: {type(error).__name__}", file=sys.stderr)
    return time.process_time() - began, len(text or "")


_RUN = {"trafilatura": _run_trafilatura, "news-please": _run_news_please}


# ---------------------------------------------------------------------------------------------- the pipeline


def _measure_pipeline(pages: list[SavedPage], corpus: str) -> tuple[Measured, dict[str, object]]:
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
    measured = Measured(
        way="wirekeep", corpus=corpus, pages=len(pages), cpu_ms=1000 * cpu / len(pages), texts=row["texts"]
    )
    thousand = 1000 / max(1, row["texts"]) / 1e6
    return measured, {
        "postgresql_cpu_ms": round(1000 * server / len(pages), 2),
        "warc_mb_per_1000": round(warc * 1000 / len(pages) / 1e6, 1),
        "database_mb_per_1000": round(row["size"] * thousand, 1),
    }


@contextlib.contextmanager
def _served(home: Path, pages: list[SavedPage]) -> Iterator[int]:
    folder = home / "pages"
    folder.mkdir()
    for page in pages:
        (folder / f"{page.name}.html").write_bytes(page.html)
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
    while process.poll() is None:
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


# ---------------------------------------------------------------------------------------------- report


def _report(rounds: list[dict[str, object]]) -> None:
    summary: dict[str, object] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "max_rss_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        "rounds": rounds,
    }
    for corpus in dict.fromkeys(str(row["corpus"]) for row in rounds):
        mine = [row for row in rounds if row["corpus"] == corpus]
        for key, limit in (("pages_per_cpu_second_to_trafilatura", 0.80), ("pages_per_cpu_second_to_news_please", 7.0)):
            values = [float(str(row[key])) for row in mine if key in row]
            if values:
                median = statistics.median(values)
                verdict = "reached" if median >= limit else "NOT reached"
                print(f"{corpus:5} {key}: median {median:.2f} (asked for {limit}: {verdict}), all {values}")
        print(
            f"{corpus:5} per 1,000 articles: WARC {mine[-1]['warc_mb_per_1000']} MB, "
            f"database {mine[-1]['database_mb_per_1000']} MB"
        )
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "throughput.json").write_text(json.dumps(summary, indent=2) + "\n")
    print(f"written to {(RESULTS / 'throughput.json').relative_to(ROOT)}")


if __name__ == "__main__":
    main()
