"""The faces that execution needs of the app, of a task and of who knows workflows, and no more than these."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from celeriac.core.join import Sequel
from celeriac.core.message import Post
from celeriac.current import Context

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "__celeriac_default__"
_PRODUCT = "celeriac.app."


def default_hook(method: F) -> F:
    """Mark a method as the product's own default, which adds nothing to the run: plans leave it out."""
    setattr(method, _MARK, True)
    return method


def own_hook(owner: Any, name: str) -> Any:
    """The bound hook if somebody wrote one; None if it is missing, a marked default, or has an empty body."""
    hook = getattr(owner, name, None)
    if hook is None or getattr(hook, _MARK, False):
        return None
    code = getattr(hook, "__code__", None)
    if code is not None and code.co_code in _EMPTY and not code.co_flags & _SUSPENDS:
        return None
    return hook


def overrides_call(task: Any) -> bool:
    """True if calling the task is more than calling its run."""
    call = getattr(type(task), "__call__", None)  # noqa: B004 - the method itself is wanted
    return not (getattr(call, _MARK, False) or str(getattr(call, "__module__", "")).startswith(_PRODUCT))


def _empty() -> None:
    pass


def _documented() -> None:
    """Only this."""


_EMPTY = frozenset({_empty.__code__.co_code, _documented.__code__.co_code})
_SUSPENDS = 0x20 | 0x80 | 0x200  # generator, coroutine, async generator: calling one does not run its body


class TaskFace(Protocol):
    """What a run uses of a task. Handlers are looked up by name, so that marked defaults cost nothing."""

    name: str
    ignore_result: Any
    store_errors_even_if_ignored: Any
    track_started: Any
    throws: tuple[type[BaseException], ...]
    resultrepr_maxsize: int
    run: Callable[..., Any]

    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...


class AppFace(Protocol):
    """What a run uses of the app."""

    @property
    def conf(self) -> Mapping[str, Any]: ...

    @property
    def tasks(self) -> Mapping[str, Any]: ...

    @property
    def backend(self) -> Any: ...

    @property
    def loader(self) -> Any: ...


class Followed(NamedTuple):
    """What a run's end sets in motion: messages, and what takes effect under conditions or besides."""

    posts: Sequence[Post] = ()
    sequels: Sequence[Sequel] = ()


class FollowUp(Protocol):
    """What a run's end sends on: callbacks, the next link of a chain, errbacks, the body of a chord whose last part
    it was. Given by who knows workflows, and asked only about requests with followers.

    Raises Unfinished if the end can't be told to who must know of it.
    """

    def __call__(self, request: Context, state: str, value: Any) -> Followed: ...


class Unfinished(Exception):
    """The run can't be counted as ended: the message goes back to its queue, and the run is repeated."""
