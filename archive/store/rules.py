"""The rules of cleaning in words, so that what was taken out can be told in SQL too."""

from __future__ import annotations

from collections.abc import Sequence

from archive.db import Connection
from archive.records import RuleRow
from archive.store.statements import execute


def declare(conn: Connection, rules: Sequence[RuleRow]) -> int:
    """Write down the rules that are in force, or their new words; the number of rows that were new or changed."""
    with conn.transaction():
        return execute(
            conn,
            "declare_rules",
            rules=[rule.rule for rule in rules],
            versions=[rule.rule_version for rule in rules],
            says=[rule.says for rule in rules],
            files=[rule.file for rule in rules],
        )
