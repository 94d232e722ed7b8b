"""Articles: saved with revision, extraction, evidence and outcome in one transaction; a replay changes nothing."""

from __future__ import annotations

from psycopg.rows import DictRow

from archive.db import Connection, retry_transaction, single_statement
from archive.errors import ArchiveError
from archive.records import (
    ArticleSave,
    Conclusion,
    CurrentText,
    ExtractionRow,
    Saved,
    VersionRow,
    Wording,
    hash_url,
)
from archive.store.boilerplate import observe
from archive.store.captures import insert_capture
from archive.store.cleaning import clean_text
from archive.store.extractions import put_extraction
from archive.store.frontier import close_url
from archive.store.rows import fill, to_capture
from archive.store.statements import execute, find_row, get_row

# Stories that go back to their own URLs in one transaction, two short statements each.
MOVED_AT_ONCE = 200


class Stale(ArchiveError):
    """Another save came between comparing and writing: compare again with what is stored now."""


def current_text(conn: Connection, url_hash: bytes) -> CurrentText | None:
    """The current revision of the article whose URL or alias has this sha256."""
    with single_statement(conn):
        row = find_row(conn, "find_current_text", url_hash=url_hash)
    return _to_current(row) if row else None


def shown_wording(conn: Connection, revision_id: int) -> Wording:
    """The words of the extraction that a revision shows."""
    with conn.transaction():
        row = get_row(conn, "get_wording", revision_id=revision_id)
    return Wording(title=row["title"], titles=frozenset(row["titles"]), text=row["text"], spans=tuple(row["spans"]))


def _to_current(row: DictRow) -> CurrentText:
    capture = to_capture(row)
    assert capture is not None  # a revision always has its capture
    return CurrentText(
        article_id=row["article_id"],
        url=row["url"],
        fetch_url_hash=bytes(row["fetch_url_hash"]),
        revision_id=row["revision_id"],
        number=row["number"],
        capture=capture,
        version=fill(VersionRow, row),
        content_digest=bytes(row["content_digest"]),
        title=row["title"],
        text=row["text"],
    )


def save_article(conn: Connection, save: ArticleSave) -> Saved:
    """Save what comparing found (see `ArticleSave`) with captures, aliases, outcome and settled requests.

    ``new`` with an expected revision makes an alias of that article and ends as ``duplicate``. The same save again (by
    WARC file and offset of its last capture) changes nothing and returns the same.

    Raises:
        Stale: the article changed since it was compared; nothing was saved.
        LookupError: the frontier row is unknown.
        ValueError: there is no capture.
    """
    if not save.captures:
        raise ValueError(f"save of {save.url!r} has no capture, expected at least the one that holds its body")
    return retry_transaction(conn, _save_article, save)


def _save_article(conn: Connection, save: ArticleSave) -> Saved:
    url = get_row(conn, "lock_url", frontier_id=save.frontier_id, crawl_id=save.crawl_id)
    capture_id, is_new = [insert_capture(conn, capture, save.crawl_id) for capture in save.captures][-1]
    # A capture that is noted only now was saved by nobody.
    before = None if is_new else find_row(conn, "find_saved", frontier_id=save.frontier_id, capture_id=capture_id)
    if before is not None:
        return Saved(
            outcome=before["result"],
            article_id=before["article_id"],
            revision_id=before["revision_id"],
            new_revision=before["is_new"],
        )
    saved, reason = _write(conn, save, url, capture_id)
    _close(conn, save, url, capture_id=capture_id, saved=saved, reason=reason)
    return saved


def _write(conn: Connection, save: ArticleSave, url: DictRow, capture_id: int) -> tuple[Saved, str | None]:
    """What was saved, and the reason that goes with its outcome."""
    if save.decision == "new":
        return _write_new(conn, save, url, capture_id)
    article = find_row(conn, "lock_article", url_hash=hash_url(save.url))
    if article is None or article["revision_id"] != save.expected_revision_id:
        raise Stale(
            f"{save.url}: its current revision is {article and article['revision_id']}, expected "
            f"{save.expected_revision_id}; compare again"
        )
    if save.decision == "revision":
        return _write_revision(conn, save, article, capture_id), None
    return _write_same(conn, save, article), "same text"


