"""Makes a table of what throughput.py measured: CPU a page by way and corpus, and the ratios that are asked for."""

from __future__ import annotations

import statistics
from typing import Any

_ASKED = {"trafilatura": 0.80, "news-please": 7.0}


def render(summary: dict[str, Any]) -> str:
    """Markdown of one run: medians over its rounds, every round's value beside them."""
    rounds = summary["rounds"]
    options = summary["options"]
    corpora = list(dict.fromkeys(row["corpus"] for row in rounds))
    lines = [
        f"Measured {summary['at'][:10]}, Python {summary['python']}, {summary['cores']} cores. CPU, not wall time: "
        "the pipeline's is that of the worker with its pool, over fetching, WARC, extraction and the rows written; "
        f"PostgreSQL's own is beside it. A peer's page is cut off after {options['page_seconds']:g} s of CPU.",
        "",
        "| corpus | way | pages | with text | cut off | failed | CPU a page, ms | rounds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for corpus in corpora:
        lines += _rows([row for row in rounds if row["corpus"] == corpus])
    lines += [
        "",
        "| corpus | pages per CPU second, pipeline to | ratio | rounds | asked for | reached |",
        "|---|---|---|---|---|---|",
    ]
    for corpus in corpora:
        lines += _ratios([row for row in rounds if row["corpus"] == corpus])
    return "\n".join(lines)


def _rows(rounds: list[dict[str, Any]]) -> list[str]:
    corpus = rounds[0]["corpus"]
    ours = [row["wirekeep"] for row in rounds]
    values = [row["cpu_ms"] for row in ours]
    last = ours[-1]
    lines = [
        f"| {corpus} | wirekeep | {last['pages']} | {last['texts']} | – | – | {_median(values)} | {_all(values)} |",
        f"| {corpus} | its PostgreSQL | | | | | {_median([row['postgresql_cpu_ms'] for row in ours])} | "
        f"{_all([row['postgresql_cpu_ms'] for row in ours])} |",
    ]
    for way in _ASKED:
        found = [row["peers"][way] for row in rounds if way in row["peers"]]
        if found:
            cpu, peer = [1000 * one["cpu"] / one["pages"] for one in found], found[-1]
            lines.append(
                f"| {corpus} | {way} | {peer['pages']} | {peer['texts']} | {peer['cut']} | {peer['failed']} | "
                f"{_median(cpu)} | {_all(cpu)} |"
            )
    return lines


def _ratios(rounds: list[dict[str, Any]]) -> list[str]:
    lines = []
    for way, asked in _ASKED.items():
        both = [(row["wirekeep"]["cpu_ms"], row["peers"][way]) for row in rounds if way in row["peers"]]
        if not both:
            continue
        every = [1000 * peer["cpu"] / peer["pages"] / ours for ours, peer in both]
        reached = "yes" if statistics.median(every) >= asked else "NO"
        corpus = rounds[0]["corpus"]
        lines.append(f"| {corpus} | {way} | {_median(every)} | {_all(every)} | {asked:g} | {reached} |")
        if any(peer["cut"] for _, peer in both):
            # The pipeline's mean stays that of all pages, the slow ones too: this ratio is rather too low.
            rest = [1000 * peer["finished_cpu"] / max(1, peer["pages"] - peer["cut"]) / ours for ours, peer in both]
            lines.append(f"| {corpus} | {way}, without pages cut off | {_median(rest)} | {_all(rest)} | | |")
    return lines


def _median(values: list[float]) -> str:
    return f"{statistics.median(values):.2f}"


def _all(values: list[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
