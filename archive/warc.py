"""WARC files: the exact bytes of every exchange, appended durably, read back, and made whole after a crash.

WARC 1.1 (ISO 28500:2017), one gzip member a record. `warc_format` makes records, `warc_writer` appends them,
`warc_reader` reads them back, `warc_recovery` seals what a dead writer left.
"""

from __future__ import annotations

from archive.warc_format import PriorRecord, WarcExchange
from archive.warc_reader import WarcEntry, WarcRecordRead, iter_records, read_body, read_record
from archive.warc_recovery import Recovered, recover
from archive.warc_writer import WarcWriter, WarcWritten

__all__ = [
    "PriorRecord",
    "Recovered",
    "WarcEntry",
    "WarcExchange",
    "WarcRecordRead",
    "WarcWriter",
    "WarcWritten",
    "iter_records",
    "read_body",
    "read_record",
    "recover",
]
