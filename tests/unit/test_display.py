"""What a terminal is shown: nothing that steers it, Arabic in logical order, JSON as UTF-8."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import ConfigError
from commands.display import clean, clean_line, print_json, show_time
from commands.moments import read_moment

NOW = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)


@given(st.text())
def test_nothing_shown_can_steer_a_terminal_or_reorder_a_line(text: str) -> None:
    shown = clean(text)
    forbidden = {
        *map(chr, range(0x20)),
        *map(chr, range(0x7F, 0xA0)),
        *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    }
    assert not (set(shown) & (forbidden - {"\n", "\t"}))


def test_clipboard_and_link_sequences_in_a_title_lose_their_escape() -> None:
    assert (
        clean_line("عاجل\x1b]52;c;ZXZpbA==\x07 رويترز\x1b]8;;http://x\x1b\\")
        == "عاجل]52;c;ZXZpbA== رويترز]8;;http://x\\"
    )


def test_arabic_keeps_its_order_and_a_long_line_ends_with_an_ellipsis() -> None:
    assert clean_line("رويترز تقول إن الأمر انتهى", 10) == "رويترز تق…"


def test_json_is_unescaped_utf8_with_times_in_iso(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"title": "بكين", "at": NOW, "raw": b"\x00\x01"})
    out = capsys.readouterr().out
    assert "بكين" in out
    assert json.loads(out) == {"title": "بكين", "at": "2026-11-23T22:30:00+00:00", "raw": "0001"}


def test_times_are_shown_in_the_zone_asked_for() -> None:
    assert show_time(NOW, ZoneInfo("Asia/Riyadh")) == "2026-11-24 01:30:00"
    assert show_time(None, ZoneInfo("UTC")) == "-"


def test_yesterday_begins_at_midnight_of_the_display_zone() -> None:
    assert read_moment("yesterday", ZoneInfo("Asia/Riyadh"), NOW) == datetime(2026, 11, 22, 21, tzinfo=UTC)
    assert read_moment("yesterday", ZoneInfo("UTC"), NOW) == datetime(2026, 11, 22, tzinfo=UTC)


def test_a_span_counts_back_from_now() -> None:
    assert read_moment("1d12h", ZoneInfo("UTC"), NOW) == datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


def test_what_is_no_moment_is_refused_with_what_was_expected() -> None:
    with pytest.raises(ConfigError, match=r"'soon' is no moment; expected 2026-11-01, .*3d.*yesterday"):
        read_moment("soon", ZoneInfo("UTC"), NOW)
