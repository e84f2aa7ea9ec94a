"""Where tracers of other distributions take hold of runs: they put a build_tracer of their own in place of this one."""

from collections.abc import Callable
from typing import Any

from celeriac.current import Context

from .faces import overrides_call

# tracer(id, args, kwargs, request): what it returns is the task's value, what it raises is the task's end
Tracer = Callable[..., Any]


def build_tracer(name: str, task: Any, *args: Any, **kwargs: Any) -> Tracer:
    """What each run of the task calls, if somebody has replaced this function."""

    def trace(uuid: str, args: Any, kwargs: Any, request: Any = None) -> Any:
        return (task if overrides_call(task) else task.run)(*args, **kwargs)

    return trace


_OWN = build_tracer


def task_has_custom(task: Any, attr: str) -> bool:
    """True if the task's class, or a base of it that is not the product's, has an attribute of its own by that name."""
    return any(
        attr in vars(cls) for cls in type(task).__mro__ if not str(cls.__module__).startswith(("celeriac.", "typing"))
    )


def tracer_of(task: Any, name: str) -> Tracer | None:
    """None where nobody traces: then a run calls the task itself."""
    return None if build_tracer is _OWN else build_tracer(name, task, app=task.app)


def traced(tracer: Tracer, request: Context) -> Any:
    """The task's value, by way of the tracer."""
    facts = {**vars(request), "headers": request.headers}
    return tracer(request.id, request.args, request.kwargs, facts)
