"""Rows on a terminal: a table where it fits, blocks where it would not, Arabic where it tears nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from commands import tables
from commands.tables import print_rows, print_table

RIYADH = ZoneInfo("Asia/Riyadh")
TITLE = "القمح الأوروبي يرتفع للجلسة الثالثة بدعم من طلب تصديري"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Console:
    console = Console(highlight=False, soft_wrap=True, force_terminal=True, width=60, color_system=None)
    monkeypatch.setattr(tables, "console", console)
    return console


def test_the_last_column_folds_to_the_terminal_and_nothing_stands_right_of_it(
    terminal: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    print_table(("source", "dated", "title"), [("alwatan", "2026-11-23 22:36", TITLE)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= 60
    assert " ".join(line[27:].strip() for line in lines[2:]) == TITLE
    assert all(line == line.rstrip() for line in lines)


def test_written_to_a_pipe_a_row_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("source", "text"), [("alwatan", "word " * 100)])
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_arabic_in_another_column_than_the_last_makes_blocks(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(("title", "source"), [(TITLE, "alwatan")], RIYADH)
    assert capsys.readouterr().out.splitlines()[1:] == [f"title   {TITLE}", "source  alwatan"]


def test_a_row_wider_than_the_terminal_becomes_a_block_that_keeps_its_paragraphs(
    terminal: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    print_rows(("url", "text"), [("https://paper.example/" + "x" * 60, "one\ntwo")], RIYADH)
    assert capsys.readouterr().out.splitlines()[2:] == ["text  one", "      two"]


def test_times_stand_in_the_display_zone_and_lists_are_joined(capsys: pytest.CaptureFixture[str]) -> None:
    at = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
    assert print_rows(("at", "agencies", "gone"), [(at, ["Reuters", "AFP"], None)], RIYADH) == 1
    assert capsys.readouterr().out.splitlines()[2] == "2026-11-24 01:30:00  Reuters, AFP"


def test_rows_beyond_those_looked_at_are_printed_too(capsys: pytest.CaptureFixture[str]) -> None:
    count = tables.LOOKED_AT + 3
    assert print_rows(("n",), ((n,) for n in range(count)), RIYADH) == count
    assert capsys.readouterr().out.splitlines()[-1] == str(count - 1)


def test_no_rows_at_all_leave_the_names_of_the_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_rows(("source", "title"), [], RIYADH) == 0
    assert capsys.readouterr().out.splitlines()[0] == "source  title"


def test_names_of_columns_steer_no_terminal_either(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(("a\x1b[31m\nb", "c\u202e"), [(1, "x"), (2, "أ")], ZoneInfo("UTC"))
    print_rows(("a\x1b[31m", "b"), [("أ", 1)], ZoneInfo("UTC"))
    printed = capsys.readouterr().out
    assert not {"\x1b", "\u202e"} & set(printed)
    assert printed.startswith("a[31m b  c\n")
