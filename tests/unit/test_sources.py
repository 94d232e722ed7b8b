"""sources.toml is read whole or refused whole, and says what is wrong with it."""

from __future__ import annotations

import hashlib
import json
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.durations import format_duration, parse_duration
from crawler.errors import ConfigError
from crawler.records import SiteRules
from crawler.sources import (
    Change,
    Section,
    Source,
    diff_sources,
    load_sources,
    parse_sources,
    read_starter,
    resolve_headers,
)

FULL = r"""
[[source]]
name = "alwatan"
language = "ar"
timezone = "Asia/Riyadh"
feeds = ["https://www.alwatan.example/rss?b=2&a=1", "https://feeds.alwatan.example:8443/all"]
sitemaps = ["https://www.alwatan.example/أخبار.xml"]
sections = [{ url = "https://www.alwatan.example/world/", links = '/world/\d+' }, { url = "https://alwatan.example/x" }]
every = "1h30m"
jitter = "45s"
pace = "500ms"
allow = ["/world/"]
deny = ["/video/", "/صور/"]
hosts = ["CDN.alwatan.example", "127.0.0.1:8080"]
backfill = "2d"
backfill_undated = 0
max_links = 50
revisit = ["1h", "1d"]
charset = "windows-1256"
robots = "ignore"
headers = { "X-Key" = "${ALWATAN_KEY}", Accept = "text/html" }
enabled = false
live_blogs = "reject"
verify_tls = false
[source.css]
body = "div.body > p"
remove = [".share", "aside"]
remove_lines = ["^اقرأ أيضا"]

[[source]]
name = "plain"
cron = "*/10 * * * *"
feeds = ["https://plain.example/feed"]
"""
LEAST = 'name = "x"\nevery = "5m"\nfeeds = ["https://x.example/feed"]\n'


def parse(body: str) -> Source:
    (source,) = parse_sources(f"[[source]]\n{body}", path="sources.toml")
    return source


