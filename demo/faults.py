"""Publishers that misbehave: their feeds, their robots.txt, and a path a fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime

from demo import fault_wire
from demo.fault_table import FAULT_HOSTS, Fault, Ground, declare, plain
from demo.feeds import Channel, Entry, render_rss
from demo.publishers import DOMAIN
from demo.reply import Asked, RawReply, Reply, redirect, text_reply

__all__ = ["FAULT_HOSTS", "FaultDesk"]


class FaultDesk:
    """All misbehaving hosts, at a newsroom's port and moment; `reset` starts their counts over."""

    def __init__(self, *, port: int, trap_port: int, now: datetime) -> None:
        self.ground = Ground(port=port, trap_port=trap_port)
        self.now = now
        self.faults = declare(self.ground)

    def reset(self) -> None:
        """Faults that end after some requests start over."""
        self.ground.counts.clear()

    @property
    def expected(self) -> Mapping[str, Fault]:
        """Every announced URL of the misbehaving hosts, with how it should end."""
        return {self.ground.home(fault.host) + fault.path: fault for fault in self.faults if fault.announced}

    def respond(self, asked: Asked) -> Reply | RawReply:
        """The answer of a misbehaving host."""
        host = asked.host.removesuffix(f".{DOMAIN}")
        if asked.path == "/robots.txt":
            return _answer_robots(self, host)
        if asked.path == "/feed.xml":
            return self._feed(host)
        for fault in self.faults:
            if fault.host == host and asked.target == fault.path:
                return fault.answer(asked)
        if (extra := _EXTRAS.get(asked.path)) is not None:
            return extra(self, asked)
        return text_reply("no such page\n", status=404)

    def entries(self, host: str) -> list[Entry]:
        """What a misbehaving host announces."""
        faults = [fault for fault in self.faults if fault.host == host]
        return [
            Entry(
                url=self.ground.home(host) + fault.path,
                # A title from a feed is XML: what XML cannot hold stays on the page.
                title="".join(letter for letter in fault.title if letter >= " "),
                published=self.now - timedelta(minutes=10 + 5 * index),
            )
            for index, fault in enumerate(faults)
        ]

    def _feed(self, host: str) -> Reply:
        home = self.ground.home(host)
        updated = self.now - timedelta(minutes=10)
        channel = Channel(title=host, home=f"{home}/", url=f"{home}/feed.xml", language="en", updated=updated)
        text = render_rss(channel, self.entries(host))
        if host == "broken-feed":
            text = text[: text.rindex("<title>") + 4]  # cut mid-tag, inside the last of its six entries
        return Reply(content_type="application/rss+xml; charset=utf-8", body=text.encode())


# --------------------------------------------------------------------------------------- robots, extras

_DENY = "User-agent: *\nDisallow: /private/\nAllow: /private/open/\n"


def _answer_robots(desk: FaultDesk, host: str) -> Reply | RawReply:
    match host:
        case "robots-delay":
            return text_reply("User-agent: *\nCrawl-delay: 1\n")
        case "robots-long-delay":
            return text_reply("User-agent: *\nCrawl-delay: 600\n")
        case "robots-503":
            # A page that a careless parser would read as "everything is allowed".
            return text_reply("<html><body>Service unavailable</body></html>\n", status=503)
        case "robots-429":
            return text_reply("slow down\n", status=429)
        case "robots-drop":
            return RawReply(play=lambda wire: fault_wire.play_drop(wire, b""))
        case "robots-deny":
            return text_reply(_DENY)
        case "robots-moved":
            return redirect(f"{desk.ground.home(host)}/rules/robots.txt", 301)
        case _:
            return text_reply("User-agent: *\nDisallow:\n")


def _large_feed(desk: FaultDesk, asked: Asked) -> Reply:
    """A feed of as many entries as the query says (``?entries=100000``)."""
    wanted = asked.target.partition("entries=")[2]
    count = int(wanted) if wanted.isdigit() else 100_000
    home = desk.ground.home("faults")
    items = "".join(
        f"<item><title>Entry {index}</title><link>{home}/entry/{index}</link>"
        f"<pubDate>{format_datetime(desk.now - timedelta(seconds=index))}</pubDate></item>\n"
        for index in range(count)
    )
    text = f'<?xml version="1.0"?>\n<rss version="2.0"><channel><title>Large</title>\n{items}</channel></rss>\n'
    return Reply(content_type="application/rss+xml", body=text.encode())


def _laughs(desk: FaultDesk, asked: Asked) -> Reply:
    """Entities that grow by ten at each of nine levels, used in a feed's title."""
    levels = "".join(f'<!ENTITY l{level + 1} "' + f"&l{level};" * 10 + '">' for level in range(9))
    return _entity_feed(f'<!ENTITY l0 "ha">{levels}', "&l9;")


def _outside(desk: FaultDesk, asked: Asked) -> Reply:
    """A feed whose title is an external entity: a file of the reader's machine."""
    return _entity_feed('<!ENTITY x SYSTEM "file:///etc/hostname">', "&x;")


def _entity_feed(declarations: str, title: str) -> Reply:
    text = (
        f'<?xml version="1.0"?>\n<!DOCTYPE rss [{declarations}]>\n<rss version="2.0"><channel><title>{title}</title>'
        f"<item><title>{title}</title><link>http://faults.{DOMAIN}/entity</link></item></channel></rss>\n"
    )
    return Reply(content_type="application/rss+xml", body=text.encode())


def _chain(desk: FaultDesk, asked: Asked) -> Reply | RawReply:
    """The inner steps of the redirect chains."""
    return next(fault for fault in desk.faults if fault.path == "/chain-7").answer(asked)


_EXTRAS: dict[str, Callable[[FaultDesk, Asked], Reply | RawReply]] = {
    "/large.xml": _large_feed,
    "/laughs.xml": _laughs,
    "/outside.xml": _outside,
    "/chain-end": lambda desk, asked: plain(4),
    "/loop-b": lambda desk, asked: redirect(f"{desk.ground.home('faults')}/loop-a"),
    "/rules/robots.txt": lambda desk, asked: text_reply(_DENY),
    **{f"/chain-{step}": _chain for step in (1, 2, 4, 5, 6)},
}
