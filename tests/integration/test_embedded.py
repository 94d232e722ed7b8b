"""The embedded PostgreSQL: there while it is used, gone after, back after a crash, closed to others, wherever it lies.

As root these tests also show what happens to a server that must not run as root.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from archive import embedded
from archive.account import ENVIRONMENT, account_of, run_as
from archive.binaries import find_bindir, find_psql, make_runnable, read_major
from archive.cluster import Cluster
from archive.errors import ArchiveError, ArchiveUnavailable, ConfigError
from archive.place import FOLDER, POINTER, find_place
from archive.processes import has_processes
from crawler.settings import read_settings
from service.database import open_database

ROOT = Path(__file__).parents[2]
PYTHONPATH = os.pathsep.join([str(ROOT), *(path for path in sys.path if path.endswith("site-packages"))])
IS_ROOT = os.geteuid() == 0
DEBIAN = Path("/usr/lib/postgresql/15/bin")
only_root = pytest.mark.skipif(not IS_ROOT, reason="shows what root does; these tests do not run as root")

# A user of the cluster in a process of its own: says when it is in, leaves when its input ends. A shell that runs the
# tests in the background leaves SIGINT ignored, and children inherit that: a terminal's Ctrl-C would find it in force.
USER = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from archive.embedded import open_cluster
with open_cluster(Path(sys.argv[1]), fsync=False) as dsn:
    import psycopg
    with psycopg.connect(dsn) as conn:
        conn.execute("SELECT 1")
    print(dsn, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can enter (pytest's own is closed to the server's user where we are root)."""
    made = Path(tempfile.mkdtemp(prefix="wk-"))
    made.chmod(0o711)
    yield made
    for home in [path.parent for path in made.rglob("PG_VERSION") if path.parent.name == "data"]:
        account = account_of(home.parent.stat().st_uid)
        run_as(account, [find_bindir() / "pg_ctl", "stop", "-D", home, "-m", "immediate", "-w"])
    shutil.rmtree(made)


@pytest.fixture(params=["wheel", "debian-15"])
def bindir(request: pytest.FixtureRequest) -> Path:
    """The programs of the wheel, and those of Debian's PostgreSQL 15 where they are."""
    if request.param == "wheel":
        return find_bindir()
    if not (DEBIAN / "postgres").exists():
        pytest.skip("Debian's PostgreSQL 15 is not installed")
    return DEBIAN


