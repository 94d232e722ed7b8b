"""CPU of a page, ours beside plain trafilatura with metadata: page by page in turns, under the same load."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.peers import trafilatura
from benchmarks.quality import extract

SETS = ("aeb", "feval", "traf", "fundus", "arabic")
STEP = 6  # every sixth page: 124 of 742, half a minute

Way = Callable[[bytes, str], dict[str, Any]]


def measure_cpu(data: Path) -> tuple[float, float]:
    """Milliseconds of CPU a page: ours, trafilatura's. `data` is the evaluation set's folder.

    A first round over the same pages is not counted: what each way loads once (dateparser's languages take 3 s) is no
    page's.
    """
    pages = [page for name in SETS for page in _read_set(data / name)][::STEP]
    spent: dict[Way, float] = {extract: 0.0, trafilatura: 0.0}
    for counted in (False, True):
        for number, (html, url) in enumerate(pages):
            for way in (extract, trafilatura) if number % 2 else (trafilatura, extract):
                began = time.process_time()
                way(html, url)
                spent[way] += (time.process_time() - began) * counted
    ours, theirs = (1000 * seconds / len(pages) for seconds in spent.values())
    return ours, theirs


def _read_set(folder: Path) -> list[tuple[bytes, str]]:
    lines = (folder / "gold.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [(gzip.decompress((folder / "pages" / f"{row['id']}.html.gz").read_bytes()), row["url"]) for row in rows]
