"""Periodic tasks that a program adds by calls: app.add_periodic_task puts them into beat_schedule."""

from collections.abc import Mapping
from typing import Any, Final

# Options of an entry that are no options of its calls.
_OF_ENTRY: Final = ("relative", "missed", "missed_limit", "overlap", "overlap_timeout")


def call_of(sig: Any, args: Any, kwargs: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Task, arguments and options of an entry. `sig`: a signature (args go before its own), a task or a name."""
    own = {name: value for name, value in options.items() if name in _OF_ENTRY}
    said = {name: value for name, value in options.items() if name not in _OF_ENTRY}
    entry = {"args": tuple(args or ()), "kwargs": dict(kwargs or {}), "options": said, **own}
    if isinstance(sig, Mapping) and "task" in sig:
        return {
            **entry,
            "task": sig["task"],
            "args": (*entry["args"], *(sig.get("args") or ())),
            "kwargs": {**(sig.get("kwargs") or {}), **entry["kwargs"]},
            "options": {**(sig.get("options") or {}), **said},
        }
    task = sig if isinstance(sig, str) else getattr(sig, "name", None)
    if not isinstance(task, str):
        raise TypeError(f"add_periodic_task needs a signature, a task or the name of one, not {sig!r}")
    return {**entry, "task": task}


def add(app: Any, name: str | None, entry: dict[str, Any], sig: Any) -> str:
    """Put an entry into beat_schedule; returns its name. Before the configuration is read it waits for that."""
    key = name or (sig if isinstance(sig, str) else _shown(entry) if not isinstance(sig, Mapping) else repr(sig))
    if app.configured:
        _put(app, key, entry)
    else:

        def put(sender: Any, **_: Any) -> None:
            _put(app, key, entry)

        app.on_after_configure.connect(put, weak=False)
    return key


def _shown(entry: Mapping[str, Any]) -> str:
    words = [*map(repr, entry["args"]), *(f"{name}={value!r}" for name, value in entry["kwargs"].items())]
    return f"{entry['task']}({', '.join(words)})"


def _put(app: Any, key: str, entry: Mapping[str, Any]) -> None:
    app.conf.beat_schedule = {**app.conf.beat_schedule, key: dict(entry)}
