"""Whether nothing was lost: the newsroom's byte log held against WARC records, captures, revisions and the frontier.

`archive.audit` looks at the archive from within; this looks at it from the other end of the wire. It is itself tested,
by taking single rows away (test_reconcile.py).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from archive import warc
from archive.audit import Finding, audit
from archive.db import Connection
from archive.errors import WarcDamaged
from crawler.discover.urls import canonicalise
from demo import oracle
from demo.bytelog import Served

# Owed: due now, in a crawl's hands, or without any outcome yet but with a time. A revisit that lies ahead is not.
_OWED = """
SELECT url FROM store.frontier
 WHERE due_at <= now() OR leased_until > now() OR (outcome IS NULL AND due_at IS NOT NULL)
"""

# Each of these never gives a row in a sound archive: (check, query with columns subject, detail).
_NEVER = (
    (
        "article_twice",
        """SELECT min(a.url) AS subject, 'the same text at ' || string_agg(a.url, ', ') AS detail
             FROM store.article a
             JOIN store.revision r USING (revision_id)
             JOIN store.extraction e USING (extraction_id)
            GROUP BY store.host_of(a.url), e.content_digest HAVING count(DISTINCT a.article_id) > 1""",
    ),
    (
        "revision_twice",
        """SELECT a.url AS subject, format('revisions %s and %s hold the same text', r.number, s.number) AS detail
             FROM store.revision r
             JOIN store.revision s ON s.article_id = r.article_id AND s.number = r.number + 1
             JOIN store.extraction e ON e.extraction_id = r.extraction_id
             JOIN store.extraction f ON f.extraction_id = s.extraction_id
             JOIN store.article a ON a.article_id = r.article_id
            WHERE e.content_digest = f.content_digest""",
    ),
    (
        "outcome_without_attempt",
        """SELECT f.url AS subject, format('outcome %s, and no attempt that found it', f.outcome) AS detail
             FROM store.frontier f
            WHERE f.outcome NOT IN ('not_allowed', 'too_old', 'over_cap')
              AND NOT EXISTS (
                  SELECT FROM store.attempt t
                   WHERE t.frontier_id = f.frontier_id AND t.result = f.outcome::text AND t.at = f.outcome_at)""",
    ),
    (
        "announcement_gone",
        """SELECT f.url AS subject, format('announcement %s is not there', f.announcement_id) AS detail
             FROM store.frontier f
            WHERE f.announcement_id IS NOT NULL
              AND NOT EXISTS (SELECT FROM store.announcement n WHERE n.announcement_id = f.announcement_id)""",
    ),
    (
        "article_not_searchable",
        """SELECT a.url AS subject, 'its text is not in the search index' AS detail
             FROM store.article a WHERE NOT EXISTS (SELECT FROM store.search s WHERE s.article_id = a.article_id)""",
    ),
    (
        "job_left_behind",
        """SELECT format('job %s of %s', j.id, j.lock) AS subject, 'doing, and no worker has it' AS detail
             FROM queue.procrastinate_jobs j
            WHERE j.status = 'doing'
              AND NOT EXISTS (SELECT FROM queue.procrastinate_workers w WHERE w.id = j.worker_id)""",
    ),
)

_REFERENCES = """
SELECT c.conname AS name, c.conrelid::regclass::text AS child, a.attname AS child_column,
       c.confrelid::regclass::text AS parent, b.attname AS parent_column
  FROM pg_constraint c
  JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
  JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
 WHERE c.contype = 'f' AND c.connamespace = 'store'::regnamespace
 ORDER BY c.conname
"""


def reconcile(
    conn: Connection, warc_root: Path, log: Sequence[Served], announced: Iterable[str] = ()
) -> tuple[Finding, ...]:
    """What does not agree; empty for an archive that lost nothing and kept nothing twice.

    `log` is all that the newsroom sent, `announced` the URLs that its documents named (any spelling).
    """
    findings = list(audit(conn, warc_root).findings)
    for check, query in _NEVER:
        findings += [Finding(check=check, **row) for row in _rows(conn, query)]
    findings += _check_references(conn)
    findings += _check_announced(conn, announced)
    findings += _check_bodies(conn, warc_root, log)
    conn.rollback()
    return tuple(findings)


def _rows(conn: Connection, query: str) -> list[dict[str, Any]]:
    return conn.execute(query.encode()).fetchall()


def _check_references(conn: Connection) -> Iterator[Finding]:
    """Every reference leads to a row: the database holds this itself, unless a row was taken from under it."""
    for key in _rows(conn, _REFERENCES):
        child, parent = f"c.{key['child_column']}", f"p.{key['parent_column']}"
        query = (
            f"SELECT {child} AS missing FROM {key['child']} c LEFT JOIN {key['parent']} p ON {parent} = {child} "
            f"WHERE {child} IS NOT NULL AND {parent} IS NULL"
        )
        for row in _rows(conn, query):
            yield Finding(
                check="reference", subject=key["name"], detail=f"{key['parent']} {row['missing']} is not there"
            )


def _check_announced(conn: Connection, announced: Iterable[str]) -> Iterator[Finding]:
    known = {row["url"] for row in _rows(conn, "SELECT url FROM store.frontier")}
    known |= {row["url"] for row in _rows(conn, "SELECT url FROM store.alias")}
    for url in sorted({canonicalise(url) or url for url in announced} - known):
        yield Finding(check="announced", subject=url, detail="a document named it, and the frontier never heard of it")


def _check_bodies(conn: Connection, root: Path, log: Sequence[Served]) -> Iterator[Finding]:
    """The last whole body sent for each URL is kept, or the URL is owed; and nothing is kept that was never sent."""
    sent: dict[str, list[Served]] = defaultdict(list)
    for served in log:
        sent[served.url].append(served)
    kept: dict[str, set[bytes]] = defaultdict(set)
    for row in _rows(conn, "SELECT * FROM archive.captures"):
        if row["body_sha256"] is not None:
            kept[row["url"]].add(bytes.fromhex(row["body_sha256"]))
        if row["record_type"] != "response":
            continue
        try:
            raw = warc.read_record(root, row["warc_path"], row["warc_offset"], row["warc_length"]).raw_http_bytes
        except WarcDamaged:
            continue  # the audit says so
        kept[row["url"]].add(hashlib.sha256(raw).digest())
        if not any(served.response.startswith(raw) for served in sent[row["url"]]):
            yield Finding(
                check="never_sent", subject=row["url"], detail=f"capture {row['capture_id']} holds other bytes"
            )
    owed = {row["url"] for row in _rows(conn, _OWED)}
    for url, answers in sent.items():
        whole = [served for served in answers if oracle.is_whole(served)]
        if whole and (canonicalise(url) or url) not in owed and not _digests(whole[-1]) & kept[url]:
            detail = f"its last whole body, sent at {whole[-1].finished_at:.3f}, is in no record"
            yield Finding(check="body_lost", subject=url, detail=detail)


def _digests(served: Served) -> set[bytes]:
    """sha256 of an answer as sent and of its decoded body."""
    body = oracle.read_message(served.response).body
    found = {hashlib.sha256(served.response).digest()}
    return found | ({hashlib.sha256(body).digest()} if body is not None else set())
