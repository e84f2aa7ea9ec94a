"""Compression by name and content type, as kombu names them; what is decompressed has a bound."""

import importlib
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

import msgspec

from ..core.errors import DecodeError, SerializerNotInstalled

MAX_BYTES: Final = 256 * 1024 * 1024  # a small message must not become a memory full of zeros
_KEPT: Final = 16 * 1024 * 1024
_CHUNK: Final = 1024 * 1024
_SLICE: Final = 256
BLOB_PREFIX: Final = b"\x00celery-compressed\x00"  # marks a compressed result in a result store


class Inflater(Protocol):
    """What zlib, bz2 and lzma call a decompressor object."""

    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


Chunks = Callable[[bytes], Iterator[bytes]]


class Compression(msgspec.Struct, frozen=True):
    """How one content type is packed, and how it is unpacked into at most so many bytes."""

    content_type: str
    compress: Callable[[bytes], bytes]
    decompress: Callable[[bytes, int], bytes]


_by_type: dict[str, Compression] = {}
_aliases: dict[str, str] = {}


def register(
    compress: Callable[[bytes], bytes],
    decompress: Callable[[bytes, int], bytes],
    content_type: str,
    aliases: tuple[str, ...] = (),
) -> None:
    """Add or replace a compression; `decompress(data, limit)` may return more than `limit` to say "too long"."""
    _by_type[content_type] = Compression(content_type, compress, decompress)
    _aliases.update(dict.fromkeys(aliases, content_type))


def encoders() -> list[str]:
    """The content types that can be written."""
    return list(_by_type)


def content_type_of(name: str) -> str:
    """The content type of a compression given by name or type."""
    return _find(name).content_type


def compress(data: bytes, name: str) -> tuple[bytes, str]:
    """(compressed bytes, content type)."""
    found = _find(name)
    return found.compress(data), found.content_type


def decompress(data: bytes, name: str, *, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes that were compressed. Raises DecodeError if they are damaged or more than `max_bytes`."""
    found = _find(name)
    try:
        plain = found.decompress(data, max_bytes)
    except (SerializerNotInstalled, DecodeError):
        raise
    except Exception as exc:
        raise DecodeError(f"The body is not the {found.content_type} it says it is: {exc}") from exc
    if len(plain) > max_bytes:
        raise DecodeError(f"The compressed body is more than {max_bytes} bytes long when decompressed.")
    return plain


def compress_blob(data: bytes, name: str) -> bytes:
    """The form in which a result store keeps compressed results."""
    packed, content_type = compress(data, name)
    return BLOB_PREFIX + content_type.encode() + b"\x00" + packed


def decompress_blob(data: bytes, *, max_bytes: int = MAX_BYTES) -> bytes:
    """The plain result, whether or not it was compressed."""
    if not data.startswith(BLOB_PREFIX):
        return data
    content_type, found, packed = data[len(BLOB_PREFIX) :].partition(b"\x00")
    if not found:
        raise DecodeError("The compressed result is damaged: its content type does not end.")
    return decompress(packed, content_type.decode("utf-8", "replace"), max_bytes=max_bytes)


def _find(name: str) -> Compression:
    found = _by_type.get(_aliases.get(name, name))
    if found is None:
        known = ", ".join(sorted(_aliases))
        raise SerializerNotInstalled(f"There is no compression {name!r}: known are {known}.")
    return found


def _bounded(chunks: Chunks) -> Callable[[bytes, int], bytes]:
    """Puts the chunks together if they are at most so many bytes.

    What comes out big is counted first and only made in a second go, so that a bomb costs no memory.
    """

    def unpack(data: bytes, limit: int) -> bytes:
        parts: list[bytes] = []
        total = 0
        for chunk in chunks(data):
            total += len(chunk)
            if total > limit:
                raise DecodeError(f"The compressed body is more than {limit} bytes long when decompressed.")
            if total <= _KEPT:
                parts.append(chunk)
            else:
                parts.clear()
        return b"".join(parts if total <= _KEPT else chunks(data))

    return unpack


def _inflated(make: Callable[[], Inflater]) -> Chunks:
    """Decompressors of the standard library stop at a given length by themselves."""

    def chunks(data: bytes) -> Iterator[bytes]:
        inflater = make()
        rest = data
        while not inflater.eof:
            chunk = inflater.decompress(rest, _CHUNK)
            rest = getattr(inflater, "unconsumed_tail", b"")  # zlib gives back what it did not get to
            if not chunk and not rest and not inflater.eof:
                raise DecodeError("The compressed body ends early.")
            yield chunk

    return chunks


def _optional(module: str, name: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as exc:
        raise SerializerNotInstalled(
            f"The compression {name} needs the library {module}: pip install 'celeriac[compression]'"
        ) from exc


def _inflater(module: str, name: str, **options: int) -> Inflater:
    made: Inflater = getattr(_optional(module, module), name)(**options)
    return made


def _brotli_chunks(data: bytes) -> Iterator[bytes]:
    inflater = _optional("brotli", "brotli").Decompressor()
    yield from _in_slices(inflater.process, data)
    if not inflater.is_finished():
        raise DecodeError("The compressed body ends early.")


def _zstd_chunks(data: bytes) -> Iterator[bytes]:
    inflater = _optional("zstandard", "zstd").ZstdDecompressor().decompressobj()
    yield from _in_slices(inflater.decompress, data)
    if not inflater.eof:
        raise DecodeError("The compressed body ends early.")


def _in_slices(step: Callable[[bytes], bytes], data: bytes) -> Iterator[bytes]:
    """Feed a decompressor that knows no bound so little at a time that a bomb is noticed when it starts to go off."""
    for start in range(0, len(data), _SLICE):
        yield step(data[start : start + _SLICE])


# What Celery calls gzip is a bare zlib stream; real gzip files are understood as well.
register(
    zlib.compress,
    _bounded(_inflated(lambda: zlib.decompressobj(zlib.MAX_WBITS | 32))),
    "application/x-gzip",
    ("gzip", "zlib"),
)
# Loaded when first used: Python may have been built without them, and few programs need them.
register(
    lambda data: bytes(_optional("bz2", "bzip2").compress(data)),
    _bounded(_inflated(lambda: _inflater("bz2", "BZ2Decompressor"))),
    "application/x-bz2",
    ("bzip2", "bzip"),
)
register(
    lambda data: bytes(_optional("lzma", "lzma").compress(data)),
    _bounded(_inflated(lambda: _inflater("lzma", "LZMADecompressor", memlimit=MAX_BYTES))),
    "application/x-lzma",
    ("lzma", "xz"),
)
register(
    lambda data: bytes(_optional("brotli", "brotli").compress(data)),
    _bounded(_brotli_chunks),
    "application/x-brotli",
    ("brotli",),
)
register(
    lambda data: bytes(_optional("zstandard", "zstd").ZstdCompressor().compress(data)),
    _bounded(_zstd_chunks),
    "application/zstd",
    ("zstd", "zstandard"),
)
