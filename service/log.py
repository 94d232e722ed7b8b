"""Logs are events: structlog set up once, readable on a terminal, JSON lines otherwise, secrets redacted."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
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
    for key, value in event.items():
        if _SECRET_KEYS.search(key):
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = redact(value)
    return event


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
    last: list[Any] = (
        [structlog.processors.format_exc_info, _redact_event, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if as_json
        else [_redact_event, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
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
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(
            max(logging.WARNING, logging.getLevelName(level)) if level != "DEBUG" else level
        )
