"""robots.txt by RFC 9309, and how long a busy host is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.fetch.ports import RobotsCopy
from crawler.fetch.retry_after import pause_until
from crawler.fetch.robots import RobotsAnswer, Rules, host_of, needs_fetch, origin_of, renew

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ORIGIN = "https://news.example"
HOUR = timedelta(hours=1)


def answer(body: str, status: int = 200) -> RobotsAnswer:
    return RobotsAnswer(status=status, body=body.encode())


def keep(body: str, status: int = 200, previous: RobotsCopy | None = None, now: datetime = NOW) -> RobotsCopy:
    return renew(ORIGIN, answer(body, status), previous, now)


def allows(copy: RobotsCopy, path: str, now: datetime = NOW, token: str = "Wirekeep") -> bool:
    return Rules(copy, token, now).judge(ORIGIN + path).allowed


# After the cases of RFC 9309 section 2.2 and 5, and google/robotstxt's tests, in our own words.
@pytest.mark.parametrize(
    ("body", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: Wire\nDisallow: /", "/a", True),
        # Records that are not of the protocol end no group, and an empty name takes no rule along.
        ("User-agent: Wirekeep\nX-Note: seen\nUser-agent: other\nDisallow: /", "/a", False),
        ("User-agent: *\nUser-agent:\nDisallow: /", "/a", False),
        ("User-agent: Wirekeep\rUser-agent:\rDisallow: /", "/a", False),
        ("User-agent: * # all\nDisallow: /", "/a", False),
        ("User-agent: * and others\nDisallow: /", "/a", False),
        ("User-agent: Wire\rDisallow: /\rUser-agent: *\rDisallow: /b", "/a", True),
        ("User-agent: Wirekeep\nDisallow: /x\n\nUser-agent: *\nDisallow: /", "/a", True),
        ("User-agent: wIREKEEP\nDisallow: /", "/a", False),
        ("User-agent: Wirekeeper\nDisallow: /", "/a", True),
        ("User-agent: Wirekeep/2.0\nDisallow: /", "/a", False),
        ("User-agent: other\nUser-agent: Wirekeep\nDisallow: /", "/a", False),
        ("User-agent: Wirekeep\nDisallow: /a\nUser-agent: Wirekeep\nDisallow: /b", "/b", False),
        ("User-agent: *\nDisallow: /news\nAllow: /news/open", "/news/open/1", True),
        ("User-agent: *\nAllow: /news\nDisallow: /news", "/news", True),
        ("User-agent: *\nDisallow: /*.php$", "/a.php", False),
        ("User-agent: *\nDisallow: /*.php$", "/a.php?x=1", True),
        ("User-agent: *\nDisallow: /*?print=", "/a?print=1", False),
        ("User-agent: *\nDisallow: /Case", "/case", True),
        ("User-agent: *\nDisallow: /أخبار", "/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1/1", False),
        ("User-agent: *\nDisallow: /%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1", "/%d8%a3%d8%ae%d8%a8%d8%a7%d8%b1/1", False),
        ("\ufeffUser-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\r\nDisallow: /a # comment\r\n", "/a", False),
        ("Disallow: /", "/a", True),
        ("<html><body>Not found</body></html>", "/a", True),
        ("User-agent: *\nDisallow: /private", "/a", True),
    ],
)
def test_rules_are_matched_as_the_rfc_says(body: str, path: str, allowed: bool) -> None:
    assert allows(keep(body), path) is allowed


def test_the_token_that_matches_is_ours_not_the_whole_user_agent() -> None:
    copy = keep("User-agent: wirekeep\nDisallow: /\nUser-agent: *\nAllow: /")
    assert not allows(copy, "/a", token="Wirekeep")
    assert allows(copy, "/a", token="Otherbot")


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 451, 499])
def test_missing_robots_allow_everything(status: int) -> None:
    copy = keep("User-agent: *\nDisallow: /", status)
    assert copy.state == "absent"
    assert allows(copy, "/a")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 599])
def test_unreachable_robots_allow_nothing(status: int) -> None:
    copy = keep("User-agent: *\nAllow: /", status)
    assert copy.state == "unreachable"
    verdict = Rules(copy, "Wirekeep", NOW).judge(ORIGIN + "/a")
    assert not verdict.allowed
    assert verdict.until == NOW + timedelta(minutes=10)
    assert verdict.error_kind is None
    assert f"cannot be had (status {status})" in verdict.why


def test_unreachable_host_keeps_its_own_kind() -> None:
    copy = renew(ORIGIN, RobotsAnswer(status=None, reason="dns: no such host"), None, NOW)
    assert Rules(copy, "Wirekeep", NOW).judge(ORIGIN + "/a").error_kind == "dns"


def test_last_good_copy_rules_for_thirty_days_while_robots_cannot_be_had() -> None:
    good = keep("User-agent: *\nDisallow: /private")
    later = NOW + timedelta(days=29)
    kept = keep("", 503, previous=good, now=later)
    assert kept.good_at == NOW
    assert allows(kept, "/a", later)
    assert not allows(kept, "/private", later)
    too_late = NOW + timedelta(days=31)
    assert not allows(keep("", 503, previous=kept, now=too_late), "/a", too_late)


def test_missing_robots_forget_the_last_good_copy() -> None:
    good = keep("User-agent: *\nDisallow: /")
    gone = keep("", 404, previous=good)
    assert gone.good_body is None
    assert not allows(keep("", 503, previous=gone), "/a")


def test_copies_are_renewed_within_a_day_and_unreachable_ones_soon() -> None:
    assert needs_fetch(None, NOW)
    for copy in (keep("User-agent: *"), keep("", 404)):
        assert not needs_fetch(copy, NOW + 23 * HOUR)
        assert needs_fetch(copy, NOW + 24 * HOUR)
    assert needs_fetch(keep("", 500), NOW + timedelta(minutes=10))
    assert needs_fetch(keep(""), NOW - timedelta(days=2)), "a clock that was set back must not keep a copy for ever"


def test_crawl_delay_is_ours_and_a_long_one_skips_the_host() -> None:
    assert Rules(keep("User-agent: *\nCrawl-delay: 7"), "Wirekeep", NOW).crawl_delay == 7
    assert Rules(keep("User-agent: *\nCrawl-delay: 0.5\nDisallow:"), "Wirekeep", NOW).crawl_delay == 0.5
    for wrong in ("-3", "soon", ""):
        assert Rules(keep(f"User-agent: *\nCrawl-delay: {wrong}"), "Wirekeep", NOW).crawl_delay is None
    verdict = Rules(keep("User-agent: *\nCrawl-delay: 121"), "Wirekeep", NOW).judge(ORIGIN + "/a")
    assert not verdict.allowed
    assert verdict.until is None
    assert verdict.why == "crawl-delay of 121 s at https://news.example exceeds 120 s"
    assert allows(keep("User-agent: *\nCrawl-delay: 120"), "/a")


def test_only_the_first_512_kib_are_kept() -> None:
    filler = "#" * 1023 + "\n"
    early = keep(filler * 499 + "User-agent: *\nDisallow: /")
    late = keep(filler * 512 + "User-agent: *\nDisallow: /")
    assert not allows(early, "/a")
    assert allows(late, "/a")
    assert late.good_body is not None
    assert len(late.good_body) == 512 * 1024


@given(st.binary(max_size=400))
def test_any_bytes_are_judged(body: bytes) -> None:
    copy = renew(ORIGIN, RobotsAnswer(status=200, body=body), None, NOW)
    Rules(copy, "Wirekeep", NOW).judge(ORIGIN + "/a?b=c")


@pytest.mark.parametrize("filler", ["\n", " ", "\r\n", "\t\n", "User-agent:\n", "a"])
def test_half_a_mebibyte_of_nothing_hides_no_rule(filler: str) -> None:
    # A reader that is quadratic in line breaks needs minutes for this, in which the worker's loop stands still.
    copy = keep(filler * (400_000 // len(filler)) + "\nUser-agent: *\nDisallow: /x")
    assert not allows(copy, "/x")


def test_origin_and_host_have_one_spelling() -> None:
    assert origin_of("HTTP://News.Example.:80/x") == "http://news.example"
    assert host_of("https://News.Example:8443/") == "news.example:8443"
    assert origin_of("http://[2001:DB8::1]:8080/") == "http://[2001:db8::1]:8080"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Sun, 01 Mar 2026 12:05:00 GMT", 300),
        ("Sunday, 01-Mar-26 12:05:00 GMT", 300),
        ("Sun, 01 Mar 2026 15:05:00 +0300", 300),
        ("999999999999", 86400),
        ("Sat, 01 Jan 2089 00:00:00 GMT", 86400),
        (None, 30),
        ("", 30),
        ("-5", 30),
        ("0", 30),
        ("1.5", 30),
        ("soon", 30),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 30),
        ("Sun, 99 Mar 2026 11:00:00 GMT", 30),
        ("Fri, 31 Dec 9999 23:59:59 -1200", 30),
        ("٣٠٠", 30),
        ("9" * 400, 30),
    ],
)
def test_retry_after_is_obeyed_within_a_day_and_garbage_is_none(header: str | None, seconds: int) -> None:
    until, why = pause_until(header, NOW, 0)
    assert until - NOW == timedelta(seconds=seconds)
    assert "Retry-After" in why


def test_own_pauses_grow_with_each_strike_up_to_an_hour() -> None:
    waits = [(pause_until(None, NOW, strikes)[0] - NOW).total_seconds() for strikes in (0, 1, 2, 7, 1000)]
    assert waits == [30, 60, 120, 3600, 3600]


@given(st.text(max_size=60), st.integers(min_value=0, max_value=10**6))
def test_no_header_ends_a_pause_before_it_begins(header: str, strikes: int) -> None:
    until, _ = pause_until(header, NOW, strikes)
    assert NOW < until <= NOW + timedelta(hours=24)
