"""`wirekeep sources check` shows what a source would give, what each of its overrides changes, and stores nothing."""

from __future__ import annotations

import json
from typing import Any

from crawler.clean import normalise_line

from .running import Wirekeep

CSS = """
[source.css]
title = "h1.entry-title"
date = "span.no-such-date"
body = "{body}"
remove = ["header"]
remove_lines = ['معاييرنا: مبادئ الثقة .*']
"""
TRUST_LINE = "معاييرنا: مبادئ الثقة في Thomson Reuters."
# The newsroom's first story of the source, and its last paragraph.
LAST_LINE = "ذكرت وكالة الأنباء الروسية تاس أنه من المقرر أن يزور لي هوى روسيا يوم الجمعة."


def _write(wirekeep: Wirekeep, css: str = "") -> None:
    wirekeep.write_sources(only=("alwatan",))
    file = wirekeep.folder / "sources.toml"
    file.write_text(file.read_text(encoding="utf-8") + css, encoding="utf-8")


def _check(wirekeep: Wirekeep, *arguments: str, **environment: str) -> dict[str, Any]:
    done = wirekeep.run("sources", "check", "alwatan", "--articles", "1", "--json", *arguments, **environment)
    (found,) = json.loads(done.stdout)
    assert found["articles"][0]["result"]["text"]
    return dict(found)


def test_check_shows_what_each_override_matched_and_changed(wirekeep: Wirekeep) -> None:
    _write(wirekeep, CSS.format(body="div.entry-content"))
    found = _check(wirekeep)
    (article,) = found["articles"]
    shown = {override["key"]: override for override in article["overrides"]}
    assert list(shown) == ["css.remove", "css.title", "css.date", "css.body", "css.remove_lines"]
    assert {key: (one["matched"], one["unit"]) for key, one in shown.items()} == {
        "css.remove": (2, "element"),
        "css.title": (0, "element"),  # css.remove has taken it out with the header
        "css.date": (0, "element"),
        "css.body": (1, "element"),
        "css.remove_lines": (1, "line"),
    }
    assert [one["rule"] for one in article["result"]["removals"] if TRUST_LINE in one["text"]] == ["site-line"]
    assert found["warnings"] == [
        "css.title = 'h1.entry-title' matched nothing on 1 of 1 articles",
        "css.date = 'span.no-such-date' matched nothing on 1 of 1 articles",
    ]
    assert wirekeep.sql("SELECT 1 FROM store.capture UNION ALL SELECT 1 FROM store.announcement") == []


def test_check_prints_the_overrides_and_warns_of_those_that_match_nothing(wirekeep: Wirekeep) -> None:
    _write(wirekeep, CSS.format(body="h1"))
    printed = wirekeep.run("sources", "check", "alwatan", "--articles", "1").stdout
    assert f"    removed by site-line v1 of structure.toml, tail: {TRUST_LINE}\n" in printed
    assert "    override css.remove = 'header': 2 elements\n" in printed
    assert "    override css.body = 'h1': 0 elements\n      MATCHED NOTHING on this page\n" in printed
    assert "  WARNING: css.body = 'h1' matched nothing on 1 of 1 articles\n" in printed
    _write(wirekeep, '\n[source.css]\nbody = "h1"\n')
    printed = wirekeep.run("sources", "check", "alwatan", "--articles", "1", check=False).stdout
    assert "    override css.body = 'h1': 1 element\n      outcome    without  article\n" in printed
    assert f"      - {LAST_LINE}\n" in printed
    assert "WARNING" not in printed


def test_check_reads_the_articles_by_the_lines_learned_for_the_host(wirekeep: Wirekeep) -> None:
    _write(wirekeep)
    host = f"alwatan.newsroom.test:{wirekeep.newsroom.port}"
    assert _check(wirekeep)["learned"] == {"hosts": {}, "unread": None}
    wirekeep.execute(
        "INSERT INTO store.host_state (host, lines, made_at, why) VALUES (%s, %s, now(), 'learned')",
        (host, [normalise_line(LAST_LINE)]),
    )
    found = _check(wirekeep)
    assert found["learned"]["hosts"] == {host: {"version": 1, "lines": [normalise_line(LAST_LINE)]}}
    result = found["articles"][0]["result"]
    assert (LAST_LINE in result["text"], result["versions"]["host_state"]) == (False, 1)
    assert ("host-line", LAST_LINE) in [(one["rule"], one["text"].strip()) for one in result["removals"]]
    printed = wirekeep.run("sources", "check", "alwatan", "--articles", "1").stdout
    assert f"  learned lines: 1 line in force on {host}, state 1 (wirekeep boilerplate alwatan)\n" in printed


def test_check_works_without_an_archive_and_says_that_no_learned_lines_were_read(wirekeep: Wirekeep) -> None:
    _write(wirekeep)
    nobody = "postgresql://nobody@127.0.0.1:1/nothing"
    unread = _check(wirekeep, WIREKEEP_DATABASE_URL=nobody)["learned"]["unread"]
    assert "127.0.0.1" in unread
    printed = wirekeep.run("sources", "check", "alwatan", "--articles", "0", check=False, WIREKEEP_DATABASE_URL=nobody)
    assert "  learned lines: not read, so the articles are shown without: " in printed.stdout
