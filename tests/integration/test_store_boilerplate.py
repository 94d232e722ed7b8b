"""Learned boilerplate in the store: what recurs on different stories is learned, ages out, and can be decided on."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from stored_rows import DAY, NOW, Desk, apply, date, extraction, one, source_row, table

from archive.db import Connection
from archive.errors import ConfigError
from archive.records import HostSighting, ObservedLine
from archive.store import articles, boilerplate

HOST = "paper.example"
PROMPT = "تابعونا على القناة"


@pytest.fixture
def desk(conn: Connection) -> Desk:
    apply(conn, source_row())
    return Desk(conn)


def line(text: str, *, zone: str = "tail") -> ObservedLine:
    return ObservedLine(line=text.casefold().rstrip("."), sample=text, zone=zone)  # type: ignore[arg-type]


def publish(desk: Desk, first: int, count: int, *lines: ObservedLine, story: int | None = None) -> None:
    """Save articles `first` … with these lines, a day each; all of one story where `story` is given."""
    begun, leased = desk.owe(*(f"https://{HOST}/{number}" for number in range(first, first + count)))
    by_url = {one.url: one for one in leased}
    for number in range(first, first + count):
        sighting = HostSighting(host=HOST, lines=lines, paragraphs=(number if story is None else story, -1 - number))
        at = NOW + timedelta(minutes=number)
        row = extraction(published=date(NOW - DAY * (number % 20)))
        save = desk.save(begun, by_url[f"https://{HOST}/{number}"], sighting=sighting, at=at, extraction=row)
        assert articles.save_article(desk.conn, save).outcome == "stored"


def states(conn: Connection) -> dict[str, str]:
    return {row["line"]: row["state"] for row in table(conn, "SELECT line, state FROM archive.boilerplate")}


def test_a_line_on_enough_different_stories_makes_a_host_state(conn: Connection, desk: Desk) -> None:
    assert boilerplate.host_lines(conn, HOST) == (0, frozenset())
    publish(desk, 1, 10, line(PROMPT))
    learned = boilerplate.learn(conn, HOST)
    assert (learned.changed, learned.in_force) == (True, 1)
    assert boilerplate.host_lines(conn, HOST) == (learned.version, frozenset({PROMPT}))
    (row,) = table(conn, "SELECT * FROM archive.boilerplate")
    assert (row["source"], row["line"], row["state"], row["stories"], row["days"]) == (
        "paper",
        PROMPT,
        "applied",
        10,
        10,
    )
    assert row["examples"] == [f"https://{HOST}/{number}" for number in (10, 9, 8)]
    assert (row["first_seen"], row["last_seen"]) == (NOW + timedelta(minutes=1), NOW + timedelta(minutes=10))


def test_learning_again_changes_nothing(conn: Connection, desk: Desk) -> None:
    publish(desk, 1, 10, line(PROMPT))
    first = boilerplate.learn(conn, HOST)
    assert boilerplate.learn(conn, HOST) == boilerplate.Learned(
        version=first.version, changed=False, in_force=1, proposed=0, retired=0
    )
    assert one(conn, "SELECT count(*) FROM archive.host_states") == 1


def test_a_line_in_the_middle_is_only_proposed(conn: Connection, desk: Desk) -> None:
    publish(desk, 1, 10, line("CLICK HERE", zone="body"))
    assert boilerplate.learn(conn, HOST).version == 0
    assert states(conn) == {"CLICK HERE": "proposed"}


def test_copies_of_one_story_teach_nothing(conn: Connection, desk: Desk) -> None:
    publish(desk, 1, 10, line(PROMPT), story=77)
    assert boilerplate.learn(conn, HOST).version == 0
    assert states(conn) == {}


def test_a_line_that_new_articles_lack_ages_out_and_its_state_stays_readable(conn: Connection, desk: Desk) -> None:
    publish(desk, 1, 10, line(PROMPT))
    before = boilerplate.learn(conn, HOST)
    publish(desk, 11, 20)
    assert not boilerplate.learn(conn, HOST).changed
    publish(desk, 31, 30)
    after = boilerplate.learn(conn, HOST)
    assert (after.changed, after.retired) == (True, 1)
    assert boilerplate.host_lines(conn, HOST) == (after.version, frozenset())
    assert table(conn, "SELECT version, lines FROM archive.host_states ORDER BY version") == [
        {"version": before.version, "lines": [PROMPT]},
        {"version": after.version, "lines": []},
    ]
    assert states(conn) == {PROMPT: "retired"}
    publish(desk, 61, 50)
    boilerplate.learn(conn, HOST)
    assert states(conn) == {PROMPT: "retired"}


def test_the_window_is_bounded(conn: Connection, desk: Desk) -> None:
    publish(desk, 1, 60, line(PROMPT))
    publish(desk, 61, 50, line(PROMPT))
    boilerplate.learn(conn, HOST)
    assert one(conn, "SELECT count(*) FROM store.host_sighting") == 100


def test_a_rejected_line_stays_in_and_an_accepted_one_goes_out(conn: Connection, desk: Desk) -> None:
    publish(desk, 1, 10, line(PROMPT), line("CLICK HERE", zone="body"))
    boilerplate.learn(conn, HOST)
    ids = {one.line: one.line_id for one in boilerplate.list_lines(conn, "paper")}
    boilerplate.reject(conn, "paper", ids[PROMPT])
    version = boilerplate.accept(conn, "paper", ids["CLICK HERE"])
    assert boilerplate.host_lines(conn, HOST) == (version, frozenset({"click here"}))
    assert not boilerplate.learn(conn, HOST).changed
    assert states(conn) == {PROMPT: "rejected", "CLICK HERE": "accepted"}
    assert table(conn, "SELECT why FROM archive.host_states ORDER BY version") == [
        {"why": "learned"},
        {"why": "decided"},
        {"why": "decided"},
    ]


def test_a_line_of_another_source_cannot_be_decided_on(conn: Connection, desk: Desk) -> None:
    publish(desk, 1, 10, line(PROMPT))
    boilerplate.learn(conn, HOST)
    (row,) = boilerplate.list_lines(conn, "paper")
    with pytest.raises(ConfigError, match=rf"source 'other' has no line {row.line_id}; found 0 lines"):
        boilerplate.accept(conn, "other", row.line_id)


def test_an_article_counts_once_however_often_it_is_saved(conn: Connection, desk: Desk) -> None:
    begun, (leased,) = desk.owe(f"https://{HOST}/1")
    save = desk.save(begun, leased, sighting=HostSighting(host=HOST, lines=(line(PROMPT),), paragraphs=(1,)))
    articles.save_article(conn, save)
    articles.save_article(conn, save)
    assert one(conn, "SELECT count(*) FROM store.host_sighting") == 1


def test_host_states_cannot_be_changed(conn: Connection, desk: Desk) -> None:
    publish(desk, 1, 10, line(PROMPT))
    boilerplate.learn(conn, HOST)
    with pytest.raises(psycopg.errors.RaiseException, match="host_state is append-only"), conn.transaction():
        conn.execute("UPDATE store.host_state SET lines = '{}'")


def test_what_nobody_decided_on_is_bounded_a_host(conn: Connection, desk: Desk) -> None:
    lines = tuple(line(f"Heading number {number}", zone="body") for number in range(boilerplate.MOST_UNDECIDED + 20))
    publish(desk, 1, 5, *lines)
    boilerplate.learn(conn, HOST)
    assert one(conn, "SELECT count(*) FROM store.host_line") == boilerplate.MOST_UNDECIDED


def test_a_line_with_nul_and_lone_surrogates_can_be_kept(conn: Connection, desk: Desk) -> None:
    publish(desk, 1, 5, ObservedLine(line="a\0b", sample="a\0b\ud83d", zone="tail"))
    boilerplate.learn(conn, HOST)
    assert states(conn) == {"ab\ufffd": "applied"}
