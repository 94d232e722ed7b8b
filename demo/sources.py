"""sources.toml for the newsroom: one `[[source]]` a publisher's desk, at the port where it is served."""

from __future__ import annotations

import json
from pathlib import Path

from demo.desk import source_name
from demo.fault_table import FAULT_HOSTS
from demo.publishers import PUBLISHERS, Publisher

_HEAD = "# Written for the demo newsroom, which serves it on loopback only.\n"


def write_sources(
    path: Path,
    port: int,
    *,
    pace: str = "50ms",
    every: str = "1m",
    faults: bool = False,
    only: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Write the sources file; gives the sources' names.

    `faults` adds the misbehaving hosts, one source each, named by the host's first label. `only` keeps the named ones.
    """
    blocks = [block for publisher in PUBLISHERS for block in _publisher_blocks(publisher, port, pace=pace, every=every)]
    if faults:
        blocks += [_fault_block(host, port, pace=pace, every=every) for host in FAULT_HOSTS]
    kept = [(name, text) for name, text in blocks if not only or name in only]
    path.write_text(_HEAD + "\n" + "\n".join(text for _, text in kept), encoding="utf-8")
    return tuple(name for name, _ in kept)


def _publisher_blocks(publisher: Publisher, port: int, *, pace: str, every: str) -> list[tuple[str, str]]:
    home = f"http://{publisher.host}:{port}"
    blocks: list[tuple[str, str]] = []
    for desk, feed in publisher.feeds.items():
        name = source_name(publisher, desk)
        match publisher.discovery:
            case "sitemap":
                discovery = f"sitemaps = [{_text(home + feed)}]"
            case "section":
                links = publisher.path.replace("{number}", r"\d+")
                discovery = f"sections = [{{ url = {_text(home + feed)}, links = {_text(links)} }}]"
            case _:
                discovery = f"feeds = [{_text(home + feed)}]"
        lines = [discovery, f"timezone = {_text(publisher.timezone)}"]
        if publisher.name == "alwatan":
            lines.append('deny = ["/video/"]')
        text = _block(name, publisher.language, lines, pace=pace, every=every)
        # Nested layout tables are what a stubborn site looks like: it shows what a selector is for.
        css = '[source.css]\nbody = ".newsbody"\n' if publisher.theme == "portal" else ""
        blocks.append((name, text + css))
    return blocks


def _fault_block(host: str, port: int, *, pace: str, every: str) -> tuple[str, str]:
    name = host.partition(".")[0]
    lines = [f"feeds = [{_text(f'http://{host}:{port}/feed.xml')}]", 'timezone = "UTC"']
    return name, _block(name, "en", lines, pace=pace, every=every)


def _block(name: str, language: str, lines: list[str], *, pace: str, every: str) -> str:
    common = [
        "[[source]]",
        f"name = {_text(name)}",
        f"language = {_text(language)}",
        *lines,
        f"every = {_text(every)}",
        f"pace = {_text(pace)}",
        'backfill = "3d"',
        'revisit = ["1h", "6h", "1d", "7d"]',
    ]
    return "\n".join(common) + "\n"


def _text(value: str) -> str:
    """A TOML basic string; JSON's escapes are a part of TOML's."""
    return json.dumps(value, ensure_ascii=False)
