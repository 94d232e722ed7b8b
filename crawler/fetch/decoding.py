"""Scrapy's decompression and redirect middlewares, failing in our words."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import brotli
from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils import _compression

from crawler.errors import FetchFailed
from crawler.fetch.addresses import web_address

_ZSTD_ERROR: type[Exception] = _compression.zstd.ZstdError  # type: ignore[attr-defined] # stdlib or backport
_UNDECODABLE = (OSError, EOFError, struct.error, zlib.error, brotli.error, _ZSTD_ERROR)


class BoundedDecompression(HttpCompressionMiddleware):
    """gzip, deflate, br and zstd, each stopped at the size that the request may have."""

    def process_response(self, request: Request, response: Response, spider: Any = None) -> Request | Response:
        """The response with its body decoded.

        Raises:
            FetchFailed: ``too_large`` once decoded, or ``protocol`` where the body is not in the coding it names.
        """
        try:
            return super().process_response(request, response)
        except IgnoreRequest as error:
            coded = len(response.body)
            raise FetchFailed(
                f"{response.url}: too large: {coded} bytes as sent, more than allowed once decoded",
                kind="too_large",
                retry=False,
            ) from error
        except _UNDECODABLE as error:
            coding = response.headers.get("Content-Encoding")
            raise FetchFailed(
                f"{response.url}: protocol: the body is not {coding!r} ({error})", kind="protocol", retry=True
            ) from error


class CountedRedirects(RedirectMiddleware):
    """Redirects up to the limit."""

    def process_response(self, request: Request, response: Response, spider: Any = None) -> Request | Response:
        """The response, or the request for where it leads.

        Raises:
            FetchFailed: ``redirects`` past the limit, or ``protocol`` where Location is no URL.
        """
        try:
            found = super().process_response(request, response)
            if isinstance(found, Request):
                web_address(found.url)
            return found
        except IgnoreRequest as error:
            raise FetchFailed(
                f"{request.url}: more than {self.max_redirect_times} redirects", kind="redirects", retry=False
            ) from error
        except (ValueError, FetchFailed) as error:
            location = response.headers.get("Location")
            raise FetchFailed(
                f"{request.url}: protocol: Location {location!r} is no URL ({error})", kind="protocol", retry=True
            ) from error
