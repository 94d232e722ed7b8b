"""Small bodies that decode to half a gigabyte of zeros."""

from __future__ import annotations

import base64
import struct
import zlib
from functools import cache

import zstandard

SIZE = 512 * 1024 * 1024
_BLOCK = bytes(1024 * 1024)


@cache
def gzip_bomb() -> bytes:
    """One gzip member: a megabyte deflated once up to a full flush, then repeated."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = deflate.compress(_BLOCK) + deflate.flush(zlib.Z_FULL_FLUSH)
    # After a full flush a block refers to nothing before it, so that it may stand any number of times.
    checksum = 0
    for _ in range(SIZE // len(_BLOCK)):
        checksum = zlib.crc32(_BLOCK, checksum)
    end = zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    return head + block * (SIZE // len(_BLOCK)) + end + struct.pack("<II", checksum, SIZE & 0xFFFFFFFF)


# `brotli.compress(bytes(SIZE), quality=5)`, 25,227 bytes that took 4.4 s to make, deflated once more.
_BROTLI = (
    "eNrt1z8ug3Ecx/Hv05IGiYrBJHQwOoBFPKMjWB1BYuvQZ2N0BIMDdJZIJCQGiwtoxCBiwFaD+GrjDn4dXsl7+Rzg9+d1n7kXW/E2"
    "vFusX0bti363ed+Ny3G8jtrnxkyNr8xOM1evr022ChaZGWdxetN6uOqoYE+Zm7EaRwfT86GCfWe261Zveakeb6hgTeYg9uP2sJo8"
    "HirYZ2Y3Fpqd7Xjsq2Q/mVWvWjmZn3ymVLDrP248D+P4o1LBYAImBBMwIZiACcEETAgmYEIwAROCCZgQTMCEYAImBBMwARMwIZiA"
    "CcEETAgmYEIwAROCCZgQTMCEYAImBBMwIZiACZiACcEETAgmYEIwAROCCZgQTMCEYAImBBMwoX+omV5OMDEDxS8QqfNP"
)


@cache
def brotli_bomb() -> bytes:
    """One brotli stream."""
    return zlib.decompress(base64.b64decode(_BROTLI))


@cache
def zstd_bomb() -> bytes:
    """One zstandard frame."""
    packer = zstandard.ZstdCompressor().compressobj()
    parts = [packer.compress(_BLOCK) for _ in range(SIZE // len(_BLOCK))]
    return b"".join([*parts, packer.flush()])
