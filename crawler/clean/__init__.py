"""Text to text plus what was removed and why; and whether a page is an article at all. Pure."""

from crawler.clean.engine import Cleaned, clean, normalise_line, restore
from crawler.clean.lexicon import rules_digest
from crawler.clean.structure import Facts

__all__ = ["Cleaned", "Facts", "clean", "normalise_line", "restore", "rules_digest"]
