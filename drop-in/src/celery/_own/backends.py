"""celery.backends: the classes of app.backend under the names of Celery's; which store it is, its URL says."""

from typing import Any

from celeriac.app.backend import Backend, DisabledBackend
from celeriac.app.plugins import entry_points
from celeriac.app.symbols import symbol
from celeriac.app.transports import scheme_of
from celeriac.exceptions import ImproperlyConfigured

__all__ = ["DisabledBackend"]

# All stores of ours are one class over different transports.
BaseBackend = RPCBackend = Backend
DatabaseBackend = MongoBackend = CacheBackend = FilesystemBackend = Backend

BACKEND_ALIASES = {
    name: f"celery.backends.base:{'DisabledBackend' if name == 'disabled' else 'BaseBackend'}"
    for name in (*entry_points("celeriac.backends"), "disabled")
}


def by_name(backend: Any = None, loader: Any = None, extension_namespace: str = "celery.result_backends") -> Any:
    """The class of an alias or path."""
    if not isinstance(backend, str):
        return backend or DisabledBackend
    path = {**BACKEND_ALIASES, **getattr(loader, "override_backends", {})}.get(backend, backend)
    if path == backend and not any(sign in backend for sign in ":."):
        raise ImproperlyConfigured(f"Unknown result backend: {backend!r}. Did you spell that correctly?")
    return symbol(path)


def by_url(backend: Any = None, loader: Any = None) -> tuple[Any, Any]:
    """The class and the URL of a store."""
    url = None
    if isinstance(backend, str) and "://" in backend:
        url, backend = backend, scheme_of(backend).partition("+")[0]
    return by_name(backend, loader), url
