"""Which words a SQL statement is made of, outside its strings and comments: what it begins with, what it names.

The words follow PostgreSQL's scanner with `standard_conforming_strings` on (`archive.db` refuses a server without).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\n\r\f\v]+)
    | (?P<line_comment>--[^\n\r]*)
    | (?P<block_comment>/\*)
    | (?P<escape_string>[eE]'(?:[^'\\]|''|\\.)*')
    | (?P<unicode_name>[uU]&")
    | (?P<string>(?:[uU]&|[bBxXnN])?'(?:[^']|'')*')
    | (?P<quoted_name>"(?:[^"]|"")+")
    | (?P<dollar_string>\$(?P<tag>(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?)\$.*?\$(?P=tag)\$)
    | (?P<name>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*)
    | (?P<number>[0-9][A-Za-z0-9_.]*)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


class OddStatement(ValueError):
    """The statement is written in a way that is not read here; the message says what."""


def read_words(sql: str) -> Iterator[str]:
    """Names and keywords (plain ones in lower case, quoted ones as they are named) and single other characters.

    Strings and numbers are left out.

    >>> list(read_words("Select \\"A\\", 'x;y' /* no /* nested */ */ FROM t -- end"))
    ['select', 'A', ',', 'from', 't']

    Raises:
        OddStatement: a comment or a quotation has no end, or a name is written with Unicode escapes.
    """
    place, before = 0, ""
    while place < len(sql):
        match = _TOKEN.match(sql, place)
        assert match is not None  # the last alternative takes any character
        kind, text, place = match.lastgroup, match.group(), match.end()
        if kind == "string" and before == "escape_string":
            # PostgreSQL goes on with backslash escapes: where such a string ends is not for a second reader to guess.
            raise OddStatement("a string begun with E'…' goes on in another one; write it as one")
        before = before if kind in {"space", "line_comment", "block_comment"} else kind or ""
        if kind == "block_comment":
            place = _skip_comment(sql, place)
        elif kind == "unicode_name":
            raise OddStatement('a name is written with Unicode escapes (U&"…"); write it plainly')
        elif kind == "name":
            yield text.lower()
        elif kind == "quoted_name":
            yield text[1:-1].replace('""', '"')
        elif kind == "other":
            if text in "'\"":
                raise OddStatement(f"a quotation begun with {text} has no end")
            yield text


def _skip_comment(sql: str, place: int) -> int:
    depth = 1
    while depth:
        edge = _COMMENT_EDGE.search(sql, place)
        if edge is None:
            raise OddStatement("a comment begun with /* has no end")
        depth += 1 if edge.group() == "/*" else -1
        place = edge.end()
    return place
