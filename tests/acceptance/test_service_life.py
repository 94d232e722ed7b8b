"""The service's own life: it stops cleanly, brings roles back, ends with its supervisor, and minds the disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from demo.server import Newsroom

from .embedded import Embedded, install
from .running import Wirekeep

# Twenty pages each, a second apart: still at them when the half of a stop timeout of some seconds is over.
SLOW = {"every": "7d", "pace": "1s", "only": ("gatehouse", "hajiz")}


@pytest.fixture
def service(newsroom: Newsroom) -> Iterator[Embedded]:
    """An installation on its own server, for `wirekeep up`."""
    with install(newsroom) as installed:
        yield installed


def _crawling(wirekeep: Wirekeep) -> bool:
    """Whether a crawl is at its pages: some done, some in hand."""
    rows = wirekeep.sql(
        "SELECT (SELECT count(*) FROM archive.attempts) AS done, "
        "(SELECT count(*) FROM store.frontier WHERE leased_until > now()) AS leased"
    )
    return bool(rows[0]["done"] >= 2 and rows[0]["leased"])


def _assert_handed_back(wirekeep: Wirekeep) -> None:
    """Crawls ended and say how, nothing is leased, nothing is lost."""
    crawls = wirekeep.sql("SELECT source, state FROM archive.crawls")
    assert {row["state"] for row in crawls} <= {"handed_back", "finished"}
    assert wirekeep.sql("SELECT url FROM store.frontier WHERE leased_until IS NOT NULL OR leased_by IS NOT NULL") == []
    assert wirekeep.sql("SELECT url FROM archive.outcomes WHERE outcome IS NULL AND due_at IS NULL") == []
    assert wirekeep.sql("SELECT id FROM queue.procrastinate_jobs WHERE status = 'doing'") == []
    assert wirekeep.sql("SELECT pid FROM store.process WHERE stopped_at IS NULL") == []
    assert list((wirekeep.folder / "warc").glob("**/*.open")) == []


def test_a_worker_that_is_asked_to_stop_hands_back_what_it_cannot_finish(wirekeep: Wirekeep) -> None:
    wirekeep.write_sources(**SLOW)
    scheduler = wirekeep.start("scheduler")
    worker = wirekeep.start("worker", WIREKEEP_STOP_TIMEOUT="5")
    wirekeep.until(lambda: _crawling(wirekeep), "a crawl at its pages")
    assert wirekeep.stop(worker) == [0]
    assert wirekeep.stop(scheduler) == [0]
    _assert_handed_back(wirekeep)
    assert "handed_back" in {row["state"] for row in wirekeep.sql("SELECT state FROM archive.crawls")}
    # Another worker takes up what was handed back, without waiting for the next slot.
    wirekeep.start("scheduler")
    wirekeep.start("worker")
    wirekeep.until(
        lambda: wirekeep.sql("SELECT 1 FROM archive.crawls WHERE kind = 'owed' AND state = 'running'"), "it goes on"
    )


def test_the_service_stops_cleanly_with_everything_it_started(service: Embedded) -> None:
    service.write_sources(**SLOW)
    up = service.start("up", WIREKEEP_STOP_TIMEOUT="5")
    service.until(lambda: service.events("worker_started") and _crawling(service), "a crawl at its pages")
    pids = [event["pid"] for event in service.events("role_started")]
    assert len(pids) == 2
    up.send_signal(signal.SIGTERM)
    # A role that takes more than ten seconds beyond its stop timeout is killed, and then this is no 0.
    assert up.wait(timeout=120) == 0
    service.roles.clear()
    assert [pid for pid in pids if service.is_alive(pid)] == []
    assert _left_in_sessions(pids) == []
    _assert_handed_back(service)


def _left_in_sessions(leaders: list[int]) -> list[int]:
    """Processes of the roles' sessions: extraction processes too."""
    listed = subprocess.run(["ps", "-eo", "pid=,sess=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [int(pid) for pid, session, state in rows if int(session) in leaders and not state.startswith("Z")]


def test_a_role_that_dies_is_started_again(service: Embedded) -> None:
    service.write_sources(every="7d", only=("sahifa",))
    service.start("up")
    service.until(lambda: service.events("worker_started"), "the worker")
    first = service.kill_role("worker-1", group=True)
    service.until(lambda: len(service.events("worker_started")) == 2, "a second worker")
    second = service.kill_role("worker-1", group=True)
    service.until(lambda: len(service.events("worker_started")) == 3, "a third worker")
    assert len({first, second, service.pid("worker-1")}) == 3
    died = [event for event in service.events("role_died") if event["role"] == "worker-1"]
    assert [event["code"] for event in died] == [-signal.SIGKILL] * 2
    assert [event["restart_in"] for event in died] == [1.0, 2.0]
    assert service.stop() == [0]


def test_roles_end_when_their_supervisor_is_killed(service: Embedded) -> None:
    service.write_sources(every="7d", only=("sahifa",))
    up = service.start("up")
    service.until(lambda: service.events("worker_started") and service.events("scheduler_started"), "both roles")
    pids = [event["pid"] for event in service.events("role_started")]
    os.kill(up.pid, signal.SIGKILL)
    up.wait(timeout=10)
    service.roles.clear()
    service.until(lambda: not any(service.is_alive(pid) for pid in pids), "the roles end by themselves")
    service.until(lambda: not _left_in_sessions(pids), "and all that they started")
    assert service.ask("SELECT count(*) FROM store.process WHERE stopped_at IS NULL") == 0


# --------------------------------------------------------------------------------------------- the database


@contextmanager
def _shut_out(wirekeep: Wirekeep) -> Iterator[None]:
    """The database lets nobody in, and has put out who was."""
    name = conninfo_to_dict(wirekeep.dsn)["dbname"]
    with psycopg.connect(make_conninfo(wirekeep.dsn, dbname="postgres"), autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        yield
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())


def test_an_outage_of_the_database_does_not_fill_the_log(wirekeep: Wirekeep) -> None:
    wirekeep.write_sources(every="7d", only=("sahifa",))
    wirekeep.start("scheduler", WIREKEEP_TICK="0.2")
    wirekeep.until(lambda: wirekeep.events("slot_fired"), "a scheduler at work")
    before = len(wirekeep.log.read_text().splitlines())
    with _shut_out(wirekeep):
        wirekeep.until(lambda: wirekeep.events("database_away"), "the outage is noticed")
    (back,) = wirekeep.until(lambda: wirekeep.events("database_back"), "it is over")
    # Ticks that were skipped, the pool's attempts, the heart's: counted, not written.
    assert back["held_back"] == sum(back["by"].values()) > 10
    written = [json.loads(line)["event"] for line in wirekeep.log.read_text().splitlines()[before:]]
    assert written.count("database_away") == written.count("database_back") == 1
    others = [event for event in written if event not in {"database_away", "database_back", "lines_held_back"}]
    assert len(others) <= 1, "the first line, which a library may say"


# ------------------------------------------------------------------------------------------------- the disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MiB that a test may fill."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("a small disk needs the right to mount a tmpfs")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_fetching_stops_while_the_disk_is_low_and_resumes_by_itself(wirekeep: Wirekeep, small_disk: Path) -> None:
    wirekeep.write_sources(every="2s", only=("sahifa",))
    wirekeep.env |= {"WIREKEEP_WARC_DIR": str(small_disk), "WIREKEEP_MIN_FREE_BYTES": str(32 * 1024**2)}
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(40 * 1024**2))
    wirekeep.start("scheduler")
    wirekeep.start("worker")
    wirekeep.until(lambda: wirekeep.events("disk_low"), "the shortage is told")
    state = "SELECT state, reason FROM archive.crawls WHERE finished_at IS NOT NULL"
    wirekeep.until(lambda: wirekeep.sql(state), "a crawl that could not fetch")
    (crawl,) = {(row["state"], row["reason"]) for row in wirekeep.sql(state)}
    assert crawl[0] == "handed_back"
    assert "MiB free" in crawl[1]
    assert wirekeep.newsroom.log == ()
    found = json.loads(wirekeep.run("status", "--json").stdout)
    worker = next(process for process in found["processes"] if process["role"] == "worker")
    assert "MiB free" in worker["state"]["disk_low"]
    assert "MiB free" in wirekeep.run("status").stdout
    ballast.unlink()
    wirekeep.until(lambda: wirekeep.sql("SELECT 1 FROM archive.articles LIMIT 1"), "articles, without a restart")
    assert wirekeep.events("disk_fine")


def test_a_crawl_that_meets_a_full_disk_says_so_in_a_line(wirekeep: Wirekeep, small_disk: Path) -> None:
    wirekeep.write_sources(every="7d", only=("sahifa",))
    unwatched = {"WIREKEEP_MIN_FREE_BYTES": "0", "WIREKEEP_MIN_FREE_PERCENT": "0"}
    wirekeep.env |= {"WIREKEEP_WARC_DIR": str(small_disk), **unwatched}
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "ballast").write_bytes(bytes(65 * 1024**2))
    wirekeep.start("scheduler")
    wirekeep.start("worker")
    ended = "SELECT reason FROM archive.crawls WHERE state = 'failed'"
    wirekeep.until(lambda: wirekeep.sql(ended), "a crawl that met the full disk")
    assert "no space left" in wirekeep.sql(ended)[0]["reason"]
    job = "ended with status: Error"
    (line,) = wirekeep.until(lambda: [one for one in _lines(wirekeep) if job in one["event"]], "its job's end")
    assert "DiskFull: " in line["event"]
    assert "free some, writing resumes by itself" in line["event"]
    assert "Traceback" not in wirekeep.log.read_text()


def _lines(wirekeep: Wirekeep) -> list[dict[str, Any]]:
    return [json.loads(line) for line in wirekeep.log.read_text().splitlines() if line.startswith("{")]


def test_a_limit_above_what_is_free_is_told_and_lifted_by_a_restart(wirekeep: Wirekeep) -> None:
    wirekeep.write_sources(every="2s", only=("sahifa",))
    wirekeep.start("scheduler")
    worker = wirekeep.start("worker", WIREKEEP_MIN_FREE_BYTES=str(2**60))
    wirekeep.until(lambda: wirekeep.sql("SELECT 1 FROM archive.crawls WHERE state = 'handed_back'"), "handed back")
    assert wirekeep.newsroom.log == ()
    checked = wirekeep.run("status", "--check", "all", check=False)
    assert (checked.returncode, "MiB free" in checked.stderr) == (1, True)
    wirekeep.stop(worker)
    wirekeep.start("worker")
    wirekeep.until(lambda: wirekeep.sql("SELECT 1 FROM archive.articles LIMIT 1"), "articles")
