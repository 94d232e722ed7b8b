"""What robots.txt says: the decisions of RFC 9309 as pure functions over a kept copy.

4xx: all is allowed. 429, 5xx, no answer: the last good copy for up to 30 days, else nothing is allowed. A copy is
fetched again after 24 hours at most (RFC 9309 sections 2.3.1 and 2.4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from protego import Protego

from crawler.fetch.ports import RobotsCopy

_TOKEN = re.compile(r"[a-z_-]+", re.IGNORECASE)
_AGENT_FIELDS = frozenset(("user-agent", "useragent", "user agent"))
# What decides here, with the misspellings that Protego forgives.
_FIELDS = _AGENT_FIELDS | {
    "allow", "disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw", "crawl-delay", "crawl delay",
}  # fmt: skip

MAX_BYTES = 512 * 1024  # parsed; RFC 9309 2.5 asks for at least 500 KiB
MAX_CRAWL_DELAY = 120.0  # seconds; a host that wants more is skipped with that reason
FRESH = timedelta(hours=24)
ABSENT_FRESH = timedelta(hours=24)
RETRY_UNREACHABLE = timedelta(minutes=10)
GOOD_FOR = timedelta(days=30)  # a last good copy, while the origin cannot be reached


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Whether a URL may be fetched, and why in words.

    `until` is set where it may not only because robots.txt cannot be had now: when that is tried again. `error_kind` is
    set where the origin could not be reached at all: FetchFailed's word for it.
    """

    allowed: bool
    why: str
    until: datetime | None = None
    error_kind: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RobotsAnswer:
    """What fetching robots.txt brought; without a status `reason` begins with FetchFailed's word and a colon."""

    status: int | None
    body: bytes = b""
    reason: str | None = None


def origin_of(url: str) -> str:
    """scheme://host[:port] in lower case, without a default port.

    >>> origin_of("HTTPS://News.Example:443/a")
    'https://news.example'
    """
    return f"{urlsplit(url).scheme.lower()}://{host_of(url)}"


def host_of(url: str) -> str:
    """Host in lower case, ``:port`` where it is not the default.

    >>> host_of("http://News.Example:8080/a"), host_of("http://[::1]:80/")
    ('news.example:8080', '[::1]')
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    default = {"http": 80, "https": 443}.get(parts.scheme.lower())
    return host if parts.port in (None, default) else f"{host}:{parts.port}"


def needs_fetch(copy: RobotsCopy | None, now: datetime) -> bool:
    """Whether robots.txt of the origin is to be fetched before a decision."""
    return copy is None or now >= copy.expires_at or now < copy.checked_at - FRESH


def renew(origin: str, answer: RobotsAnswer, previous: RobotsCopy | None, now: datetime) -> RobotsCopy:
    """The copy to keep after a fetch: its state, when it is to be fetched again, and the last good body."""
    good_body = previous.good_body if previous else None
    good_at = previous.good_at if previous else None
    status = answer.status
    state: Literal["ok", "absent", "unreachable"]
    if status is not None and 200 <= status < 300:
        state, fresh, reason, good_body, good_at = "ok", FRESH, None, answer.body[:MAX_BYTES], now
    elif status is not None and (300 <= status < 400 or (400 <= status < 500 and status != 429)):
        state, fresh, reason, good_body, good_at = "absent", ABSENT_FRESH, f"status {status}", None, None
    else:
        state, fresh = "unreachable", RETRY_UNREACHABLE
        reason = answer.reason or f"status {status}"
    return RobotsCopy(
        origin=origin,
        checked_at=now,
        expires_at=now + fresh,
        status=status,
        state=state,
        reason=reason,
        good_body=good_body,
        good_at=good_at,
    )


class Rules:
    """A kept copy, parsed once, ready to judge URLs."""

    def __init__(self, copy: RobotsCopy, token: str, now: datetime) -> None:
        self._copy = copy
        self._token = token
        body = _in_force(copy, now)
        self._parsed = None if body is None else Protego.parse(_readable(body, token))
        delay = self._parsed.crawl_delay(token) if self._parsed else None
        self.crawl_delay: float | None = float(delay) if delay is not None and delay > 0 else None

    def judge(self, url: str) -> Verdict:
        """May `url` be fetched by our token?"""
        copy = self._copy
        if self._parsed is None:
            if copy.state == "absent":
                return Verdict(allowed=True, why=f"no robots.txt ({copy.reason})")
            why = f"robots.txt of {copy.origin} cannot be had ({copy.reason})"
            kind = (copy.reason or "").partition(":")[0] if copy.status is None else None
            return Verdict(allowed=False, why=why, until=copy.expires_at, error_kind=kind)
        delay = self.crawl_delay
        if delay is not None and delay > MAX_CRAWL_DELAY:
            why = f"crawl-delay of {delay:g} s at {copy.origin} exceeds {MAX_CRAWL_DELAY:g} s"
            return Verdict(allowed=False, why=why)
        allowed = bool(self._parsed.can_fetch(url, self._token))
        word = "allows" if allowed else "disallows"
        return Verdict(allowed=allowed, why=f"robots.txt of {copy.origin} {word} {_path(url)}")


def _readable(body: bytes, token: str) -> str:
    r"""As text for Protego, which knows no byte order mark, takes a group named by any part of our token for ours, and
    ends a group at a record that it does not know (RFC 9309 2.2.4: such records must not interfere).

    >>> _readable(b"User-agent: wirekeep/2.0\nX-Note: a\nDisallow: /", "Wirekeep")
    'User-agent: Wirekeep\nDisallow: /'
    """
    lines = (_read_line(line, token) for line in body.decode("utf-8-sig", "replace").splitlines())
    return "\n".join(line for line in lines if line)


def _read_line(line: str, token: str) -> str:
    """A line as Protego is to see it; "" for one that decides nothing."""
    field, colon, value = line.partition("#")[0].partition(":")
    name = field.strip().lower()
    if name in _AGENT_FIELDS and colon:
        return f"User-agent: {_name_agent(value.strip(), token)}"
    # Without a colon, or with a path that holds one, Protego looks for a word and a value.
    unknown = colon and name not in _FIELDS and not value[:1].strip()
    return "" if unknown else line.strip()


def _name_agent(agent: str, token: str) -> str:
    """RFC 9309 2.2.1: a group is ours where its product token (what comes before a version) is ours, in any case.

    >>> _name_agent("wirekeep bot", "Wirekeep"), _name_agent("Wire", "Wirekeep"), _name_agent("* all", "Wirekeep")
    ('Wirekeep', '/Wire', '*')
    """
    if agent[:1] == "*" and not agent[1:2].strip():
        return "*"
    found = _TOKEN.match(agent)
    if found is None:
        return agent
    return token if found[0].lower() == token.lower() else f"/{found[0]}"


def _in_force(copy: RobotsCopy, now: datetime) -> bytes | None:
    """The body that rules now: the one just fetched, or the last good one while the origin cannot be reached."""
    if copy.good_body is None or copy.good_at is None or copy.state == "absent":
        return None
    return copy.good_body if copy.state == "ok" or now - copy.good_at <= GOOD_FOR else None


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
