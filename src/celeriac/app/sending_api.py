"""The sending part of the API: calls by name, many calls at once, and results by id."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from celeriac import result as results
from celeriac.core.join import OpenJoin
from celeriac.core.message import Post
from celeriac.core.record import Record
from celeriac.result import AsyncResult as Result

from . import calling, launching

if TYPE_CHECKING:
    from .app import Celeriac


class Sending:
    """The part of an app that sends."""

    def send_task(self, name: str, args: Any = None, kwargs: Any = None, **options: Any) -> Result[Any]:
        """Call a task by its name: it may be known to the workers only."""
        return calling.send_task(cast("Celeriac", self), name, args, kwargs, options)

    async def asend_task(self, name: str, args: Any = None, kwargs: Any = None, **options: Any) -> Result[Any]:
        """send_task, from async code."""
        return await calling.asend_task(cast("Celeriac", self), name, args, kwargs, options)

    def send_many(self, calls: Iterable[Sequence[Any]], **options: Any) -> list[Result[Any]]:
        """Call many tasks in one round trip: (task or name, args, kwargs, options); options here are for all."""
        return calling.send_many(cast("Celeriac", self), calls, options)

    async def asend_many(self, calls: Iterable[Sequence[Any]], **options: Any) -> list[Result[Any]]:
        """send_many, from async code."""
        return await calling.asend_many(cast("Celeriac", self), calls, options)

    def launch(
        self,
        calls: launching.Calls,
        joins: Sequence[OpenJoin],
        options: dict[str, Any],
        pieces: Sequence[Record] = (),
    ) -> None:
        """Open the joins of a workflow and keep the pieces of its chains, then send its first calls together."""
        launching.launch(cast("Celeriac", self), calls, joins, options, pieces)

    async def alaunch(
        self,
        calls: launching.Calls,
        joins: Sequence[OpenJoin],
        options: dict[str, Any],
        pieces: Sequence[Record] = (),
    ) -> None:
        """launch, from async code."""
        await launching.alaunch(cast("Celeriac", self), calls, joins, options, pieces)

    def prepare(self, calls: launching.Calls) -> list[Post]:
        """The messages of these calls, for whoever publishes them together with something else."""
        return launching.prepare(cast("Celeriac", self), calls)

    @cached_property
    def AsyncResult(self) -> type[Result[Any]]:  # noqa: N802 - Celery's name
        """The class of this app's results: `app.AsyncResult(id)` is the result of a call, by its id."""
        return Result.bound_to(self)

    @cached_property
    def GroupResult(self) -> type[results.GroupResult]:  # noqa: N802 - Celery's name
        """The class of this app's group results: `app.GroupResult.restore(id)` finds a saved one."""
        return results.GroupResult.bound_to(self)

    @cached_property
    def ResultSet(self) -> type[results.ResultSet]:  # noqa: N802 - Celery's name
        """The class of this app's sets of results."""
        return results.ResultSet.bound_to(self)
