"""`wirekeep sources pause` and `resume` say what is so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from crawling import Desk
from typer.testing import CliRunner, Result

from archive.errors import ConfigError
from cli import app

PAPER = '[[source]]\nname = "paper"\nfeeds = ["https://paper.example/feed"]\nevery = "5m"\n'


@pytest.fixture
def ask(tmp_path: object, database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("WIREKEEP_DATABASE_URL", database)
    desk = Desk(tmp_path, database)  # type: ignore[arg-type]
    desk.write_sources(PAPER.replace("paper", "gone"))
    desk.write_sources(PAPER)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["--data-dir", str(tmp_path), "sources", *arguments], catch_exceptions=False)

    return run


def test_pause_is_ended_once(ask: Callable[..., Result]) -> None:
    said = [ask(command, "paper").output for command in ("resume", "pause", "resume", "resume")]
    assert said == ["paper: was not paused\n", "paper: paused\n", "paper: resumed\n", "paper: was not paused\n"]


def test_source_that_is_unknown_or_retired_cannot_be_paused(ask: Callable[..., Result]) -> None:
    with pytest.raises(ConfigError, match="no source is called 'papr' in the database; known: gone, paper"):
        ask("pause", "papr")
    with pytest.raises(ConfigError, match="source 'gone' is retired"):
        ask("pause", "gone")
