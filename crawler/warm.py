"""Preloaded into the extraction pool's fork server: code and tables are ready before a process is forked.

Rules, lexicons and compiled patterns are made at the first page, about 0.3 s of CPU; made here, every process of the
pool (and each fresh one after it) shares them.
"""

from __future__ import annotations

from datetime import UTC, datetime

from crawler.process import process
from crawler.records import Page

_PARAGRAPH = "<p>Reporters found on Tuesday that the first page of a process is the slow one, and made it before. </p>"
_PAGE = f"""<html lang="en"><head><title>A page to warm up on</title>
<meta property="article:published_time" content="2026-01-02T03:04:05Z"></head>
<body><article><h1>A page to warm up on</h1><p>LONDON (Reuters) - It was 2 January 2026.</p>{_PARAGRAPH * 12}
<p>وقالت وكالة رويترز يوم الثلاثاء إن الصفحة الأولى هي الأبطأ دائما.</p></article></body></html>"""

process(
    Page(
        url="https://warm.invalid/page",
        body=_PAGE.encode(),
        content_type="text/html; charset=utf-8",
        fetched_at=datetime(2026, 1, 2, tzinfo=UTC),
    )
)
