"""The root of the exception tree and the archive's branch of it.

Named by what to do next: a `ConfigError` is mended by the user, an `ArchiveUnavailable` by waiting, a
`SchemaMismatch` by `wirekeep db migrate`, a `WarcDamaged` by looking at the file it names.
"""

from __future__ import annotations


class WirekeepError(Exception):
    """Anything Wirekeep raises on purpose. The message says what, which, found against expected, next step."""


class ConfigError(WirekeepError):
    """A setting, a DSN or sources.toml is wrong."""


class ArchiveError(WirekeepError):
    """The archive could not keep or find what was asked."""


class ArchiveUnavailable(ArchiveError):
    """PostgreSQL cannot be reached now; the same call may succeed later."""


class SchemaMismatch(ArchiveError):
    """The database's schema is older or newer than this program."""


class WarcDamaged(ArchiveError):
    """A WARC file does not hold what its row says."""


class QueryRefused(ArchiveError):
    """A statement that the reader may not run, or that is not one statement."""


class DiskFull(ArchiveError):
    """Too little space is left to keep what would be fetched."""
