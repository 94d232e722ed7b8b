"""Where the embedded cluster of a data directory lies: its folder, its socket, and the user they belong to."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from archive.account import Account, account_of, can_reach, choose_account
from archive.binaries import make_public
from archive.errors import ConfigError

# Where the cluster goes when root's data directory is out of the unprivileged user's reach.
STATE_ROOT = Path("/var/lib/wirekeep")
FOLDER = "postgresql"
POINTER = "postgresql.path"
PORT = 5432
DATABASE = "wirekeep"
SUPERUSER = "wirekeep"
# A socket's path holds 108 bytes on Linux and 104 on macOS, the closing NUL included.
LONGEST_SOCKET = 103


@dataclass(frozen=True, kw_only=True)
class Place:
    """A cluster's folder (0700, the account's own) and what lies in it."""

    home: Path
    account: Account

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.home / "server.log"

    @property
    def socket_note(self) -> Path:
        """A file that names the socket's folder, where that is not `home`."""
        return self.home / "socket"

    def find_socket_dir(self) -> Path | None:
        """The socket's folder: `home`, or where its path is too long, a short private one; None: there is none yet."""
        if _is_short(self.home):
            return self.home
        try:
            noted = Path(self.socket_note.read_text(encoding="utf-8"))
            found = noted.lstat()
        except OSError:
            return None
        private = stat.S_ISDIR(found.st_mode) and found.st_uid == self.account.uid and not found.st_mode & 0o077
        return noted if private else None

    def make_socket_dir(self) -> Path:
        """The socket's folder, made where it is missing.

        Raises:
            ConfigError: no temporary folder with a short path is writable.
        """
        found = self.find_socket_dir()
        if found is not None:
            return found
        made = _make_short_dir()
        os.chown(made, self.account.uid, self.account.gid)
        write_atomically(self.socket_note, str(made), self.account)
        return made

    def make_dsn(self, database: str = DATABASE) -> str | None:
        """A DSN for the superuser, or None where no socket folder exists (so nothing can run)."""
        folder = self.find_socket_dir()
        if folder is None:
            return None
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(folder), safe='')}"


def find_place(data_dir: Path) -> Place | None:
    """The cluster of `data_dir`, or None where none was made.

    Raises:
        ConfigError: it belongs to another user, or lies elsewhere and is not there.
    """
    pointer, home = data_dir / POINTER, data_dir / FOLDER
    if pointer.is_file():
        home = Path(pointer.read_text(encoding="utf-8").strip())
        if not home.is_dir():
            raise ConfigError(
                f"{pointer} says that the database lies in {home}, which is not there; "
                f"put it back, or remove {pointer} to begin an empty archive"
            )
    elif not home.is_dir():
        return None
    owner = home.stat().st_uid
    if os.geteuid() not in (0, owner):
        raise ConfigError(
            f"{home} belongs to user {_name(owner)}; run Wirekeep as that user, or use another data directory"
        )
    if owner == 0:
        raise ConfigError(
            f"{home} belongs to root, and PostgreSQL does not run as root; give it to another user (chown -R)"
        )
    return Place(home=home, account=account_of(owner, borrowed=os.geteuid() == 0 and owner != data_dir.stat().st_uid))


def make_place(data_dir: Path, *, state_root: Path = STATE_ROOT) -> Place:
    """The cluster's place, made where it is missing; no existing folder's mode or owner is changed.

    Raises:
        ConfigError: as `find_place`; or the folder cannot be made.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with _folder_locked(data_dir):
            found = find_place(data_dir)
            if found is not None:
                return found
            account = choose_account(data_dir)
            if os.geteuid() == account.uid or can_reach(account, data_dir):
                home = data_dir / FOLDER
                _make_private(home, account)
            else:
                home = state_root / hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]
                make_public(state_root)
                if not home.is_dir():
                    _make_private(home, account)
                write_atomically(data_dir / POINTER, f"{home}\n")
            return Place(home=home, account=account)
    except OSError as error:
        raise ConfigError(
            f"the database's folder cannot be made in {data_dir}: {error}; "
            "set WIREKEEP_DATA_DIR to a folder that you can write"
        ) from error


def write_atomically(path: Path, text: str, account: Account | None = None) -> None:
    """Write a small file, complete or not at all, owned by `account`. Links at `path` are replaced, not followed."""
    half = path.with_name(f"{path.name}.new-{uuid.uuid4().hex[:8]}")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600 if account else 0o644)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        if account is not None and os.geteuid() != account.uid:
            os.fchown(handle, account.uid, account.gid)
        file.flush()
        os.fsync(handle)
    half.replace(path)


def _make_private(home: Path, account: Account) -> None:
    half = home.with_name(f"{home.name}.new-{uuid.uuid4().hex[:8]}")
    half.mkdir(mode=0o700)
    half.chmod(0o700)
    if os.geteuid() != account.uid:
        os.chown(half, account.uid, account.gid)
    half.rename(home)


@contextmanager
def _folder_locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_short(folder: Path) -> bool:
    # libpq splits a host at commas, and no quoting helps.
    return len(os.fsencode(folder / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET and "," not in str(folder)


def _make_short_dir() -> Path:
    # /tmp first: TMPDIR may be long (macOS) or private to root, and another shell may have another one.
    for parent in ("/tmp", "/var/tmp", tempfile.gettempdir()):
        try:
            made = Path(tempfile.mkdtemp(prefix="wirekeep-", dir=parent))
        except OSError:
            continue
        if _is_short(made):
            return made
        made.rmdir()
    raise ConfigError(
        "no short private folder can be made in /tmp or /var/tmp for PostgreSQL's socket; make one writable"
    )


def _name(uid: int) -> str:
    try:
        return account_of(uid).name
    except ConfigError:
        return str(uid)
