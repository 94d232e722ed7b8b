"""What a page and its answer say against being kept, listed or mined, as flags: evidence, not a decision (pure).

Read are the robots meta element and the X-Robots-Tag header (what both call directives), and the TDM Reservation
Protocol's meta element and header. Directives for another agent by name are not for us.
"""

from __future__ import annotations

import re

from lxml.html import HtmlElement

# Directive to flag; `none` is short for noindex and nofollow.
_DIRECTIVES = {"noarchive": "noarchive", "noindex": "noindex", "none": "noindex", "noai": "noai"}
# Directives that have a value; before any other colon stands the name of the agent that is meant.
_VALUED = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
_AGENT = re.compile(r"\s*([\w*.-]+)\s*:", re.ASCII)


def read_reservations(root: HtmlElement, robots_tag: str | None, tdm_reservation: str | None) -> tuple[str, ...]:
    """``noarchive``, ``noindex``, ``noai`` and ``tdm_reserved``, each where the page or its answer states it.

    `robots_tag` is the X-Robots-Tag header, `tdm_reservation` the TDM-Reservation header (fields joined by commas).
    """
    robots, reserved = list(_list_directives(robots_tag or "")), [tdm_reservation or ""]
    for element in root.iter("meta"):
        name, content = (element.get("name") or "").strip().lower(), element.get("content") or ""
        if name == "robots":
            robots += re.split(r"[,;\s]+", content.lower())
        elif name == "tdm-reservation":
            reserved.append(content)
    flags = [_DIRECTIVES[directive] for directive in robots if directive in _DIRECTIVES]
    if any(value.strip() == "1" for value in reserved):  # any other value is an error, and states nothing
        flags.append("tdm_reserved")
    return tuple(dict.fromkeys(flags))


def _list_directives(header: str) -> list[str]:
    """The directives of a header that are for every agent.

    >>> _list_directives("noarchive, otherbot: noindex, nofollow, *: noai, max-snippet: 20")
    ['noarchive', 'noai', 'max-snippet: 20']
    """
    agent, found = "*", []
    for part in header.lower().split(","):
        named = _AGENT.match(part)
        is_named = named is not None and named[1] not in _VALUED
        if named and is_named:
            agent = named[1]
        if agent == "*":
            found.append((part[named.end() :] if named and is_named else part).strip())
    return found
