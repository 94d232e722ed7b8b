"""Logs are events: structlog set up once, readable on a terminal, JSON lines otherwise, secrets redacted."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Literal, TextIO

import structlog

from archive.errors import WirekeepError
from service.outage import HeldBack, Outage

# user:password@ in any URL or DSN, password=… in a key-value DSN, and headers that carry secrets.
_SECRETS = (
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s@/]*@", re.I), r"\1:***@"),
    (re.compile(r"(\b(?:password|passwd|sslpassword)\s*=\s*)('[^']*'|[^\s&]+)", re.I), r"\1***"),
    (
        re.compile(
            r"(\b(?:authorization|cookie|set-cookie|x-api-key|api[_-]?key|token)\b['\"]?\s*[:=]\s*)[^\n]+", re.I
        ),
        r"\1***",
    ),
)
_SECRET_KEYS = re.compile(r"password|secret|token|cookie|authorization|api_?key", re.I)

# Libraries whose chatter is only wanted when something is wrong.
_QUIET = (
    "scrapy",
    "twisted",
    "procrastinate",
    "apscheduler",
    "trafilatura",
    "htmldate",
    "alembic",
    "asyncio",
    "pebble",
)


def redact(text: str) -> str:
    """`text` without the secrets that DSNs, URLs and headers carry.

    >>> redact("postgresql://ann:s3cret@db/wirekeep")
    'postgresql://ann:***@db/wirekeep'
    """
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def _redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _redact_value(key, value) for key, value in event.items()}


def _redact_value(key: str, value: Any) -> Any:
    """A value that carries no secret, however deep: what is neither number, text nor container is shown as text."""
    if _SECRET_KEYS.search(key):
        return "***"
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        named = (
            (name.decode(errors="replace") if isinstance(name, bytes) else str(name), of) for name, of in value.items()
        )
        return {name: _redact_value(name, item) for name, item in named}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact_value("", item) for item in value]
    return redact(repr(value))


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines: those of an outage bounded, an expected failure that a library reports in its own words."""

    def __init__(self, stream: TextIO, outage: Outage) -> None:
        super().__init__(stream)
        self._outage = outage

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record`, or count it; before it, what was counted, once a minute."""
        line, held = self._outage.take(record)
        _tell(held)
        if line is not None:
            _shorten(line)
            super().emit(line)

    def close(self) -> None:
        """Say what is still held back, then close."""
        _tell(self._outage.flush())
        super().close()


def _tell(held: HeldBack | None) -> None:
    if held is not None:
        structlog.get_logger("log").warning("lines_held_back", lines=held.lines, by=held.by, last=held.last)


def _shorten(record: logging.LogRecord) -> None:
    """The message instead of the traceback, where a library reports an error that we raise on purpose: the database is
    away, the disk is full (a crawl each), a setting is wrong. The message says what to do; the way there helps nobody.
    """
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, WirekeepError) or (isinstance(error, BaseExceptionGroup) and _is_ours(error)):
        parts = error.exceptions if isinstance(error, BaseExceptionGroup) else (error,)
        said = "; ".join(f"{type(part).__name__}: {part}" for part in parts)
        record.msg, record.args = f"{record.getMessage()}: {said}", None
        record.exc_info = record.exc_text = None


def _is_ours(group: BaseExceptionGroup[BaseException]) -> bool:
    return group.split(WirekeepError)[1] is None


def set_up_logs(
    form: Literal["auto", "console", "json"], level: str, *, clock: Callable[[], float] = time.monotonic
) -> None:
    """Send our events and the libraries' records to standard error in one form; an outage is bounded by `clock` (s)."""
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    last = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    handler = _Handler(sys.stderr, Outage(clock))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(allow=())],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # Before the secrets are looked for, in both forms: left to the console's renderer, a traceback would
                # show every local variable, the DSN among them.
                structlog.processors.format_exc_info,
                _redact_event,
                last,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(
            max(logging.WARNING, logging.getLevelName(level)) if level != "DEBUG" else level
        )
