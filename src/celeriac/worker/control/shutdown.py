"""The command that ends a worker."""

from typing import Any

from celeriac.core.errors import WorkerShutdown

from .panel import control_command


@control_command()
def shutdown(state: Any, msg: str = "Got shutdown from remote", **kwargs: Any) -> None:
    """Shutdown worker(s)."""
    state.consumer.worker.stop(how="Warm", sig="")
    raise WorkerShutdown(msg)
