"""Inspect: questions to workers, each answered as {node: reply}."""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from celeriac.core.errors import DuplicateNodenameWarning
from celeriac.current import get_current_app


class Inspect:
    """`app.control.inspect(destination=["w1@host"]).active()`; None if nobody answers."""

    def __init__(
        self,
        destination: Sequence[str] | str | None = None,
        timeout: float = 1.0,
        callback: Callable[[Any], Any] | None = None,
        connection: Any = None,
        app: Any = None,
        limit: int | None = None,
        pattern: str | None = None,
        matcher: str | None = None,
    ) -> None:
        self.app = app if app is not None else get_current_app()
        self.destination = [destination] if isinstance(destination, str) else destination
        self.timeout = timeout
        self.callback = callback
        self.limit = limit
        self.pattern = pattern
        self.matcher = matcher

    def _options(self) -> dict[str, Any]:
        return {
            "destination": self.destination,
            "callback": self.callback,
            "limit": self.limit,
            "timeout": self.timeout,
            "reply": True,
            "pattern": self.pattern,
            "matcher": self.matcher,
        }

    def _request(self, command: str, **arguments: Any) -> Any:
        return prepared(self.app.control.broadcast(command, arguments=arguments, **self._options()))

    def report(self) -> Any:
        """What a bug report needs to know."""
        return self._request("report")

    def clock(self) -> Any:
        """The logical clocks."""
        return self._request("clock")

    def active(self, safe: Any = None) -> Any:
        """The tasks that run."""
        return self._request("active", safe=safe)

    def scheduled(self, safe: Any = None) -> Any:
        """The tasks that wait for their time."""
        return self._request("scheduled")

    def reserved(self, safe: Any = None) -> Any:
        """The tasks that were taken and wait for a slot."""
        return self._request("reserved")

    def stats(self) -> Any:
        """Counters, the pool, the broker, the process."""
        return self._request("stats")

    def revoked(self) -> Any:
        """The ids of revoked tasks."""
        return self._request("revoked")

    def registered(self, *taskinfoitems: str) -> Any:
        """The tasks that are known, with these attributes."""
        return self._request("registered", taskinfoitems=taskinfoitems)

    registered_tasks = registered

    def ping(self, destination: Sequence[str] | None = None) -> Any:
        """Who is there."""
        if destination:
            self.destination = [destination] if isinstance(destination, str) else destination
        return self._request("ping")

    def active_queues(self) -> Any:
        """The queues that are consumed."""
        return self._request("active_queues")

    def query_task(self, *ids: Any) -> Any:
        """What is known of these tasks: {id: [state, info]}."""
        wanted = ids[0] if len(ids) == 1 and isinstance(ids[0], (list, tuple)) else ids
        return self._request("query_task", ids=list(wanted))

    def conf(self, with_defaults: bool = False) -> Any:
        """The settings, without secrets."""
        return self._request("conf", with_defaults=with_defaults)

    def hello(self, from_node: str, revoked: Mapping[str, Any] | None = None) -> Any:
        """What a worker that starts asks the others."""
        return self._request("hello", from_node=from_node, revoked=revoked)

    def memsample(self) -> Any:
        """Take a sample of the memory in use."""
        return self._request("memsample")

    def memdump(self, samples: int = 10) -> Any:
        """The samples taken so far."""
        return self._request("memdump", samples=samples)

    def objgraph(self, type: str = "Request", n: int = 200, max_depth: int = 10) -> Any:
        """Draw what keeps objects of a type alive (needs the objgraph package in the workers)."""
        return self._request("objgraph", num=n, max_depth=max_depth, type=type)


class AsyncInspect(Inspect):
    """The same questions from async code: `await app.acontrol.inspect().active()`."""

    async def _request(self, command: str, **arguments: Any) -> Any:
        return prepared(await self.app.acontrol.broadcast(command, arguments=arguments, **self._options()))


def prepared(replies: Sequence[Mapping[str, Any]] | None) -> dict[str, Any] | None:
    """One dict of all nodes' replies; None if there are none."""
    if not replies:
        return None
    merged: dict[str, Any] = {}
    for reply in replies:
        merged.update(reply)
    twice = sharing_a_name(replies)
    if twice:
        warnings.warn(DuplicateNodenameWarning(f"{told_apart(twice)} One answer of each is kept."), stacklevel=2)
    return merged


def sharing_a_name(replies: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names under which more than one node has answered."""
    counted = Counter(node for reply in replies for node in reply)
    return sorted(node for node, count in counted.items() if count > 1)


def told_apart(names: Sequence[str]) -> str:
    """What to do about it."""
    return f"More than one worker is called {', '.join(names)}: start each under a name of its own, as with -n w1@%h."
