"""Commands about events and elections; the services they switch belong to the consumer, where it has them."""

from typing import Any

from .panel import control_command, nok, ok

_ABSENT = "events are not in this release of Celeriac"


def _dispatcher(state: Any) -> Any:
    return getattr(state.consumer, "event_dispatcher", None)


@control_command()
def enable_events(state: Any) -> dict[str, Any]:
    """Tell worker(s) to send task-related events."""
    dispatcher = _dispatcher(state)
    if dispatcher is None:
        return nok(_ABSENT)
    if "task" in dispatcher.groups:
        return ok("task events already enabled")
    dispatcher.groups.add("task")
    return ok("task events enabled")


@control_command()
def disable_events(state: Any) -> dict[str, Any]:
    """Tell worker(s) to stop sending task-related events."""
    dispatcher = _dispatcher(state)
    if dispatcher is None:
        return nok(_ABSENT)
    if "task" not in dispatcher.groups:
        return ok("task events already disabled")
    dispatcher.groups.discard("task")
    return ok("task events disabled")


@control_command()
def heartbeat(state: Any) -> dict[str, Any] | None:
    """Tell worker(s) to send event heartbeat immediately."""
    heart = getattr(state.consumer, "heart", None)
    if heart is None:
        return nok(_ABSENT)
    heart.beat()
    return None


@control_command(visible=True)
def election(state: Any, id: str, topic: str, action: Any = None, **kwargs: Any) -> dict[str, Any] | None:
    """Hold election."""
    gossip = getattr(state.consumer, "gossip", None)
    if gossip is None:
        return nok("gossip is not in this release of Celeriac")
    gossip.election(id, topic, action)
    return None
