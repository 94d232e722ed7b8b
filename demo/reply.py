"""What a host answers, and HTTP's rules on it: content coding by Accept-Encoding, validators, 304."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import brotli
import zstandard

from demo.publishers import Coding, Validators
from demo.recording import RecordingHandler

# Untyped in some of its builds and typed in others.
_BROTLI: Any = brotli


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A well-formed answer before content coding and conditional rules."""

    status: int = 200
    content_type: str | None = "text/html; charset=utf-8"
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    validators: Validators = "none"
    last_modified: datetime | None = None
    coding: Coding | None = None
    chunked: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RawReply:
    """An answer that breaks rules: `play` writes its bytes itself and says whether they are one whole message.

    The connection ends after it.
    """

    play: Callable[[RecordingHandler], Awaitable[bool]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One request as the responders see it: host without port, target with query, header names in lower case."""

    method: str
    host: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


def text_reply(text: str, *, status: int = 200, content_type: str = "text/plain; charset=utf-8") -> Reply:
    """A short answer in UTF-8."""
    return Reply(status=status, content_type=content_type, body=text.encode())


def redirect(location: str, status: int = 302) -> Reply:
    """An answer that sends the client elsewhere."""
    return Reply(status=status, content_type="text/plain", body=b"moved\n", headers=(("Location", location),))


def settle(reply: Reply, asked: Asked) -> Reply:
    """The answer as it goes out: coded as the client accepts, with its validators, or 304 (RFC 9110, section 13)."""
    if reply.status != 200:
        return reply
    accepted = asked.headers.get("accept-encoding", "").lower()
    headers = reply.headers
    coding = reply.coding
    if coding:
        headers += (("Vary", "Accept-Encoding"),)
        if coding in (token.split(";")[0].strip() for token in accepted.split(",")):
            reply = replace(reply, body=_encode(reply.body, coding))
            headers += (("Content-Encoding", coding),)
    etag = f'"{hashlib.sha256(reply.body).hexdigest()[:20]}"' if reply.validators in ("etag", "both") else None
    modified = reply.last_modified if reply.validators in ("last-modified", "both") else None
    if etag:
        headers += (("ETag", etag),)
    if modified:
        headers += (("Last-Modified", format_datetime(modified, usegmt=True)),)
    if _is_unmodified(asked.headers, etag, modified):
        kept = tuple(item for item in headers if item[0] != "Content-Encoding")
        return Reply(status=304, content_type=None, headers=kept)
    return replace(reply, headers=headers)


def _is_unmodified(headers: Mapping[str, str], etag: str | None, modified: datetime | None) -> bool:
    """If-None-Match decides alone where it stands; If-Modified-Since only without it."""
    if (tags := headers.get("if-none-match")) is not None:
        offered = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        return etag is not None and (etag in offered or tags.strip() == "*")
    since = headers.get("if-modified-since")
    if since is None or modified is None:
        return False
    try:
        return modified.replace(microsecond=0) <= parsedate_to_datetime(since)
    except ValueError:
        return False


def _encode(body: bytes, coding: Coding) -> bytes:
    # No time stamps inside: the same body gives the same bytes, so that an ETag over them stands still.
    match coding:
        case "gzip":
            return gzip.compress(body, mtime=0)
        case "br":
            return bytes(_BROTLI.compress(body, quality=5))
        case "zstd":
            return zstandard.ZstdCompressor().compress(body)
