"""How a URL is known: by its hash."""

from __future__ import annotations

import hashlib


def hash_url(url: str) -> bytes:
    """sha256 of a URL: the unique key of URLs (percent-encoded Arabic slugs overflow a btree entry).

    >>> hash_url("https://a.example/").hex()[:8]
    'befde498'
    """
    return hashlib.sha256(url.encode()).digest()
