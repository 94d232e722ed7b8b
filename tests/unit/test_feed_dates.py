"""Dates as feeds and sitemaps write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discover.dates import parse_date


@pytest.mark.parametrize(
    ("raw", "at", "precision", "zone", "assumed"),
    [
        ("Mon, 23 Nov 2026 10:00:00 +0300", "2026-11-23T07:00:00", "second", "+03:00", False),
        ("Mon, 23 Nov 2026 10:00:00 GMT", "2026-11-23T10:00:00", "second", "+00:00", False),
        ("23 Nov 26 10:00 EST", "2026-11-23T15:00:00", "minute", "-05:00", False),
        ("Fri, 23 November 2026 10:00:00 +03:00", "2026-11-23T07:00:00", "second", "+03:00", False),  # wrong weekday
        ("Mon 23 Nov 2026 10:00:00 GMT+3", "2026-11-23T07:00:00", "second", "+03:00", False),
        ("Mon, 23 Nov 2026 10:00:00 +0300 (AST)", "2026-11-23T07:00:00", "second", "+03:00", False),
        ("Mon, 3 Sept 2026 1:00:00 UT", "2026-09-03T01:00:00", "second", "+00:00", False),
        ("Mon, 23 Nov 2026 10:00:00", "2026-11-23T07:00:00", "second", "Asia/Riyadh", True),
        ("Mon, 23 Nov 2026 10:00:00 AST", "2026-11-23T07:00:00", "second", "+03:00", False),
        ("Mon, 23 Nov 2026", "2026-11-22T21:00:00", "day", "Asia/Riyadh", True),
        ("Nov 23, 2026 10:00 PM EST", "2026-11-24T03:00:00", "minute", "-05:00", False),
        ("2026-11-23T10:00:00Z", "2026-11-23T10:00:00", "second", "+00:00", False),
        ("2026-11-23T10:00:00.123456+03:00", "2026-11-23T07:00:00", "second", "+03:00", False),
        ("2026-11-23T10:00+03", "2026-11-23T07:00:00", "minute", "+03:00", False),
        ("2026-11-23 10:00:00 -0330", "2026-11-23T13:30:00", "second", "-03:30", False),
        ("2026-11-23T10:00:00", "2026-11-23T07:00:00", "second", "Asia/Riyadh", True),
        ("20261123T100000Z", "2026-11-23T10:00:00", "second", "+00:00", False),
        ("2026-11-23", "2026-11-22T21:00:00", "day", "Asia/Riyadh", True),
        ("2026/11/24", "2026-11-23T21:00:00", "day", "Asia/Riyadh", True),
        ("2026/11/24 10:00", "2026-11-24T07:00:00", "minute", "Asia/Riyadh", True),
        ("2026/1/4, 9:05:00 PM +0300", "2026-01-04T18:05:00", "second", "+03:00", False),
        ("2026/11/24T10:00:00Z", "2026-11-24T10:00:00", "second", "+00:00", False),
        ("٢٠٢٦/١١/٢٤ ١٠:٠٠", "2026-11-24T07:00:00", "minute", "Asia/Riyadh", True),
        ("2026-11", "2026-10-31T21:00:00", "month", "Asia/Riyadh", True),
        ("2026-11-23T24:00:00Z", "2026-11-24T00:00:00", "second", "+00:00", False),
        ("2026-11-23T10:00:60Z", "2026-11-23T10:00:59", "second", "+00:00", False),
        ("٢٠٢٦-١١-٢٣ ١٠:٠٠", "2026-11-23T07:00:00", "minute", "Asia/Riyadh", True),
        ("1969-07-20T20:17:40Z", "1969-07-20T20:17:40", "second", "+00:00", False),
    ],
)
def test_date_is_read_with_its_zone_and_precision(raw: str, at: str, precision: str, zone: str, assumed: bool) -> None:
    found = parse_date(raw, provenance="feed", timezone="Asia/Riyadh")
    assert found is not None
    assert (found.at.isoformat(), found.precision) == (f"{at}+00:00", precision)
    assert (found.zone, found.zone_assumed, found.raw, found.provenance) == (zone, assumed, raw, "feed")


@pytest.mark.parametrize(
    "raw",
    [
        None, "", "yesterday", "9999-12-31T23:59:59Z", "0000-01-01", "0001-01-01", "2200-01-01T00:00:00Z", "1799-12-31",
        "1448-06-13", "١٤٤٨/٠٦/١٣", "2026-02-30", "30 Feb 2026 10:00 GMT", "2026-13-01", "2026-11-23T25:00:00Z",
        "2026-11-23T10:61:00Z", "Mon, 23 Nov 2026 10:00:00 +2500", "Mon, 23 Nov 2026 10:00:00 XYZ", "23 ноября 2026",
        "03/04/2026 10:00", "24/11/2026", "2026/24/11", "2026/11", "26/11/24", "2026/11/24 noon", "infinity",
        "-0044-03-15", "1" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_date_within_bounds_is_none(raw: str | None) -> None:
    assert parse_date(raw, provenance="feed", timezone="Asia/Riyadh") is None


@pytest.mark.parametrize(
    ("zone", "timezone", "offset", "flags"),
    [
        ("AST", "Asia/Baghdad", "+03:00", ()),
        ("AST", "America/Halifax", "-04:00", ()),
        ("AST", None, "+03:00", ("ambiguous",)),
        ("IST", "Asia/Jerusalem", "+02:00", ()),
        ("CST", "Asia/Shanghai", "+08:00", ()),
    ],
)
def test_zone_name_of_several_meanings_is_the_sources_own(
    zone: str, timezone: str | None, offset: str, flags: tuple[str, ...]
) -> None:
    found = parse_date(f"Mon, 23 Nov 2026 10:00:00 {zone}", provenance="feed", timezone=timezone)
    assert found is not None
    assert (found.zone, found.flags) == (offset, flags)


def test_without_any_zone_utc_is_assumed_and_said() -> None:
    found = parse_date("2026-11-23T10:00:00", provenance="feed")
    assert found is not None
    assert (found.at.hour, found.zone, found.zone_assumed) == (10, "UTC", True)


@given(
    st.text(max_size=130)
    | st.from_regex(r"\A\d{1,4}[-/ ][A-Za-z0-9]{1,5}[-/ ]\d{1,4}[T ]\d\d:\d\d ?[A-Z+0-9:-]{0,8}\Z")
)
def test_no_text_makes_parse_date_raise(raw: str) -> None:
    found = parse_date(raw, provenance="feed", timezone="Africa/Cairo")
    assert found is None or 1800 <= found.at.year <= 2199


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        ("الثلاثاء, 24 نوفمبر 2026 10:00:00 +0300", "2026-11-24T07:00:00+00:00"),
        ("الثلاثاء، 24 تشرين الثاني 2026 10:00", "2026-11-24T08:00:00+00:00"),
        ("٢٤ كانون الأول، ٢٠٢٦ ١٠:٠٠ م", "2026-12-24T20:00:00+00:00"),
        ("Sat, 15 غشت 2026 10:00:00 GMT", "2026-08-15T10:00:00+00:00"),
        ("7 جويلية 2026 9:05 صباحا", "2026-07-07T06:05:00+00:00"),
    ],
)
def test_arabic_months_of_each_region_are_read(raw: str, at: str) -> None:
    found = parse_date(raw, provenance="feed", timezone="Asia/Beirut")
    assert found is not None
    assert (found.at.isoformat(), found.raw) == (at, raw)


@pytest.mark.parametrize("raw", ["3 ربيع الأول 1447", "9 أوتاوا 2026", "قبل ساعة"])
def test_other_arabic_words_claim_no_date(raw: str) -> None:
    assert parse_date(raw, provenance="feed", timezone="Asia/Beirut") is None
