"""Sources as data: sources.toml is read whole or refused whole, and each `[[source]]` becomes one frozen `Source`."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from crawler.discover.urls import canonicalise, host_of
from crawler.durations import format_duration
from crawler.errors import ConfigError
from crawler.records import SiteRules
from crawler.secrets import read_secret
from crawler.source_keys import NAME, READERS, SECRET, Place, Section, read_table, suggest

__all__ = [
    "Change",
    "Section",
    "Source",
    "SourceFile",
    "SourcesDiff",
    "diff_sources",
    "load_sources",
    "parse_sources",
    "read_starter",
    "resolve_headers",
]

# Spreads sources of one schedule over the first moments of it; less where the schedule itself is tighter.
DEFAULT_JITTER = timedelta(seconds=30)
_CSS_KEYS = ("body", "title", "authors", "date", "remove", "remove_lines")


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A site or feed we watch, as sources.toml says, with defaults filled in.

    Exactly one of `every` and `cron` (five fields, UTC) is set. `revisit` are ages of an article since it was first
    announced. `css` holds only what `[source.css]` says; `site_rules` adds the rest. Header values hold secrets as
    ``${NAME}`` only, see `resolve_headers`.
    """

    name: str
    language: str | None = None
    timezone: str = "UTC"
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    every: timedelta | None = None
    cron: str | None = None
    jitter: timedelta = DEFAULT_JITTER
    pace: timedelta = timedelta(seconds=5)
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    more_hosts: tuple[str, ...] = ()  # key `hosts`: beside the hosts of the discovery documents
    backfill: timedelta = timedelta(days=3)
    backfill_undated: int = 20
    max_links: int = 2000
    revisit: tuple[timedelta, ...] = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=7))
    charset: str | None = None
    robots: Literal["obey", "ignore"] = "obey"
    headers: tuple[tuple[str, str], ...] = ()
    enabled: bool = True
    live_blogs: Literal["take", "reject"] = "take"
    verify_tls: bool = True
    css: SiteRules = field(default_factory=SiteRules)

    @property
    def documents(self) -> tuple[str, ...]:
        """Addresses of all discovery documents: feeds, sitemaps, sections."""
        return (*self.feeds, *self.sitemaps, *(section.url for section in self.sections))

    @property
    def hosts(self) -> tuple[str, ...]:
        """Host names that its articles may lie on (``:port`` where not the scheme's own), each with its www twin."""
        named = {*map(host_of, self.documents), *self.more_hosts}
        return tuple(sorted(named | {_find_twin(host) for host in named}))

    def site_rules(self) -> SiteRules:
        """The source's own word on how its pages are read."""
        return replace(self.css, charset=self.charset, live_blogs=self.live_blogs)

    def to_json(self) -> dict[str, Any]:
        """The source under the keys of sources.toml, defaults filled in; what is not set is left out."""
        found: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name == "headers":
                found[one.name] = dict(value)
            elif value is not None:
                found["hosts" if one.name == "more_hosts" else one.name] = _to_plain(value)
        return found

    @classmethod
    def from_json(cls, settings: Mapping[str, Any]) -> Source:
        """The source that `to_json` wrote.

        Raises:
            ConfigError: the settings are not of this version of Wirekeep.
        """
        mistakes: list[str] = []
        source = _read_source(settings, mistakes)
        if source is None:
            name = settings.get("name")
            raise ConfigError("\n".join(f"stored settings: source {name!r}: {mistake}" for mistake in mistakes))
        return source

    def digest(self) -> bytes:
        """sha256 of `to_json` as canonical JSON: changes when, and only when, a setting does."""
        written = json.dumps(self.to_json(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(written.encode()).digest()


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFile:
    """A sources file that holds no mistake; `digest` is the sha256 of its bytes."""

    path: Path
    digest: bytes
    sources: tuple[Source, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A key of a source that differs; values as `to_json` writes them, None where there is none."""

    source: str
    key: str
    old: Any
    new: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class SourcesDiff:
    """What loading another set of sources would do."""

    added: tuple[str, ...] = ()
    changed: tuple[Change, ...] = ()
    retired: tuple[str, ...] = ()


def parse_sources(text: str, *, path: str) -> tuple[Source, ...]:
    """The sources of a sources.toml; `path` is what messages call the file.

    Raises:
        ConfigError: every mistake of the file, a line each, with file, source, key, value and what is expected.
    """
    mistakes: list[str] = []
    sources: list[Source] = []
    tables = _read_tables(text, path)
    for number, table in enumerate(tables, start=1):
        found: list[str] = []
        source = _read_source(table, found)
        label = f"source {table['name']!r}" if isinstance(table.get("name"), str) else f"source #{number}"
        mistakes += [f"{path}: {label}: {mistake}" for mistake in found]
        if source is not None:
            sources.append(source)
    mistakes += [f"{path}: {mistake}" for mistake in _find_clashes(tables)]
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return tuple(sources)


def load_sources(path: Path) -> SourceFile:
    """Read a sources file.

    Raises:
        ConfigError: the file cannot be read, or holds mistakes (see `parse_sources`).
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}); `wirekeep init` writes one to start from"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    return SourceFile(path=path, digest=hashlib.sha256(content).digest(), sources=parse_sources(text, path=str(path)))


def read_starter() -> str:
    """The commented sources.toml that `wirekeep init` writes; every source in it is disabled."""
    return files("crawler").joinpath("starter.toml").read_text(encoding="utf-8")


def resolve_headers(source: Source, environ: Mapping[str, str]) -> dict[str, str]:
    """Request headers of `source` with each ``${NAME}`` replaced from `environ`, or from the file of ``NAME_FILE``.

    Raises:
        ConfigError: a variable is not set, or holds what no header may hold; its value is not shown.
    """

    def look_up(match: re.Match[str]) -> str:
        value = read_secret(match[1], environ)
        if value is None:
            raise ConfigError(
                f"source {source.name!r}: headers need the environment variable {match[1]} (or {match[1]}_FILE); "
                "it is not set"
            )
        if not value.isascii() or not value.isprintable():
            raise ConfigError(
                f"source {source.name!r}: the environment variable {match[1]} holds characters that no header may hold;"
                " expected printable ASCII on one line"
            )
        return value

    return {name: SECRET.sub(look_up, value) for name, value in source.headers}


def diff_sources(old: Iterable[Source], new: Iterable[Source]) -> SourcesDiff:
    """What would change when `new` comes into force where `old` was; sources and keys in order of their names."""
    before = {source.name: source.to_json() for source in old}
    after = {source.name: source.to_json() for source in new}
    changed = [
        Change(source=name, key=key, old=before[name].get(key), new=after[name].get(key))
        for name in sorted(before.keys() & after.keys())
        for key in sorted(before[name].keys() | after[name].keys())
        if before[name].get(key) != after[name].get(key)
    ]
    return SourcesDiff(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(changed),
        retired=tuple(sorted(before.keys() - after.keys())),
    )


def _read_tables(text: str, path: str) -> Sequence[dict[str, Any]]:
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # its own error is a ValueError, as is a number of 5,000 digits
        raise ConfigError(f"{path}: is not TOML: {error}") from error
    unknown = [
        f"{path}: {key!r} is an unknown key; {suggest(key, {'source': None})} (a source begins with [[source]])"
        for key in document
        if key != "source"
    ]
    tables = document.get("source", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        unknown.append(f"{path}: source is not a list of tables; begin each source with [[source]]")
    if unknown:
        raise ConfigError("\n".join(unknown))
    return tables  # type: ignore[no-any-return]  # held by the test above


def _read_source(table: Mapping[str, Any], mistakes: list[str]) -> Source | None:
    """The source of one table, or None with at least one mistake noted."""
    place = Place(key="", mistakes=mistakes)
    settings = {key: value for key, value in table.items() if key != "name"}
    found = read_table(settings, READERS, place)
    name = table.get("name")
    if "name" not in table:
        mistakes.append("name is missing; expected a slug such as alwatan")
    elif not isinstance(name, str) or not NAME.fullmatch(name):
        place.at("name").refuse(name, "is not a slug (a-z, 0-9 and hyphens, at most 63, no hyphen first)")
    _check_together(settings, found, place)
    if mistakes:
        return None
    if "hosts" in found:
        found["more_hosts"] = found.pop("hosts")
    if "every" in found:
        found.setdefault("jitter", min(DEFAULT_JITTER, found["every"]))
    return Source(name=str(name), **found)


def _check_together(table: Mapping[str, Any], found: Mapping[str, Any], place: Place) -> None:
    """Keys that only make sense, or no sense, beside each other."""
    if "every" in table and "cron" in table:
        place.mistakes.append(f"every={table['every']!r} and cron={table['cron']!r} exclude each other; keep one")
    if "every" not in table and "cron" not in table:
        place.mistakes.append('every is missing; expected a schedule such as every = "5m" or cron = "*/10 * * * *"')
    if "every" in found and "jitter" in found and found["jitter"] > found["every"]:
        place.at("jitter").refuse(table["jitter"], f"is longer than every={table['every']!r}; expected at most that")
    if not any(table.get(key) for key in ("feeds", "sitemaps", "sections")):
        place.mistakes.append("feeds is missing; expected at least one of feeds, sitemaps, sections")


def _find_clashes(tables: Iterable[Mapping[str, Any]]) -> list[str]:
    """Names and discovery documents that stand twice, read as leniently as faulty sources need."""
    mistakes: list[str] = []
    names: set[str] = set()
    watched: dict[str, str] = {}
    for table in tables:
        name = table.get("name")
        if not isinstance(name, str):
            continue
        if name in names:
            mistakes.append(f"source {name!r}: name={name!r} stands twice; expected one source a name")
        names.add(name)
        for key, url in _list_documents(table):
            spelt = canonicalise(url)
            if spelt is not None and spelt in watched:
                owner = watched[spelt]
                mistakes.append(f"source {name!r}: {key}={url!r} is watched by source {owner!r} already; keep one")
            elif spelt is not None:
                watched[spelt] = name
    return mistakes


def _list_documents(table: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """(key, address) of what a table names to discover from, whatever else is wrong with it."""
    for key in ("feeds", "sitemaps", "sections"):
        entries = table.get(key)
        for entry in entries if isinstance(entries, list) else ():
            url = entry.get("url") if isinstance(entry, dict) else entry
            if isinstance(url, str):
                yield key, url


def _find_twin(host: str) -> str:
    """``www.x`` of ``x``, and ``x`` of ``www.x``; an address has no twin."""
    if host.startswith("www."):
        return host[4:]
    name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
    is_name = "." in name and not name.startswith("[") and not name.rpartition(".")[2].isdigit()
    return f"www.{host}" if is_name else host


def _to_plain(value: Any) -> Any:
    """A setting as JSON holds it and `READERS` read it."""
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, Section):
        return {"url": value.url} | ({"links": value.links} if value.links is not None else {})
    if isinstance(value, SiteRules):
        rules = {key: _to_plain(getattr(value, key)) for key in _CSS_KEYS}
        return {key: rule for key, rule in rules.items() if rule}
    if isinstance(value, tuple):
        return [_to_plain(item) for item in value]
    return value
