"""Commands about events and elections: they switch services of the consumer, where it has them."""

from typing import Any

from .panel import control_command, nok, ok

_ABSENT = "this worker sends no events"


def _dispatcher(state: Any) -> Any:
    return getattr(state.consumer, "event_dispatcher", None)


@control_command
def enable_events(state: Any) -> dict[str, Any]:
    """Tell worker(s) to send task-related events."""
    dispatcher = _dispatcher(state)
    if dispatcher is None:
        return nok(_ABSENT)
    return ok("task events enabled" if dispatcher.want_tasks(True) else "task events already enabled")


@control_command
def disable_events(state: Any) -> dict[str, Any]:
    """Tell worker(s) to stop sending task-related events."""
    dispatcher = _dispatcher(state)
    if dispatcher is None:
        return nok(_ABSENT)
    return ok("task events disabled" if dispatcher.want_tasks(False) else "task events already disabled")


@control_command
def heartbeat(state: Any) -> dict[str, Any] | None:
    """Tell worker(s) to send event heartbeat immediately."""
    heart = getattr(state.consumer, "heart", None)
    if heart is None:
        return nok(_ABSENT)
    heart.beat()
    return None


@control_command
async def election(state: Any, id: str, topic: str, action: Any = None, **kwargs: Any) -> dict[str, Any] | None:
    """Hold election."""
    gossip = getattr(state.consumer, "gossip", None)
    if gossip is None:
        return nok("there is no gossip here: it is off, or the broker is one for a single machine")
    await gossip.election(id, topic, action)
    return None
