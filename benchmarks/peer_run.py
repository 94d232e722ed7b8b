"""Runs a peer over a folder of saved pages; a JSON line a page: CPU seconds, characters of text, cut off or not.

    .venv-peers/bin/python -m benchmarks.peer_run WAY FOLDER SHARE OF SECONDS

Takes every `OF`-th page of the folder, beginning with the `SHARE`-th. Runs in the peers' environment, with the standard
library and the peer alone. A name that is looked up on the network fails at once and is counted: what is measured is
CPU, and no page may wait for a server.
"""

from __future__ import annotations

import json
import logging
import signal
import socket
import sys
import time
import warnings
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from benchmarks.peers import WAYS

# A date in words makes htmldate load all of dateparser's languages, 3 s of CPU once in a process's life: before the
# first page that counts, as imports are.
_WARM_UP = """<html lang="ar"><head><title>A page</title></head><body><article><h1>A page</h1>
<p class="date">25 تشرين الثاني 2019</p>%s</article></body></html>"""
_PARAGRAPH = "<p>Its first paragraph is long enough to be taken for text.</p>"
_AGAIN = 0.2  # s of CPU after which a page that swallowed the first interruption is interrupted again


class OutOfTime(BaseException):
    """The page's CPU is used up. No `Exception`: peers catch those and go on."""


def main() -> None:
    """Measure one share of the pages."""
    way, folder, share, of, seconds = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    lookups: list[str] = []
    _cut_network(lookups)
    signal.signal(signal.SIGPROF, _interrupt)
    _measure(way, (_WARM_UP % (_PARAGRAPH * 12)).encode(), 60.0)
    for path in sorted(Path(folder).glob("*.html"))[int(share) :: int(of)]:
        lookups.clear()
        row = _measure(way, path.read_bytes(), float(seconds))
        print(json.dumps({"page": path.stem, **row, "lookups": len(lookups)}), flush=True)


def _measure(way: str, page: bytes, seconds: float) -> dict[str, Any]:
    error = None
    chars = 0
    cut = False
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, seconds, _AGAIN)
    try:
        chars = len(WAYS[way](page, "http://bench.test/a").get("text") or "")
    except OutOfTime:
        cut = True
    except Exception as failure:  # noqa: BLE001 - a peer's failure is a page without text, told with its name
        error = f"{type(failure).__name__}: {failure}"[:120]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
    return {"cpu": time.process_time() - began, "chars": chars, "cut": cut, "error": error}


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise OutOfTime


def _cut_network(lookups: list[str]) -> None:
    def refuse(host: object, *_rest: object, **_more: object) -> NoReturn:
        lookups.append(str(host))
        raise socket.gaierror(socket.EAI_NONAME, "the benchmark looks nothing up")

    socket.getaddrinfo = refuse


if __name__ == "__main__":
    main()
