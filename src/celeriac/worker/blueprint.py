"""A worker as a graph of named steps: each says what it needs, the graph says the order."""

import inspect
import logging
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any, ClassVar

from celeriac.core.errors import ImproperlyConfigured

logger = logging.getLogger("celeriac.bootsteps")

RUN = 1
CLOSE = 2
TERMINATE = 3

StepRef = "type[Step] | str"

# Steps of Celery's workers that are no steps here, or steps of the other blueprint.
_CELERYS = frozenset(("Agent", "DelayedDelivery", "Evloop", "Gossip", "Mingle", "StateDB", "Timer"))


class Step:
    """One part of a worker. `requires` names steps that come before it, by class, "module:Class" or name.

    Made with the parent (the worker or the consumer) and every worker option as a keyword. Sub-classes add
    themselves with app.steps["worker"].add(Class) or app.steps["consumer"].add(Class).
    """

    name: ClassVar[str] = ""
    label: str | None = None
    conditional = False
    requires: ClassVar[Iterable[Any]] = ()
    last = False
    enabled = True
    lives_from_creation = False  # what `create` makes must be ended, though it was never started
    obj: Any = None

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        pass

    def include_if(self, parent: Any) -> bool:
        """Whether the step takes part."""
        return self.enabled

    def create(self, parent: Any) -> Any:
        """Make the object the step stands for; before the event loop runs."""

    def include(self, parent: Any) -> bool:
        """Create the object if the step takes part."""
        if not self.include_if(parent):
            return False
        self.obj = self.create(parent)
        return True

    def info(self, obj: Any) -> Mapping[str, Any] | None:
        """What `inspect stats` says of it."""
        return None

    @property
    def alias(self) -> str:
        return self.label or type(self).name or type(self).__name__

    def __repr__(self) -> str:
        return f"<step: {self.alias}>"


class StartStopStep(Step):
    """A step with a life: start, then (in reverse order of the graph) close, stop or terminate, shutdown.

    Each may be a coroutine function. By default they are passed on to the object that `create` returned.
    """

    def start(self, parent: Any) -> Any:
        return _call(self.obj, "start")

    def stop(self, parent: Any) -> Any:
        return _call(self.obj, "stop")

    def close(self, parent: Any) -> Any:
        return None

    def terminate(self, parent: Any) -> Any:
        return _call(self.obj, "terminate") if hasattr(self.obj, "terminate") else self.stop(parent)

    def shutdown(self, parent: Any) -> Any:
        return None


def _call(obj: Any, method: str) -> Any:
    function = getattr(obj, method, None)
    return function() if function is not None else None


class Blueprint:
    """The steps of one parent, in order."""

    default_steps: ClassVar[Sequence[type[Step]]] = ()

    def __init__(self, name: str, steps: Iterable[type[Step]] = ()) -> None:
        self.name = name
        self.state: int | None = None
        self.types: set[type[Step]] = {*self.default_steps, *steps}
        self.order: list[Step] = []
        self.started: list[Step] = []
        self._begun: list[Step] = []

    def apply(self, parent: Any, **kwargs: Any) -> "Blueprint":
        """Make the steps in order, and each one's object."""
        for step_type in self._sorted():
            step = step_type(parent, **kwargs)
            self.order.append(step)
            if step.include(parent):
                self.started.append(step)
        return self

    async def start(self, parent: Any) -> None:
        self.state = RUN
        for step in self.started:
            logger.debug("| %s: Starting %s", self.name, step.alias)
            self._begun.append(step)
            await _await(getattr(step, "start", _nothing)(parent))

    async def stop(self, parent: Any, terminate: bool = False) -> None:
        """Backwards through everything that has begun; a step that fails does not keep the rest from it."""
        if self.state in (CLOSE, TERMINATE):
            return
        self.state = TERMINATE if terminate else CLOSE
        living = [step for step in self.started if step in self._begun or step.lives_from_creation]
        for verb in ("close", "terminate" if terminate else "stop", "shutdown"):
            for step in reversed(living):
                await self._send(step, verb, parent)

    async def _send(self, step: Step, verb: str, parent: Any) -> None:
        try:
            await _await(getattr(step, verb, _nothing)(parent))
        except Exception:
            logger.exception("%s: error while trying to %s %s", self.name, verb, step.alias)

    def info(self, parent: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for step in self.started:
            found.update(step.info(parent) or {})
        return found

    def human_state(self) -> str:
        return {None: "initializing", RUN: "running", CLOSE: "closing", TERMINATE: "terminating"}[self.state]

    def edges(self) -> dict[type[Step], set[type[Step]]]:
        """Each step and what it comes after; a step marked `last` comes after all others."""
        graph = {
            step: {found for need in step.requires if (found := self._resolve(step, need)) is not None}
            for step in self.types
        }
        final = {step for step in self.types if step.last}
        for step in final:
            graph[step] |= self.types - final
        return graph

    def _sorted(self) -> list[type[Step]]:
        graph = self.edges()
        sorter = TopologicalSorter(
            {step: sorted(needs, key=_title) for step, needs in sorted(graph.items(), key=lambda item: _title(item[0]))}
        )
        try:
            return list(sorter.static_order())
        except CycleError as exc:
            circle = " -> ".join(step.__name__ for step in exc.args[1])
            raise ImproperlyConfigured(f"{self.name}: these steps need each other: {circle}") from exc

    def _resolve(self, step: type[Step], need: Any) -> type[Step] | None:
        """The step that is needed; None for one of Celery's that has no counterpart: there is nothing to wait for."""
        name = need.__name__ if isinstance(need, type) else str(need).replace(":", ".").rpartition(".")[2]
        if isinstance(need, type):
            self_or_known = next((known for known in self.types if known is need or issubclass(known, need)), None)
        else:
            self_or_known = next((known for known in self.types if known.__name__ == name), None)
        if self_or_known is None and name not in _CELERYS:
            known_names = ", ".join(sorted(known.__name__ for known in self.types))
            raise ImproperlyConfigured(
                f"{self.name}: step {step.__name__} requires {need!r}, which is not among the steps: {known_names}"
            )
        return self_or_known


def _title(step: type[Step]) -> str:
    return step.__name__


def _nothing(parent: Any) -> None:
    return None


async def _await(value: Any) -> None:
    if inspect.isawaitable(value):
        awaitable: Awaitable[Any] = value
        await awaitable
