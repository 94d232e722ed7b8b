"""A pipe whose reader has gone ends a command quietly, whatever was printing into it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from stored_rows import Desk, apply, cloned, extraction, source_row

from archive.db import connect
from archive.roles import apply_roles
from archive.store import articles
from commands.pipe import EXIT_READER_GONE

ROOT = Path(__file__).parents[2]
STORY = "https://paper.example/1"
# More than any pipe or buffer holds: the command is still printing when its reader goes.
MANY = "SELECT n, repeat('x', 100) AS filling FROM generate_series(1, 100000) AS n"
LONG = "\n".join(f"سطر {number}" for number in range(50_000))


@pytest.fixture(scope="module")
def environment(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What a command needs to ask an archive with one long story."""
    with cloned(server, template, "piped") as dsn:
        with connect(dsn) as conn:
            apply(conn, source_row())
            desk = Desk(conn)
            begun, (leased,) = desk.owe(STORY)
            articles.save_article(conn, desk.save(begun, leased, extraction=extraction(text=LONG)))
            apply_roles(conn, "piping")
        folder = str(tmp_path_factory.mktemp("piped"))
        yield {
            **os.environ,
            "WIREKEEP_DATABASE_URL": dsn,
            "WIREKEEP_DATA_DIR": folder,
            "WIREKEEP_ROLE_PREFIX": "piping",
        }


def run(
    command: list[str], environment: dict[str, str], *, lines: int, python: tuple[str, ...] = ()
) -> tuple[int, str]:
    """Run `wirekeep` into a reader that goes after so many lines (0: before it began); exit code, standard error."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader:
        if not lines:
            reader.close()
        process = subprocess.Popen(
            [sys.executable, *python, "-m", "cli", *command],
            cwd=ROOT, env=environment, stdout=writing, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        os.close(writing)
        for _ in range(lines):
            reader.readline()
    _, said = process.communicate(timeout=120)
    return process.returncode, said


@pytest.mark.parametrize(
    "command",
    [["sql", "-f", form, MANY] for form in ("table", "csv", "jsonl")] + [["show", STORY]],
    ids=lambda c: c[-2],
)
def test_a_reader_that_has_seen_enough_ends_the_command(command: list[str], environment: dict[str, str]) -> None:
    assert run(command, environment, lines=3) == (EXIT_READER_GONE, "")


@pytest.mark.parametrize("command", [["sql", "SELECT 1"], ["search", "قمة"], ["status"], ["--help"], ["--version"]])
def test_a_reader_that_never_was_ends_the_command(command: list[str], environment: dict[str, str]) -> None:
    """Little output: it stays in Python's buffer until the program ends."""
    assert run(command, environment, lines=0) == (EXIT_READER_GONE, "")


def test_output_without_a_buffer_ends_as_quietly(environment: dict[str, str]) -> None:
    assert run(["sql", "-f", "csv", MANY], environment, lines=3, python=("-u",)) == (EXIT_READER_GONE, "")


def test_output_that_is_read_to_its_end_is_whole(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "sql", "-f", "csv", MANY],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 100_001


def test_an_output_that_was_closed_by_who_started_us_is_no_error(environment: dict[str, str]) -> None:
    command = f'exec "{sys.executable}" -m cli sql "SELECT 1" >&-'
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
