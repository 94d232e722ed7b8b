"""Sources: loaded whole, versioned, retired, paused."""

from __future__ import annotations

import threading

import pytest
from stored_rows import Desk, apply, one, source_row, table

from archive.db import Connection, connect
from archive.errors import ConfigError
from archive.store import requests, sources


def test_a_new_source_is_added_with_its_hosts_and_documents(conn: Connection) -> None:
    row = source_row(
        sitemaps=["https://paper.example/map.xml"], sections=[{"url": "https://paper.example/w/", "links": "/w/"}]
    )
    applied = sources.apply_sources(conn, [row], path="/etc/sources.toml", digest=b"x")
    assert applied.added == ("paper",)
    state = sources.load_source(conn, "paper")
    assert state is not None
    assert state.settings == row.settings
    assert state.retired_at is None
    assert requests.ask_url(conn, "https://www.paper.example/1", force=False)
    assert {(r["url"], r["kind"]) for r in table(conn, "SELECT url, kind FROM store.document WHERE configured")} == {
        ("https://paper.example/feed", "feed"),
        ("https://paper.example/map.xml", "sitemap"),
        ("https://paper.example/w/", "section"),
    }


def test_loading_the_same_file_twice_changes_nothing(conn: Connection) -> None:
    apply(conn, source_row())
    again = sources.apply_sources(conn, [source_row()], path="p", digest=b"x")
    assert again.unchanged == ("paper",)
    assert one(conn, "SELECT count(*) FROM store.source_setting") == 1


def test_each_change_of_settings_is_a_kept_version(conn: Connection) -> None:
    apply(conn, source_row())
    first = sources.load_source(conn, "paper")
    changed = sources.apply_sources(conn, [source_row(every="1h")], path="p", digest=b"y")
    sources.apply_sources(conn, [source_row()], path="p", digest=b"z")
    assert changed.changed == ("paper",)
    last = sources.load_source(conn, "paper")
    assert first is not None
    assert last is not None
    assert last.settings["every"] == "5m"
    assert last.setting_id > first.setting_id
    assert one(conn, "SELECT count(*) FROM store.source_setting") == 3


def test_a_source_gone_from_the_file_is_retired_and_comes_back(conn: Connection) -> None:
    apply(conn, source_row(), source_row("other", "other.example"))
    gone = sources.apply_sources(conn, [source_row()], path="p", digest=b"x")
    assert gone.retired == ("other",)
    with pytest.raises(ConfigError, match=r"no enabled source covers host 'other\.example'"):
        requests.ask_url(conn, "https://other.example/1", force=False)
    back = sources.apply_sources(conn, [source_row(), source_row("other", "other.example")], path="p", digest=b"x")
    assert back.added == ("other",)
    state = sources.load_source(conn, "other")
    assert state is not None
    assert state.retired_at is None


def test_pause_and_last_slot_survive_a_reload(conn: Connection) -> None:
    apply(conn, source_row())
    assert sources.pause_source(conn, "paper", "site is being rebuilt")
    apply(conn, source_row(every="1h"))
    state = sources.load_source(conn, "paper")
    assert state is not None
    assert state.paused_why == "site is being rebuilt"
    assert sources.resume_source(conn, "paper")
    assert not sources.resume_source(conn, "paper")
    assert not sources.pause_source(conn, "nobody", None)


def test_a_document_no_longer_named_is_kept_but_not_read(conn: Connection) -> None:
    apply(conn, source_row(feeds=["https://paper.example/a", "https://paper.example/b"]))
    apply(conn, source_row(feeds=["https://paper.example/b"]))
    rows = {r["url"]: r["configured"] for r in table(conn, "SELECT url, configured FROM store.document")}
    assert rows == {"https://paper.example/a": False, "https://paper.example/b": True}
    assert [d.url for d in Desk(conn).begin().documents] == ["https://paper.example/b"]


def test_a_faulty_file_shows_and_leaves_the_set_in_force(conn: Connection) -> None:
    apply(conn, source_row())
    sources.record_file_error(conn, path="sources.toml", error="every='fast' is not a duration")
    assert one(conn, "SELECT error FROM store.source_file") == "every='fast' is not a duration"
    assert [s.name for s in sources.list_sources(conn)] == ["paper"]
    apply(conn, source_row())
    assert one(conn, "SELECT error FROM store.source_file") is None


def test_two_loads_at_once_do_not_lose_each_other(database: str) -> None:
    failures: list[BaseException] = []

    def load() -> None:
        try:
            with connect(database) as conn:
                apply(conn, *(source_row(f"paper{n}", f"paper{n}.example") for n in range(20)))
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with connect(database) as conn:
        assert one(conn, "SELECT count(*) FROM store.source_setting") == 20


@pytest.mark.parametrize("name", ["paper'; DROP TABLE store.source; --", "%s", "\ud83d"])
def test_odd_names_find_nothing_and_harm_nothing(conn: Connection, name: str) -> None:
    apply(conn, source_row())
    assert sources.load_source(conn, name.encode(errors="replace").decode()) is None
    assert len(sources.list_sources(conn)) == 1
