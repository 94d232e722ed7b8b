"""The address guard: decides on the numeric address and port of every connection about to be opened.

It wraps `reactor.connectTCP` once per process, the one door that HTTP and TLS connections to IPv4, IPv6 and resolved
names all go through (a resolver guard is silently never asked under AsyncCrawlerRunner, measured). Public addresses
pass; anything else only by an entry of the allow-list, ``host=address:port``: that host name at that port is connected
to that address, without DNS; the address by itself, or under another name, stays refused.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from crawler.errors import BlockedAddress, ConfigError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS = frozenset({80, 443, 8080, 8443})

# Beside what `is_global` refuses: ranges that Python 3.11's tables lack or take for public.
_REFUSED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",
        "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's metadata service, in public space
        "::/96",  # IPv4-compatible, deprecated
        "64:ff9b:1::/48",  # NAT64 of a local network
        "100::/64",
        "2001::/23",  # Teredo, ORCHID, benchmarking
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_6TO4 = ipaddress.ip_network("2002::/16")


@dataclass(frozen=True, slots=True)
class _Installed:
    reactor: Any
    connect: Callable[..., Any]  # connectTCP as it was
    allowed: dict[tuple[str, int], str]


_state: _Installed | None = None


def install(allow: Iterable[str] = ()) -> None:
    """Wrap the reactor's `connectTCP`; called again it replaces the allow-list.

    Raises:
        ConfigError: an entry of the allow-list is not ``host=address:port``.
    """
    global _state
    allowed = dict(parse_allowed(entry) for entry in allow)
    from crawler.fetch.loop import install_reactor

    reactor, _ = install_reactor()
    if _state is None:
        connect = reactor.connectTCP
        reactor.connectTCP = _guarded(connect)
        _state = _Installed(reactor, connect, allowed)
    else:
        _state = _Installed(_state.reactor, _state.connect, allowed)


def require_installed() -> None:
    """Refuse to crawl without the guard.

    Raises:
        ConfigError: `install` was not called in this process.
    """
    if _state is None or getattr(_state.reactor.connectTCP, "guarded_by", None) is not install:
        raise ConfigError("the address guard is not installed in this process; call crawler.fetch.guard.install first")


def parse_allowed(entry: str) -> tuple[tuple[str, int], str]:
    """((host, port), address) of an allow-list entry.

    >>> parse_allowed("alwatan.newsroom.test=127.0.0.1:8899")
    (('alwatan.newsroom.test', 8899), '127.0.0.1')
    >>> parse_allowed("[::1]=[::1]:8899")
    (('::1', 8899), '::1')
    """
    host, equals, target = entry.partition("=")
    address, colon, port = target.rpartition(":")
    try:
        if not (host and equals and colon):
            raise ValueError("not three parts")
        numeric = str(ipaddress.ip_address(address.strip("[]")))
        if not 0 < int(port) < 65536:
            raise ValueError("port out of range")
    except ValueError as error:
        raise ConfigError(
            f"allow_addresses: {entry!r} is not host=address:port such as news.test=127.0.0.1:8080 ({error})"
        ) from error
    return (host.strip("[]").lower(), int(port)), numeric


def allowed_address(host: str, port: int) -> str | None:
    """The address that the allow-list gives to a host name at a port, None for one that DNS resolves."""
    return None if _state is None else _state.allowed.get((host.strip("[]").lower().rstrip("."), port))


class AllowedReactor:
    """The reactor with its unguarded `connectTCP`, for endpoints that the allow-list named, and for nothing else."""

    def __init__(self) -> None:
        require_installed()
        assert _state is not None
        self._reactor = _state.reactor
        self._allowed = frozenset((address, port) for (_, port), address in _state.allowed.items())
        self._connect = _state.connect

    def connectTCP(self, host: str, port: int, *args: Any, **kwargs: Any) -> Any:  # noqa: N802 - Twisted's name
        """Connect to an address and port that some entry of the allow-list names."""
        if (host, port) not in self._allowed:
            raise BlockedAddress(f"{host}:{port} is not an address of the allow-list")
        return self._connect(host, port, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)


def check_address(address: str, port: int) -> None:
    """Say nothing about a public address and an expected port, refuse everything else.

    Raises:
        BlockedAddress: naming the address, the port and the reason.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError as error:
        raise BlockedAddress(f"{address!r}:{port}: a connection needs a numeric address, not a name") from error
    if not is_public(found):
        raise BlockedAddress(
            f"{address}:{port} is not a public address; if it is meant, add host={address}:{port} to"
            " WIREKEEP_ALLOW_ADDRESSES"
        )
    if port not in PORTS:
        raise BlockedAddress(f"{address}:{port}: port {port} is none of {sorted(PORTS)}")


def is_public(address: Address) -> bool:
    """Whether the whole world reaches this address, and the same machine from everywhere.

    >>> [is_public(ipaddress.ip_address(text)) for text in ("1.1.1.1", "::ffff:127.0.0.1", "2002:7f00:1::")]
    [True, False, False]
    """
    inner = _embedded(address)
    if inner is not None:
        return is_public(inner)
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address in network for network in _REFUSED if network.version == address.version)


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to: mapped, 6to4, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _6TO4:
        return address.sixtofour
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _guarded(connect: Callable[..., Any]) -> Callable[..., Any]:
    def connect_guarded(host: str | bytes, port: int, *args: Any, **kwargs: Any) -> Any:
        check_address(host.decode("ascii", "replace") if isinstance(host, bytes) else host, port)
        return connect(host, port, *args, **kwargs)

    connect_guarded.guarded_by = install  # type: ignore[attr-defined]
    return connect_guarded
