"""Slots follow from the schedule alone, whoever looks and whenever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from crawler.settings import Settings
from crawler.sources import Source
from scheduler import Scheduler, find_offset, find_slot

MOMENTS = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def _source(**settings: Any) -> Source:
    return Source(name=settings.pop("name", "paper"), feeds=("https://a.example/feed",), **settings)


@given(MOMENTS, st.integers(min_value=1, max_value=90_000), st.integers(min_value=0, max_value=600))
def test_the_latest_slot_is_not_after_now_and_less_than_one_interval_old(
    now: datetime, every: int, jitter: int
) -> None:
    source = _source(every=timedelta(seconds=every), jitter=timedelta(seconds=min(jitter, every)))
    slot = find_slot(source, now)
    assert slot <= now
    assert now - slot < timedelta(seconds=every + 1)


@given(MOMENTS, st.floats(min_value=0.001, max_value=59.0))
def test_two_schedulers_started_apart_find_the_same_slot_within_one_interval(now: datetime, apart: float) -> None:
    source = _source(every=timedelta(minutes=5), jitter=timedelta(seconds=30))
    first, second = find_slot(source, now), find_slot(source, now + timedelta(seconds=apart))
    assert second in {first, first + timedelta(minutes=5)}


def test_over_400_days_every_slot_is_found_once_and_none_twice() -> None:
    source = _source(every=timedelta(hours=1), jitter=timedelta(seconds=40))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    found = {find_slot(source, start + timedelta(minutes=7 * n)) for n in range(400 * 24 * 60 // 7)}
    assert len(found) == 400 * 24 or len(found) == 400 * 24 + 1


def test_cron_over_both_clock_changes_of_beirut_has_one_slot_a_day() -> None:
    source = _source(cron="30 22 * * *")
    start = datetime(2026, 3, 1, tzinfo=UTC)
    days = 260  # 29 March and 25 October lie within
    found = {find_slot(source, start + timedelta(hours=n)) for n in range(24, 24 * days)}
    assert len(found) == days
    assert all((moment.hour, moment.minute) == (22, 30) for moment in found)


def test_jitter_holds_a_cron_slot_back_and_does_not_move_it() -> None:
    source = _source(cron="*/10 * * * *", jitter=timedelta(minutes=2))
    held = timedelta(seconds=find_offset(source))
    assert held > timedelta(0), "a name whose offset is 0 shows nothing"
    fires = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    assert find_slot(source, fires + held) == fires
    assert find_slot(source, fires + held - timedelta(seconds=1)) == fires - timedelta(minutes=10)


def test_cron_slot_includes_its_own_minute() -> None:
    source = _source(cron="*/10 * * * *", jitter=timedelta(0))
    moment = datetime(2026, 5, 1, 10, 20, tzinfo=UTC)
    assert find_slot(source, moment) == moment
    assert find_slot(source, moment - timedelta(microseconds=1)) == moment - timedelta(minutes=10)


def test_offset_follows_from_the_name_and_stays_within_the_jitter() -> None:
    offsets = {
        find_offset(_source(name=f"paper-{n}", every=timedelta(minutes=5), jitter=timedelta(seconds=30)))
        for n in range(50)
    }
    assert len(offsets) > 10
    assert all(0 <= offset < 30 for offset in offsets)


def test_a_changed_schedule_still_finds_slots_that_can_be_compared() -> None:
    """Slots are moments, not counts: from every 5m to every 1h the next slot is not decades away."""
    now = datetime(2026, 5, 1, 10, 59, tzinfo=UTC)
    often = find_slot(_source(every=timedelta(minutes=5), jitter=timedelta(0)), now)
    seldom = find_slot(_source(every=timedelta(hours=1), jitter=timedelta(0)), now + timedelta(hours=1))
    assert seldom > often


def test_sources_file_that_is_still_being_written_is_waited_for(tmp_path: Path) -> None:
    scheduler = Scheduler(cast(Any, None), Settings(data_dir=tmp_path))
    path = tmp_path / "sources.toml"
    path.write_text("whole")
    assert scheduler._sources_changed(), "at the start it is read at once"
    path.write_text("")  # an editor that writes in place, seen in between
    assert not scheduler._sources_changed()
    path.write_text("whole again")
    assert not scheduler._sources_changed()
    assert scheduler._sources_changed(), "it has come to rest"
    assert not scheduler._sources_changed()
    path.write_text("hurry")
    scheduler.request_reload()
    assert scheduler._sources_changed()
    assert not scheduler._sources_changed()
