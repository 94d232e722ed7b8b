"""From settings to a database that is up and has the right schema: the server of the DSN, or the embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from archive.db import check_schema, connect, refuse_pooler, with_password
from archive.embedded import open_cluster
from archive.errors import ConfigError
from archive.migrate import is_empty, migrate
from archive.roles import apply_roles, roles_exist
from crawler.settings import Settings


@contextmanager
def open_database(settings: Settings, *, check: bool = True) -> Iterator[str]:
    """A DSN for as long as the context lasts; the embedded server is started first where it is not running.

    A new embedded database gets its schema and roles here: it is ours alone. Any other schema is only checked.

    Raises:
        ConfigError: the DSN leads through a transaction pooler, or to a server that is too old; a password without a
            DSN, or beside one that carries its own.
        ArchiveUnavailable: no server answers.
        SchemaMismatch: the schema is absent, older or newer; says what to run.
    """
    dsn = read_dsn(settings)
    if dsn is not None:
        if check:
            _check(dsn)
        yield dsn
        return
    with open_cluster(settings.data_dir) as dsn:
        if is_empty(dsn):
            migrate(dsn)
        elif check:
            _check(dsn)
        _make_roles(dsn, settings.role_prefix, renew=not check)
        yield dsn


def read_dsn(settings: Settings) -> str | None:
    """The DSN of the settings with its password, which may be kept apart from it; None for the embedded server.

    Raises:
        ConfigError: a password without a DSN, or beside one that carries its own.
    """
    password = settings.database_password
    if settings.database_url is None:
        if password is not None:
            raise ConfigError(
                "WIREKEEP_DATABASE_PASSWORD is set and WIREKEEP_DATABASE_URL is not: the embedded database has no "
                "password; name a server, as postgresql://user@host/name, or unset the password"
            )
        return None
    dsn = settings.database_url.get_secret_value()
    return dsn if password is None else with_password(dsn, password.get_secret_value())


def _make_roles(dsn: str, prefix: str, *, renew: bool) -> None:
    """The embedded server's roles: also where a first run was killed between schema and roles.

    With `renew` those that are there get what this version of Wirekeep gives and takes.
    """
    with connect(dsn) as conn:
        if renew or not roles_exist(conn, prefix):
            apply_roles(conn, prefix)


def _check(dsn: str) -> None:
    with connect(dsn) as conn:
        refuse_pooler(conn)
        check_schema(conn)
