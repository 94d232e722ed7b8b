"""Secrets kept in files, variables that a compose file leaves empty, a password kept apart from its DSN."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from archive.db import split_password, with_password
from archive.errors import ConfigError
from crawler.secrets import read_secret
from crawler.settings import count_cores, read_settings
from crawler.sources import parse_sources, resolve_headers
from service.database import read_dsn
from service.worker import refuse_nameless

CANARY = "s3cr3t-canary 'with' \\odd/ letters@:"

SOURCE = """
[[source]]
name = "paper"
language = "en"
feeds = ["https://paper.example/feed"]
every = "5m"
headers = { "X-Api-Key" = "${PAPER_KEY}" }
"""


def write_secret(folder: Path, content: str) -> str:
    path = folder / "secret"
    path.write_text(content, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    "dsn",
    [
        "host=postgres dbname=wirekeep user=ann",
        "postgresql://ann@postgres/wirekeep?sslmode=verify-full&connect_timeout=3",
    ],
)
def test_a_password_kept_apart_joins_the_dsn_and_nothing_else_changes(dsn: str) -> None:
    joined = conninfo_to_dict(with_password(dsn, CANARY))
    assert joined.pop("password") == CANARY
    assert joined == conninfo_to_dict(dsn)
    place, password = split_password(with_password(dsn, CANARY))
    assert (conninfo_to_dict(place), password) == (conninfo_to_dict(dsn), CANARY)


def test_two_passwords_are_refused_and_neither_is_shown() -> None:
    with pytest.raises(ConfigError, match="keep one") as caught:
        with_password("postgresql://ann:other-canary@postgres/wirekeep", CANARY)
    assert "canary" not in str(caught.value)


def test_an_unreadable_dsn_is_refused_without_its_words() -> None:
    with pytest.raises(ConfigError, match="cannot be read; expected postgresql://") as caught:
        with_password("postgresql://ann:other-canary@[::1/wirekeep", CANARY)
    assert "canary" not in str(caught.value)


def test_the_password_file_of_a_container_becomes_a_part_of_the_dsn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WIREKEEP_DATABASE_URL", "host=postgres dbname=wirekeep user=wirekeep")
    monkeypatch.setenv("WIREKEEP_DATABASE_PASSWORD_FILE", write_secret(tmp_path, f"{CANARY}\n"))
    settings = read_settings()
    assert CANARY not in repr(settings)
    assert conninfo_to_dict(read_dsn(settings) or "")["password"] == CANARY


def test_a_password_without_a_server_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WIREKEEP_DATABASE_URL", raising=False)
    monkeypatch.setenv("WIREKEEP_DATABASE_PASSWORD", CANARY)
    with pytest.raises(ConfigError, match="WIREKEEP_DATABASE_URL is not"):
        read_dsn(read_settings())


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONTACT", "ALLOW_ADDRESSES", "CONCURRENCY", "DATABASE_PASSWORD_FILE"):
        monkeypatch.setenv(f"WIREKEEP_{name}", "")
    settings = read_settings()
    assert (settings.contact, settings.allow_addresses, settings.concurrency) == (None, (), 4)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b" \n", r"is empty; expected the value of TOKEN"), (b"\xff\xfe", r"is not UTF-8 text")],
)
def test_a_secret_file_without_a_secret_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"TOKEN_FILE={path}: {message}"):
        read_secret("TOKEN", {"TOKEN_FILE": str(path)})


def test_a_secret_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"TOKEN_FILE=.*/none: cannot be read \(No such file"):
        read_secret("TOKEN", {"TOKEN_FILE": str(tmp_path / "none")})


def test_a_secret_header_of_a_source_may_lie_in_a_file(tmp_path: Path) -> None:
    (source,) = parse_sources(SOURCE, path="sources.toml")
    assert resolve_headers(source, {"PAPER_KEY_FILE": write_secret(tmp_path, "abc\n")}) == {"X-Api-Key": "abc"}
    with pytest.raises(ConfigError, match=r"PAPER_KEY \(or PAPER_KEY_FILE\); it is not set"):
        resolve_headers(source, {})


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no CPU affinity")
def test_extraction_takes_the_cores_that_it_may_use_and_not_all_of_the_machine() -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert count_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_a_worker_without_a_contact_fetches_from_nobody_but_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONTACT", "ALLOW_ADDRESSES"):
        monkeypatch.delenv(f"WIREKEEP_{name}", raising=False)
    with pytest.raises(ConfigError, match=r"WIREKEEP_CONTACT is not set: .*\.env"):
        refuse_nameless(read_settings())
    refuse_nameless(read_settings(contact="mailto:desk@paper.test"))
    refuse_nameless(read_settings(allow_addresses=("news.test=127.0.0.1:8080",)))
