"""Measures peers in their own environment: which interpreter runs one, and its CPU over a folder of pages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
_TELL = 15.0  # s between lines of progress


@dataclass(frozen=True, kw_only=True)
class PeerPages:
    """A peer over a corpus: CPU seconds of all its pages and of those that it finished, and what became of them.

    `cut` pages used up their time and count with it in `cpu`; `failed` ones raised; `lookups` were refused; `error` is
    the commonest failure in its own words.
    """

    pages: int
    cpu: float
    finished_cpu: float
    texts: int
    cut: int
    failed: int
    lookups: int
    error: str | None


def interpreter() -> Path | None:
    """The peers' interpreter; None where their environment is missing."""
    return _PYTHON if _PYTHON.exists() else None


def measure_peer(way: str, folder: Path, *, seconds: float) -> PeerPages | None:
    """CPU of `way` over the pages of a folder, in as many processes as there are cores; at most `seconds` a page.

    None where the peers' environment is missing. Raises `SystemExit` with its last words where its process fails.
    """
    python = interpreter()
    if python is None and way == "trafilatura":
        python = Path(sys.executable)  # the same version is ours too
    if python is None:
        print(f"{way}: left out, the peers' environment is missing (make bench makes it: scripts/peers.sh)")
        return None
    cores = os.cpu_count() or 1
    outputs = [folder.with_suffix(f".{way}.{share}") for share in range(cores)]
    command = [str(python), "-m", "benchmarks.peer_run", way, str(folder)]
    processes = []
    for share, output in enumerate(outputs):
        with output.open("wb") as stdout, output.with_suffix(".err").open("wb") as stderr:
            line = [*command, str(share), str(cores), str(seconds)]
            processes.append(subprocess.Popen(line, cwd=ROOT, stdout=stdout, stderr=stderr))
    _await(way, processes, outputs, len(list(folder.glob("*.html"))))
    for process, output in zip(processes, outputs, strict=True):
        if process.returncode:
            raise SystemExit(
                f"{way} ended with {process.returncode}:\n{output.with_suffix('.err').read_text()[-2000:]}"
            )
    return _sum([json.loads(line) for output in outputs for line in output.read_text().splitlines()])


def _await(way: str, processes: list[subprocess.Popen[bytes]], outputs: list[Path], pages: int) -> None:
    told = time.monotonic()
    while any(process.poll() is None for process in processes):
        time.sleep(0.2)
        if time.monotonic() - told > _TELL:
            told = time.monotonic()
            done = sum(len(output.read_bytes().splitlines()) for output in outputs)
            print(f"  {way}: {done} of {pages} pages", flush=True)


def _sum(rows: list[dict[str, object]]) -> PeerPages:
    def seconds(chosen: list[dict[str, object]]) -> float:
        return sum(float(str(row["cpu"])) for row in chosen)

    errors = [str(row["error"]) for row in rows if row["error"]]
    return PeerPages(
        pages=len(rows),
        cpu=seconds(rows),
        finished_cpu=seconds([row for row in rows if not row["cut"]]),
        texts=sum(bool(row["chars"]) for row in rows),
        cut=sum(bool(row["cut"]) for row in rows),
        failed=len(errors),
        lookups=sum(int(str(row["lookups"])) for row in rows),
        error=max(errors, key=errors.count, default=None),
    )
