"""From the bytes of feeds, sitemaps and section pages to links: pure, nothing is fetched here."""

from crawler.discover.document import read_document

__all__ = ["read_document"]
