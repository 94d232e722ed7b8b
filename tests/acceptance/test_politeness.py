"""What the sites see: never more than the pace, robots and Retry-After obeyed, and no fault of theirs that sticks."""

from __future__ import annotations

from typing import Any

import pytest

from crawler.discover.urls import canonicalise, host_of
from demo import bombs, oracle
from demo.fault_table import FAULT_HOSTS, Fault
from demo.publishers import DOMAIN
from demo.server import Newsroom

from .running import Wirekeep

PACE = 0.3
# Hosts whose retries are tried out to the last; on the others that would take their pauses many times over.
DRIVEN = ("faults", "trapped")
# Without a usable Retry-After a host rests for 30 s; not waited for here; its length is another test's matter.
RESTED = ("busy-garbage", "busy-negative", "busy-silent")
# Without a readable robots.txt a host rests for 10 minutes.
RESTING = ("robots-503", "robots-429", "robots-drop")
# /slow answers a byte each half second: with this deadline it is given up soon. No crawl waits for a rest of 30 s.
IMPATIENT = {"WIREKEEP_FETCH_TIMEOUT": "2", "WIREKEEP_MAX_WAIT": "5"}

_SOURCE = """
[[source]]
name = "{name}"
language = "en"
timezone = "UTC"
feeds = ["{feed}"]
every = "7d"
pace = "300ms"
"""


@pytest.fixture(autouse=True)
def _bombs_made() -> None:
    """Made once and kept: half a second of packing in the newsroom's loop would be seen as a late request."""
    bombs.gzip_bomb()
    bombs.zstd_bomb()


def _outcomes(wirekeep: Wirekeep) -> dict[str, dict[str, Any]]:
    return {row["url"]: row for row in wirekeep.sql("SELECT * FROM archive.outcomes")}


def _attempts(wirekeep: Wirekeep) -> int:
    return int(wirekeep.sql("SELECT count(*) AS attempts FROM archive.attempts")[0]["attempts"])


def _make_retries_due(wirekeep: Wirekeep, *hosts: str) -> None:
    """Retries that wait their minutes and hours are due now, few of them left; pauses of hosts stay in force."""
    wirekeep.execute(
        "UPDATE store.frontier SET due_at = now(), attempts = greatest(attempts, 5) "
        "WHERE due_why = 'retry' AND leased_until IS NULL AND split_part(host, '.', 1) = ANY (%s)",
        [list(hosts)],
    )


def _end_rests(wirekeep: Wirekeep, *hosts: str) -> None:
    """The rests of hosts are over now, and what waited for them is due."""
    wirekeep.execute(
        "UPDATE store.host SET paused_until = now() WHERE paused_until > now() AND split_part(host, '.', 1) = ANY (%s)",
        [list(hosts)],
    )
    wirekeep.execute(
        "UPDATE store.frontier SET due_at = now() WHERE outcome IS NULL AND due_at > now() "
        "AND leased_until IS NULL AND split_part(host, '.', 1) = ANY (%s)",
        [list(hosts)],
    )


def test_two_sources_and_two_workers_never_ask_one_host_below_its_delay(wirekeep: Wirekeep) -> None:
    home = f"http://faults.{DOMAIN}:{wirekeep.newsroom.port}"
    sources = {"faults": f"{home}/feed.xml", "plenty": f"{home}/large.xml?entries=15"}
    text = "".join(_SOURCE.format(name=name, feed=feed) for name, feed in sources.items())
    (wirekeep.folder / "sources.toml").write_text(text, encoding="utf-8")
    wirekeep.start("scheduler")
    # One crawl each, so that both workers have to do with the host.
    one, _two = (wirekeep.start("worker", WIREKEEP_CONCURRENCY="1", **IMPATIENT) for _ in range(2))
    running = "SELECT count(DISTINCT worker_pid) AS workers FROM archive.crawls WHERE state = 'running'"
    wirekeep.until(lambda: wirekeep.sql(running)[0]["workers"] == 2, "two workers on one host")
    wirekeep.until(lambda: _attempts(wirekeep) >= 8, "both under way")
    wirekeep.kill(one)
    wirekeep.start("worker", WIREKEEP_CONCURRENCY="1", **IMPATIENT)
    wirekeep.until(lambda: all(row["outcome"] or row["attempts"] for row in _outcomes(wirekeep).values()), "all tried")
    tried = _attempts(wirekeep)
    _make_retries_due(wirekeep, "faults")
    wirekeep.until(lambda: _attempts(wirekeep) >= tried + 5, "tried again")
    assert wirekeep.short_gaps(PACE) == []
    assert len(oracle.gaps(wirekeep.newsroom.log)) > 40


def test_a_host_that_asks_for_silence_gets_it(wirekeep: Wirekeep) -> None:
    # Slower than an answer takes to be understood: what is on its way when a host says so cannot be called back.
    wirekeep.write_sources(faults=True, only=("busy-seconds", "busy-date"), every="7d", pace="2s")
    wirekeep.start("scheduler")
    for _ in range(2):
        wirekeep.start("worker", WIREKEEP_CONCURRENCY="1")
    stored = "SELECT count(*) AS n FROM archive.articles"
    wirekeep.until(lambda: wirekeep.sql(stored)[0]["n"] == 4, "both stories of both hosts")
    log = wirekeep.newsroom.log
    assert {served.host for served in log if served.status == 429} == {
        f"busy-{k}.{DOMAIN}" for k in ("seconds", "date")
    }
    assert oracle.early_requests(log) == []