def refuse(body: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_sources(body, path="sources.toml")
    return str(caught.value)


def change(line: str, *, without: str = "") -> str:
    """The mistakes of the least source with `line` in it, without the line that begins with `without`."""
    kept = [one for one in LEAST.splitlines() if not without or not one.startswith(without)]
    return refuse("\n".join(["[[source]]", *kept, line]))


# ------------------------------------------------------------------------------------------ what is read


def test_every_key_is_read() -> None:
    source, plain = parse_sources(FULL, path="sources.toml")
    assert source == Source(
        name="alwatan",
        language="ar",
        timezone="Asia/Riyadh",
        feeds=("https://www.alwatan.example/rss?b=2&a=1", "https://feeds.alwatan.example:8443/all"),
        sitemaps=("https://www.alwatan.example/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1.xml",),
        sections=(
            Section(url="https://www.alwatan.example/world/", links=r"/world/\d+"),
            Section(url="https://alwatan.example/x"),
        ),
        every=timedelta(minutes=90),
        jitter=timedelta(seconds=45),
        pace=timedelta(milliseconds=500),
        allow=("/world/",),
        deny=("/video/", "/صور/"),
        more_hosts=("cdn.alwatan.example", "127.0.0.1:8080"),
        backfill=timedelta(days=2),
        backfill_undated=0,
        max_links=50,
        revisit=(timedelta(hours=1), timedelta(days=1)),
        charset="windows-1256",
        robots="ignore",
        headers=(("Accept", "text/html"), ("X-Key", "${ALWATAN_KEY}")),
        enabled=False,
        live_blogs="reject",
        verify_tls=False,
        css=SiteRules(body="div.body > p", remove=(".share", "aside"), remove_lines=("^اقرأ أيضا",)),
    )
    assert plain == Source(name="plain", cron="*/10 * * * *", feeds=("https://plain.example/feed",))


def test_defaults_are_polite() -> None:
    source = parse(LEAST)
    assert (source.robots, source.verify_tls, source.enabled, source.timezone) == ("obey", True, True, "UTC")
    assert (source.pace, source.jitter, source.backfill) == (
        timedelta(seconds=5),
        timedelta(seconds=30),
        timedelta(days=3),
    )
    assert source.revisit == tuple(map(timedelta, (0, 0, 1, 7), (3600, 21600, 0, 0)))


def test_default_jitter_stays_within_a_tight_schedule() -> None:
    assert parse(LEAST.replace("5m", "10s")).jitter == timedelta(seconds=10)


def test_hosts_are_those_of_the_documents_with_their_twins_and_the_named_ones() -> None:
    source = parse_sources(FULL, path="x")[0]
    assert source.hosts == (
        "127.0.0.1:8080",
        "alwatan.example",
        "cdn.alwatan.example",
        "feeds.alwatan.example:8443",
        "www.alwatan.example",
        "www.cdn.alwatan.example",
        "www.feeds.alwatan.example:8443",
    )


def test_site_rules_join_css_charset_and_live_blogs() -> None:
    rules = parse_sources(FULL, path="x")[0].site_rules()
    assert (rules.body, rules.charset, rules.live_blogs) == ("div.body > p", "windows-1256", "reject")


def test_empty_file_holds_no_sources() -> None:
    assert parse_sources("# nothing yet\n", path="x") == ()


# ------------------------------------------------------------------------------------------ what is kept


def test_json_round_trip_is_exact() -> None:
    for source in (*parse_sources(FULL, path="x"), *parse_sources(read_starter(), path="starter.toml")):
        kept = json.loads(json.dumps(source.to_json()))
        assert Source.from_json(kept) == source
        assert Source.from_json(kept).digest() == source.digest()


def test_kept_settings_have_defaults_filled_in_and_secrets_as_names() -> None:
    full, plain = (source.to_json() for source in parse_sources(FULL, path="x"))
    assert full["headers"] == {"Accept": "text/html", "X-Key": "${ALWATAN_KEY}"}
    assert (full["every"], full["pace"], full["revisit"]) == ("1h30m", "500ms", ["1h", "1d"])
    assert (plain["robots"], plain["backfill"], plain["revisit"]) == ("obey", "3d", ["1h", "6h", "1d", "7d"])
    assert "every" not in plain


def test_digest_changes_with_any_setting_and_with_nothing_else() -> None:
    first = parse(LEAST)
    assert parse("enabled = true\n" + LEAST).digest() == first.digest()
    assert parse(LEAST + 'deny = ["x"]').digest() != first.digest()


def test_settings_of_another_version_are_refused() -> None:
    with pytest.raises(ConfigError, match="stored settings: source 'x': colour='red' is an unknown key"):
        Source.from_json({**parse(LEAST).to_json(), "colour": "red"})


# ------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("line", "without", "message"),
    [
        ("every = 'fast'", "every", "every='fast' is not a duration such as 5m or 1h"),
        ("every = 300", "every", "every=300 is not a duration such as 5m or 1h"),
        ("every = '0s'", "every", "every='0s' is too short; at least 1s"),
        ("every = '-5m'", "every", "every='-5m' is not a duration such as 5m or 1h"),
        ("pace = '-1s'", "", "pace='-1s' is not a duration such as 5m or 1h"),
        ("pace = '2d'", "", "pace='2d' is too long; at most 1d"),
        ("backfill = '99999d'", "", "backfill='99999d' is not a duration such as 5m or 1h"),
        ("jitter = '6m'", "", "jitter='6m' is longer than every='5m'; expected at most that"),
        ("cron = '* * * * *'", "", "every='5m' and cron='* * * * *' exclude each other; keep one"),
        ("", "every", 'every is missing; expected a schedule such as every = "5m" or cron = "*/10 * * * *"'),
        ("cron = '61 * * * *'", "every", "is not a cron expression such as '*/10 * * * *' (Bad minute)"),
        ("cron = '0 0 * * * *'", "every", "(expected five fields)"),
        ("cron = '0 0 30 2 *'", "every", "cron='0 0 30 2 *' is not a cron expression"),
        ("", "feeds", "feeds is missing; expected at least one of feeds, sitemaps, sections"),
        ("feeds = []", "feeds", "feeds is missing; expected at least one of feeds, sitemaps, sections"),
        ("feeds = 'https://a.example'", "feeds", "is not a list such as [\"https://news.example/feed\"]"),
        ("feeds = ['ftp://a.example/x']", "feeds", "feeds[0]='ftp://a.example/x' is not an address such as"),
        ("feeds = ['https://a.example/\\r\\nX: y']", "feeds", "is not an address such as"),
        ('feeds = ["https://a.example/\\r\\nX: y"]', "feeds", "is not an address such as https://news.example/feed"),
        ("feeds = ['https://joe:pass@a.example/']", "feeds", "='https://…@a.example/' names a user or password"),
        ("feeds = [7]", "feeds", "feeds[0]=7 is not an address"),
        ("sections = [{ links = 'x' }]", "", "sections[0].url=None is missing"),
        ("sections = [{ url = 'https://a.example/', link = 'x' }]", "", "sections[0].link='x' is an unknown key; did"),
        ("sections = ['https://a.example/']", "", "sections[0]='https://a.example/' is not a table such as { url"),
        ("evry = '5m'", "", "evry='5m' is an unknown key; did you mean 'every'?"),
        ("header = { Authorization = 'Bearer s3cret' }", "", "header=(hidden) is an unknown key; did you mean"),
        ("api_key = 's3cret'", "", "api_key=(hidden) is an unknown key"),
        ("colour = 'red'", "", "colour='red' is an unknown key; expected one of language, timezone, feeds,"),
        ("name = '../x'", "name", "source '../x': name='../x' is not a slug"),
        ("name = 'X'", "name", "name='X' is not a slug (a-z, 0-9 and hyphens, at most 63, no hyphen first)"),
        ("name = 7", "name", "source #1: name=7 is not a slug"),
        ("", "name", "source #1: name is missing; expected a slug such as alwatan"),
        ("language = 'arabic language'", "", "language='arabic language' is not a language code such as ar or en"),
        ("timezone = 'Mars/Olympus'", "", "timezone='Mars/Olympus' is not an IANA time zone such as Asia/Riyadh"),
        ("timezone = '../../etc/passwd'", "", "is not an IANA time zone"),
        ("charset = 'klingon'", "", "charset='klingon' is not a charset such as windows-1256 or utf-8"),
        ("charset = 'base64'", "", "charset='base64' is not a charset"),
        ("allow = ['(']", "", "allow[0]='(' is not a regular expression (missing )"),
        ("deny = ['[[a]']", "", "deny[0]='[[a]' is not a regular expression (Possible nested set"),
        ("deny = ['a{99999999999}']", "", "is not a regular expression"),
        ("robots = 'maybe'", "", "robots='maybe' is none of 'obey', 'ignore'"),
        ("enabled = 'yes'", "", "enabled='yes' is neither true nor false (without quotes)"),
        ("max_links = true", "", "max_links=True is not a whole number from 1 to 1000000"),
        ("max_links = -1", "", "max_links=-1 is not a whole number"),
        ("backfill_undated = 1.5", "", "backfill_undated=1.5 is not a whole number from 0 to 100000"),
        ("revisit = ['1d', '1h']", "", "revisit=['1d', '1h'] does not rise"),
        ("revisit = ['soon']", "", "revisit[0]='soon' is not a duration such as 5m or 1h"),
        ("hosts = ['https://a.example']", "", "hosts[0]='https://a.example' is not a host name such as news.example"),
        ("css = { body = 'div[' }", "", "css.body='div[' is not a CSS selector (Expected ident"),
        ("css = { bdy = 'p' }", "", "css.bdy='p' is an unknown key; did you mean 'body'?"),
        ("css = { remove = 'p' }", "", "css.remove='p' is not a list such as [\"div.share\"]"),
        ("css = 'p'", "", "css='p' is not a table such as [source.css]"),
        ("[source.css]\nbody = 'p'\npace = '5s'", "", "css.pace='5s' is an unknown key; it belongs above [source.css]"),
    ],
)  # fmt: skip
def test_mistake_names_file_source_key_value_and_what_is_expected(line: str, without: str, message: str) -> None:
    found = change(line, without=without)
    assert found.startswith("sources.toml: source ")
    assert message in found


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ('Authorization = "Bearer s3cret"', "headers['Authorization']=(hidden) is a secret in plain sight"),
        ('X-Api-Key = "s3cret"', "name an environment variable, as ${NAME}"),
        (
            'X-A = "s3cret\\r\\nX-B: y"',
            "headers['X-A']=(hidden) is not a text of printable ASCII characters on one line",
        ),
        ('"X A\\r\\n" = "s3cret"', "has a name that is no header's"),
        ('User-Agent = "s3cret"', "is set by Wirekeep itself"),
        ('X-A = "$s3cret"', "holds a $ that begins no name"),
        ("X-A = 7", "headers['X-A']=(hidden)"),
    ],
)
def test_faulty_header_is_refused_without_showing_its_value(header: str, message: str) -> None:
    found = change(f"[source.headers]\n{header}")
    assert message in found
    assert "s3cret" not in found
    assert "\r" not in found


