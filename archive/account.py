"""The operating-system user that the embedded PostgreSQL runs as: ours, or, as root, an unprivileged one.

PostgreSQL refuses to run as root. Everything that touches the server's own folder is then done as that user too, so
that root never follows a link which that user may have laid.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.errors import ConfigError

# In order of preference; every system has the last.
BORROWED = ("wirekeep", "postgres", "nobody")
# Nothing of the caller's environment reaches the server: PGHOST, PGDATA and LC_… would change what it does.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who the server runs as. `borrowed`: not the archive's owner but a user that root dropped to."""

    uid: int
    gid: int
    name: str
    borrowed: bool = False

    @property
    def client_names(self) -> tuple[str, ...]:
        """The operating-system users that the server's socket lets in."""
        return ("root",) if self.borrowed else tuple(dict.fromkeys((self.name, "root")))


def choose_account(data_dir: Path) -> Account:
    """Ourselves; as root the owner of `data_dir` where that is not root, else the first of `BORROWED` that exists.

    Raises:
        ConfigError: no such user, or our uid has no name (PostgreSQL needs one).
    """
    if os.geteuid() != 0:
        return account_of(os.geteuid())
    owner = data_dir.stat().st_uid
    if owner != 0 and _has_name(owner):
        return account_of(owner)
    for name in BORROWED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(uid=entry.pw_uid, gid=entry.pw_gid, name=name, borrowed=True)
    raise ConfigError(
        f"running as root, and none of the users {', '.join(BORROWED)} exists to run PostgreSQL as; "
        "make one (useradd --system wirekeep), run Wirekeep as an ordinary user, or set WIREKEEP_DATABASE_URL"
    )


def account_of(uid: int, *, borrowed: bool = False) -> Account:
    """The account of `uid`.

    Raises:
        ConfigError: the uid has no entry in the user database (a container run with a bare number).
    """
    try:
        entry = pwd.getpwuid(uid)
    except KeyError as error:
        raise ConfigError(
            f"uid {uid} has no entry in the user database, and PostgreSQL needs a name; "
            "run as a named user, or set WIREKEEP_DATABASE_URL"
        ) from error
    return Account(uid=uid, gid=entry.pw_gid, name=entry.pw_name, borrowed=borrowed)


def run_as(
    account: Account, command: Sequence[str | Path], *, pass_fds: Sequence[int] = ()
) -> subprocess.CompletedProcess[str]:
    """Run `command` as `account` in its own session, out of reach of the terminal's Ctrl-C; output is captured.

    `pass_fds` are open files that it inherits.

    Raises:
        ConfigError: we are root but may not become that user (a container without CAP_SETUID).
        FileNotFoundError, PermissionError: the program cannot be run by that user.
    """
    change: dict[str, Any] = {}
    if os.geteuid() != account.uid:
        change = {"user": account.uid, "group": account.gid, "extra_groups": []}
    return subprocess.run(
        [str(part) for part in command],
        env=ENVIRONMENT,
        start_new_session=True,
        check=False,
        capture_output=True,
        cwd="/",
        text=True,
        errors="replace",
        umask=0o077,
        stdin=subprocess.DEVNULL,
        pass_fds=pass_fds,
        **change,
    )


def can_reach(account: Account, folder: Path) -> bool:
    """Whether that user can enter `folder`: asked of the system, as access lists and mounts have a say too.

    Raises:
        ConfigError: we may not become that user.
    """
    try:
        return run_as(account, ["/bin/sh", "-c", 'cd -- "$1"', "sh", folder]).returncode == 0
    except PermissionError as error:
        raise ConfigError(
            f"running as root, but not allowed to become user {account.name!r} to run PostgreSQL ({error}); "
            "run Wirekeep as an ordinary user, or set WIREKEEP_DATABASE_URL"
        ) from error


def can_run(account: Account, program: Path) -> bool:
    """Whether that user can run `program` (tried with --version)."""
    try:
        return run_as(account, [program, "--version"]).returncode == 0
    except OSError:
        return False


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
