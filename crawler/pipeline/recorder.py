"""Fetching's recorder: every exchange goes to the WARC, and comes back as a capture row whose bytes are safe."""

from __future__ import annotations

from collections.abc import Mapping

from archive.records import CaptureRow
from archive.threads import ArchiveThreads
from archive.warc import PriorRecord, WarcExchange, WarcWriter
from crawler.fetch.tasks import Purpose
from crawler.records import Exchange, PriorCapture


class WarcRecorder:
    """Appends exchanges in threads; appends that meet share one fdatasync."""

    def __init__(self, writer: WarcWriter, threads: ArchiveThreads) -> None:
        self._writer = writer
        self._threads = threads

    async def append(
        self,
        exchange: Exchange,
        *,
        purpose: Purpose,
        prior: PriorCapture | None,
        status: int | None,
        headers: Mapping[str, str],
    ) -> CaptureRow:
        """The capture row of `exchange`, once its bytes are flushed and synced.

        Raises:
            DiskFull: there was no room; nothing of it was kept.
        """
        raw = WarcExchange(
            url=exchange.url,
            request=exchange.request,
            response=exchange.response,
            started_at=exchange.started_at,
            ip_address=exchange.ip_address,
            truncated=exchange.truncated,
        )
        kept = await self._threads.call(self._writer.append, raw, prior=_prior_record(prior))
        return CaptureRow(
            url=exchange.url,
            purpose=purpose,
            fetched_at=exchange.started_at,
            status=status,
            mime=_mime(headers.get("content-type")),
            location=headers.get("location"),
            etag=headers.get("etag"),
            last_modified=headers.get("last-modified"),
            payload_digest=kept.payload_digest,
            record_type=kept.record_type,
            truncated=exchange.truncated,
            ip_address=exchange.ip_address,
            place=kept.place,
        )


def _prior_record(prior: PriorCapture | None) -> PriorRecord | None:
    if prior is None or prior.record_id is None:
        return None
    return PriorRecord(
        record_id=prior.record_id, url=prior.url, fetched_at=prior.fetched_at, payload_digest=prior.payload_digest
    )


def _mime(content_type: str | None) -> str | None:
    return content_type.partition(";")[0].strip().lower() or None if content_type else None
