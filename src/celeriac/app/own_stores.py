"""Result stores of a program's own: `result_backend` may name a class."""

from typing import Any

from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.ports import Transport

from .plugins import entry_points, load
from .symbols import symbol


def own_store(app: Any, url: Any) -> Transport | None:
    """The transport of a class, of "proj.stores:Store" or "proj.stores:Store+scheme://host"; None for plain URLs."""
    cls, rest = url, None
    named = _named(url) if isinstance(url, str) else None
    if named is not None:
        cls, rest = named, url
    elif isinstance(url, str):
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
            "celeriac.contrib.keyvalue.KeyValueStoreBackend, with get, set and delete, or from "
            "celeriac.contrib.dictstore.BaseDictBackend."
        )
    transport: Transport = make(app, rest)
    return transport


def _named(url: str) -> Any:
    """The class of another distribution that offers it under that name or scheme (django-db, django-cache)."""
    name = url.partition(":")[0]
    if name in entry_points("celeriac.backends") or name not in entry_points("celery.result_backends"):
        return None
    return load("celery.result_backends", name, f"result_backend {url}")


def _loaded(path: str) -> Any:
    try:
        return symbol(path)
    except ImportError as exc:
        raise ImproperlyConfigured(f"result_backend: {path!r} can't be imported: {exc}") from exc
