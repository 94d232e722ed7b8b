"""What every command starts from: the options given, the settings read once, the database opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

if TYPE_CHECKING:
    from archive.db import Connection
    from crawler.settings import Settings

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_UNAVAILABLE = 3
EXIT_NOTHING = 4


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options given before the command's name; None where not given."""

    data_dir: Path | None = None
    log_level: str | None = None
    log_format: str | None = None


def read_context(context: typer.Context, *, logs: bool = False) -> Settings:
    """The settings in force; with `logs`, logging is set up too (roles), else only warnings are shown.

    Raises:
        ConfigError: naming the setting that is wrong.
    """
    from crawler.settings import read_settings
    from service.log import set_up_logs

    options = cast(Options, context.obj)
    settings = read_settings(data_dir=options.data_dir, log_level=options.log_level, log_format=options.log_format)
    set_up_logs(settings.log_format, settings.log_level if logs or options.log_level else "WARNING")
    return settings


@contextmanager
def open_archive(context: typer.Context) -> Iterator[tuple[Settings, Connection]]:
    """Settings and a connection; the embedded server is started where needed and stopped again after."""
    from archive.db import connect
    from service.database import open_database

    settings = read_context(context)
    with open_database(settings) as dsn, connect(dsn) as conn:
        yield settings, conn
