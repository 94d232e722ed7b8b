"""PostgreSQL's data directory: made whole or not at all, and refused where another major made it."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from archive.account import run_as
from archive.binaries import read_major
from archive.errors import ArchiveUnavailable, ConfigError
from archive.place import SUPERUSER, Place

# The first major with the builtin locale provider: the same sorting and folding on every system.
BUILTIN_MAJOR = 17
_OPTIONS = ("-E", "UTF8", "--auth-local=trust", "--auth-host=reject", "--no-instructions", "--data-checksums")


def make_data(place: Place, bindir: Path, *, sync: bool = True) -> None:
    """Run initdb beside the directory's place and move the result there: what a crash leaves half-made is redone.

    Raises:
        ConfigError: initdb cannot be run.
        ArchiveUnavailable: it failed (no space, mostly); the message has what it said.
    """
    for leftover in place.home.glob("data.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    half = place.home / f"data.new-{uuid.uuid4().hex[:8]}"
    # Before 17, "C" sorts by code point as well, but folds the case of ASCII letters only.
    builtin = read_major(bindir) >= BUILTIN_MAJOR
    locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8") if builtin else ()
    options = [*_OPTIONS, *locale, *(() if sync else ("--no-sync",))]
    try:
        done = run_as(place.account, [bindir / "initdb", "-D", half, "-U", SUPERUSER, *options])
    except OSError as error:
        raise ConfigError(f"{bindir}/initdb cannot be run: {error}") from error
    if done.returncode != 0:
        shutil.rmtree(half, ignore_errors=True)
        said = (done.stderr or done.stdout).strip()
        raise ArchiveUnavailable(f"PostgreSQL's data directory cannot be made in {place.home}: {said}")
    half.rename(place.data)


def check_major(data: Path, bindir: Path) -> None:
    """Refuse a data directory that the programs in `bindir` cannot read; one that is not there yet is fine.

    Raises:
        ConfigError: naming both majors and what to do.
    """
    version = data / "PG_VERSION"
    if not version.exists():
        return
    made, ours = version.read_text(encoding="ascii").strip(), read_major(bindir)
    if made != str(ours):
        raise ConfigError(
            f"{data} was made by PostgreSQL {made}, and this Wirekeep brings {ours}: dump it with the Wirekeep that "
            "made it (pg_dump) and restore it into a new data directory, or use a server by WIREKEEP_DATABASE_URL"
        )
