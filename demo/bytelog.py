"""The byte log's records: one line an exchange, in memory and in a file that another process may read."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """One exchange as it crossed the transport.

    `started_at` is when the request's first byte was read, `finished_at` when the response's last byte had left the
    transport's buffer (epoch seconds). `host` is the Host header without port, lower case; `path` the request target.
    `response` is what was handed to the socket: status line, headers, chunk framing and all. `complete` is false where
    the newsroom cut the message on purpose or the client left before its end; then the last bytes may not have arrived.
    """

    connection: int
    started_at: float
    finished_at: float
    host: str
    port: int | None
    method: str
    path: str
    request: bytes
    response: bytes
    status: int | None
    complete: bool

    @property
    def url(self) -> str:
        """The URL that was asked for."""
        return f"http://{self.host}{f':{self.port}' if self.port else ''}{self.path}"


class ByteLog:
    """Exchanges in the order in which they ended; kept in memory, and in a file where one is given."""

    def __init__(self, path: Path | None = None) -> None:
        self._served: list[Served] = []
        self._lock = threading.Lock()
        self._file: IO[str] | None = path.open("a", encoding="ascii") if path else None

    def append(self, served: Served) -> None:
        """Keep one exchange; its line is flushed to the file before this returns."""
        with self._lock:
            self._served.append(served)
            if self._file:
                self._file.write(json.dumps(_as_json(served)) + "\n")
                self._file.flush()

    def snapshot(self) -> tuple[Served, ...]:
        """Everything logged so far."""
        with self._lock:
            return tuple(self._served)

    def close(self) -> None:
        """Close the file; the exchanges in memory stay readable."""
        with self._lock:
            if self._file:
                self._file.close()
                self._file = None


def read_log(path: Path) -> tuple[Served, ...]:
    """The exchanges in a log file, also while another process writes it: a last line without its end is left out."""
    lines = path.read_text(encoding="ascii").splitlines(keepends=True)
    return tuple(_from_json(json.loads(line)) for line in lines if line.endswith("\n"))


def _as_json(served: Served) -> dict[str, object]:
    return {
        "connection": served.connection,
        "started_at": served.started_at,
        "finished_at": served.finished_at,
        "host": served.host,
        "port": served.port,
        "method": served.method,
        "path": served.path,
        "request": base64.b64encode(served.request).decode("ascii"),
        "response": base64.b64encode(served.response).decode("ascii"),
        "status": served.status,
        "complete": served.complete,
    }


def _from_json(row: Mapping[str, Any]) -> Served:
    raw = {key: base64.b64decode(row[key]) for key in ("request", "response")}
    return Served(**{**row, **raw})
