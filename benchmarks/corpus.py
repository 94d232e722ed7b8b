"""Pages to measure on: of our own making (real ones' size and clutter), and the evaluation set where it lies beside us.

Ours are the newsroom's pages padded to what was seen in the wild: the median page of the public benchmarks holds about
110 kB, of which the article is a twentieth; the rest is menus, scripts, inline state and teasers.
"""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from demo.server import Newsroom

EVALUATION = Path(__file__).parents[2] / "shared" / "eval" / "data"
MENU_LINKS = 160
TEASERS = 60
STATE_ENTRIES = 450


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedPage:
    """One page: the path it is served under, and its bytes."""

    name: str
    html: bytes


def make_pages(count: int) -> list[SavedPage]:
    """`count` pages of our own making, each a different URL."""
    originals = list(_fetch_newsroom())
    return [
        SavedPage(name=f"own-{number:05}", html=_clutter(originals[number % len(originals)], number))
        for number in range(count)
    ]


def read_evaluation(limit: int) -> list[SavedPage]:
    """Up to `limit` pages of the evaluation set, evenly over its sets; none where it is missing."""
    found = [
        path for name in ("aeb", "feval", "fundus", "arabic") for path in sorted(EVALUATION.glob(f"{name}/pages/*.gz"))
    ]
    step = max(1, len(found) // limit)
    return [
        SavedPage(name=f"eval-{number:05}", html=gzip.decompress(path.read_bytes()))
        for number, path in enumerate(found[::step][:limit])
    ]


def _fetch_newsroom() -> Iterator[bytes]:
    with Newsroom() as newsroom:
        for url in newsroom.expected.articles:
            parts = urlsplit(url)
            connection = http.client.HTTPConnection("127.0.0.1", newsroom.port, timeout=10)
            connection.request(
                "GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers={"Host": parts.netloc}
            )
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            if answer.status == 200:
                yield body


def _clutter(page: bytes, number: int) -> bytes:
    head, body = page.find(b"</head>"), page.find(b"<body")
    opened = page.find(b">", body) + 1
    end = page.rfind(b"</body>")
    if min(head, body, end) < 0:
        return page
    menu = "".join(f'<li class="m{n}"><a href="/s/{n}/">Section {n}</a></li>' for n in range(MENU_LINKS))
    teasers = "".join(
        f'<article class="card"><a href="/{number}/{n}"><img src="/i/{n}.jpg" alt=""><h3>Another story {n}</h3>'
        f"</a><span>{n} min</span></article>"
        for n in range(TEASERS)
    )
    state = json.dumps(
        {f"k{n}": {"id": n, "slug": f"story-{n}", "tags": ["a", "b"], "n": number} for n in range(STATE_ENTRIES)}
    )
    style = "".join(f".c{n}{{margin:{n}px;color:#{n:06x}}}" for n in range(300))
    return b"".join(
        (
            page[:head],
            f"<style>{style}</style><script>window.__STATE__={state}</script>".encode(),
            page[head:opened],
            f'<nav><ul class="menu">{menu}</ul></nav>'.encode(),
            page[opened:end],
            f'<aside class="more">{teasers}</aside><!-- page {number} -->'.encode(),
            page[end:],
        )
    )