def test_password_in_an_address_is_not_shown() -> None:
    found = change("sitemaps = ['https://joe:s3cret@a.example/']")
    assert "s3cret" not in found


def test_all_mistakes_are_reported_at_once_and_nothing_is_loaded() -> None:
    body = (
        '[[source]]\nname = "a"\nevery = "x"\npace = "y"\n[[source]]\n' + LEAST + '[[source]]\nname = "c"\ncron = "z"\n'
    )
    assert refuse(body).splitlines() == [
        "sources.toml: source 'a': every='x' is not a duration such as 5m or 1h",
        "sources.toml: source 'a': pace='y' is not a duration such as 5m or 1h",
        "sources.toml: source 'a': feeds is missing; expected at least one of feeds, sitemaps, sections",
        "sources.toml: source 'c': cron='z' is not a cron expression such as '*/10 * * * *' (expected five fields)",
        "sources.toml: source 'c': feeds is missing; expected at least one of feeds, sitemaps, sections",
    ]


def test_name_may_stand_once() -> None:
    found = refuse(f"[[source]]\n{LEAST}[[source]]\n{LEAST.replace('/feed', '/other')}")
    assert found == "sources.toml: source 'x': name='x' stands twice; expected one source a name"


def test_document_may_be_watched_by_one_source_only_in_any_spelling() -> None:
    other = LEAST.replace('"x"', '"y"').replace("https://x.example/feed", "HTTPS://X.example:443/feed?utm_source=y")
    found = refuse(f"[[source]]\n{LEAST}[[source]]\n{other}")
    assert "sources.toml: source 'y': feeds='HTTPS://X.example:443/feed?utm_source=y' is watched by source 'x'" in found


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("[[source]]\nname = \n", "sources.toml: is not TOML: Invalid value (at line 2, column 8)"),
        ("[source]\nname = 'x'\n", "source is not a list of tables; begin each source with [[source]]"),
        ("[[sources]]\nname = 'x'\n", "'sources' is an unknown key; did you mean 'source'? (a source begins"),
        ("source = 7", "source is not a list of tables"),
        ("a = " + "[" * 5000, "sources.toml: is not TOML"),
    ],
)  # fmt: skip
def test_file_of_another_shape_is_refused(body: str, message: str) -> None:
    assert message in refuse(body)


