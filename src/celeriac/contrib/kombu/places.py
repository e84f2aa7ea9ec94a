"""URLs and texts: kombu's small functions around them."""

import uuid as stdlib
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from celeriac.settings import mask_url


def safequote(text: str) -> str:
    """Fit to stand in a URL."""
    return quote(text, safe="")


def parse_url(url: str) -> dict[str, Any]:
    """The parts of a URL."""
    parts = urlsplit(url)
    return {
        "transport": parts.scheme,
        "hostname": unquote(parts.hostname) if parts.hostname else None,
        "port": parts.port,
        "userid": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "virtual_host": unquote(parts.path[1:]) or None,
        **dict(parse_qsl(parts.query)),
    }


def sanitize_url(url: str, mask: str = "**") -> str:
    """The URL with its password masked."""
    return mask_url(url)


def maybe_sanitize_url(url: Any, mask: str = "**") -> Any:
    """The same, where it is a URL."""
    return mask_url(url) if isinstance(url, str) and "://" in url else url


def as_url(
    scheme: str,
    host: str | None = None,
    port: int | None = None,
    user: str | None = None,
    password: str | None = None,
    path: str | None = None,
) -> str:
    """A URL from its parts."""
    login = f"{safequote(user or '')}{f':{safequote(password)}' if password else ''}@" if user or password else ""
    return f"{scheme}://{login}{safequote(host or '')}{f':{port}' if port else ''}/{safequote(path or '')}"


def bytes_to_str(value: Any) -> Any:
    """Text from bytes."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def str_to_bytes(value: Any) -> Any:
    """Bytes from text."""
    return value.encode() if isinstance(value, str) else value


ensure_bytes = str_to_bytes


def safe_str(value: Any, errors: str = "replace") -> str:
    """Text of anything, whatever its own __str__ does."""
    try:
        return bytes_to_str(value) if isinstance(value, bytes | str) else str(value)
    except Exception as exc:  # noqa: BLE001 - it is asked for to be safe
        return f"<Unrepresentable {type(value)!r}: {exc!r}>"


def safe_repr(value: Any, errors: str = "replace") -> str:
    """The repr of anything, whatever its own __repr__ does."""
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - it is asked for to be safe
        return safe_str(value)


def uuid(_uuid: Any = stdlib.uuid4) -> str:
    """A random UUID as text."""
    return str(_uuid())
