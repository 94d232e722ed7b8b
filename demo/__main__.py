"""Serve the newsroom until it is told to stop: ``python -m demo --port 0 --log FILE --ready-file FILE``."""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path

from demo.server import Newsroom
from demo.sources import write_sources


def main() -> None:
    """Read the options, serve, stop on SIGTERM or SIGINT."""
    options = _parse()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Newsroom(port=options.port, now=options.now, log=options.log, address=options.address) as newsroom:
        for path in (options.sources, options.env):
            if path:
                path.parent.mkdir(parents=True, exist_ok=True)
        if options.sources:
            write_sources(options.sources, newsroom.port, pace=options.pace, every=options.every, faults=options.faults)
        if options.env:
            options.env.write_text(_environment(newsroom), encoding="utf-8")
        if options.ready_file:
            _announce(options.ready_file, newsroom)
        print(f"newsroom on {newsroom.address}:{newsroom.port}, {len(newsroom.hosts)} hosts", flush=True)  # noqa: T201
        stop.wait()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port; 0 takes a free one")
    parser.add_argument(
        "--address", default="127.0.0.1", help="of this machine; another one is for tests in containers"
    )
    parser.add_argument("--log", type=Path, help="append the byte log to this file, a JSON line an exchange")
    parser.add_argument(
        "--ready-file", type=Path, help="written when the port answers: JSON with port, hosts, addresses"
    )
    parser.add_argument("--now", type=_moment, help="the newsroom's moment, ISO 8601; default: the real time")
    parser.add_argument("--sources", type=Path, help="write a sources.toml for this newsroom here")
    parser.add_argument("--env", type=Path, help="write what a shell sources so that Wirekeep may connect here")
    parser.add_argument("--pace", default="50ms", help="pace in that file")
    parser.add_argument("--every", default="1m", help="schedule in that file")
    parser.add_argument("--faults", action="store_true", help="with the misbehaving hosts in that file")
    return parser.parse_args()


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _environment(newsroom: Newsroom) -> str:
    allowed = json.dumps(newsroom.allow_addresses)  # no quotes of the shell's in host names
    return f"export WIREKEEP_ALLOW_ADDRESSES='{allowed}'\n"


def _announce(path: Path, newsroom: Newsroom) -> None:
    """Write the ready file whole or not at all."""
    ready = {
        "port": newsroom.port,
        "hosts": list(newsroom.hosts),
        "allow_addresses": list(newsroom.allow_addresses),
        "now": newsroom.desk.now.isoformat(),
        "trap_port": newsroom.trap.port,
    }
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(ready), encoding="utf-8")
    os.replace(part, path)


if __name__ == "__main__":
    main()
