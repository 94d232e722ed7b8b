"""What is stored, as frozen records. The archive owns them; the crawler's pipeline converts its own into these.

Times are aware UTC datetimes. Hashes of URLs are `sha256(url.encode())`. A module a subject; import from here.
"""

from __future__ import annotations

from archive.records.articles import (
    ArticleSave,
    CreditRow,
    CurrentText,
    ExtractionRow,
    HostSighting,
    ObservedLine,
    RemovalRow,
    RuleRow,
    Saved,
    VersionRow,
    Wording,
)
from archive.records.captures import CaptureRow, StoredCapture, WarcPlace
from archive.records.discovery import Announced, AnnouncementRow, DateRow, DocumentChecked, DocumentRead, DocumentRow
from archive.records.frontier import Conclusion, LeasedUrl, Postponement
from archive.records.sources import Applied, CrawlEnd, Json, SourceRow, SourceState
from archive.records.urls import hash_url
from archive.records.work import Claim, CrawlBegun, ProcessRow, RequestRow, RobotsRow

__all__ = [
    "Announced",
    "AnnouncementRow",
    "Applied",
    "ArticleSave",
    "CaptureRow",
    "Claim",
    "Conclusion",
    "CrawlBegun",
    "CrawlEnd",
    "CreditRow",
    "CurrentText",
    "DateRow",
    "DocumentChecked",
    "DocumentRead",
    "DocumentRow",
    "ExtractionRow",
    "HostSighting",
    "Json",
    "LeasedUrl",
    "ObservedLine",
    "Postponement",
    "ProcessRow",
    "RemovalRow",
    "RequestRow",
    "RobotsRow",
    "RuleRow",
    "Saved",
    "SourceRow",
    "SourceState",
    "StoredCapture",
    "VersionRow",
    "WarcPlace",
    "Wording",
    "hash_url",
]
