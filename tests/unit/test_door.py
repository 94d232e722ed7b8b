"""The command's door: what is no text, no moment or no settings is one clear message, and no secret is in it."""

from __future__ import annotations

import io
import json
import sys
from zoneinfo import ZoneInfo

import pytest

import cli
from archive.db import connect, split_password, with_password
from archive.errors import ConfigError
from commands.ask import _read_statement, _write_rows
from commands.display import print_json
from commands.moments import read_moment

CANARY = "c4n4ry"


@pytest.mark.parametrize("command", [["search", "a\udcff"], ["sources", "pause", "\udcff"], ["boilerplate", "\udcff"]])
def test_an_argument_that_is_no_text_is_refused_by_every_command(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["wirekeep", *command])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "\\udcff' is not text in UTF-8" in capsys.readouterr().err


def test_a_statement_from_standard_input_is_utf_8_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\ufeffSELECT 'خبر'".encode())))
    assert _read_statement() == "SELECT 'خبر'"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"SELECT '\xff'")))
    with pytest.raises(ConfigError, match="standard input is not UTF-8"):
        _read_statement()


@pytest.mark.parametrize(("text", "zone"), [("0001-01-01", "Asia/Riyadh"), ("9999-12-31T23:59", "America/New_York")])
def test_a_moment_beyond_all_years_is_refused(text: str, zone: str) -> None:
    with pytest.raises(ConfigError, match="outside the years 1 to 9999"):
        read_moment(text, ZoneInfo(zone))


@pytest.mark.parametrize(
    "dsn",
    [
        f"postgres//ann:{CANARY}@db/wirekeep",
        f"postgresql://ann:{CANARY}%zz@db/wirekeep",
        f"postgresql://ann:p@{CANARY}@db/wirekeep",
        f"{CANARY} host=db",
        f"host=db password='{CANARY}",
        f"host=db passwrd={CANARY}",
    ],
)
def test_a_dsn_that_cannot_be_read_is_refused_without_its_password(dsn: str) -> None:
    with pytest.raises(ConfigError) as refused:
        connect(dsn)
    assert CANARY not in str(refused.value)
    assert "expected postgresql://user@host/name" in str(refused.value)


def test_a_misspelt_parameter_of_a_dsn_is_named() -> None:
    for read in (connect, split_password, lambda dsn: with_password(dsn, "x")):
        with pytest.raises(ConfigError, match=r'cannot be read \(invalid connection option "passwrd"\)'):
            read(f"host=db passwrd={CANARY}")
        with pytest.raises(ConfigError, match=r'cannot be read \(invalid URI query parameter: "sslmod"\)'):
            read(f"postgresql://ann:{CANARY}@db/x?sslmod=require")


def test_rows_as_json_lines_lose_no_column_and_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="several columns are called 'a'"):
        _write_rows(("a", "b", "a"), iter([(1, 2, 3)]), "jsonl", ZoneInfo("UTC"))
    values = (float("nan"), float("inf"), float("-inf"), 0.5, [float("nan")])
    _write_rows(tuple("abcde"), iter([values]), "jsonl", ZoneInfo("UTC"))
    print_json({"a": float("nan")})
    first, *rest = capsys.readouterr().out.split("\n")

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    assert json.loads(first, parse_constant=refuse) == {
        "a": "NaN", "b": "Infinity", "c": "-Infinity", "d": 0.5, "e": ["NaN"],
    }  # fmt: skip
    assert json.loads("".join(rest), parse_constant=refuse) == {"a": "NaN"}
