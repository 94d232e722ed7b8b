"""Folders named in settings mean the same from wherever a role or PostgreSQL works."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.settings import read_settings


def test_a_relative_data_dir_is_that_of_the_shell_that_named_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read_settings(data_dir=Path(".demo"))
    assert settings.data_dir == tmp_path / ".demo"
    assert settings.sources_file == tmp_path / ".demo/sources.toml"


def test_a_home_written_as_a_tilde_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WIREKEEP_WARC_DIR", "~/warc")
    assert read_settings().warc_root == tmp_path / "warc"
