"""The commands by name, as Celery names them; each is one `broadcast`, whose colour is the class's."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Destination = Sequence[str] | None


class Commands:
    """What Control and AsyncControl share: the former's methods return replies, the latter's awaitables of them."""

    broadcast: Callable[..., Any]

    def ping(self, destination: Destination = None, timeout: float = 1.0, **kwargs: Any) -> Any:
        """[{node: {"ok": "pong"}}, ...] of all who answer."""
        return self.broadcast("ping", reply=True, destination=destination, timeout=timeout, **kwargs)

    def rate_limit(self, task_name: str, rate_limit: Any, destination: Destination = None, **kwargs: Any) -> Any:
        """Set a task's rate limit ("10/m") until the workers restart."""
        arguments = {"task_name": task_name, "rate_limit": rate_limit}
        return self.broadcast("rate_limit", destination=destination, arguments=arguments, **kwargs)

    def time_limit(
        self,
        task_name: str,
        soft: float | None = None,
        hard: float | None = None,
        destination: Destination = None,
        **kwargs: Any,
    ) -> Any:
        """Set a task's time limits for runs that begin from now on, until the workers restart."""
        arguments = {"task_name": task_name, "hard": hard, "soft": soft}
        return self.broadcast("time_limit", arguments=arguments, destination=destination, **kwargs)

    def add_consumer(
        self,
        queue: str,
        exchange: str | None = None,
        exchange_type: str = "direct",
        routing_key: str | None = None,
        options: Mapping[str, Any] | None = None,
        destination: Destination = None,
        **kwargs: Any,
    ) -> Any:
        """Consume from one more queue."""
        arguments = {
            "queue": queue,
            "exchange": exchange,
            "exchange_type": exchange_type,
            "routing_key": routing_key,
            **(options or {}),
        }
        return self.broadcast("add_consumer", destination=destination, arguments=arguments, **kwargs)

    def cancel_consumer(self, queue: str, destination: Destination = None, **kwargs: Any) -> Any:
        """Consume from a queue no longer."""
        return self.broadcast("cancel_consumer", destination=destination, arguments={"queue": queue}, **kwargs)

    def enable_events(self, destination: Destination = None, **kwargs: Any) -> Any:
        """Send events about tasks."""
        return self.broadcast("enable_events", destination=destination, arguments={}, **kwargs)

    def disable_events(self, destination: Destination = None, **kwargs: Any) -> Any:
        """Send no events about tasks."""
        return self.broadcast("disable_events", destination=destination, arguments={}, **kwargs)

    def pool_grow(self, n: int = 1, destination: Destination = None, **kwargs: Any) -> Any:
        """Add n processes to the pools."""
        return self.broadcast("pool_grow", destination=destination, arguments={"n": n}, **kwargs)

    def pool_shrink(self, n: int = 1, destination: Destination = None, **kwargs: Any) -> Any:
        """Take n processes from the pools, each when it is done with what it runs."""
        return self.broadcast("pool_shrink", destination=destination, arguments={"n": n}, **kwargs)

    def pool_restart(
        self,
        modules: Sequence[str] | None = None,
        reload: bool = False,
        reloader: Any = None,
        destination: Destination = None,
        **kwargs: Any,
    ) -> Any:
        """Replace every process of the pools when it is done with what it runs."""
        arguments = {"modules": modules, "reload": reload, "reloader": reloader}
        return self.broadcast("pool_restart", destination=destination, arguments=arguments, **kwargs)

    def autoscale(self, max: int, min: int, destination: Destination = None, **kwargs: Any) -> Any:
        """Change the bounds between which the pools adapt."""
        return self.broadcast("autoscale", destination=destination, arguments={"max": max, "min": min}, **kwargs)

    def shutdown(self, destination: Destination = None, **kwargs: Any) -> Any:
        """Warm shutdown."""
        return self.broadcast("shutdown", arguments={}, destination=destination, **kwargs)

    def heartbeat(self, destination: Destination = None, **kwargs: Any) -> Any:
        """Ask for a heartbeat event at once."""
        return self.broadcast("heartbeat", arguments={}, destination=destination, **kwargs)
