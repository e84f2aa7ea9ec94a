"""Compressed bodies come back, and a small one can't fill the memory."""

import bz2
import gzip
import lzma
import tracemalloc
import zlib

import pytest

from celeriac.core.errors import DecodeError, SerializerNotInstalled
from celeriac.wire import compression

NAMES = {
    "gzip": "application/x-gzip",
    "zlib": "application/x-gzip",
    "bzip2": "application/x-bz2",
    "bzip": "application/x-bz2",
    "lzma": "application/x-lzma",
    "xz": "application/x-lzma",
    "brotli": "application/x-brotli",
    "zstd": "application/zstd",
}


@pytest.mark.parametrize("name", NAMES)
def test_comes_back_as_it_was(name):
    packed, content_type = compression.compress(b"text " * 1000, name)
    assert content_type == NAMES[name]
    assert len(packed) < 1000
    assert compression.decompress(packed, content_type) == b"text " * 1000
    assert compression.decompress(packed, name) == b"text " * 1000


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"zlib", "bzip", "xz"}))
def test_nothing_comes_back_as_nothing(name):
    packed, _ = compression.compress(b"", name)
    assert compression.decompress(packed, name) == b""


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_bomb_is_refused_at_the_bound(name):
    packed, _ = compression.compress(bytes(20_000_000), name)
    with pytest.raises(DecodeError, match="more than 1000000 bytes"):
        compression.decompress(packed, name, max_bytes=1_000_000)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_damaged_and_shortened_bodies_are_decode_errors(name):
    packed, _ = compression.compress(b"some text that is long enough to cut" * 20, name)
    with pytest.raises(DecodeError):
        compression.decompress(b"\x01\x02" + packed[2:][::-1], name)
    with pytest.raises(DecodeError):
        compression.decompress(packed[: len(packed) // 2], name)


@pytest.mark.parametrize("name", ["gzip", "lzma", "zstd"])
def test_what_is_really_that_long_comes_back_whole(name):
    long = b"0123456789abcdef" * (2 * 1024 * 1024)
    assert compression.decompress(compression.compress(long, name)[0], name) == long


def test_a_bomb_of_a_gigabyte_costs_little_memory():
    packer = zlib.compressobj(1)
    bomb = b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(1024)), packer.flush()])
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError, match="more than"):
            compression.decompress(bomb, "gzip")
        assert tracemalloc.get_traced_memory()[1] < 50 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_an_exact_fit_is_not_too_long():
    packed, _ = compression.compress(bytes(1000), "gzip")
    assert compression.decompress(packed, "gzip", max_bytes=1000) == bytes(1000)


def test_the_bytes_are_those_that_kombu_writes_and_real_gzip_files_are_read_too():
    assert compression.compress(b"x", "gzip")[0] == zlib.compress(b"x")
    assert compression.compress(b"x", "bzip2")[0] == bz2.compress(b"x")
    assert compression.compress(b"x", "lzma")[0] == lzma.compress(b"x")
    assert compression.decompress(gzip.compress(b"x"), "gzip") == b"x"


def test_an_unknown_compression_is_named():
    with pytest.raises(SerializerNotInstalled, match="rar"):
        compression.compress(b"", "rar")


def test_a_compressed_result_is_marked_and_a_plain_one_passes():
    blob = compression.compress_blob(b"{}", "gzip")
    assert blob == b"\x00celery-compressed\x00application/x-gzip\x00" + zlib.compress(b"{}")
    assert compression.decompress_blob(blob) == b"{}"
    assert compression.decompress_blob(b'{"a": 1}') == b'{"a": 1}'
    with pytest.raises(DecodeError):
        compression.decompress_blob(b"\x00celery-compressed\x00application/x-gzip")
