"""Commands about the size of the pool."""

from typing import Any

from celeriac.core.errors import ImproperlyConfigured
from celeriac.pools.pool import ResizablePool

from .panel import control_command, nok, ok


def _pool(state: Any) -> ResizablePool:
    if not hasattr(state.consumer.pool, "grow"):
        raise ImproperlyConfigured(f"the pool {state.consumer.pool.name!r} has one size for ever")
    pool: ResizablePool = state.consumer.pool
    return pool


def _autoscaler(state: Any) -> Any:
    return getattr(state.consumer.worker, "autoscaler", None)


@control_command(args=[("n", int)], signature="[N=1]")
def pool_grow(state: Any, n: int = 1, **kwargs: Any) -> dict[str, Any]:
    """Grow pool by n processes."""
    return _resize(state, "pool_grow", int(n))


@control_command(args=[("n", int)], signature="[N=1]")
def pool_shrink(state: Any, n: int = 1, **kwargs: Any) -> dict[str, Any]:
    """Shrink pool by n processes; busy ones leave when they are done."""
    return _resize(state, "pool_shrink", -int(n))


def _resize(state: Any, command: str, difference: int) -> dict[str, Any]:
    if _autoscaler(state) is not None:
        return nok(f"{command} is not supported with autoscale. Adjust autoscale range instead.")
    pool = _pool(state)
    if difference > 0:
        pool.grow(difference)
    else:
        pool.shrink(-difference)
    state.consumer.pool_resized()
    return ok(f"pool will {command.removeprefix('pool_')}")


@control_command()
def pool_restart(
    state: Any, modules: Any = None, reload: bool = False, reloader: Any = None, **kwargs: Any
) -> dict[str, Any]:
    """Restart execution pool: every process is replaced when it is done with what it runs."""
    if not state.app.conf["worker_pool_restarts"]:
        raise ValueError("Pool restarts not enabled")
    if modules or reload or reloader:
        raise ValueError("modules can't be loaded anew in a running worker: restart it")
    _pool(state).restart()
    return ok("reload started")


@control_command(args=[("max", int), ("min", int)], signature="[max [min]]")
def autoscale(state: Any, max: int | None = None, min: int | None = None, **kwargs: Any) -> dict[str, Any]:
    """Modify autoscale settings."""
    autoscaler = _autoscaler(state)
    if autoscaler is None:
        raise ValueError("Autoscale not enabled")
    most, least = autoscaler.update(max, min)
    return ok(f"autoscale now max={most} min={least}")
