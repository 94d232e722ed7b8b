"""Reads a value that may be secret: from the variable `NAME`, or from the file that `NAME_FILE` names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from archive.errors import ConfigError


def read_secret(name: str, environ: Mapping[str, str]) -> str | None:
    """The value of `name`, or the stripped content of the file that ``{name}_FILE`` names; None where neither is set.

    An empty variable counts as not set: that is what a compose file makes of ``NAME: ${NAME:-}``.

    >>> read_secret("TOKEN", {"TOKEN": "s3cret", "TOKEN_FILE": ""}), read_secret("TOKEN", {"TOKEN": ""})
    ('s3cret', None)

    Raises:
        ConfigError: both are set, or the file is unreadable, not UTF-8 or empty. No content is shown.
    """
    value, variable = environ.get(name), f"{name}_FILE"
    path = environ.get(variable)
    if not path:
        return value or None
    if value:
        raise ConfigError(f"{variable} and {name} are both set; keep one")
    try:
        found = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{variable}={path}: cannot be read ({error.strerror}); expected a readable file") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{variable}={path}: is not UTF-8 text; expected the value and nothing else") from error
    if not found:
        raise ConfigError(f"{variable}={path}: is empty; expected the value of {name}")
    return found
