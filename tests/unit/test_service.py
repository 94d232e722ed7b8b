"""Logs without secrets, disk watch, restart backoff, settings that refuse what is wrong."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

import pytest
import structlog

from archive.errors import ConfigError
from crawler.settings import read_settings
from service.disk import Room, find_shortage, measure_room
from service.log import redact, set_up_logs
from service.supervisor import next_backoff

CANARY = "s3cr3t-canary"


@pytest.mark.parametrize(
    "line",
    [
        f"postgresql://ann:{CANARY}@db/wirekeep?sslmode=verify-full",
        f"host=db user=ann password={CANARY} dbname=x",
        f"host=db password='{CANARY}' dbname=x",
        f"Authorization: Bearer {CANARY}",
        f"{{'Cookie': 'session={CANARY}'}}",
        f"https://ann:{CANARY}@news.example/feed",
        f"X-Api-Key: {CANARY}",
    ],
)
def test_a_secret_never_reaches_a_log_line(line: str) -> None:
    assert CANARY not in redact(line)


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_reaches_a_log_however_deep_it_lies(
    form: Literal["json", "console"], capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    dsn = f"postgresql://ann:{CANARY}@db/wirekeep"
    try:
        set_up_logs(form, "INFO")
        log = structlog.get_logger("test")
        log.info("nested", detail={"dsn": dsn, "headers": {"Authorization": f"Bearer {CANARY}", b"Cookie": [CANARY]}})
        log.info("listed", items=[dsn, (dsn, {"password": CANARY})], error=ValueError(dsn), count=3, none=None)
        for say in (log.exception, logging.getLogger("test.plain").exception):
            try:
                raise ValueError(f"cannot reach {dsn}")
            except ValueError:
                say("broke")
    finally:
        structlog.reset_defaults()
        root.handlers[:] = before
        root.setLevel(level)
    said = capsys.readouterr().err
    assert CANARY not in said
    assert said.count("postgresql://ann:***@db/wirekeep") == 6
    assert said.count("Traceback (most recent call last)") == 2


def test_text_without_secrets_is_left_alone() -> None:
    line = "https://news.example/a?id=1 وقع رئيس الوزراء"
    assert redact(line) == line


def test_too_little_room_is_said_with_found_and_expected() -> None:
    room = Room(path=Path("/warc"), free=3 << 30, total=100 << 30)
    assert find_shortage(room, min_bytes=1 << 30, min_percent=2) is None
    assert find_shortage(room, min_bytes=1 << 30, min_percent=5) == (
        "/warc: 3072 MiB free (3.0 %), at least 1024 MiB and 5 % wanted"
    )


def test_room_under_a_folder_that_does_not_exist_yet_is_that_of_the_one_above(tmp_path: Path) -> None:
    assert measure_room(tmp_path / "not" / "yet").total == measure_room(tmp_path).total > 0


def test_restarts_back_off_and_a_role_that_ran_steadily_starts_over() -> None:
    waits = [0.0]
    for _ in range(10):
        waits.append(next_backoff(waits[-1], ran_for=1.0))
    assert waits[1:] == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert next_backoff(60.0, ran_for=3600.0) == 1.0


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("WIREKEEP_CONCURRENCY", "many", r"WIREKEEP_CONCURRENCY: .*integer"),
        ("WIREKEEP_TIMEZONE", "Riyadh", r"WIREKEEP_TIMEZONE: 'Riyadh' is not an IANA time zone such as Asia/Riyadh"),
        ("WIREKEEP_CONTACT", "me", r"WIREKEEP_CONTACT: 'me' is neither an http\(s\) page nor a mailto: address"),
        ("WIREKEEP_CONTACT", "https://example.com/bot", r"placeholder"),
        ("WIREKEEP_STOP_TIMEOUT", "inf", r"WIREKEEP_STOP_TIMEOUT: .*finite"),
        ("WIREKEEP_QUERY_TIMEOUT", "3000000", r"WIREKEEP_QUERY_TIMEOUT: .*less than or equal to 2147483"),
        ("WIREKEEP_HEARTBEAT", "20", r"WIREKEEP_DEAD_AFTER=30 is less than twice WIREKEEP_HEARTBEAT=20"),
    ],
)
def test_a_wrong_setting_stops_the_program_and_names_itself(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=message):
        read_settings()


def test_a_secret_may_lie_in_a_file_and_is_hidden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "dsn"
    secret.write_text(f"postgresql://ann:{CANARY}@db/wirekeep\n")
    monkeypatch.setenv("WIREKEEP_DATABASE_URL_FILE", str(secret))
    settings = read_settings()
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value().endswith(f"{CANARY}@db/wirekeep")
    assert CANARY not in repr(settings)


def test_a_secret_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WIREKEEP_DATABASE_URL_FILE", str(tmp_path / "dsn"))
    monkeypatch.setenv("WIREKEEP_DATABASE_URL", "postgresql:///x")
    with pytest.raises(ConfigError, match="both set; keep one"):
        read_settings()


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WIREKEEP_DATA_DIR", "/elsewhere")
    assert read_settings(data_dir=tmp_path).data_dir == tmp_path
