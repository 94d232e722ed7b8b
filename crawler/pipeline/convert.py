"""The crawler's records into the archive's and back; nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

from archive.records import (
    AnnouncementRow,
    CreditRow,
    DateRow,
    ExtractionRow,
    RemovalRow,
    RuleRow,
    StoredCapture,
    VersionRow,
)
from crawler.clean.registry import Declared
from crawler.records import Article, ClaimedDate, Judged, Link, Outcome, PriorCapture, Versions


def to_date_row(date: ClaimedDate | None) -> DateRow | None:
    """A claimed date as stored; an assumed zone becomes a flag."""
    if date is None:
        return None
    flags = (*date.flags, "zone_assumed") if date.zone_assumed else date.flags
    return DateRow(
        at=date.at, raw=date.raw, precision=date.precision, provenance=date.provenance, zone=date.zone, flags=flags
    )


def to_claimed(row: DateRow | None) -> ClaimedDate | None:
    """A stored date as the stages know it."""
    if row is None:
        return None
    return ClaimedDate(
        at=row.at,
        raw=row.raw,
        precision=row.precision,  # type: ignore[arg-type]  # written by to_date_row from the same closed set
        provenance=row.provenance,
        zone=row.zone,
        zone_assumed="zone_assumed" in row.flags,
        flags=tuple(flag for flag in row.flags if flag != "zone_assumed"),
    )


def to_announcement(judged: Judged, host: str, outcome: Outcome | None, reason: str | None) -> AnnouncementRow:
    """A judged link as it is announced to the archive."""
    link = judged.link
    return AnnouncementRow(
        url=link.canonical,
        host=host,
        announced_url=link.url,
        rule=judged.rule,
        outcome=None if outcome is None else outcome.value,  # type: ignore[arg-type]  # only the three unfetched ones
        reason=reason,
        guid=link.guid,
        title=link.title,
        summary=link.summary,
        content=link.content,
        authors=link.authors,
        tags=link.tags,
        language=link.language,
        published=to_date_row(link.published),
        modified=to_date_row(link.modified),
    )


def to_link(row: AnnouncementRow | None) -> Link | None:
    """A stored announcement as `process` takes it."""
    if row is None:
        return None
    return Link(
        url=row.announced_url,
        canonical=row.url,
        title=row.title,
        summary=row.summary,
        content=row.content,
        authors=row.authors,
        guid=row.guid,
        published=to_claimed(row.published),
        modified=to_claimed(row.modified),
        language=row.language,
        tags=row.tags,
    )


def to_version_row(versions: Versions) -> VersionRow:
    """Versions as stored."""
    return VersionRow(
        extractor=versions.extractor,
        trafilatura=versions.trafilatura,
        rules=versions.rules,
        site=versions.site,
        host_state=versions.host_state,
    )


def to_extraction(article: Article) -> ExtractionRow:
    """An article as stored."""
    return ExtractionRow(
        version=to_version_row(article.versions),
        title=article.title,
        titles=article.titles,
        summary=article.summary,
        text=article.text,
        language=article.language,
        authors=article.authors,
        place=article.place,
        section=article.section,
        tags=article.tags,
        image=article.image,
        canonical_url=article.canonical_url,
        kind=article.kind,
        published=to_date_row(article.published),
        modified=to_date_row(article.modified),
        charset=article.charset,
        charset_from=article.charset_source,
        flags=article.flags,
        removals=tuple(
            RemovalRow(start=r.start, span=r.text, rule=r.rule, rule_version=r.rule_version, zone=r.zone)
            for r in article.removals
        ),
        credits=tuple(
            CreditRow(agency=c.agency, matched=c.matched, position=c.where, confidence=c.confidence, place=c.place)
            for c in article.credits
        ),
    )


def to_rule(rule: Declared) -> RuleRow:
    """A rule of cleaning as SQL tells of it."""
    return RuleRow(rule=rule.id, rule_version=rule.version, says=rule.says, file=rule.file)


def to_prior(capture: StoredCapture | None) -> PriorCapture | None:
    """The last capture of a URL as fetching needs it."""
    if capture is None:
        return None
    return PriorCapture(
        url=capture.url,
        fetched_at=capture.fetched_at,
        etag=capture.etag,
        last_modified=capture.last_modified,
        payload_digest=capture.payload_digest,
        body_digest=capture.body_digest,
        record_id=capture.place.record_id,
    )


def now_utc() -> datetime:
    """The clock, read at the rim only."""
    return datetime.now(UTC)
