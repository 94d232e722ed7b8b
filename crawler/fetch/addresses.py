"""Which URLs are asked for at all: http and https ones with a host that a name server can be asked for (pure)."""

from __future__ import annotations

from urllib.parse import urlsplit

from crawler.errors import FetchFailed


def web_address(url: str) -> str:
    """The URL, if it is one that we fetch.

    Raises:
        FetchFailed: of kind ``url``, saying why not.
    """
    try:
        parts = urlsplit(url)
        well_formed = _is_host(parts.hostname or "") and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that does not close
        well_formed = False
    if not well_formed or parts.scheme.lower() not in {"http", "https"}:
        raise FetchFailed(f"{url[:300]!r} is not an http or https URL with a host", kind="url", retry=False)
    if any(ord(char) <= 32 or ord(char) == 127 for char in url):
        raise FetchFailed(f"{url[:300]!r} has white space or control characters", kind="url", retry=False)
    return url


def _is_host(host: str) -> bool:
    """Whether it can be looked up: an empty or overlong label is an error nobody catches in Twisted's resolver."""
    return 0 < len(host) <= 253 and all(0 < len(label) <= 63 for label in host.removesuffix(".").split("."))
