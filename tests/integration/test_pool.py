"""The extraction pool: one page's misfortune is its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crawler.errors import ExtractionFailed
from crawler.pipeline.pool import ExtractionPool
from crawler.records import Article, Page, Rejected, RejectReason, SiteRules

_SENTENCE = (
    "Fishing boats returned to the northern harbour on Sunday after three weeks of storms, the port authority said. "
)
PAGE = Page(
    url="http://paper.test/story",
    body=f"<html><body><h1>Boats return</h1><article>{f'<p>{_SENTENCE * 3}</p>' * 5}</article></body></html>".encode(),
    content_type="text/html; charset=utf-8",
    fetched_at=datetime(2026, 3, 1, tzinfo=UTC),
)
# A pattern that sources.toml would refuse stands for any fault of ours that only one page brings to light.
BROKEN = replace(PAGE, url="http://paper.test/broken", rules=SiteRules(remove_lines=("(",)))


@pytest.fixture
def pool() -> Iterator[ExtractionPool]:
    """Two processes, 20 s a page."""
    pool = ExtractionPool(2, timeout=20.0, max_parse=1_000_000)
    yield pool
    pool.close()


def test_a_fault_of_ours_on_one_page_is_told_as_such_and_the_next_page_is_read(pool: ExtractionPool) -> None:
    async def read() -> tuple[BaseException | Article | Rejected, ...]:
        return tuple(await asyncio.gather(pool.process(BROKEN), pool.process(PAGE), return_exceptions=True))

    failed, read_page = asyncio.run(read())
    assert isinstance(failed, ExtractionFailed)
    assert str(failed).startswith("extraction failed: ")
    assert isinstance(read_page, Article)


def test_a_body_beyond_what_is_parsed_is_refused_unread(pool: ExtractionPool) -> None:
    result = asyncio.run(pool.process(replace(PAGE, body=b"x" * 1_000_001)))
    assert isinstance(result, Rejected)
    assert result.reason is RejectReason.TOO_LARGE


def test_a_page_past_its_limit_ends_alone() -> None:
    # A megabyte of paragraphs takes seconds.
    long = PAGE.body.replace(b"<article>", b"<article>" + f"<p>{_SENTENCE}</p>".encode() * 10_000)
    pool = ExtractionPool(1, timeout=0.2, max_parse=10_000_000)
    try:
        result = asyncio.run(pool.process(replace(PAGE, body=long)))
    finally:
        pool.close()
    assert isinstance(result, Rejected)
    assert result.reason is RejectReason.TIMED_OUT
