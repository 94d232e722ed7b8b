"""Standard output ends the command when its reader has gone: `wirekeep sql … | head` is quiet, as other tools are."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# What a shell says of a tool that SIGPIPE ended (128 + 13). The signal itself is no choice: it would skip every
# `finally`, leave the embedded PostgreSQL running, and end a worker for a socket that a site has closed.
EXIT_READER_GONE = 141


class _Output(io.FileIO):
    """Standard output, where writing to nobody is the end of the program.

    Click and rich each catch BrokenPipeError and exit with 1; SystemExit passes both, and unwinds as any exit does.
    """

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            # What is still in buffers goes nowhere, and without a word: Python flushes them once more at its end.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            raise SystemExit(EXIT_READER_GONE) from None


def end_with_reader() -> None:
    """Make the process's own standard output one that ends the command with its reader; another's is left alone."""
    given = sys.stdout
    if not isinstance(given, io.TextIOWrapper) or given is not sys.__stdout__:
        return  # none at all (closed by who started us), or somebody captures it
    raw = _Output(given.fileno(), "wb", closefd=False)
    is_unbuffered = isinstance(given.buffer, io.RawIOBase)
    sys.stdout = io.TextIOWrapper(
        raw if is_unbuffered else io.BufferedWriter(raw),  # without one as Python itself does under -u
        encoding=given.encoding,
        errors=given.errors,
        line_buffering=given.line_buffering,
        write_through=given.write_through,
    )
