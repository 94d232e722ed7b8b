"""The address guard's decision over numeric addresses."""

from __future__ import annotations

import ipaddress
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import BlockedAddress, ConfigError
from crawler.fetch.guard import check_address, is_public, parse_allowed


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::6810:84e5", "2a00:1450:4001::200e"])
def test_public_addresses_pass_at_the_webs_ports(address: str) -> None:
    for port in (80, 443, 8080, 8443):
        check_address(address, port)
    with pytest.raises(BlockedAddress, match="port 22 is none of"):
        check_address(address, 22)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "169.254.170.2", "168.63.129.16", "100.64.0.1", "100.127.255.254", "192.0.0.1", "192.0.0.9",
        "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "192.88.99.1", "224.0.0.1", "239.255.255.255",
        "240.0.0.1", "255.255.255.255",
        "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:0:5ef5:79fd::1",
        "2001:db8::1", "3fff::1", "100::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
        "5f00::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_everybodys_are_refused(address: str) -> None:
    with pytest.raises(BlockedAddress, match="is not a public address"):
        check_address(address, 80)


@pytest.mark.parametrize("address", ["::ffff:1.1.1.1", "2002:101:101::1", "64:ff9b::101:101"])
def test_wrapped_public_addresses_pass(address: str) -> None:
    check_address(address, 443)


@pytest.mark.parametrize("name", ["localhost", "news.example", "2130706433", "127.1", "0x7f000001", "0177.0.0.1", ""])
def test_whatever_is_no_numeric_address_is_refused(name: str) -> None:
    with pytest.raises(BlockedAddress, match="needs a numeric address, not a name"):
        check_address(name, 80)


@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_ipv4_in_ipv6_clothes_is_judged_as_ipv4(number: int) -> None:
    inner = ipaddress.IPv4Address(number)
    mapped = ipaddress.IPv6Address(0xFFFF << 32 | number)
    nat64 = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) | number)
    sixtofour = ipaddress.IPv6Address(0x2002 << 112 | number << 80 | 1)
    assert is_public(inner) == is_public(mapped) == is_public(nat64) == is_public(sixtofour)


@given(st.ip_addresses())
def test_every_address_is_judged(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    # Where an address carries another, that one is connected to in the end; Pythons differ in what they call the outer.
    carried = getattr(address, "sixtofour", None) or getattr(address, "ipv4_mapped", None) or address
    assert not (is_public(address) and (carried.is_private or carried.is_multicast or carried.is_loopback))


@pytest.mark.parametrize("address", ["2002:100::", "2002:a00:1::", "::ffff:10.0.0.1"])
def test_an_address_that_carries_another_is_judged_by_it(address: str) -> None:
    outer = ipaddress.IPv6Address(address)
    assert is_public(outer) == is_public(outer.sixtofour or outer.ipv4_mapped or outer)


@pytest.mark.parametrize(
    "entry",
    ["news.test", "news.test=127.0.0.1", "=127.0.0.1:80", "a=localhost:80", "a=127.0.0.1:http", "a=127.0.0.1:0"],
)
def test_allow_list_entry_is_explained(entry: str) -> None:
    with pytest.raises(ConfigError, match="is not host=address:port such as"):
        parse_allowed(entry)


def test_allow_list_entry_names_host_address_and_port() -> None:
    assert parse_allowed("Alwatan.Newsroom.Test=127.0.0.1:8080") == (("alwatan.newsroom.test", 8080), "127.0.0.1")
    assert parse_allowed("six.test=[::1]:8080") == (("six.test", 8080), "::1")


def test_process_without_the_guard_refuses_to_crawl() -> None:
    program = (
        "from crawler.fetch import guard, loop\n"
        "from crawler.fetch.crawl import crawler_for\n"
        "from crawler.fetch.tasks import CrawlPlan\n"
        "loop.install_reactor()\n"
        "crawler_for(CrawlPlan(name='x', user_agent='x', token='x'), None)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "ConfigError: the address guard is not installed in this process" in done.stderr
