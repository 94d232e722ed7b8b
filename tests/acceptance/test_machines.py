"""Workers on two machines, each with WARC files of its own, on one database."""

from __future__ import annotations

from typing import Any

from .running import Wirekeep


def _articles(wirekeep: Wirekeep) -> dict[str, dict[str, Any]]:
    return {row["url"]: row for row in wirekeep.sql("SELECT * FROM archive.articles")}


def _change_rules(wirekeep: Wirekeep) -> None:
    """A line pattern that takes a line out of stored texts: the next extraction differs, the publisher did nothing."""
    file = wirekeep.folder / "sources.toml"
    settings = wirekeep.sql("SELECT count(*) AS n FROM store.source_setting")[0]["n"]
    before, nashra, after = file.read_text(encoding="utf-8").partition('name = "nashra"')
    own, next_source, rest = after.partition("[[source]]")
    rule = '\n[source.css]\nremove_lines = ["^.*وقال.*$"]\n\n'
    file.write_text(before + nashra + own + rule + next_source + rest, encoding="utf-8")
    wirekeep.until(
        lambda: wirekeep.sql("SELECT count(*) AS n FROM store.source_setting")[0]["n"] > settings, "a new setting"
    )


def test_an_edit_is_told_from_a_changed_rule_where_the_old_bytes_lie_on_another_machine(wirekeep: Wirekeep) -> None:
    wirekeep.write_sources(every="7d")
    wirekeep.start("scheduler")
    first = wirekeep.start("worker")
    wirekeep.crawl_all()
    wirekeep.stop(first)
    _change_rules(wirekeep)
    before = _articles(wirekeep)
    changed = [url for url, row in before.items() if row["source"] == "nashra" and "وقال" in row["text"]]
    edited = wirekeep.newsroom.edit(changed[0], paragraph="فقرة أضافها المحرر بعد النشر.")
    # The same story in other bytes: only the page around it changed.
    wirekeep.newsroom.change_template()
    wirekeep.start("worker", WIREKEEP_WARC_DIR=str(wirekeep.folder / "warc-of-another-machine"))
    wirekeep.run("recrawl", *changed, "--wait")

    after = _articles(wirekeep)
    assert {url for url, row in after.items() if row["edits"]} == {edited}
    assert "أضافها المحرر" in after[edited]["text"]
    assert [url for url in changed if "وقال" in after[url]["text"]] == []
    assert {url for url, row in after.items() if "compared_by_lines" in row["flags"]} == set(changed)