@contextlib.contextmanager
def _user(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": PYTHONPATH},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert "host=" in process.stdout.readline()
        yield process
    finally:
        process.stdin.close()
        process.wait(timeout=120)
        process.stdout.close()


def _cluster(data_dir: Path) -> Cluster:
    place = find_place(data_dir)
    assert place is not None
    return Cluster(place=place, bindir=find_bindir(), fsync=False)


def _postmaster(data_dir: Path) -> int:
    return int((_cluster(data_dir).place.data / "postmaster.pid").read_text(encoding="ascii").split("\n")[0])


def _runs(pid: int) -> bool:
    """Whether it is there and no zombie (who reaps orphans, and when, is the machine's affair)."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] not in {"Z", "X"}
    return False


def _ask(dsn: str, query: str) -> object:
    with psycopg.connect(dsn) as conn:
        row = conn.execute(query).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]


def _state(data_dir: Path) -> str:
    return embedded.status(data_dir).state


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


# ------------------------------------------------------------------------------------------ life


def test_a_command_starts_it_and_stops_it_and_finds_its_rows_again(folder: Path, bindir: Path) -> None:
    assert embedded.status(folder).state == "absent"
    with embedded.open_cluster(folder, bindir=bindir, fsync=False) as dsn:
        with psycopg.connect(dsn) as conn:
            conn.execute("CREATE TABLE kept AS SELECT 'رويترز' AS word")
        assert _state(folder) == "running"
    assert _state(folder) == "stopped"
    assert not has_processes(_cluster(folder).place)
    with embedded.open_cluster(folder, bindir=bindir, fsync=False) as dsn:
        assert _ask(dsn, "SELECT word FROM kept") == "رويترز"
        assert _ask(dsn, "SELECT version()").startswith(f"PostgreSQL {read_major(bindir)}.")  # type: ignore[attr-defined]


def test_it_is_durable_utf8_and_listens_on_no_network(folder: Path) -> None:
    with embedded.open_cluster(folder) as dsn:
        for query, expected in (
            ("SHOW fsync", "on"),
            ("SHOW synchronous_commit", "on"),
            ("SHOW full_page_writes", "on"),
            ("SHOW data_checksums", "on"),
            ("SHOW listen_addresses", ""),
            ("SHOW server_encoding", "UTF8"),
            ("SHOW timezone", "UTC"),
            (
                "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = current_database()",
                "bC.UTF-8",
            ),
            ("SELECT lower('ÉΣ')", "éσ"),
        ):
            assert _ask(dsn, query) == expected, query


def test_a_nested_user_does_not_stop_what_the_outer_one_uses(folder: Path) -> None:
    with embedded.open_cluster(folder, fsync=False) as dsn:
        with embedded.open_cluster(folder, fsync=False) as same:
            assert same == dsn
        assert _ask(dsn, "SELECT 1") == 1


def test_the_last_to_leave_stops_it_also_where_another_started_it(folder: Path) -> None:
    with contextlib.ExitStack() as later:
        with embedded.open_cluster(folder, fsync=False):
            later.enter_context(_user(folder))
        assert _state(folder) == "running"
    assert _state(folder) == "stopped"


def test_a_killed_user_is_not_counted(folder: Path) -> None:
    with _user(folder) as user:
        user.kill()
        user.wait(timeout=120)
        assert _state(folder) == "running"
        with embedded.open_cluster(folder, fsync=False) as dsn:
            assert _ask(dsn, "SELECT 1") == 1
        assert _state(folder) == "stopped"


def test_started_by_hand_it_runs_until_it_is_stopped_by_hand(folder: Path) -> None:
    dsn = embedded.start(folder, fsync=False)
    with embedded.open_cluster(folder, fsync=False):
        pass
    assert _ask(dsn, "SELECT 1") == 1
    assert embedded.status(folder).kept
    assert embedded.stop(folder) is True
    assert embedded.stop(folder) is False
    assert _state(folder) == "stopped"
    assert embedded.stop(folder / "nowhere") is False


def test_it_is_not_stopped_under_another_process_and_then_stops_with_it(folder: Path) -> None:
    embedded.start(folder, fsync=False)
    with _user(folder):
        with pytest.raises(ArchiveError, match="is in use by another Wirekeep process; end that first"):
            embedded.stop(folder)
        assert _state(folder) == "running"
    assert _state(folder) == "stopped"


def test_a_mark_to_keep_running_does_not_outlive_its_server(folder: Path) -> None:
    embedded.start(folder, fsync=False)
    _cluster(folder).stop()  # as a machine that goes down does: the mark stays
    assert embedded.status(folder).kept
    with embedded.open_cluster(folder, fsync=False):
        pass
    assert _state(folder) == "stopped"


def test_many_that_begin_at_once_all_get_a_live_server(folder: Path) -> None:
    def use(_: int) -> int:
        with _user(folder) as process:
            return process.pid

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(use, range(6)))) == 6
    assert _state(folder) == "stopped"


def test_ctrl_c_reaches_us_and_not_the_server(folder: Path) -> None:
    with embedded.open_cluster(folder, fsync=False) as dsn:
        server = _postmaster(folder)
        assert os.getsid(server) != os.getsid(0)
        with _user(folder) as user:
            user.send_signal(signal.SIGINT)
            assert user.wait(timeout=120) != 0
        assert _ask(dsn, "SELECT 1") == 1


# ------------------------------------------------------------------------------------------ crashes


def test_after_kill_9_of_the_postmaster_the_next_command_finds_every_committed_row(folder: Path, bindir: Path) -> None:
    with embedded.open_cluster(folder, bindir=bindir) as dsn:
        with psycopg.connect(dsn) as conn:
            conn.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        os.kill(_postmaster(folder), signal.SIGKILL)
    with embedded.open_cluster(folder, bindir=bindir) as dsn:
        assert _ask(dsn, "SELECT count(*) FROM kept") == 1000


def test_a_server_that_died_under_its_users_is_brought_back(folder: Path) -> None:
    with embedded.open_cluster(folder, fsync=False) as dsn:
        assert embedded.ensure_running(folder, fsync=False) is False
        os.kill(_postmaster(folder), signal.SIGKILL)
        assert embedded.ensure_running(folder, fsync=False) is True
        assert _ask(dsn, "SELECT 1") == 1
    assert _state(folder) == "stopped"


def test_a_session_that_outlives_its_postmaster_is_ended_before_a_new_server_starts(folder: Path) -> None:
    """A session in a long computation does not notice; a second server beside it would ruin the files."""
    with embedded.open_cluster(folder, fsync=False) as dsn:
        busy = psycopg.connect(dsn)
        try:
            pid = busy.info.backend_pid
            busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 100000000000)")
            with psycopg.connect(dsn, autocommit=True) as conn:
                query = f"SELECT state = 'active' FROM pg_stat_activity WHERE pid = {pid}"
                _wait(lambda: conn.execute(query).fetchone() == (True,), "the query began")  # type: ignore[arg-type]
            os.kill(_postmaster(folder), signal.SIGKILL)
            assert embedded.ensure_running(folder, fsync=False) is True
            assert not _runs(pid)
            assert _ask(dsn, "SELECT 1") == 1
        finally:
            busy.close()


def test_a_pid_file_whose_pid_is_another_process_now_is_seen_through(folder: Path) -> None:
    with embedded.open_cluster(folder, fsync=False):
        os.kill(_postmaster(folder), signal.SIGKILL)
        cluster = _cluster(folder)
        _wait(lambda: not has_processes(cluster.place), "the server's processes ended")
    account = cluster.place.account
    change = {"user": account.uid, "group": account.gid, "extra_groups": []} if IS_ROOT else {}
    bystander = subprocess.Popen(["sleep", "600"], **change)  # type: ignore[call-overload]
    try:
        for stale in (cluster.place.data / "postmaster.pid", cluster.place.home / ".s.PGSQL.5432.lock"):
            lines = stale.read_text(encoding="ascii").split("\n")
            stale.write_text("\n".join([str(bystander.pid), *lines[1:]]), encoding="ascii")
        with embedded.open_cluster(folder, fsync=False) as dsn:
            assert _ask(dsn, "SELECT 1") == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait(timeout=120)


def test_a_server_started_by_hand_on_the_same_data_is_left_alone(folder: Path) -> None:
    """It holds no lock of ours; its pid file is true, so no second one may start."""
    with embedded.open_cluster(folder, fsync=False):
        pass
    place = _cluster(folder).place
    sockets = folder / "elsewhere"
    sockets.mkdir()
    os.chown(sockets, place.account.uid, place.account.gid)
    options = f"-c listen_addresses= -c unix_socket_directories={sockets}"
    server = [find_bindir() / "postgres", "-D", place.data, *options.split()]
    launch = ["/bin/sh", "-c", '"$@" >/dev/null 2>&1 &', "sh", *server]
    run_as(place.account, launch)
    _wait((sockets / ".s.PGSQL.5432").exists, "the other server listens")
    other = _postmaster(folder)
    with pytest.raises(ArchiveUnavailable, match=rf"a PostgreSQL that Wirekeep did not start \(pid {other}\) runs"):
        embedded.start(folder, fsync=False)
    assert _postmaster(folder) == other
    os.kill(other, signal.SIGINT)
    _wait(lambda: not (place.data / "postmaster.pid").exists(), "the other server ended")


def test_an_initdb_that_was_killed_is_done_again(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": PYTHONPATH},
        start_new_session=True,
    )
    _wait(lambda: any(folder.glob(f"{FOLDER}/data.new-*/PG_VERSION")), "initdb began")
    process.kill()
    process.wait(timeout=120)
    assert not (folder / FOLDER / "data").exists()
    with embedded.open_cluster(folder, fsync=False) as dsn:
        assert _ask(dsn, "SELECT 1") == 1
    assert not [path for path in (folder / FOLDER).iterdir() if path.name.startswith("data.new-")]


def test_a_start_that_fails_shows_the_end_of_the_servers_log(folder: Path) -> None:
    with embedded.open_cluster(folder, fsync=False):
        pass
    with (folder / FOLDER / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\nno_such_setting = 1\n")
    message = r"ended while starting; the end of .*server\.log:(.|\n)*unrecognized configuration parameter"
    with pytest.raises(ArchiveUnavailable, match=message):
        embedded.start(folder, fsync=False)


def test_data_of_another_major_is_refused_with_both_numbers(folder: Path) -> None:
    with embedded.open_cluster(folder, fsync=False):
        pass
    (folder / FOLDER / "data" / "PG_VERSION").write_text("16\n", encoding="ascii")
    with pytest.raises(ConfigError, match=r"was made by PostgreSQL 16, and this Wirekeep brings 18: dump it"):
        embedded.start(folder, fsync=False)


# ------------------------------------------------------------------------------------------ places


def test_a_folder_too_deep_for_a_socket_gets_a_short_private_one(folder: Path) -> None:
    deep = folder / ("d" * 60) / ("e" * 60) / ("f" * 60)
    with embedded.open_cluster(deep, fsync=False) as dsn:
        sockets = Path(str(conninfo_to_dict(dsn)["host"]))
        assert len(str(sockets)) < 40
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert _ask(dsn, "SELECT 1") == 1
        with embedded.open_cluster(deep, fsync=False) as same:
            assert same == dsn
    assert not sockets.exists()
    with embedded.open_cluster(deep, fsync=False) as dsn:
        assert _ask(dsn, "SELECT 1") == 1


def test_after_a_crash_in_a_deep_folder_the_short_one_is_found_or_made_again(folder: Path) -> None:
    deep = folder / ("d" * 60) / ("e" * 60)
    with embedded.open_cluster(deep, fsync=False) as dsn:
        first = Path(str(conninfo_to_dict(dsn)["host"]))
        os.kill(_postmaster(deep), signal.SIGKILL)
    shutil.rmtree(first)  # as a cleaner of /tmp does
    with embedded.open_cluster(deep, fsync=False) as dsn:
        assert _ask(dsn, "SELECT 1") == 1


@pytest.mark.parametrize("name", ["with space", "quo'te\"s", "$HOME;`id`", "a,b", "أرشيف", "per%20cent"])
def test_any_name_of_a_folder_will_do(folder: Path, name: str) -> None:
    with embedded.open_cluster(folder / name, fsync=False) as dsn:
        assert _ask(dsn, "SELECT current_database()") == "wirekeep"


def test_psql_comes_with_it(folder: Path) -> None:
    with embedded.open_cluster(folder, fsync=False) as dsn:
        said = subprocess.run(
            [find_psql(), "-XAtc", "SELECT 'مرحبا'", dsn], capture_output=True, text=True, check=True, encoding="utf-8"
        )
    assert said.stdout == "مرحبا\n"


def test_a_folder_that_cannot_be_made_is_said(folder: Path) -> None:
    (folder / "file").write_text("x", encoding="ascii")
    with pytest.raises(ConfigError, match=r"the database's folder cannot be made in .*set WIREKEEP_DATA_DIR"):
        embedded.start(folder / "file" / "data")


# ------------------------------------------------------------------------------------------ others, and root


def _run_as_user(uid: int, *command: object) -> subprocess.CompletedProcess[str]:
    return run_as(account_of(uid), [str(part) for part in command])


@only_root
def test_another_user_is_refused_at_the_socket(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    deep = folder / ("d" * 60) / ("e" * 60)
    for data_dir in (folder, deep):
        with embedded.open_cluster(data_dir, fsync=False) as dsn:
            assert _ask(dsn, "SELECT current_user") == "wirekeep"
            said = _run_as_user(nobody, _runnable_psql(folder), "-Xc", "SELECT 1", dsn)
            assert said.returncode != 0
            assert "Permission denied" in said.stderr


@only_root
def test_the_user_that_root_dropped_to_is_refused_by_the_server_itself(folder: Path) -> None:
    """It can enter the socket's folder: PostgreSQL asks the kernel who connects, and lets in root only."""
    with embedded.open_cluster(folder, fsync=False) as dsn:
        account = _cluster(folder).place.account
        assert account.borrowed
        said = _run_as_user(account.uid, _runnable_psql(folder), "-Xc", "SELECT 1", dsn)
        assert said.returncode != 0
        assert "Peer authentication failed" in said.stderr


def _runnable_psql(folder: Path) -> Path:
    return make_runnable(find_bindir(), account_of(pwd.getpwnam("nobody").pw_uid), folder / "state") / "psql"


def _modes(folder: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_mode, path.stat().st_uid) for path in (folder, *folder.parents)}


