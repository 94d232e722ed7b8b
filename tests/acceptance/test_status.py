"""`wirekeep status` tells the truth: held against database and newsroom log at five moments."""

from __future__ import annotations

import json
import signal
from typing import Any

from demo.publishers import DOMAIN

from .running import Wirekeep

SOURCE = "sahifa"
HOST = f"{SOURCE}.{DOMAIN}"
# Twenty pages, so that it is at them for long.
LONG = "gatehouse"

_MISSING_FEED = """
[[source]]
name = "astray"
language = "ar"
timezone = "UTC"
feeds = ["http://{host}:{port}/no-such-feed.xml"]
every = "7d"
pace = "50ms"
"""


def _status(wirekeep: Wirekeep) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(wirekeep.run("status", "--json").stdout)
    return found


def _still_status(wirekeep: Wirekeep) -> dict[str, Any]:
    """Status while nothing moves, with its totals held against the tables."""
    found = _status(wirekeep)
    _assert_totals(wirekeep, found["totals"])
    return found


def _assert_totals(wirekeep: Wirekeep, totals: dict[str, Any]) -> None:
    """The sums of the tables."""
    counted = wirekeep.sql(
        """SELECT (SELECT count(*) FROM store.article) AS articles, (SELECT count(*) FROM store.revision) AS revisions,
                  (SELECT count(*) FROM store.capture) AS captures, (SELECT count(*) FROM store.frontier) AS urls,
                  (SELECT count(*) FROM store.frontier WHERE outcome IS NULL) AS pending,
                  (SELECT count(*) FROM store.request WHERE finished_at IS NULL) AS open_requests"""
    )[0]
    assert {key: totals[key] for key in counted} == counted


def _source(found: dict[str, Any], name: str = SOURCE) -> dict[str, Any]:
    (source,) = [one for one in found["sources"] if one["name"] == name]
    return dict(source)


