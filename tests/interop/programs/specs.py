"""Workflows as plain data, and how they are built with the library of this process."""

from typing import Any

from either import library

# A spec is a list: [kind, ...].
#   ["task", name, args, kwargs, options]     options: immutable, link, link_error (lists of specs), set (options)
#   ["chain", [specs]]  ["group", [specs]]  ["chord", [specs], spec]  ["or", spec, spec]
#   ["map", name, items]  ["starmap", name, items]  ["chunks", name, items, n]
# A last dict of options may stand behind each but the first.


def build(app: Any, spec: Any) -> Any:
    """The signature that a spec describes."""
    return _BUILDERS[spec[0]](app, *spec[1:])


def _task(app: Any, name: str, args: Any, kwargs: Any, options: Any = None) -> Any:
    options = dict(options or {})
    task = app.tasks[name]
    made = (task.si if options.get("immutable") else task.s)(*args, **kwargs)
    return _linked(app, made, options)


def _linked(app: Any, made: Any, options: Any) -> Any:
    for one in (options or {}).get("link", ()):
        made.link(build(app, one))
    for one in (options or {}).get("link_error", ()):
        made.link_error(build(app, one))
    if "set" in (options or {}):
        made = made.set(**options["set"])
    return made


def _chain(app: Any, specs: Any, options: Any = None) -> Any:
    return _linked(app, library.chain(*[build(app, one) for one in specs]), options)


def _group(app: Any, specs: Any, options: Any = None) -> Any:
    return _linked(app, library.group([build(app, one) for one in specs]), options)


def _chord(app: Any, header: Any, body: Any, options: Any = None) -> Any:
    return _linked(app, library.chord([build(app, one) for one in header], build(app, body)), options)


def _or(app: Any, left: Any, right: Any, options: Any = None) -> Any:
    return _linked(app, build(app, left) | build(app, right), options)


def _map(app: Any, name: str, items: Any, options: Any = None) -> Any:
    return _linked(app, app.tasks[name].map(items), options)


def _starmap(app: Any, name: str, items: Any, options: Any = None) -> Any:
    return _linked(app, app.tasks[name].starmap(items), options)


def _chunks(app: Any, name: str, items: Any, n: int, options: Any = None) -> Any:
    return _linked(app, app.tasks[name].chunks(items, n).group(), options)


_BUILDERS: Any = {
    "task": _task,
    "chain": _chain,
    "group": _group,
    "chord": _chord,
    "or": _or,
    "map": _map,
    "starmap": _starmap,
    "chunks": _chunks,
}
