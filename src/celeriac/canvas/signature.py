"""Signatures: a call that is not made yet, as a dict that can travel."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Self, TypeVar

from celeriac.core.ids import uuid
from celeriac.current import get_current_app

from . import launching
from .kinds import Options, listed, merged, positional
from .operators import joined
from .stamping import Stamping
from .wording import reprcall

S = TypeVar("S", bound="Signature")


class Signature(Stamping, dict[str, Any]):
    """A task (or its name), arguments and options, to be called later, elsewhere, or by another signature.

    On the wire it is a dict with the keys task, args, kwargs, options, subtask_type and immutable.
    """

    TYPES: ClassVar[dict[str, type["Signature"]]] = {}
    _app: Any = None
    _type: Any = None

    def __init__(
        self,
        task: Any = None,
        args: Iterable[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        type: Any = None,
        subtask_type: str | None = None,
        immutable: bool = False,
        app: Any = None,
        **ex: Any,
    ) -> None:
        self._app = app
        if isinstance(task, Mapping):
            super().__init__(task)
            return
        if not isinstance(task, str) and task is not None:
            self._type = task
            task = task.name
        elif type is not None:
            self._type = type
        super().__init__(
            task=task,
            args=tuple(args or ()),
            kwargs=dict(kwargs or {}),
            options={**(options or {}), **ex},
            subtask_type=subtask_type,
            immutable=immutable,
        )

    # -- kinds

    @classmethod
    def register_type(cls, name: str | None = None) -> Callable[[type[S]], type[S]]:
        """A decorator: dicts whose subtask_type is this name become signatures of the class."""

        def register(subclass: type[S]) -> type[S]:
            cls.TYPES[name or subclass.__name__] = subclass
            return subclass

        return register

    @classmethod
    def from_dict(cls, d: Mapping[str, Any], app: Any = None) -> "Signature":
        """The signature of the right kind that this dict was."""
        kind = cls.TYPES.get(d.get("subtask_type") or "")
        if kind is not None and kind is not cls:
            return kind.from_dict(d, app=app)
        made = Signature.__new__(cls)
        dict.__init__(made, d)
        made._app = app
        return made

    # -- what it says

    @property
    def app(self) -> Any:
        """The app it is called with: its own, its task's, or the current one."""
        if self._app is not None:
            return self._app
        task = self._type
        return get_current_app() if task is None else task.app

    @app.setter
    def app(self, app: Any) -> None:
        self._app = app

    def set_app(self, app: Any) -> Self:
        """Call it with this app."""
        self._app = app
        return self

    @property
    def type(self) -> Any:
        """The task."""
        return self.app.tasks[self["task"]] if self._type is None else self._type

    @property
    def task(self) -> Any:
        """The name of the task."""
        return self["task"]

    @property
    def name(self) -> Any:
        """The name of the task."""
        return self["task"]

    @property
    def args(self) -> Any:
        """Positional arguments."""
        return self["args"]

    @args.setter
    def args(self, value: Any) -> None:
        self["args"] = value

    @property
    def kwargs(self) -> Any:
        """Keyword arguments."""
        return self["kwargs"]

    @kwargs.setter
    def kwargs(self, value: Any) -> None:
        self["kwargs"] = value

    @property
    def options(self) -> Any:
        """Options of the call."""
        return self["options"]

    @options.setter
    def options(self, value: Any) -> None:
        self["options"] = value

    @property
    def subtask_type(self) -> Any:
        """chain, group or chord; None for a single task."""
        return self["subtask_type"]

    @property
    def immutable(self) -> bool:
        """True if it takes no further arguments, such as the result of the task before it."""
        return bool(self["immutable"])

    @immutable.setter
    def immutable(self, value: bool) -> None:
        self["immutable"] = value

    @property
    def id(self) -> Any:
        """The id that freeze gave it."""
        return self.options.get("task_id")

    @property
    def parent_id(self) -> Any:
        """The id of the task that sends it, where that was said."""
        return self.options.get("parent_id")

    @property
    def root_id(self) -> Any:
        """The id of the first task of the workflow, where that was said."""
        return self.options.get("root_id")

    # -- making others of it

    def clone(self, args: Any = (), kwargs: Any = None, app: Any = None, **opts: Any) -> Any:
        """A copy with more: arguments go before those it has."""
        args, kwargs, options = merged(self, positional(args), kwargs or {}, opts)
        # Tuples and lists of signatures inside are copied as deep as they are ours to change.
        return self._copy(args, kwargs, options, app)

    partial = clone

    def _copy(self, args: Any, kwargs: Any, options: Any, app: Any = None) -> Any:
        fields = {**self, "args": tuple(args), "kwargs": dict(kwargs), "options": _own(options)}
        made = Signature.from_dict.__func__(type(self), fields, self._app if app is None else app)  # type: ignore[attr-defined]
        made._type = self._type
        return made

    def __deepcopy__(self, memo: Any) -> Any:
        return self.clone()

    __copy__ = clone

    def replace(self, args: Any = None, kwargs: Any = None, options: Any = None) -> Any:
        """A copy with other arguments or options in place of those it has."""
        return self._copy(
            self.args if args is None else args,
            self.kwargs if kwargs is None else kwargs,
            self.options if options is None else options,
        )

    def set(self, immutable: bool | None = None, **options: Any) -> Self:
        """Set options of the call: s.set(countdown=10, queue="fast")."""
        if immutable is not None:
            self.set_immutable(immutable)
        self["options"].update(options)
        return self

    def set_immutable(self, immutable: bool) -> None:
        """Whether it takes further arguments."""
        self["immutable"] = immutable

    def append_to_list_option(self, key: str, value: Any) -> Any:
        """Add to an option that is a list, once; returns what was added."""
        items = self.options.get(key)
        if not isinstance(items, list):
            items = self.options[key] = listed(items)
        if value not in items:
            items.append(value)
        return value

    def extend_list_option(self, key: str, value: Any) -> None:
        """Add several."""
        if value:
            self.options[key] = [*listed(self.options.get(key)), *listed(value)]

    def link(self, callback: Any) -> Any:
        """Call this with the result when the task has succeeded; returns it."""
        return self.append_to_list_option("link", callback)

    def link_error(self, errback: Any) -> Any:
        """Call this when the task has failed; returns it."""
        return self.append_to_list_option("link_error", errback)

    def on_error(self, errback: Any) -> Self:
        """link_error for chaining calls: returns this signature."""
        self.link_error(errback)
        return self

    def flatten_links(self) -> list[Any]:
        """This signature and all its callbacks, theirs too."""
        found: list[Any] = []
        waiting: list[Any] = [self]
        while waiting:
            one = signature(waiting.pop(0), app=self._app) if waiting[0] is not self else waiting.pop(0)
            found.append(one)
            waiting[:0] = listed(one.options.get("link"))
        return found

    def __or__(self, other: Any) -> Any:
        if not isinstance(other, Signature):
            return NotImplemented
        made = Signature.from_dict(joined(self, other), self._app)
        if made._app is None:
            made._app = other._app if self._type is None else self.app
        return made

    def __ror__(self, other: Any) -> Any:
        return other.__or__(self) if isinstance(other, Signature) else super().__ror__(other)

    def __ior__(self, other: Any) -> Any:
        return self.__or__(other)

    # -- calling it

    def __call__(self, *partial_args: Any, **partial_kwargs: Any) -> Any:
        """Run the task here, like a function."""
        args, kwargs, _ = merged(self, partial_args, partial_kwargs, {})
        return self.type(*args, **kwargs)

    def delay(self, *partial_args: Any, **partial_kwargs: Any) -> Any:
        """Send it, with these arguments before its own."""
        return self.apply_async(partial_args, partial_kwargs)

    def apply_async(self, args: Any = None, kwargs: Any = None, route_name: str | None = None, **options: Any) -> Any:
        """Send it, with more arguments and options."""
        args, kwargs, options = merged(self, positional(args), kwargs or {}, options)
        return launching.send_one(self, args, kwargs, options)

    async def adelay(self, *partial_args: Any, **partial_kwargs: Any) -> Any:
        """delay, from async code."""
        return await self.aapply_async(partial_args, partial_kwargs)

    async def aapply_async(
        self, args: Any = None, kwargs: Any = None, route_name: str | None = None, **options: Any
    ) -> Any:
        """apply_async, from async code."""
        args, kwargs, options = merged(self, positional(args), kwargs or {}, options)
        return await launching.asend_one(self, args, kwargs, options)

    def apply(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """Run it here and now, as a worker would."""
        args, kwargs, options = merged(self, positional(args), kwargs or {}, options)
        return self.type.apply(args, kwargs, **options)

    def __invert__(self) -> Any:
        """~sig: send it and wait for what comes of it."""
        return self.apply_async().get()

    def freeze(
        self,
        _id: str | None = None,
        group_id: str | None = None,
        chord: Any = None,
        root_id: str | None = None,
        parent_id: str | None = None,
        group_index: int | None = None,
    ) -> Any:
        """Give it (and all its parts) ids now; returns the result it will have."""
        place = {"group_id": group_id, "chord": chord, "group_index": group_index}
        kin = {"root_id": root_id, "parent_id": parent_id}
        return launching.freeze(self, _id, {**place, **kin})

    _freeze = freeze

    def AsyncResult(self, task_id: str | None = None) -> Any:  # noqa: N802 - Celery's name
        """Its result, if it has an id."""
        return self.app.AsyncResult(task_id or self.id or uuid(), task_name=self.name)

    def election(self) -> Any:
        """Have the workers elect the one of them that sends it; returns the result it will have."""
        id = self.options.get("task_id") or uuid()
        self.app.control.election(id, "task", dict(self.clone(task_id=id)))
        return self.app.AsyncResult(id, task_name=self.name)

    # -- its looks

    def __json__(self) -> dict[str, Any]:
        return dict(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return signature, (dict(self),)

    def reprcall(self, *args: Any, **kwargs: Any) -> str:
        """The call in words, with these arguments before its own."""
        args_, kwargs_, _ = merged(self, args, kwargs, {})
        return reprcall(self["task"], args_, kwargs_)

    def __repr__(self) -> str:
        return self.reprcall()


def _own(options: Options) -> Options:
    """A copy of options whose lists are one's own."""
    return {key: list(value) if isinstance(value, list) else value for key, value in options.items()}


def signature(varies: Any, *args: Any, **kwargs: Any) -> Any:
    """A signature: from a task or its name and arguments, or from the dict (or signature) that one is."""
    app = kwargs.get("app")
    if isinstance(varies, Signature):
        return varies.clone(app=app)
    if isinstance(varies, Mapping):
        return Signature.from_dict(varies, app=app)
    return Signature(varies, *args, **kwargs)


subtask = signature


def maybe_signature(d: Any, app: Any = None, clone: bool = False) -> Any:
    """A signature if this is one or the dict of one; else the thing itself."""
    if isinstance(d, Signature):
        found = d.clone() if clone else d
        if app is not None:
            found._app = app
        return found
    return Signature.from_dict(d, app=app) if isinstance(d, Mapping) else d


maybe_subtask = maybe_signature
