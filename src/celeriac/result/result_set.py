"""ResultSet: many results held together; they are read and waited for in batches, however many they are."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import aclosing, closing
from time import monotonic
from typing import Any, ClassVar, Self

from celeriac.core import states
from celeriac.core.errors import TimeoutError
from celeriac.current import get_current_app

from .joining import assert_will_not_block
from .muster import Arrival, Muster, meta_of, value_of
from .source import Source, Wait
from .together import Together
from .tree import alook_together, leaves, look_together
from .tuples import ResultBase

Callback = Callable[[str, Any], Any]


class ResultSet(Together, ResultBase):
    """A list of results, in `results`; sets may hold sets."""

    _bound_app: ClassVar[Any] = None  # of the class that an app offers as app.ResultSet

    @classmethod
    def bound_to(cls, app: Any) -> type[Self]:
        """The same class, whose sets belong to this app where nothing else is said."""
        said = {"__module__": cls.__module__, "__doc__": cls.__doc__, "_bound_app": app}
        return type(cls.__name__, (cls,), said)

    def __init__(self, results: Iterable[Any] | None, app: Any = None, ready_barrier: Any = None, **kwargs: Any):
        self._app = app
        self.results: list[Any] = list(results or ())
        self.parent: Any = None

    @property
    def app(self) -> Any:
        """The app whose result store is asked."""
        if self._app is None:
            self._app = self._bound_app
        if self._app is None:
            self._app = self.results[0].app if self.results else get_current_app()
        return self._app

    @app.setter
    def app(self, app: Any) -> None:
        self._app = app

    @property
    def backend(self) -> Source:
        """Where the results are read."""
        found: Source = (
            self.app.backend if self._app or self._bound_app or not self.results else self.results[0].backend
        )
        return found

    # -- the members

    def add(self, result: Any) -> None:
        """One more member, if it is not there yet."""
        if result not in self.results:
            self.results.append(result)

    def remove(self, result: Any) -> None:
        """Take a member out, by itself or by its id. Raises KeyError if there is no such member."""
        try:
            self.results.remove(self._app_result(result))
        except ValueError:
            raise KeyError(result) from None

    def _app_result(self, result: Any) -> Any:
        return self.app.AsyncResult(result) if isinstance(result, str) else result

    def discard(self, result: Any) -> None:
        """Take a member out, if it is there."""
        try:
            self.remove(result)
        except KeyError:
            pass

    def update(self, results: Iterable[Any]) -> None:
        """Add those that are not there yet."""
        there = set(map(_key, self.results))
        for result in results:
            if _key(result) not in there:
                there.add(_key(result))
                self.results.append(result)

    def clear(self) -> None:
        """Take all members out."""
        self.results[:] = []

    # -- looking

    def _states(self) -> Iterator[str]:
        """The states of all tasks, from as few reads as can be."""
        unready = look_together(self.results)
        return (_state(leaf, unready) for leaf in leaves(self.results))

    def successful(self) -> bool:
        """True if every task returned."""
        return all(state == states.SUCCESS for state in self._states())

    def failed(self) -> bool:
        """True if a task raised."""
        return any(state == states.FAILURE for state in self._states())

    def waiting(self) -> bool:
        """True if a task is not done yet."""
        return any(state not in states.READY_STATES for state in self._states())

    def ready(self) -> bool:
        """True if every task is done, well or not."""
        return not self.waiting()

    def completed_count(self) -> int:
        """How many members were successful."""
        return self._successes(look_together(self.results))

    async def aready(self) -> bool:
        """`ready`, from async code."""
        unready = await alook_together(self.results)
        return all(_state(leaf, unready) in states.READY_STATES for leaf in leaves(self.results))

    async def acompleted_count(self) -> int:
        """`completed_count`, from async code."""
        return self._successes(await alook_together(self.results))

    def _successes(self, unready: dict[str, Any]) -> int:
        return sum(
            all(_state(leaf, unready) == states.SUCCESS for leaf in leaves((member,))) for member in self.results
        )

    def maybe_throw(self, callback: Callback | None = None, propagate: bool = True) -> None:
        """Raise what the first task that failed raised; `callback(id, value)` is told of those before it."""
        look_together(self.results)
        for result in self.results:
            result.maybe_throw(callback=callback, propagate=propagate)

    maybe_reraise = maybe_throw

    # -- waiting

    def get(
        self,
        timeout: float | None = None,
        propagate: bool = True,
        interval: float = 0.5,
        callback: Callback | None = None,
        no_ack: bool = True,
        on_message: Callable[[Any], Any] | None = None,
        disable_sync_subtasks: bool = True,
        on_interval: Callable[[], Any] | None = None,
    ) -> Any:
        """The list of all results, in the order of the members; see `join`."""
        if disable_sync_subtasks:
            assert_will_not_block()
        together = self.join_native if self.supports_native_join else self.join
        return together(timeout, propagate, interval, callback, no_ack, on_message, disable_sync_subtasks=False,
                        on_interval=on_interval)  # fmt: skip

    def join(
        self,
        timeout: float | None = None,
        propagate: bool = True,
        interval: float = 0.5,
        callback: Callback | None = None,
        no_ack: bool = True,
        on_message: Callable[[Any], Any] | None = None,
        disable_sync_subtasks: bool = True,
        on_interval: Callable[[], Any] | None = None,
    ) -> list[Any]:
        """Wait for the members one after the other and return the list of their results.

        Raises what the first of them raised, or TimeoutError. With `callback(id, value)` the results go there,
        in order, and the list is empty.
        """
        if disable_sync_subtasks:
            assert_will_not_block()
        values: list[Any] = []
        arrived: dict[int, Any] = {}
        how = Wait(timeout, False, interval, on_message, on_interval)
        with closing(self._arrivals(how, False)) as arrivals:
            for place, member in arrivals:
                arrived[place] = member
                while len(values) in arrived:  # as many as are there without a gap
                    member = arrived[len(values)]
                    value = value_of(member, propagate)
                    values.append(value)
                    if callback is not None:
                        callback(member.id, value)
        return [] if callback is not None else values

    def join_native(
        self,
        timeout: float | None = None,
        propagate: bool = True,
        interval: float = 0.5,
        callback: Callback | None = None,
        no_ack: bool = True,
        on_message: Callable[[Any], Any] | None = None,
        on_interval: Callable[[], Any] | None = None,
        disable_sync_subtasks: bool = True,
    ) -> list[Any] | None:
        """`join`, but the first that is seen to fail raises, and `callback` is told as results arrive."""
        if disable_sync_subtasks:
            assert_will_not_block()
        how = Wait(timeout, False, interval, on_message, on_interval)
        return self._filled(self._arrivals(how, propagate), callback, propagate)

    def _filled(
        self, arrivals: Generator[Arrival, None, None], callback: Callback | None, propagate: bool
    ) -> list[Any] | None:
        values: list[Any] = [None] * len(self.results)
        with closing(arrivals):
            for place, member in arrivals:
                values[place] = value_of(member, propagate)
                if callback is not None:
                    callback(member.id, values[place])
        return None if callback is not None else values

    def iter_native(
        self,
        timeout: float | None = None,
        interval: float = 0.5,
        no_ack: bool = True,
        on_message: Callable[[Any], Any] | None = None,
        on_interval: Callable[[], Any] | None = None,
    ) -> Iterator[tuple[str, Any]]:
        """(id, document) of each member as it becomes ready; a group comes as (id, its members)."""
        for _, member in self._arrivals(Wait(timeout, False, interval, on_message, on_interval), False):
            yield member.id, meta_of(member)

    def iterate(self, timeout: float | None = None, propagate: bool = True) -> Iterator[tuple[str, Any]]:
        """(id, value) of each member as it becomes ready."""
        for _, member in self._arrivals(Wait(timeout), propagate):
            yield member.id, value_of(member, propagate)

    def _arrivals(self, how: Wait, propagate: bool) -> Generator[Arrival, None, None]:
        """(place, member) as each is complete; with `propagate` a failure raises at once."""
        muster = Muster(self.results, propagate)
        yield from muster.known()
        ends = None if how.timeout is None else monotonic() + how.timeout
        for backend, ids in muster.sources.values():
            for task_id, meta in backend.await_many(ids, how):
                yield from muster.met(task_id, meta)
            how = _rest(how, ends)

    # -- waiting, from async code

    async def aget(
        self, timeout: float | None = None, propagate: bool = True, callback: Callback | None = None
    ) -> list[Any]:
        """`get` for async code. It blocks no thread, so it is allowed inside an async task."""
        values: list[Any] = [None] * len(self.results)
        async with aclosing(self._aarrivals(Wait(timeout), propagate)) as arrivals:
            async for place, member in arrivals:
                values[place] = value_of(member, propagate)
                if callback is not None:
                    callback(member.id, values[place])
        return values

    def __await__(self) -> Generator[Any, Any, list[Any]]:
        return self.aget().__await__()

    async def aiter_native(self, timeout: float | None = None) -> AsyncIterator[tuple[str, Any]]:
        """`iter_native` for async code."""
        async for _, member in self._aarrivals(Wait(timeout), False):
            yield member.id, meta_of(member)

    async def aiterate(self, timeout: float | None = None, propagate: bool = True) -> AsyncIterator[tuple[str, Any]]:
        """`iterate` for async code: `async for id, value in results.aiterate(): ...`."""
        async for _, member in self._aarrivals(Wait(timeout), propagate):
            yield member.id, value_of(member, propagate)

    async def _aarrivals(self, how: Wait, propagate: bool) -> AsyncGenerator[Arrival, None]:
        muster = Muster(self.results, propagate)
        for arrival in muster.known():
            yield arrival
        ends = None if how.timeout is None else monotonic() + how.timeout
        for backend, ids in muster.sources.values():
            async for task_id, meta in backend.aawait_many(ids, how):
                for arrival in muster.met(task_id, meta):
                    yield arrival
            how = _rest(how, ends)

    # -- a list

    @property
    def supports_native_join(self) -> bool:
        """True where many results can be read in one round trip."""
        return bool(self.results) and bool(self.results[0].supports_native_join)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.results)

    def __aiter__(self) -> AsyncIterator[tuple[str, Any]]:
        return self.aiterate()

    def __getitem__(self, index: Any) -> Any:
        return self.results[index]

    def __len__(self) -> int:
        return len(self.results)

    def __eq__(self, other: object) -> bool:
        return other.results == self.results if isinstance(other, ResultSet) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: [{', '.join(str(result) for result in self.results)}]>"

    def __reduce__(self) -> tuple[Any, ...]:
        return ResultSet, (self.results,)


def _key(result: Any) -> Any:
    return getattr(result, "id", None) or id(result)


def _state(leaf: Any, unready: dict[str, Any]) -> str:
    meta = leaf._cache or unready.get(leaf.id)
    return states.PENDING if meta is None else meta["status"]


def _rest(how: Wait, ends: float | None) -> Wait:
    """The same wait, with what is left of its time."""
    if ends is None:
        return how
    return Wait(max(0.0, ends - monotonic()), how.fresh, how.interval, how.on_message, how.on_interval)


__all__ = ["ResultSet", "TimeoutError"]
