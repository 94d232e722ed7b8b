"""Whose words an article holds: authors, agency credits, dateline place, and fingerprints to find its twins by."""

from crawler.attribute.attribution import Attribution, agencies_of, attribute
from crawler.attribute.credit import is_credit_line
from crawler.attribute.dateline import is_dateline_only
from crawler.attribute.fingerprint import overlap, shingles, signature
from crawler.attribute.rules import rules_digest

__all__ = [
    "Attribution",
    "agencies_of",
    "attribute",
    "is_credit_line",
    "is_dateline_only",
    "overlap",
    "rules_digest",
    "shingles",
    "signature",
]
