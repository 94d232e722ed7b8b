"""Whole crawls for tests: the real pipeline on a real database, against sites of the test's own making."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from loopthread import run_in_loop
from misbehaving import Site, hang, serving

from archive.db import connect, open_pool
from archive.threads import ArchiveThreads
from crawler.fetch import guard
from crawler.pipeline import crawl
from crawler.pipeline.pool import ExtractionPool
from crawler.settings import read_settings
from scheduler import load_into
from service import worker

ARTICLE = """<html lang="en"><head><title>{title}</title></head><body><article><h1>{title}</h1>
<p>The harbour authority of {title} said on Monday that the northern basin would be dredged before the winter.</p>
<p>Work begins next week and is expected to last forty days, the head of the authority told reporters at the quay.</p>
<p>Fishing boats are to use the southern basin until then, and the ferry keeps to its timetable, she added.</p>
</article></body></html>"""


def make_article(title: str) -> bytes:
    """A page that is plainly an article."""
    return ARTICLE.format(title=title).encode()


def make_feed(*links: str, dated: str | None = None, old: tuple[str, str] | None = None) -> bytes:
    """An RSS feed of these links, all dated so; `old` is one more link with a date of its own."""
    entries = [(link, dated) for link in links] + ([old] if old else [])
    items = "".join(
        f"<item><title>t</title><link>{link}</link>{f'<pubDate>{date}</pubDate>' if date else ''}</item>"
        for link, date in entries
    )
    return f"<rss version='2.0'><channel>{items}</channel></rss>".encode()


def make_sitemap(*links: str, of: str = "url", more: str = "") -> bytes:
    """A sitemap, or (`of` sitemap) an index of sitemaps."""
    root = "urlset" if of == "url" else "sitemapindex"
    return f"<{root}>{more}{''.join(f'<{of}><loc>{link}</loc></{of}>' for link in links)}</{root}>".encode()


class Desk:
    """An installation in one process: a sources file, a database, and crawls on demand."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self.folder = folder
        self.dsn = dsn
        self.settings = read_settings(
            data_dir=folder, min_free_bytes=0, min_free_percent=0.0, extract_processes=1, fetch_timeout=5.0
        )

    def write_sources(self, text: str) -> None:
        """Write sources.toml and bring it into force."""
        self.settings.sources_file.write_text(text, encoding="utf-8")
        with connect(self.dsn) as conn:
            load_into(conn, self.settings.sources_file)

    def crawl(self, name: str, *sites: Site, times: int = 1) -> None:
        """Crawl a source while the sites are served."""

        async def main() -> None:
            guard.install([site.allowed for site in sites])
            async with self.workshop() as shop:
                for _ in range(times):
                    await crawl.crawl_source(shop, name=name, kind="manual", slot=None, job_id=None)

        run_in_loop(main(), timeout=120)

    def cut_off_after(self, name: str, site: Site, *, document: str) -> list[str]:
        """Crawl a source and drop the crawl once that document was read; the paths that were asked for."""
        seen = len(site.paths())

        async def main() -> None:
            guard.install([site.allowed])
            async with self.workshop() as shop:
                crawling = asyncio.ensure_future(
                    crawl.crawl_source(shop, name=name, kind="manual", slot=None, job_id=None)
                )
                held = site.routes.copy()
                site.routes.update({path: hang for path in held if path != document})
                while not self.rows("SELECT FROM store.document WHERE changed_at > %s", begun):
                    await asyncio.sleep(0.02)
                crawling.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await crawling
                site.routes.update({path: handler for path, handler in held.items() if path != document})

        begun = self.one("SELECT now() AS at")["at"]
        run_in_loop(main())
        return [path for path in site.paths()[seen:] if path == document]

    @contextlib.asynccontextmanager
    async def workshop(self) -> AsyncIterator[crawl.Workshop]:
        """What a worker's crawls share, heartbeat included."""
        with open_pool(self.dsn, size=4) as pool:
            threads = ArchiveThreads(pool, threads=4)
            extraction = ExtractionPool(1, timeout=self.settings.extract_timeout, max_parse=self.settings.max_parse)
            try:
                async with worker._make_shop(self.settings, pool, threads, extraction) as (work, _heartbeat):
                    yield work.shop
            finally:
                extraction.close()
                threads.close()

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of a query as the owner."""
        with connect(self.dsn, autocommit=True) as conn:
            return conn.execute(query, values or None).fetchall()  # type: ignore[arg-type]

    def execute(self, statement: str, *values: Any) -> None:
        """A statement as the owner."""
        with connect(self.dsn, autocommit=True) as conn:
            conn.execute(statement, values or None)  # type: ignore[arg-type]

    def one(self, query: str, *values: Any) -> dict[str, Any]:
        """The only row of a query."""
        (row,) = self.rows(query, *values)
        return row


@contextlib.contextmanager
def served(*sites: Site) -> Iterator[None]:
    """The sites, listening while the test runs; served by the session's loop."""
    stack = contextlib.AsyncExitStack()

    async def begin() -> None:
        for site in sites:
            await stack.enter_async_context(serving(site))

    run_in_loop(begin())
    try:
        yield
    finally:
        run_in_loop(stack.aclose())


def source(name: str, site: Site, *paths: str, key: str = "feeds", more: str = "") -> str:
    """A [[source]] of these documents (one feed)."""
    documents = ", ".join(f'"{site.url(path)}"' for path in paths or ("/feed",))
    return f'[[source]]\nname = "{name}"\n{key} = [{documents}]\nevery = "1h"\npace = "0s"\n{more}\n'
