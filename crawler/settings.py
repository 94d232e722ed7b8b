"""Settings: one typed, frozen object, read once in the entry point and passed down.

Order of evidence: command-line option, environment (`WIREKEEP_…`, also `WIREKEEP_…_FILE` for a secret kept in a
file), `.env` is not read. A bad value stops the program and names itself. `docs/settings.md` is held to this by a test.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

import pydantic
from platformdirs import user_data_path
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from archive.errors import ConfigError
from crawler.secrets import read_secret

PREFIX = "WIREKEEP_"


def count_cores() -> int:
    """Cores that this process may use: fewer than the machine has in a container held to some of them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS has no affinity


class Settings(BaseSettings):
    """Everything that can be set from outside. Sizes in bytes, times in seconds."""

    # An empty variable counts as not set: compose files pass `NAME: ${NAME:-}`.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True, env_ignore_empty=True,
        allow_inf_nan=False,
    )  # fmt: skip

    data_dir: Path = Field(
        default_factory=lambda: user_data_path("wirekeep"),
        description="Where the embedded database, WARC files and sources.toml live.",
    )
    database_url: SecretStr | None = Field(
        default=None, description="libpq DSN of a PostgreSQL 15-18 server; without it the embedded one is used."
    )
    database_password: SecretStr | None = Field(
        default=None, description="Password for the DSN, kept apart from it (WIREKEEP_DATABASE_PASSWORD_FILE)."
    )
    sources: Path | None = Field(default=None, description="The sources file; default: sources.toml in the data dir.")
    warc_dir: Path | None = Field(default=None, description="WARC root; default: warc in the data dir.")
    warc_roll_size: int = Field(default=1_000_000_000, ge=1_000, description="A WARC file is sealed past this size.")
    contact: str | None = Field(default=None, description="Page or mailto: address that the User-Agent names.")
    user_agent: str = Field(
        default="Wirekeep", pattern=r"^[A-Za-z_-]+$", description="Product token in the User-Agent."
    )
    allow_addresses: tuple[str, ...] = Field(
        default=(),
        description='Private addresses that may be connected to, as JSON list of "host=address:port" (demo, tests).',
    )
    concurrency: int = Field(default=4, ge=1, le=64, description="Crawls at the same time in a worker.")
    requests_per_crawl: int = Field(default=8, ge=1, le=64, description="Requests under way at once in a crawl.")
    extract_processes: int = Field(default_factory=count_cores, ge=1, description="Processes in the extraction pool.")
    extract_timeout: float = Field(default=20.0, gt=0, description="Hard limit for one page's extraction.")
    max_body: int = Field(default=10 * 1024 * 1024, ge=1024, description="Largest body fetched.")
    max_parse: int = Field(default=2 * 1024 * 1024, ge=1024, description="Largest decoded body that is parsed.")
    fetch_timeout: float = Field(default=30.0, gt=0, description="Whole-request deadline.")
    max_entries: int = Field(default=10_000, ge=1, description="Links taken from one discovery document.")
    max_wait: float = Field(default=30.0, ge=0, description="Longest host pause that a crawl waits for.")
    tick: float = Field(default=1.0, gt=0, le=60, description="How often the scheduler looks for due sources.")
    min_free_bytes: int = Field(default=1024**3, ge=0, description="Fetching stops below this free disk space.")
    min_free_percent: float = Field(
        default=5.0, ge=0, le=100, description="Fetching stops below this share of the disk."
    )
    stop_timeout: float = Field(default=30.0, gt=0, description="Time to finish or hand back on SIGTERM.")
    heartbeat: float = Field(default=5.0, gt=0, description="How often a process says that it lives.")
    dead_after: float = Field(default=30.0, gt=0, description="A process silent for so long is taken for dead.")
    timezone: str = Field(default="UTC", description='Zone for display and for "yesterday"; storage stays UTC.')
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto", description="auto: console on a terminal, else JSON lines."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="Least level shown.")
    role_prefix: str = Field(
        default="wirekeep", pattern=r"^[a-z_][a-z0-9_]{0,40}$", description="Prefix of the database roles."
    )
    query_timeout: float = Field(
        default=60.0, gt=0, le=2_147_483, description="Limit for a statement of `wirekeep sql`."
    )

    @field_validator("data_dir", "sources", "warc_dir")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        # The roles, and PostgreSQL, work in other folders than the shell that named this one.
        return None if value is None else value.expanduser().absolute()

    @model_validator(mode="after")
    def _dead_later_than_silent(self) -> Self:
        # A living process must not be taken for dead between two beats: its jobs would be done twice.
        if self.dead_after < 2 * self.heartbeat:
            raise ValueError(
                f"WIREKEEP_DEAD_AFTER={self.dead_after:g} is less than twice WIREKEEP_HEARTBEAT={self.heartbeat:g}: "
                "a process that beats would be taken for dead; raise the one or lower the other"
            )
        return self

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is not an IANA time zone such as Asia/Riyadh") from error
        return value

    @field_validator("contact")
    @classmethod
    def _real_contact(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not re.match(r"^(https?://[^\s/]+\.[^\s]+|mailto:[^\s@]+@[^\s@]+\.[^\s@]+)$", value):
            raise ValueError(f"{value!r} is neither an http(s) page nor a mailto: address")
        if re.search(r"example\.(com|org|net)\b|your-|changeme", value, re.I):
            raise ValueError(f"{value!r} is a placeholder; name a page or address where you can be reached")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, env_settings)

    @property
    def sources_file(self) -> Path:
        """The sources file in force."""
        return self.sources or self.data_dir / "sources.toml"

    @property
    def warc_root(self) -> Path:
        """The WARC root in force."""
        return self.warc_dir or self.data_dir / "warc"

    @property
    def zone(self) -> ZoneInfo:
        """The display zone."""
        return ZoneInfo(self.timezone)


def read_settings(**options: Any) -> Settings:
    """Settings from options (None is "not given") over the environment.

    Raises:
        ConfigError: naming the setting, what was found and what is expected.
    """
    given: dict[str, Any] = {key: value for key, value in options.items() if value is not None}
    try:
        return Settings(**(_from_files() | given))
    except pydantic.ValidationError as error:
        raise ConfigError("; ".join(_explain(item) for item in error.errors(include_url=False))) from error


def _from_files() -> dict[str, Any]:
    """Values of `WIREKEEP_<NAME>_FILE`: each names a file whose stripped content is the setting."""
    names = {name: f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    return {
        name: read_secret(variable, os.environ)
        for name, variable in names.items()
        if os.environ.get(f"{variable}_FILE")
    }


def _explain(item: Any) -> str:
    said: str = item["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{str(item['loc'][0]).upper()}: {said}" if item["loc"] else said
