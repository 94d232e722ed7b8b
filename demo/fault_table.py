"""The table of faults: each announced URL of the misbehaving hosts, how it answers and how it should end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from demo import bombs, fault_pages, fault_wire
from demo.publishers import DOMAIN
from demo.recording import RecordingHandler
from demo.reply import Asked, RawReply, Reply, redirect, text_reply
from demo.stories import SEED_STORY, Language, Story, read_stories

# Seconds that the busy hosts ask for; long enough to be seen in a log, short enough for a test to wait.
BUSY_SECONDS = 3

Answer = Callable[[Asked], Reply | RawReply]
Play = Callable[[RecordingHandler, bytes], Awaitable[bool]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One announced URL of a misbehaving host.

    `host` is the first label of its name. `outcomes` are the final outcomes that are right for it, in the words of
    the outcome enumeration; empty where any is. `reason` is the rejection's, where it is one. `text` and `title`
    are what should be stored where it is stored, replacement characters for what cannot be stored apart; `final`
    the path where its redirects end. One that is not `announced` stands in the feed beyond the place where the feed
    breaks.
    """

    host: str
    path: str
    answer: Answer
    outcomes: tuple[str, ...]
    title: str
    reason: str | None = None
    text: str | None = None
    final: str | None = None
    announced: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """What answers depend on: ports, and how often what was asked for."""

    port: int
    trap_port: int
    counts: Counter[str] = field(default_factory=Counter)

    def home(self, host: str) -> str:
        """Scheme, host and port of a misbehaving host by its first label."""
        return f"http://{host}.{DOMAIN}:{self.port}"

    def count(self, key: str) -> int:
        """How often this has been asked for, this time included."""
        self.counts[key] += 1
        return self.counts[key]


def pick_story(index: int, language: Language = "en") -> Story:
    """One of the stories; the same index gives the same one."""
    stories = [story for name, story in read_stories().items() if name != SEED_STORY and story.language == language]
    return stories[index % len(stories)]


def plain(index: int) -> Reply:
    """An ordinary article page."""
    return Reply(body=fault_pages.plain_page(pick_story(index)).encode())


def declare(ground: Ground) -> tuple[Fault, ...]:
    """All faults."""
    return (
        *_declare_wire(),
        *_declare_bombs(),
        *_declare_statuses(ground),
        *_declare_redirects(ground),
        *_declare_traps(ground),
        *_declare_pages(ground),
        *_declare_busy(ground),
        *_declare_robots(),
        *(_good("broken-feed", f"/story/{index}", index) for index in range(5)),
        replace(_good("broken-feed", "/story/5", 5), announced=False),
    )


def _good(host: str, path: str, index: int, answer: Answer | None = None) -> Fault:
    """An ordinary article on a misbehaving host, answered in its own way where `answer` is given."""
    story = pick_story(index)
    return Fault(
        host=host,
        path=path,
        answer=answer or _always(plain(index)),
        outcomes=("stored",),
        title=story.headlines[0],
        text=fault_pages.story_text(story),
    )


def _bad(path: str, answer: Answer, *outcomes: str, reason: str | None = None, host: str = "faults") -> Fault:
    """A URL that ends in no article."""
    return Fault(host=host, path=path, answer=answer, outcomes=outcomes, title=f"fault {path[1:]}", reason=reason)


def _always(reply: Reply | RawReply) -> Answer:
    return lambda asked: reply


def _played(play: Play, index: int) -> Answer:
    body = plain(index).body
    return _always(RawReply(play=lambda wire: play(wire, body)))


