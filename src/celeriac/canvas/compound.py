"""What chains, groups and chords have in common: their parts are signatures, and they start several things at once."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from . import launching
from .kinds import Options, Walk, merged, positional, walk
from .signature import Signature, maybe_signature


class Compound(Signature):
    """A signature made of signatures."""

    def __call__(self, *partial_args: Any, **options: Any) -> Any:
        return self.apply_async(partial_args, **options)

    def apply_async(self, args: Any = None, kwargs: Any = None, route_name: str | None = None, **options: Any) -> Any:
        """Send what comes first of it, with more arguments and options; returns the result of what comes last."""
        return launching.send(self, positional(args), kwargs or {}, self._checked(options))

    async def aapply_async(
        self, args: Any = None, kwargs: Any = None, route_name: str | None = None, **options: Any
    ) -> Any:
        """apply_async, from async code."""
        return await launching.asend(self, positional(args), kwargs or {}, self._checked(options))

    def apply(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """Run all of it here and now, one task after the other."""
        return self.app.eager.workflow(self, positional(args), kwargs or {}, options)

    def _checked(self, options: Options) -> Options:
        return options

    def clone(self, args: Any = (), kwargs: Any = None, app: Any = None, **opts: Any) -> Any:
        """A copy with more: arguments go before those of what comes first; its parts are copied too."""
        own_args, own_kwargs, options = merged(self, positional(args), kwargs or {}, opts)
        app = self._app if app is None else app
        parts = {key: _copied(own_kwargs[key], app) for key in _PARTS.intersection(own_kwargs)}
        return self._copy(own_args, {**own_kwargs, **parts}, options, app)

    partial = clone
    __copy__ = clone

    def set_immutable(self, immutable: bool) -> None:
        """Whether its tasks take further arguments."""
        for task in self.tasks:
            task.set_immutable(immutable)

    @property
    def tasks(self) -> list[Any]:
        """Its tasks."""
        return self._parts("tasks")

    @tasks.setter
    def tasks(self, tasks: Iterable[Any]) -> None:
        self["kwargs"]["tasks"] = list(tasks)

    def _parts(self, key: str) -> list[Any]:
        """Parts as signatures: what came from the wire are plain dicts until somebody looks."""
        found = self["kwargs"].get(key) or []
        if isinstance(found, list) and all(isinstance(part, Signature) for part in found):
            return found
        made = self["kwargs"][key] = [maybe_signature(part, app=self._app) for part in found]
        return made


def _copied(part: Any, app: Any) -> Any:
    return walk(_copy(part, app))


def _copy(part: Any, app: Any) -> Walk:
    """Signatures and lists of them, however deep; anything else is itself."""
    if isinstance(part, Mapping):
        sig = maybe_signature(part, app=app)
        if not isinstance(sig, Compound):
            return sig.clone()
        parts = {}
        for key in _PARTS.intersection(sig.kwargs):
            parts[key] = yield _copy(sig.kwargs[key], app)
        return sig._copy(sig.args, {**sig.kwargs, **parts}, sig.options, app)
    if isinstance(part, Iterable):
        found = []
        for one in part:
            found.append((yield _copy(one, app)))
        return found
    return part


_PARTS: Final = frozenset(("tasks", "header", "body"))


def signatures(tasks: tuple[Any, ...], app: Any = None) -> list[Any]:
    """The tasks given to a constructor: one by one, as a list, or from a generator."""
    found: Any = tasks
    if len(tasks) == 1:
        found = tasks[0]
        if isinstance(found, Mapping):
            found = [found]
    return [maybe_signature(task, app=app) for task in found]


def app_of(given: Any, tasks: Iterable[Any]) -> Any:
    """The app of the first of these that has one."""
    if given is not None:
        return given
    for task in tasks:
        if isinstance(task, Signature):
            found = task._app if task._type is None else task.app
            if found is not None:
                return found
    return None