@only_root
def test_in_roots_closed_home_the_cluster_lies_in_the_state_folder_and_no_mode_changes(folder: Path) -> None:
    home = folder / "root-home"
    home.mkdir(mode=0o700)
    data_dir, state = home / "data", folder / "state"
    before = _modes(home)
    with embedded.open_cluster(data_dir, fsync=False, state_root=state) as dsn:
        assert _ask(dsn, "SELECT 1") == 1
        place = find_place(data_dir)
        assert place is not None
        assert place.home.parent == state
        assert stat.S_IMODE(place.home.stat().st_mode) == 0o700
        assert Path(f"/proc/{_postmaster(data_dir)}").stat().st_uid == place.account.uid != 0
    assert _modes(home) == before
    with embedded.open_cluster(data_dir, fsync=False, state_root=state) as dsn:
        assert _ask(dsn, "SELECT 1") == 1
    shutil.rmtree(place.home)
    with pytest.raises(ConfigError, match=rf"{POINTER} says that the database lies in .* which is not there"):
        embedded.start(data_dir, state_root=state)


@only_root
def test_programs_that_the_servers_user_cannot_reach_are_copied_once(folder: Path) -> None:
    closed = folder / "venv" / "site-packages"
    package = find_bindir().parents[1]
    closed.parent.mkdir(mode=0o700)
    shutil.copytree(find_bindir().parent, closed / package.name / find_bindir().parent.name, symlinks=True)
    shutil.copytree(package.parent / f"{package.name}.libs", closed / f"{package.name}.libs")
    hidden = closed / package.name / find_bindir().parent.name / "bin"
    state = folder / "state"
    with embedded.open_cluster(folder / "data", bindir=hidden, fsync=False, state_root=state) as dsn:
        assert _ask(dsn, "SELECT 1") == 1
    copies = list((state / "binaries").iterdir())
    assert len(copies) == 1
    made_at = copies[0].stat().st_mtime_ns
    with embedded.open_cluster(folder / "data", bindir=hidden, fsync=False, state_root=state):
        pass
    assert [path.stat().st_mtime_ns for path in (state / "binaries").iterdir()] == [made_at]