def _declare_wire() -> list[Fault]:
    overlong = _good("faults", "/overlong", 1, _played(fault_wire.play_overlong, 1))
    return [
        _bad("/slow", _played(fault_wire.play_slow, 0), "failed"),
        _bad("/drop", _played(fault_wire.play_drop, 0), "failed"),
        _bad("/drop-midway", _played(fault_wire.play_drop_midway, 0), "failed"),
        _bad("/truncated", _played(fault_wire.play_truncated, 0), "failed"),
        _bad("/truncated-chunks", _played(fault_wire.play_truncated_chunks, 0), "failed"),
        _bad("/not-http", _played(fault_wire.play_not_http, 0), "failed"),
        _bad("/huge", _played(fault_wire.play_huge, 0), "rejected", "failed", reason="too_large"),
        _good("faults", "/until-close", 2, _played(fault_wire.play_until_close, 2)),
        # What a client makes of bytes beyond the Content-Length is its own affair, as long as it says so.
        replace(overlong, outcomes=()),
    ]


def _declare_bombs() -> list[Fault]:
    def bomb(coding: str, make: Callable[[], bytes]) -> Fault:
        def answer(asked: Asked) -> Reply:
            return Reply(body=make(), headers=(("Content-Encoding", coding),))

        return _bad(f"/{coding}-bomb", answer, "rejected", "failed", reason="too_large")

    garbage = Reply(body=b"this is no gzip", headers=(("Content-Encoding", "gzip"),))
    return [
        bomb("gzip", bombs.gzip_bomb),
        bomb("br", bombs.brotli_bomb),
        bomb("zstd", bombs.zstd_bomb),
        _bad("/bad-gzip", _always(garbage), "failed", "rejected"),
    ]


def _declare_statuses(ground: Ground) -> list[Fault]:
    def flaky(asked: Asked) -> Reply:
        return text_reply("try again\n", status=500) if ground.count("flaky") == 1 else plain(3)

    ends = {404: ("gone",), 410: ("gone",), 403: ("blocked",), 500: ("failed",), 451: ("blocked",)}
    statuses = [
        _bad(f"/status/{status}", _always(text_reply(f"{status}\n", status=status)), *outcomes)
        for status, outcomes in ends.items()
    ]
    return [*statuses, _good("faults", "/flaky-500", 3, flaky)]


def _declare_redirects(ground: Ground) -> list[Fault]:
    home = ground.home("faults")

    def chain(asked: Asked) -> Reply:
        left = int(asked.target.rpartition("-")[2])
        return redirect(f"{home}/chain-{left - 1}" if left > 1 else f"{home}/chain-end", 301 if left % 2 else 302)

    return [
        replace(_good("faults", "/chain-3", 4, chain), final="/chain-end", outcomes=("stored", "duplicate")),
        _bad("/chain-7", chain, "failed"),
        _bad("/loop-a", _always(redirect(f"{home}/loop-b")), "failed"),
    ]


def _declare_traps(ground: Ground) -> list[Fault]:
    port = ground.trap_port
    private = {
        "loopback": f"http://127.0.0.1:{port}/",
        "localhost": f"http://localhost:{port}/",
        "decimal": f"http://2130706433:{port}/",
        "mapped": f"http://[::ffff:127.0.0.1]:{port}/",
        "ten": "http://10.0.0.1/",
        "metadata": "http://169.254.169.254/latest/meta-data/",
        "shared": "http://100.64.0.1/",
    }
    other = {"file": "file:///etc/passwd", "ftp": f"ftp://127.0.0.1:{port}/x"}
    return [
        *(_bad(f"/{name}", _always(redirect(to, 301)), "blocked", host="trapped") for name, to in private.items()),
        # An allowed name at a port that is not: it is looked up like any other name, and no resolver knows it.
        _bad("/other-port", _always(redirect(f"http://trapped.{DOMAIN}:{port}/")), "blocked", "failed", host="trapped"),
        *(_bad(f"/{name}", _always(redirect(to)), "blocked", "failed", host="trapped") for name, to in other.items()),
    ]