def _processes(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {process["role"]: process for process in found["processes"]}


def _check(wirekeep: Wirekeep, what: str) -> tuple[int, str]:
    done = wirekeep.run("status", "--check", what, check=False)
    return done.returncode, done.stderr


def _crawl(wirekeep: Wirekeep) -> None:
    wirekeep.write_sources(every="7d", only=(SOURCE,))
    wirekeep.scheduler = wirekeep.start("scheduler")
    wirekeep.worker = wirekeep.start("worker")
    wirekeep.crawl_all()
    wirekeep.until(lambda: not wirekeep.sql("SELECT 1 FROM queue.procrastinate_jobs WHERE status = 'doing'"), "rest")
    # What a worker says of itself is as old as its last heartbeat.
    wirekeep.until(
        lambda: wirekeep.sql("SELECT 1 FROM store.process WHERE state -> 'running' = '[]'"), "a heartbeat at rest"
    )


def test_status_of_an_idle_service(wirekeep: Wirekeep) -> None:
    _crawl(wirekeep)
    found = _still_status(wirekeep)
    source, processes = _source(found), _processes(found)
    assert (source["state"], source["owed"], source["leased"], source["held"]) == ("active", 0, 0, 0)
    assert source["last_crawl_state"] == "finished"
    assert source["articles"] == found["totals"]["articles"] > 0
    assert source["planned"] == wirekeep.sql("SELECT count(*) AS n FROM store.frontier WHERE due_at > now()")[0]["n"]
    assert {role: process["pid"] for role, process in processes.items()} == {
        "scheduler": wirekeep.scheduler.pid,
        "worker": wirekeep.worker.pid,
    }
    assert all(process["alive"] for process in processes.values())
    assert processes["worker"]["state"]["running"] == []
    assert {key: found["queue"][key] for key in ("todo", "doing", "stalled")} == {"todo": 0, "doing": 0, "stalled": 0}
    assert (found["crawls"], found["paused_hosts"]) == ([], [])
    # Every exchange that the newsroom had is a capture, robots.txt included; and nothing else is.
    assert found["totals"]["captures"] == len(wirekeep.newsroom.log)
    assert _check(wirekeep, "all") == (0, "")
    assert SOURCE in wirekeep.run("status").stdout


def test_status_of_a_crawling_service(wirekeep: Wirekeep) -> None:
    wirekeep.env["WIREKEEP_DEAD_AFTER"] = "60"
    wirekeep.write_sources(every="7d", pace="500ms", only=(LONG,))
    wirekeep.start("scheduler")
    worker = wirekeep.start("worker")
    said = "SELECT 1 FROM store.process WHERE state -> 'running' ? %s"
    wirekeep.until(lambda: wirekeep.sql(said, [LONG]) and len(wirekeep.newsroom.log) >= 4, "at its pages")
    # Frozen, so that database, log and status are of one moment.
    worker.send_signal(signal.SIGSTOP)
    try:
        found = _still_status(wirekeep)
        leased = wirekeep.sql("SELECT count(*) AS n FROM store.frontier WHERE leased_until > now()")[0]["n"]
        done = wirekeep.sql("SELECT count(*) AS n FROM archive.attempts")[0]["n"]
    finally:
        worker.send_signal(signal.SIGCONT)
    source = _source(found, LONG)
    assert source["last_crawl_state"] == "running"
    assert source["leased"] == leased > 0
    assert found["totals"]["pending"] == found["totals"]["urls"] - done
    (crawl,) = found["crawls"]
    assert (crawl["source"], crawl["kind"], crawl["worker_pid"]) == (LONG, "scheduled", worker.pid)
    assert _processes(found)["worker"]["state"]["running"] == [LONG]
    assert found["queue"]["doing"] == 1
    # What was sent and is not yet a capture is what the frozen worker has in hand, at its extraction mostly.
    assert 0 <= len(wirekeep.newsroom.log) - found["totals"]["captures"] <= leased
    assert _check(wirekeep, "worker")[0] == 0


def test_status_of_a_paused_host(wirekeep: Wirekeep) -> None:
    _crawl(wirekeep)
    wirekeep.newsroom.pause(SOURCE, status=503, retry_after="600")
    url = wirekeep.sql("SELECT url FROM archive.articles LIMIT 1")[0]["url"]
    (request,) = wirekeep.sql("SELECT archive.recrawl(%s) AS id", [url])
    waits = "SELECT waits_for FROM archive.requests WHERE id = %s AND waits_for LIKE 'host %%'"
    wirekeep.until(lambda: wirekeep.sql(waits, [request["id"]]), "the host is paused")
    found = _still_status(wirekeep)
    (host,) = found["paused_hosts"]
    row = wirekeep.sql("SELECT host, paused_until, strikes FROM store.host WHERE paused_until > now()")[0]
    assert host["host"] == row["host"] == f"{HOST}:{wirekeep.newsroom.port}"
    assert host["until"].startswith(f"{row['paused_until']:%Y-%m-%dT%H:%M:%S}")
    assert "Retry-After: 600" in host["why"]
    assert (host["owed"], found["totals"]["open_requests"]) == (1, 1)
    assert [served.status for served in wirekeep.newsroom.log if served.host == HOST][-1] == 503
    asked = len(wirekeep.newsroom.log)
    assert HOST in wirekeep.run("status").stdout
    crawled = wirekeep.run("crawl", SOURCE, "--wait", check=False)
    assert (crawled.returncode, "is paused until" in crawled.stdout) == (1, True)
    assert len(wirekeep.newsroom.log) == asked


def test_status_of_a_failed_source(wirekeep: Wirekeep) -> None:
    wirekeep.write_sources(every="7d", only=(SOURCE,))
    file = wirekeep.folder / "sources.toml"
    text = file.read_text(encoding="utf-8") + _MISSING_FEED.format(host=HOST, port=wirekeep.newsroom.port)
    file.write_text(text, encoding="utf-8")
    wirekeep.start("scheduler")
    wirekeep.start("worker")
    wirekeep.crawl_all()
    found = _status(wirekeep)
    astray, sound = _source(found, "astray"), _source(found)
    assert (astray["state"], astray["failures"], astray["last_crawl_state"]) == ("failing", 1, "failed")
    assert "/no-such-feed.xml: HTTP 404" in astray["last_error"]
    assert (sound["state"], sound["failures"]) == ("active", 0)
    assert [served.status for served in wirekeep.newsroom.log if served.path == "/no-such-feed.xml"] == [404]
    code, said = _check(wirekeep, "all")
    assert (code, "source astray fails" in said) == (1, True)
    # A faulty edit shows as well, and the last good set stays in force.
    file.write_text(text.replace('every = "7d"', 'every = "fast"'), encoding="utf-8")
    wirekeep.until(lambda: _status(wirekeep)["source_file"]["error"], "the faulty edit shows")
    assert "fast" in _status(wirekeep)["source_file"]["error"]
    assert {source["name"] for source in _status(wirekeep)["sources"]} == {"astray", SOURCE}


def test_status_of_a_dead_worker(wirekeep: Wirekeep) -> None:
    wirekeep.write_sources(every="7d", pace="300ms", only=(LONG,))
    scheduler = wirekeep.start("scheduler")
    wirekeep.until(lambda: wirekeep.events("slot_fired"), "a job in the queue")
    # A scheduler would rescue the job: without one, what the dead worker held stays to be seen.
    wirekeep.stop(scheduler)
    worker = wirekeep.start("worker")
    wirekeep.until(lambda: len(wirekeep.newsroom.log) >= 3, "at its pages")
    wirekeep.kill(worker)
    wirekeep.until(lambda: not _processes(_status(wirekeep))["worker"]["alive"], "taken for dead")
    found = _still_status(wirekeep)
    assert _processes(found)["worker"]["pid"] == worker.pid
    assert "scheduler" not in _processes(found)
    assert (found["queue"]["doing"], found["queue"]["stalled"]) == (1, 1)
    assert [crawl["worker_pid"] for crawl in found["crawls"]] == [worker.pid]
    for check in ("worker", "scheduler", "all"):
        assert _check(wirekeep, check)[0] == 1, check
    assert _check(wirekeep, "database") == (0, "")
    # Another takes its place: what was held is done, and the dead one is no trouble any more.
    wirekeep.start("scheduler")
    wirekeep.start("worker")
    wirekeep.until(
        lambda: _source(_status(wirekeep), LONG)["last_crawl_state"] == "finished", "the crawl is done after all"
    )
    wirekeep.until(lambda: _check(wirekeep, "all") == (0, ""), "all is well")