def _is_settled(row: dict[str, Any]) -> bool:
    """A final outcome; elsewhere than on the hosts whose retries are driven to their end, a reason to wait will do."""
    driven = row["host"].partition(".")[0] in (*DRIVEN, *RESTED)
    return row["outcome"] is not None or (not driven and row["last_error"] is not None)


def _judge(fault: Fault, row: dict[str, Any] | None) -> str | None:
    """What is wrong with how a URL of a misbehaving host ended; None where it ended well or is owed with a reason."""
    if row is None:
        return "the archive never heard of it"
    if row["outcome"] is None:
        return None if row["due_at"] is not None and row["last_error"] else f"owed without a reason: {row}"
    if fault.outcomes and row["outcome"] not in fault.outcomes:
        return f"{row['outcome']} ({row['reason']}), expected {fault.outcomes}"
    if row["outcome"] == "rejected" and fault.reason and not str(row["reason"]).startswith(fault.reason):
        return f"rejected as {row['reason']!r}, expected {fault.reason}"
    return None


def test_every_url_of_misbehaving_hosts_ends_as_it_should_or_is_owed_with_a_reason(wirekeep: Wirekeep) -> None:
    newsroom = wirekeep.newsroom
    names = tuple(host.partition(".")[0] for host in FAULT_HOSTS)
    wirekeep.write_sources(faults=True, only=names, every="7d")
    wirekeep.start("scheduler")
    wirekeep.start("worker", WIREKEEP_CONCURRENCY="16", **IMPATIENT)
    finished = "SELECT 1 FROM archive.crawls WHERE finished_at IS NOT NULL GROUP BY source"
    wirekeep.until(lambda: len(wirekeep.sql(finished)) == len(names), "every source crawled")
    # Hosts whose robots.txt keeps us from their feeds announce nothing: their pages are asked for by hand.
    known = _outcomes(wirekeep)
    for url in newsroom.faults.expected:
        if (canonicalise(url) or url) not in known:
            wirekeep.sql("SELECT archive.recrawl(%s)", [url])
    asked = "SELECT 1 FROM archive.requests WHERE started_at IS NULL"
    wirekeep.until(lambda: not wirekeep.sql(asked), "every request taken up")

    def settled() -> bool:
        _make_retries_due(wirekeep, *DRIVEN)
        _end_rests(wirekeep, *RESTED)
        return all(_is_settled(row) for row in _outcomes(wirekeep).values())

    wirekeep.until(settled, "every URL has an outcome or waits for its host")
    found = _outcomes(wirekeep)
    judged = {
        url: _judge(fault, found.get(canonicalise(url) or url)) for url, fault in newsroom.faults.expected.items()
    }
    assert not {url: wrong for url, wrong in judged.items() if wrong}
    assert newsroom.trap.visits == []
    _assert_robots_kept(newsroom)
    assert [gap for gap in wirekeep.short_gaps(1.0) if gap.host == f"robots-delay.{DOMAIN}"] == []
    _assert_texts(wirekeep)
    _assert_not_stuck(wirekeep)


def _assert_robots_kept(newsroom: Newsroom) -> None:
    """robots.txt that cannot be had, or wants too long a delay, closes the whole host; others close what they name."""
    for served in newsroom.log:
        name = served.host.partition(".")[0]
        if name in {"robots-503", "robots-429", "robots-drop", "robots-long-delay"}:
            assert served.path == "/robots.txt", served.url
        if name in {"robots-deny", "robots-moved"}:
            assert not served.path.startswith("/private/") or served.path.startswith("/private/open/"), served.url


def _assert_texts(wirekeep: Wirekeep) -> None:
    """What misbehaving hosts sent whole is stored as it should be read: odd letters, dates, slugs and codings."""
    stored = {row["url"]: row for row in wirekeep.sql("SELECT * FROM archive.articles")}
    for url, fault in wirekeep.newsroom.faults.expected.items():
        row = stored.get(canonicalise(url) or url)
        if row is not None and fault.text is not None:
            assert _plain(row["text"]) == _plain(fault.text), url


def _plain(text: str) -> list[str]:
    """Words without the characters that stand for what could not be decoded."""
    return text.replace("\ufffd", "").split()


def _assert_not_stuck(wirekeep: Wirekeep) -> None:
    """The service goes on: a crawl asked for now is done, and nothing is left in anybody's hands."""
    wirekeep.run("crawl", "broken-feed", "--wait", "--timeout", "60")
    crawls = wirekeep.sql(
        "SELECT kind, state FROM archive.crawls WHERE source = 'broken-feed' ORDER BY id DESC LIMIT 1"
    )
    assert crawls == [{"kind": "manual", "state": "finished"}]
    stuck = "SELECT id FROM queue.procrastinate_jobs WHERE status IN ('todo', 'doing')"
    wirekeep.until(lambda: not wirekeep.sql(stuck), "no job left")
    hosts = {host_of(url) for url, row in _outcomes(wirekeep).items() if row["outcome"] is None}
    assert hosts <= {f"{name}.{DOMAIN}:{wirekeep.newsroom.port}" for name in RESTING}
