"""Logs are events: structlog set up once, readable on a terminal, JSON lines otherwise, secrets redacted."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal

import structlog

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


def set_up_logs(form: Literal["auto", "console", "json"], level: str) -> None:
    """Send our events and the libraries' records to standard error in one form."""
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
    handler = logging.StreamHandler(sys.stderr)
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
