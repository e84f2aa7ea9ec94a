"""Workflows run here and now, one task after the other, in the order in which a worker would be able to."""

from collections.abc import Mapping, Sequence
from typing import Any

from celeriac.core.ids import uuid
from celeriac.result import first_of

from .freezing import steps_of
from .kinds import (
    CHAIN,
    CHORD,
    GROUP,
    Options,
    Tree,
    Walk,
    body_of,
    flattened,
    header_of,
    kind_of,
    listed,
    merged,
    tasks_of,
    walk,
)
from .links import linked, with_errbacks
from .signature import maybe_signature

Arguments = tuple[Sequence[Any], Mapping[str, Any]]


def workflow(sig: Any, args: Sequence[Any], kwargs: Mapping[str, Any], options: Options) -> Any:
    """The result of a chain, group or chord whose tasks have been run; None of an empty chain."""
    options = {key: value for key, value in options.items() if key not in _NOT_FOR_TASKS}
    return walk(_Eager(sig.app).run(sig, (args, kwargs), options))


_NOT_FOR_TASKS = frozenset(("add_to_parent", "producer", "connection", "route_name"))


class _Eager:
    def __init__(self, app: Any) -> None:
        self._app = app
        self._on_header = bool(app.conf.task_allow_error_cb_on_chord_header)

    def run(self, tree: Tree, arguments: Arguments, options: Options) -> Walk:
        """As a walk: the result of this tree."""
        kind = kind_of(tree)
        if kind == CHAIN:
            return (yield self._chain(tree, arguments, options))
        if kind == GROUP:
            return (yield self._group(tree, arguments, options))
        if kind == CHORD:
            return (yield self._chord(tree, arguments, options))
        sig = maybe_signature(tree, app=self._app)
        return sig.apply(*arguments, **options)

    def _chain(self, tree: Tree, arguments: Arguments, options: Options) -> Walk:
        steps = steps_of(tree, self._on_header)
        if not steps:
            return None
        first, final = _split(options)
        args, kwargs = arguments
        own = {key: value for key, value in (tree.get("options") or {}).items() if key not in _FINAL}
        arguments = ((), {}) if tree.get("immutable") else ((*args, *(tree.get("args") or ())), kwargs)
        result = None
        for number, step in enumerate(steps):
            step = with_errbacks(step, listed(final.get("link_error")), self._on_header)
            said = {**own, **first} if number == 0 else {}
            if number == len(steps) - 1:
                step = linked(step, listed(final.get("link")))
                said.update({key: final[key] for key in ("task_id",) if key in final})
            after = yield self.run(step, arguments, said)
            first_of(after).parent, result = result, after
            if number < len(steps) - 1:
                arguments = ((result.get(disable_sync_subtasks=False),), {})
        return result

    def _group(self, tree: Tree, arguments: Arguments, options: Options) -> Walk:
        first, final = _split({**(tree.get("options") or {}), **options})
        tree = with_errbacks(linked(tree, listed(final.get("link"))), listed(final.get("link_error")), self._on_header)
        args, kwargs = arguments
        arguments = ((*args, *(tree.get("args") or ())), kwargs)
        results = []
        for member in flattened(tasks_of(tree)):
            results.append((yield self.run(member, arguments, first)))
        return self._app.GroupResult(final.get("task_id") or uuid(), results)

    def _chord(self, tree: Tree, arguments: Arguments, options: Options) -> Walk:
        body = body_of(tree)
        if body is None:
            raise ValueError("a chord needs a body: chord(header)(body), or chord(header, body)")
        first, final = _split({**(tree.get("options") or {}), **options})
        args, kwargs, _ = merged({**tree, "kwargs": {}}, *arguments, {})
        results = []
        for member in flattened(header_of(tree)):
            results.append((yield self.run(member, (args, kwargs), first)))
        header = self._app.GroupResult(uuid(), results)
        body = with_errbacks(linked(body, listed(final.get("link"))), listed(final.get("link_error")), self._on_header)
        named = {key: final[key] for key in ("task_id",) if key in final}
        values = header.get(disable_sync_subtasks=False)
        last = yield self.run(body, ((values,), {}), {**_lasting(first), **named})
        last.parent = header
        return last


# Options of the whole that belong to what comes last of it.
_FINAL = frozenset(("task_id", "link", "link_error"))


def _split(options: Options) -> tuple[Options, Options]:
    """(options of what comes first, those of what comes last)"""
    return (
        {key: value for key, value in options.items() if key not in _FINAL},
        {key: value for key, value in options.items() if key in _FINAL and value},
    )


def _lasting(options: Options) -> Options:
    return {key: value for key, value in options.items() if key not in ("eta", "countdown")}
