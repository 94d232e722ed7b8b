"""Whether the archive is whole: captures against WARC records re-hashed, revisions against captures and extractions.

A finding is something that can never be so in a sound archive; what is merely pending (owed, leased) is none. Records
in a WARC file that no row points at are allowed (a crash between append and commit) and only counted.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.db import Connection, statement
from archive.errors import WarcDamaged
from archive.warc import iter_records, read_body, read_record

# Bodies are read one at a time, rows in batches: an audit of a large archive holds little in memory.
BATCH = 500
ROW_CHECKS = (
    "audit_articles_without_current_revision",
    "audit_revisions_not_numbered_from_one",
    "audit_edits_not_counted",
    "audit_revisions_without_extraction",
    "audit_final_outcomes_without_article",
    "audit_announcements_without_outcome_or_due",
    "audit_aliases_astray",
    "audit_slots_without_crawl_or_job",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something that is not as it must be: which check, about what, and what was found against expected."""

    check: str
    subject: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """What an audit looked at and found."""

    captures: int
    records: int
    orphans: int
    findings: tuple[Finding, ...]


def audit(conn: Connection, warc_root: Path, *, progress: Callable[[int], None] | None = None) -> Audit:
    """Check every capture's bytes and every rule that rows must keep.

    `progress` is called with the number of captures looked at since the last call.
    """
    findings: list[Finding] = []
    seen: dict[str, set[int]] = {}
    captures = 0
    for row in _rows(conn, "audit_captures"):
        captures += 1
        seen.setdefault(row["path"], set()).add(row["warc_offset"])
        findings += _check_capture(warc_root, row)
        if progress is not None and captures % BATCH == 0:
            progress(BATCH)
    records, orphans = _count_records(warc_root, seen, findings)
    for check in ROW_CHECKS:
        findings += [
            Finding(check=check, subject=str(row["subject"]), detail=row["detail"]) for row in _rows(conn, check)
        ]
    findings += list(_check_extractions(conn))
    return Audit(captures=captures, records=records, orphans=orphans, findings=tuple(findings))


def _rows(conn: Connection, name: str) -> Iterator[dict[str, Any]]:
    with conn.cursor(name=f"audit_{name}") as cursor:
        cursor.itersize = BATCH
        cursor.execute(statement(name), {})
        yield from cursor


def _check_capture(root: Path, row: dict[str, Any]) -> Iterator[Finding]:
    subject = f"capture {row['capture_id']} ({row['url']})"

    def finding(check: str, found: object, expected: object) -> Finding:
        return Finding(check=check, subject=subject, detail=f"found {found}, expected {expected}")

    try:
        record = read_record(root, row["path"], row["warc_offset"], row["warc_length"])
    except WarcDamaged as error:
        yield Finding(check="capture_bytes", subject=subject, detail=str(error))
        return
    for check, found, expected in (
        ("record_id", record.headers.get("warc-record-id"), row["warc_record_id"]),
        ("record_type", record.record_type, row["record_type"]),
        ("record_url", record.url, row["url"]),
        ("record_status", record.http_status, row["status"]),
    ):
        if found != expected:
            yield finding(check, found, expected)
    if record.record_type != "response" or row["truncated"] is not None or row["body_digest"] is None:
        return
    try:
        body = read_body(root, row["path"], row["warc_offset"], row["warc_length"])
    except WarcDamaged as error:
        yield Finding(check="capture_body", subject=subject, detail=str(error))
        return
    digest = hashlib.sha256(body).digest()
    if digest != row["body_digest"]:
        yield finding("body_digest", digest.hex(), row["body_digest"].hex())


def _count_records(root: Path, seen: dict[str, set[int]], findings: list[Finding]) -> tuple[int, int]:
    counts: Counter[str] = Counter()
    for file in sorted(root.glob("**/*.warc.gz")):
        path = file.relative_to(root).as_posix()
        known = seen.get(path, set())
        try:
            for entry in iter_records(file):
                if entry.record.record_type in {"response", "revisit"}:
                    counts["records"] += 1
                    counts["orphans"] += entry.offset not in known
        except WarcDamaged as error:
            findings.append(Finding(check="warc_file", subject=path, detail=str(error)))
    return counts["records"], counts["orphans"]


def _check_extractions(conn: Connection) -> Iterator[Finding]:
    for row in _rows(conn, "audit_extractions"):
        content = "\x00".join((row["title"] or "", row["summary"] or "", row["text"]))
        digest = hashlib.sha256(content.encode()).digest()
        if digest != row["content_digest"]:
            yield Finding(
                check="content_digest",
                subject=f"extraction {row['extraction_id']}",
                detail=f"found {digest.hex()}, expected {row['content_digest'].hex()}",
            )