def _write_new(conn: Connection, save: ArticleSave, url: DictRow, capture_id: int) -> tuple[Saved, str | None]:
    if save.displaces is not None:
        _send_home(conn, save.displaces, hash_url(save.url))
    inserted = find_row(
        conn,
        "insert_article",
        source_id=save.source_id,
        url=save.url,
        url_hash=hash_url(save.url),
        fetch_url_hash=save.fetch_url_hash,
        capture_id=capture_id,
        at=save.at,
    )
    if inserted is not None:
        saved = _fill_revision(conn, save, inserted)
        _add_aliases(conn, saved.article_id, save.aliases)
        if save.sighting is not None:
            observe(conn, saved.article_id, save.sighting, save.at)
        return saved, None
    article = get_row(conn, "lock_article", url_hash=hash_url(save.url))
    if save.expected_revision_id is None or bytes(article["fetch_url_hash"]) == save.fetch_url_hash:
        # Nobody has held the two texts against each other yet: they may be two stories.
        raise Stale(f"{save.url}: another save of it came first; compare again")
    _add_aliases(conn, article["article_id"], (*save.aliases, (url["url"], "canonical")))
    saved = Saved(
        outcome="duplicate", article_id=article["article_id"], revision_id=article["revision_id"], new_revision=False
    )
    return saved, f"same story as {save.url}"


def _send_home(conn: Connection, article_id: int, url_hash: bytes) -> None:
    """Send an article back to the URL that it was fetched from, and before it whoever stands there by a wrong claim.

    Where a template names the next story's URL as each page's own, every story stands one URL too far.
    """
    row = {article_id: url_hash}
    while len(row) < MOVED_AT_ONCE and (guest := find_row(conn, "find_guest", article_id=article_id)) is not None:
        article_id = guest["article_id"]
        if article_id in row:
            break
        row[article_id] = guest["url_hash"]
    for moved, stands_at in reversed(row.items()):
        execute(conn, "send_article_home", article_id=moved, url_hash=stands_at)


def _write_revision(conn: Connection, save: ArticleSave, article: DictRow, capture_id: int) -> Saved:
    if save.reextracted is not None:
        put_extraction(conn, article["revision_id"], save.reextracted)
    revision = get_row(conn, "insert_revision", article_id=article["article_id"], capture_id=capture_id, at=save.at)
    saved = _fill_revision(conn, save, revision)
    _add_aliases(conn, saved.article_id, save.aliases)
    return saved


def _write_same(conn: Connection, save: ArticleSave, article: DictRow) -> Saved:
    article_id, revision_id = article["article_id"], article["revision_id"]
    current = find_row(conn, "find_current_text", url_hash=hash_url(save.url))
    renewed = save.reextracted or _find_newer(save, _to_current(current) if current else None)
    if renewed is not None:
        extraction_id = put_extraction(conn, revision_id, renewed)
        _show(
            conn,
            save,
            article_id=article_id,
            revision_id=revision_id,
            number=current["number"] if current else 1,
            extraction_id=extraction_id,
        )
    else:
        execute(conn, "note_article_seen", article_id=article_id, url_hash=save.fetch_url_hash, at=save.at)
    _add_aliases(conn, article_id, save.aliases)
    return Saved(outcome="unchanged", article_id=article_id, revision_id=revision_id, new_revision=False)


def _find_newer(save: ArticleSave, current: CurrentText | None) -> ExtractionRow | None:
    """The new bytes' extraction where the stored one was made under other versions: same text, newer code."""
    return save.extraction if current is None or current.version != save.extraction.version else None


def _fill_revision(conn: Connection, save: ArticleSave, revision: DictRow) -> Saved:
    extraction_id = put_extraction(conn, revision["revision_id"], save.extraction)
    _show(conn, save, extraction_id=extraction_id, **revision)
    return Saved(
        outcome="stored", article_id=revision["article_id"], revision_id=revision["revision_id"], new_revision=True
    )


def _show(
    conn: Connection, save: ArticleSave, *, article_id: int, revision_id: int, number: int, extraction_id: int
) -> None:
    """Make an extraction what the article shows, and what is searched."""
    execute(
        conn,
        "show_revision",
        article_id=article_id,
        revision_id=revision_id,
        number=number,
        extraction_id=extraction_id,
        at=save.at,
    )


def _add_aliases(conn: Connection, article_id: int, aliases: tuple[tuple[str, str], ...]) -> None:
    # In one order for everybody: two saves that share aliases would lock each other out.
    for url, kind in sorted(dict(reversed([(clean_text(url), kind) for url, kind in aliases])).items()):
        execute(conn, "insert_alias", url=url, url_hash=hash_url(url), article_id=article_id, kind=kind)


def _close(
    conn: Connection, save: ArticleSave, url: DictRow, *, capture_id: int, saved: Saved, reason: str | None
) -> None:
    """Attempt and outcome. A twin is not looked at again: its story is, at its own URL."""
    ended = Conclusion(
        frontier_id=save.frontier_id,
        crawl_id=save.crawl_id,
        outcome=saved.outcome,
        reason=reason,
        at=save.at,
        captures=save.captures,
        status=save.captures[-1].status,
        next_due_at=save.next_due_at if saved.outcome != "duplicate" else None,
        revisits=save.revisits,
    )
    close_url(conn, url, ended, capture_id=capture_id, article_id=saved.article_id)