@only_root
def test_root_serves_a_users_data_folder_as_that_user(folder: Path) -> None:
    """After `sudo wirekeep …` in somebody's folder, that somebody can still use it."""
    nobody = pwd.getpwnam("nobody")
    data_dir = folder / "theirs"
    data_dir.mkdir(mode=0o700)
    os.chown(data_dir, nobody.pw_uid, nobody.pw_gid)
    with embedded.open_cluster(data_dir, fsync=False, state_root=folder / "state"):
        place = find_place(data_dir)
        assert place is not None
        assert (place.account.name, place.account.borrowed) == ("nobody", False)
    owners = {path.lstat().st_uid for path in (data_dir, *data_dir.rglob("*"))}
    assert owners == {nobody.pw_uid}
    _use_as_ordinary_user(data_dir, nobody.pw_uid)


def _use_as_ordinary_user(data_dir: Path, uid: int) -> None:
    """A whole life of the cluster in a process of `uid`; skips where no Python is within that user's reach."""
    environment = {**ENVIRONMENT, "PYTHONPATH": PYTHONPATH, "HOME": str(data_dir.parent)}
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    change = {"user": uid, "group": pwd.getpwuid(uid).pw_gid, "extra_groups": []}
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        try:
            found = subprocess.run(  # type: ignore[call-overload]
                [python, "-c", "import archive.embedded, psycopg"],
                env=environment,
                check=False,
                capture_output=True,
                cwd="/",
                **change,
            )
        except OSError:
            continue
        if found.returncode == 0:
            break
    else:
        pytest.skip(f"no {version} with this project's packages is within an ordinary user's reach")
    done = subprocess.run(  # type: ignore[call-overload]
        [python, "-W", "error", "-c", USER, str(data_dir)], env=environment, capture_output=True, text=True, cwd="/",
        stdin=subprocess.DEVNULL, check=False, **change,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@only_root
@pytest.mark.parametrize("deep", [False, True])
def test_an_ordinary_user_in_a_closed_home_needs_nothing_else(folder: Path, deep: bool) -> None:
    nobody = pwd.getpwnam("nobody")
    home = folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    data_dir = home / ("d" * 60) / ("e" * 60) if deep else home / "data"
    before = _modes(home)
    _use_as_ordinary_user(data_dir, nobody.pw_uid)
    assert _modes(home) == before
    assert stat.S_IMODE((data_dir / FOLDER).stat().st_mode) == 0o700
    assert (data_dir / FOLDER).stat().st_uid == nobody.pw_uid


@pytest.mark.skipif(IS_ROOT, reason="root is let in everywhere; this shows an ordinary user")
def test_in_a_closed_folder_of_our_own_everything_stays_in_it(folder: Path) -> None:
    home = folder / "home"
    home.mkdir(mode=0o700)
    before = _modes(home)
    with embedded.open_cluster(home / "data", fsync=False) as dsn:
        assert _ask(dsn, "SELECT 1") == 1
        assert Path(str(conninfo_to_dict(dsn)["host"])) == home / "data" / FOLDER
    assert _modes(home) == before


def test_a_migration_gives_and_takes_rights_that_an_older_version_did_not(folder: Path) -> None:
    settings = read_settings(data_dir=folder)
    open_to_all = "SELECT has_function_privilege('public', 'pg_advisory_lock(bigint)', 'EXECUTE')"
    with open_database(settings) as dsn, psycopg.connect(dsn) as conn:
        assert conn.execute(open_to_all).fetchone() == (False,)
        conn.execute("GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint) TO PUBLIC")
    with open_database(settings) as dsn, psycopg.connect(dsn) as conn:
        assert conn.execute(open_to_all).fetchone() == (True,)
    with open_database(settings, check=False) as dsn, psycopg.connect(dsn) as conn:
        assert conn.execute(open_to_all).fetchone() == (False,)
