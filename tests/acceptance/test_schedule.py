"""Slots: however many schedulers run, stop and come back, no due moment is crawled twice, and downtime costs one."""

from __future__ import annotations

import signal
from collections import Counter
from datetime import datetime

from crawler.sources import load_sources
from scheduler import find_slot

from .running import Wirekeep

EVERY = 2
# Each look for what is due is a line of the log.
LOOKING = {"WIREKEEP_TICK": "0.3", "WIREKEEP_LOG_LEVEL": "DEBUG"}
# Only this source, so that one slot after the other is seen.
SOURCE = "sahifa"


def _slots(wirekeep: Wirekeep) -> list[int]:
    return [row["slot"] for row in wirekeep.sql("SELECT slot FROM store.slot ORDER BY slot")]


def _assert_nothing_twice(wirekeep: Wirekeep) -> None:
    """No slot was fired by two schedulers, became two jobs, or was crawled twice."""
    fired = Counter((event["source"], event["due_at"]) for event in wirekeep.events("slot_fired"))
    assert fired
    assert set(fired.values()) == {1}
    jobs = (
        "SELECT 1 FROM queue.procrastinate_jobs WHERE args ->> 'slot' <> '' GROUP BY args -> 'slot' HAVING count(*) > 1"
    )
    assert wirekeep.sql(jobs) == []
    crawls = "SELECT slot FROM store.crawl WHERE slot IS NOT NULL GROUP BY source_id, slot HAVING count(*) > 1"
    assert wirekeep.sql(crawls) == []


def _assert_nothing_left_out(wirekeep: Wirekeep) -> None:
    """Each slot that was the latest when a scheduler looked has been fired: on a machine that has no time for its
    schedulers nobody looks, and what they missed is one catch-up."""
    (source,) = load_sources(wirekeep.folder / "sources.toml").sources
    looked = [event["at"] for event in wirekeep.events("ticked") if event["sources"]]
    assert looked
    fired = _slots(wirekeep)
    assert {int(find_slot(source, datetime.fromisoformat(at)).timestamp()) for at in looked} <= set(fired)
    assert {(slot - fired[0]) % EVERY for slot in fired} == {0}


def test_two_schedulers_fire_every_slot_once(wirekeep: Wirekeep) -> None:
    wirekeep.write_sources(every=f"{EVERY}s", only=(SOURCE,))
    wirekeep.start("worker")
    one = wirekeep.start("scheduler", **LOOKING)
    # The other comes 0.7 s later, in another phase of its ticks.
    wirekeep.until(lambda: wirekeep.events("scheduler_started"), "the first scheduler")
    wirekeep.sql("SELECT pg_sleep(0.7)")
    other = wirekeep.start("scheduler", **LOOKING)
    wirekeep.until(lambda: len(wirekeep.events("scheduler_started")) == 2, "the second scheduler")
    seen = len(_slots(wirekeep))
    wirekeep.until(lambda: len(_slots(wirekeep)) >= seen + 4, "four more slots")
    # One is frozen over three slots, as a laptop that sleeps; the other goes on, and is then ended.
    seen = len(_slots(wirekeep))
    other.send_signal(signal.SIGSTOP)
    wirekeep.until(lambda: len(_slots(wirekeep)) >= seen + 3, "three slots without the other")
    other.send_signal(signal.SIGCONT)
    assert wirekeep.stop(one) == [0]
    seen = len(_slots(wirekeep))
    wirekeep.until(lambda: len(_slots(wirekeep)) >= seen + 2, "the other goes on alone")
    assert wirekeep.stop(other) == [0]
    _assert_nothing_twice(wirekeep)
    _assert_nothing_left_out(wirekeep)


def test_downtime_over_several_slots_is_one_catch_up(wirekeep: Wirekeep) -> None:
    wirekeep.write_sources(every=f"{EVERY}s", only=(SOURCE,))
    wirekeep.start("worker")
    one = wirekeep.start("scheduler", **LOOKING)
    wirekeep.until(lambda: len(_slots(wirekeep)) >= 2, "two slots")
    wirekeep.kill(one)
    last = _slots(wirekeep)[-1]
    passed = "SELECT extract(epoch FROM now()) >= %s AS passed"
    wirekeep.until(lambda: wirekeep.sql(passed, [last + 3 * EVERY + 1])[0]["passed"], "three slots went by")
    wirekeep.start("scheduler", **LOOKING)
    wirekeep.until(lambda: len([slot for slot in _slots(wirekeep) if slot > last]) >= 3, "slots again")
    _assert_nothing_twice(wirekeep)
    assert min(slot for slot in _slots(wirekeep) if slot > last) - last >= 3 * EVERY
    wirekeep.stop()
    _assert_nothing_left_out(wirekeep)


def test_a_source_whose_worker_was_killed_crawls_again_though_a_second_job_waits(wirekeep: Wirekeep) -> None:
    wirekeep.write_sources(every="3s", pace="1s", only=(SOURCE,))
    wirekeep.start("scheduler")
    worker = wirekeep.start("worker")
    job = "SELECT 1 FROM queue.procrastinate_jobs WHERE lock = %s AND status = %s"
    lock = f"source:{SOURCE}"
    wirekeep.until(
        lambda: all(wirekeep.sql(job, [lock, status]) for status in ("doing", "todo")), "one job at work, one waiting"
    )
    wirekeep.kill(worker)
    killed_at = wirekeep.sql("SELECT clock_timestamp() AS at")[0]["at"]
    wirekeep.start("worker")
    again = "SELECT 1 FROM archive.crawls WHERE started_at > %s AND state = 'finished' AND kind = 'scheduled'"
    wirekeep.until(lambda: wirekeep.sql(again, [killed_at]), "the source crawls again")
    left = "SELECT state FROM archive.crawls WHERE started_at < %s ORDER BY id DESC LIMIT 1"
    assert wirekeep.sql(left, [killed_at]) == [{"state": "abandoned"}]
    dead = """SELECT j.id FROM queue.procrastinate_jobs j LEFT JOIN store.crawl k ON k.job_id = j.id
               WHERE j.status = 'doing' AND k.state = 'abandoned'"""
    wirekeep.until(lambda: not wirekeep.sql(dead), "no job is held by the dead worker")
