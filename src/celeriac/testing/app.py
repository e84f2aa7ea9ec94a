"""Apps for tests: queues and results in memory, nothing left behind as the current app."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from celeriac.app import Celeriac
from celeriac.core.ids import uuid
from celeriac.current import apps

DEFAULT_TEST_CONFIG: Final[Mapping[str, Any]] = {
    "worker_hijack_root_logger": False,
    "worker_log_color": False,
    "accept_content": ["json"],
    "enable_utc": True,
    "timezone": "UTC",
}


def test_app(
    cls: type[Celeriac], name: str | None = None, config: Mapping[str, Any] | None = None, **kwargs: Any
) -> Celeriac:
    """An app of this class; `config` goes over the defaults of tests, broker= and backend= over both."""
    store = f"memory://{uuid()}"  # of this app alone: no test finds what another has left
    changes = {**DEFAULT_TEST_CONFIG, "broker_url": store, "result_backend": store, **(config or {})}
    for argument, setting in (("broker", "broker_url"), ("backend", "result_backend")):
        if kwargs.get(argument) is not None:
            changes[setting] = kwargs.pop(argument)
        kwargs.pop(argument, None)
    for unused in ("log", "enable_logging"):
        kwargs.pop(unused, None)
    kwargs.setdefault("set_as_current", False)
    return cls(name or "celeriac.tests", changes=changes, **kwargs)


test_app.__test__ = False  # type: ignore[attr-defined]  # no test of pytest's, whatever its name


def TestApp(name: str | None = None, config: Mapping[str, Any] | None = None, **kwargs: Any) -> Celeriac:  # noqa: N802
    """An app for tests: queues and results in memory."""
    return test_app(Celeriac, name, config, **kwargs)


TestApp.__test__ = False  # type: ignore[attr-defined]


class Trap:
    """Stands where the current app would be: code under test must not depend on there being one."""

    def __getattr__(self, name: str) -> Any:
        # Some look for such names at everything they meet.
        if name.startswith("__") or name in ("_is_coroutine", "_spec_class"):
            return None
        raise RuntimeError("Test depends on current_app")


@contextmanager
def set_trap(app: Any) -> Iterator[None]:
    """Whoever uses the current app meanwhile is told so by a RuntimeError."""
    with _restored():
        apps.set_default_app(Trap())
        apps.set_current_app(None)
        yield


@contextmanager
def setup_default_app(app: Any, use_trap: bool = False) -> Iterator[None]:
    """The app is the current one meanwhile (or, with the trap, none is)."""
    with _restored():
        if use_trap:
            with set_trap(app):
                yield
        else:
            apps.set_current_app(app)
            apps.set_default_app(app)
            yield


@contextmanager
def _restored() -> Iterator[None]:
    """Afterwards everything is as it was."""
    before = apps.snapshot()
    try:
        yield
    finally:
        apps.restore(before)
