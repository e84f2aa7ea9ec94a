"""Result stores of a program's own: `result_backend` may name a class."""

from typing import Any

from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.ports import Transport

from .symbols import symbol


def own_store(app: Any, url: Any) -> Transport | None:
    """The transport of a class, of "proj.stores:Store" or "proj.stores:Store+scheme://host"; None for plain URLs."""
    cls, rest = url, None
    if isinstance(url, str):
        path, plus, behind = url.partition("+")
        if "://" in path or not any(sign in path for sign in ".:"):
            return None
        cls, rest = _loaded(path), behind if plus else None
    if not isinstance(cls, type):
        return None
    make: Any = getattr(cls, "transport_of", None)
    if make is None:
        raise ImproperlyConfigured(
            f"result_backend: {cls.__module__}.{cls.__qualname__} is no KeyValueStoreBackend: derive it from "
            "celeriac.contrib.keyvalue.KeyValueStoreBackend, with get, set and delete."
        )
    transport: Transport = make(app, rest)
    return transport


def _loaded(path: str) -> Any:
    try:
        return symbol(path)
    except ImportError as exc:
        raise ImproperlyConfigured(f"result_backend: {path!r} can't be imported: {exc}") from exc