def test_control_characters_of_a_key_do_not_reach_the_message() -> None:
    found = change('"a\\u001b]52;x\\u0007" = 1')
    assert "\x1b" not in found
    assert "\\x1b" in found


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted({*Source.__dataclass_fields__, "hosts"})), VALUES)
def test_no_value_makes_anything_but_a_config_error(key: str, value: Any) -> None:
    settings = {**parse(LEAST).to_json(), key: value}
    try:
        source = Source.from_json(settings)
    except ConfigError:
        return
    assert Source.from_json(source.to_json()) == source


# ------------------------------------------------------------------------------------------ files


def test_loaded_file_knows_the_digest_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text("\ufeff" + FULL, encoding="utf-8")
    found = load_sources(path)
    assert found.digest == hashlib.sha256(path.read_bytes()).digest()
    assert [source.name for source in found.sources] == ["alwatan", "plain"]


def test_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sources\.toml: cannot be read \(No such file.*`wirekeep init` writes one"):
        load_sources(tmp_path / "sources.toml")


def test_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_bytes("# مصدر".encode("windows-1256"))
    with pytest.raises(ConfigError, match=r"is not UTF-8 \(byte 2\); save it as UTF-8"):
        load_sources(path)


# ------------------------------------------------------------------------------------------ headers, diff


def test_headers_are_resolved_from_the_environment_given() -> None:
    source = parse(LEAST + '[source.headers]\nAuthorization = "Bearer ${A}-${B}"\nAccept = "x"')
    assert resolve_headers(source, {"A": "1", "B": "2"}) == {"Accept": "x", "Authorization": "Bearer 1-2"}


def test_missing_variable_is_named() -> None:
    source = parse(LEAST + '[source.headers]\nX-Key = "${NEWS_KEY}"')
    with pytest.raises(ConfigError, match=r"source 'x': headers need the environment variable NEWS_KEY .*is not set"):
        resolve_headers(source, {})


def test_variable_with_a_line_break_is_refused_without_showing_it() -> None:
    source = parse(LEAST + '[source.headers]\nX-Key = "${NEWS_KEY}"')
    with pytest.raises(ConfigError, match="NEWS_KEY holds characters that no header may hold") as caught:
        resolve_headers(source, {"NEWS_KEY": "s3cret\r\nX: y"})
    assert "s3cret" not in str(caught.value)


def test_diff_says_what_is_added_changed_and_retired() -> None:
    old = parse_sources(FULL, path="x")
    new = (
        *parse_sources(FULL.replace("1h30m", "2h").replace('charset = "windows-1256"\n', ""), path="x")[:1],
        parse(LEAST),
    )
    found = diff_sources(old, new)
    assert (found.added, found.retired) == (("x",), ("plain",))
    assert found.changed == (
        Change(source="alwatan", key="charset", old="windows-1256", new=None),
        Change(source="alwatan", key="every", old="1h30m", new="2h"),
    )
    assert diff_sources(old, old) == diff_sources((), ())


# ------------------------------------------------------------------------------------------ the starter list


def test_starter_list_holds_disabled_sources_arabic_first() -> None:
    sources = parse_sources(read_starter(), path="starter.toml")
    assert len(sources) >= 18
    assert not any(source.enabled for source in sources)
    languages = [source.language for source in sources]
    assert languages == sorted(languages, key=["ar", "en"].index)
    assert {"ar", "en"} == set(languages)
    assert all(source.timezone != "UTC" and source.hosts for source in sources)


def test_starter_list_claims_no_verification() -> None:
    assert "NONE IS VERIFIED" in read_starter()


def test_example_in_the_starter_shows_every_key_and_is_valid() -> None:
    head, _, _ = read_starter().partition("# The sources below")
    example = "\n".join(
        line[4:] for line in head[head.index("#   [[source]]") :].splitlines() if line.startswith("#   ")
    )
    parse_sources(example, path="example")
    shown = set(tomllib.loads(example.replace("# cron", "cron"))["source"][0])
    expected = {*Source.__dataclass_fields__} - {"more_hosts"} | {"hosts"}
    assert shown == expected


# ------------------------------------------------------------------------------------------ durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("50ms", 0.05),
        ("30s", 30),
        ("5m", 300),
        ("1h", 3600),
        ("1h30m", 5400),
        ("3d", 259200),
        ("1w", 604800),
        ("0s", 0),
    ],
)
def test_duration_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "m", "-5m", "5 m", "5M", "1m1h", "1.5h", "1h1h", "٥m", "99999999s", "9999w", "5m\n"]
)
def test_what_is_no_duration_is_none(text: str) -> None:
    assert parse_duration(text) is None


@given(st.integers(0, 3_000 * 86_400_000))
def test_written_duration_is_read_back(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration


def test_number_beyond_all_bounds_is_a_mistake_of_the_file() -> None:
    with pytest.raises(ConfigError, match="is not TOML"):
        parse_sources(f"max = {'9' * 5000}", path="sources.toml")