def _declare_pages(ground: Ground) -> list[Fault]:
    def odd(path: str, index: int, body: bytes) -> Fault:
        return _good("odd", path, index, _always(Reply(body=body)))

    hostile, title = fault_pages.hostile_title_page(pick_story(8))
    elsewhere = f"http://alwatan.{DOMAIN}:{ground.port}/"
    arabic = pick_story(3, "ar")
    picture = Reply(content_type="image/jpeg", body=b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 8)
    return [
        odd("/nul", 5, fault_pages.nul_page(pick_story(5))),
        odd("/surrogate", 6, fault_pages.surrogate_page(pick_story(6))),
        odd("/year-9999", 7, fault_pages.dated_page(pick_story(7), "9999-12-31T23:59:59Z")),
        odd("/year-0", 9, fault_pages.dated_page(pick_story(9), "0000-00-00T00:00:00Z")),
        replace(odd("/hostile-title", 8, hostile), title=title),
        odd("/hostile-canonical", 10, fault_pages.canonical_page(pick_story(10), elsewhere)),
        odd(fault_pages.long_slug(), 11, plain(11).body),
        replace(
            odd("/misdeclared", 0, fault_pages.misdeclared_page(arabic)),
            title=arabic.headlines[0],
            text=fault_pages.story_text(arabic),
        ),
        replace(
            odd("/deep", 0, fault_pages.deep_page(pick_story(0))), outcomes=("rejected", "stored"), reason="too_deep"
        ),
        replace(odd("/large", 1, fault_pages.large_page(pick_story(1))), outcomes=("rejected",), reason="too_large"),
        _bad("/empty", _always(Reply(body=b"")), "rejected", host="odd"),
        _bad("/picture", _always(picture), "rejected", reason="not_html", host="odd"),
    ]


def _busy_date() -> str:
    # HTTP dates have whole seconds: one more, so that at least BUSY_SECONDS are asked for.
    return format_datetime((datetime.now(UTC) + timedelta(seconds=BUSY_SECONDS + 1)).replace(microsecond=0), True)


# Status and Retry-After by host: in seconds, as a date, and values that mean nothing.
BUSY: dict[str, tuple[int, Callable[[], str | None]]] = {
    "busy-seconds": (429, lambda: str(BUSY_SECONDS)),
    "busy-date": (429, _busy_date),
    "busy-garbage": (429, lambda: "soon"),
    "busy-negative": (429, lambda: "-5"),
    "busy-silent": (503, lambda: None),
}


def _declare_busy(ground: Ground) -> list[Fault]:
    return [_good(host, f"/story/{index}", index, _busy_once(ground, host, index)) for host in BUSY for index in (0, 1)]


def _busy_once(ground: Ground, host: str, index: int) -> Answer:
    """The host's first page request of all is turned away; after that it answers."""

    def answer(asked: Asked) -> Reply:
        if ground.count(host) > 1:
            return plain(index)
        status, retry_after = BUSY[host]
        value = retry_after()
        headers = (("Retry-After", value),) if value is not None else ()
        return Reply(status=status, content_type="text/plain", body=b"too many requests\n", headers=headers)

    return answer


# Whether robots.txt, as it is answered on each of these hosts, lets /story/ be fetched.
ROBOTS_HOSTS = {
    "robots-delay": True,
    "robots-deny": True,
    "robots-moved": True,
    "robots-long-delay": False,
    "robots-503": False,
    "robots-429": False,
    "robots-drop": False,
}


def _declare_robots() -> list[Fault]:
    stories = [
        replace(_good(host, f"/story/{index}", index), outcomes=("stored",) if is_open else ("robots",))
        for host, is_open in ROBOTS_HOSTS.items()
        for index in range(3)
    ]
    partly = ("robots-deny", "robots-moved")
    closed = [replace(_good(host, "/private/1", 3), outcomes=("robots",)) for host in partly]
    return [*stories, *closed, *(_good(host, "/private/open/1", 4) for host in partly)]


FAULT_HOSTS: tuple[str, ...] = tuple(
    f"{name}.{DOMAIN}" for name in ("faults", "trapped", "odd", "broken-feed", *BUSY, *ROBOTS_HOSTS)
)
