"""The documentation says what the program does: every command, option, setting and key; every link leads somewhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler.source_keys import CSS_READERS, READERS
from crawler.sources import parse_sources
from scripts.write_docs import commands_page, list_commands, settings_page

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
WRITTEN = [page for page in PAGES if page.name not in {"commands.md", "CHANGELOG.md"}]


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _fenced(text: str, *languages: str) -> Iterator[str]:
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.S | re.M):
        if language in languages:
            yield block


def _shell_lines(page: Path) -> Iterator[str]:
    """Commands in the page's shell blocks: whole ones, continued lines joined."""
    for block in _fenced(page.read_text(encoding="utf-8"), "sh", "bash", "console"):
        for line in block.replace("\\\n", " ").splitlines():
            yield line.removeprefix("$ ")


def test_settings_page_holds_every_setting_with_its_default_and_description() -> None:
    assert (ROOT / "docs/settings.md").read_text(encoding="utf-8") == settings_page(), "run: make docs"


def test_commands_page_holds_every_command_and_option() -> None:
    assert (ROOT / "docs/commands.md").read_text(encoding="utf-8") == commands_page(), "run: make docs"


def test_every_command_and_option_says_what_it_does() -> None:
    silent = [path for path, command in list_commands() if not command.help]
    silent += [
        f"{path} {one.opts[0]}"
        for path, command in list_commands()
        for one in command.params
        if not one.help and not one.hidden
    ]
    assert silent == []


def test_add_a_source_names_every_key_and_its_examples_are_read() -> None:
    text = (ROOT / "docs/add-a-source.md").read_text(encoding="utf-8")
    keys = {"name", *READERS, "url", "links", *(f"css.{key}" for key in CSS_READERS)} - {"css"}
    assert [key for key in sorted(keys) if f"| `{key}` |" not in text] == []
    blocks = list(_fenced(text, "toml"))
    assert blocks
    for block in blocks:
        assert parse_sources(block, path="docs/add-a-source.md")


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, heading = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name}: {target}"
        if heading:
            assert heading in _headings(file), f"{page.name}: {target}"


def _headings(page: Path) -> set[str]:
    """Anchors as forges make them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in found}


def _calls(line: str) -> Iterator[list[str]]:
    """The words after each ``wirekeep`` that a line of shell runs, also in pipes, substitutions and under sudo."""
    for part in re.split(r"&&|\|\||[|;()]", line.partition(" #")[0]):
        try:
            words = shlex.split(part)
        except ValueError:  # a quotation that holds one of the characters we cut at
            words = part.split()
        if words[:2] == ["sudo", "-u"]:
            words = words[3:]
        while words and re.match(r"\w+=", words[0]):
            words = words[1:]
        if words and words[0].rpartition("/")[2] == "wirekeep":
            yield words[1:]


def _find_command(words: list[str]) -> tuple[Any, list[str]]:
    """The command that `words` (after ``wirekeep``) name, and what follows it."""
    known = dict(list_commands())
    while words and words[0] in {"--data-dir", "--log-level", "--log-format"}:
        words = words[2:]
    for length in (2, 1):
        command = known.get(" ".join(["wirekeep", *words[:length]]))
        if command is not None and len(words) >= length:
            return command, words[length:]
    return None, words


@pytest.mark.parametrize("page", WRITTEN, ids=_name)
def test_every_wirekeep_command_printed_exists_with_its_options(page: Path) -> None:
    for line in _shell_lines(page):
        for words in _calls(line):
            command, rest = _find_command(words)
            assert command is not None, f"{page.name}: {line}"
            options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help", "-h"}
            for word in rest[: rest.index("--")] if "--" in rest else rest:
                if word.startswith("--"):
                    assert word.partition("=")[0] in options, f"{page.name}: {line}"


def test_commands_are_found_in_the_pages_at_all() -> None:
    calls = [words for page in WRITTEN for line in _shell_lines(page) for words in _calls(line)]
    assert len(calls) > 40


def test_every_make_target_printed_exists() -> None:
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for page in WRITTEN:
        for line in _shell_lines(page):
            for target in re.findall(r"^make ([a-z][\w-]*)", line):
                assert target in targets, f"{page.name}: {line}"


def test_every_setting_printed_anywhere_is_one() -> None:
    known = set(re.findall(r"^\| `(WIREKEEP_\w+)` \|", settings_page(), re.M)) | {"WIREKEEP_SUPERVISED"}
    tests_only = {"WIREKEEP_TEST_DATABASE_URL", "WIREKEEP_TEST_BINDIR", "WIREKEEP_FAULTS"}
    for page in PAGES:
        for name in re.findall(r"\bWIREKEEP_[A-Z_]+[A-Z]\b", page.read_text(encoding="utf-8")):
            assert name.removesuffix("_FILE") in known | tests_only, f"{page.name}: {name}"


def test_the_first_screen_of_the_readme_has_the_drawing_and_the_two_commands() -> None:
    first = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:45])
    for part in ("make demo", "make test", "sources.toml", "WARC", "PostgreSQL", "─▶"):
        assert part in first
