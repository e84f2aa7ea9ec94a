"""Control: commands to the workers of an app, in sync and in async code, and revocations that outlive them."""

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from celeriac.core import revocation
from celeriac.core.flow import Flow
from celeriac.core.ports.revocations import revocations_of
from celeriac.wire import serializers

from .addressing import OURS
from .calling import Call, Gathering, exchanges
from .commands import Commands, Destination
from .inspect import AsyncInspect, Inspect
from .performing import DEADLINE, Errand, aperform, perform

TERM = "SIGTERM"
# Seconds that one of our workers has to hear of an election; where there are none, all of them are waited for.
_ATTENTION = 3.0


class _Colourless(Commands):
    """What both colours have alike: what is said, not how it goes out."""

    Inspect: type[Inspect] = Inspect

    def __init__(self, app: Any = None) -> None:
        self.app = app

    def _say(self, call: Call) -> Any:
        raise NotImplementedError

    def _say_both(self, first: Call, then: Call) -> Any:
        raise NotImplementedError

    def _revoke(self, marks: Sequence[str], command: str, arguments: dict[str, Any], options: dict[str, Any]) -> Any:
        raise NotImplementedError

    @property
    def inspect(self) -> Any:
        """Questions: `inspect(destination=None, timeout=1.0, callback=None, ..., pattern=None, matcher=None)`."""
        return partial(self.Inspect, app=self.app)

    def broadcast(
        self,
        command: str,
        arguments: Mapping[str, Any] | None = None,
        destination: Destination = None,
        connection: Any = None,
        reply: bool = False,
        timeout: float = 1.0,
        limit: int | None = None,
        callback: Callable[[Any], Any] | None = None,
        channel: Any = None,
        pattern: str | None = None,
        matcher: str | None = None,
        recorded: bool = False,
        **extra_kwargs: Any,
    ) -> Any:
        """Say a command to the workers; with `reply`, what they answer within `timeout` seconds.

        It returns sooner once `limit` replies are there, all of `destination` have answered, or all who heard
        it have. `connection` and `channel` are accepted: the app's own connection is used.
        """
        call = Call(
            command=command,
            arguments={**(arguments or {}), **extra_kwargs},
            destination=destination,
            reply=reply,
            timeout=1.0 if timeout is None else timeout,
            limit=limit,
            callback=callback,
            pattern=pattern,
            matcher=matcher,
            recorded=recorded,
        )
        return self._say(call)

    def election(self, id: str, topic: str, action: Any = None, connection: Any = None) -> Any:
        """Hold an election among the workers: one of them does it.

        Ours are told first, and one is heard before Celery's are told: of those one alone would end with an error.
        """
        arguments = {"id": id, "topic": topic, "action": action}
        ours = Call(
            command="election",
            arguments=arguments,
            pattern=OURS,
            matcher="glob",
            reply=True,
            limit=1,
            timeout=_ATTENTION,
        )
        return self._say_both(ours, Call(command="election", arguments=arguments))

    def revoke(
        self,
        task_id: str | Iterable[str],
        destination: Destination = None,
        terminate: bool = False,
        signal: str | int = TERM,
        **kwargs: Any,
    ) -> Any:
        """These tasks are not to run, whenever and wherever a worker takes them; with `terminate`, also not any more.

        The broker remembers it, so it holds for workers that are down now. With `destination` it is said to
        those nodes only, and nothing is remembered.
        """
        ids = [task_id] if isinstance(task_id, str) else list(task_id)
        arguments = {"task_id": task_id if isinstance(task_id, str) else ids, **_ending(terminate, signal)}
        return self._revoke(revocation.of_tasks(ids), "revoke", arguments, {"destination": destination, **kwargs})

    def revoke_by_stamped_headers(
        self,
        headers: Mapping[str, Any],
        destination: Destination = None,
        terminate: bool = False,
        signal: str | int = TERM,
        **kwargs: Any,
    ) -> Any:
        """No task that carries one of these stamps is to run."""
        arguments = {"headers": dict(headers), **_ending(terminate, signal)}
        options = {"destination": destination, **kwargs}
        return self._revoke(revocation.of_stamps(headers), "revoke_by_stamped_headers", arguments, options)

    def revoke_by_group(
        self,
        group_id: str,
        destination: Destination = None,
        terminate: bool = False,
        signal: str | int = TERM,
        **kwargs: Any,
    ) -> Any:
        """No member of this group is to run."""
        arguments = {"group_id": group_id, **_ending(terminate, signal)}
        options = {"destination": destination, **kwargs}
        return self._revoke([revocation.of_group(group_id)], "revoke_by_group", arguments, options)

    def revoke_by_root(
        self,
        root_id: str,
        destination: Destination = None,
        terminate: bool = False,
        signal: str | int = TERM,
        **kwargs: Any,
    ) -> Any:
        """Nothing of the workflow that began with this task is to run: neither it nor what was sent on its behalf."""
        arguments = {"root_id": root_id, **_ending(terminate, signal)}
        options = {"destination": destination, **kwargs}
        return self._revoke([revocation.of_root(root_id)], "revoke_by_root", arguments, options)

    def terminate(
        self, task_id: str | Iterable[str], destination: Destination = None, signal: str | int = TERM, **kwargs: Any
    ) -> Any:
        """Revoke, and end what runs."""
        return self.revoke(task_id, destination=destination, terminate=True, signal=signal, **kwargs)

    def _record(self, marks: Sequence[str], options: Mapping[str, Any]) -> Flow[bool]:
        """Into the broker's store, unless only some nodes are meant or the broker has none; True if it was done."""
        store = revocations_of(self.app.transports.write)
        if store is None or options.get("destination") is not None or options.get("pattern") is not None:
            return False
        conf = self.app.conf
        yield from store.revoke(marks, conf["task_revoke_expires"], conf["task_revoke_most"])
        return True

    def _errand(self, call: Call) -> Errand:
        call.check()
        accept = serializers.accept_set(self.app.conf["accept_content"])
        gathering = Gathering(call, accept, self.app.clock.adjust)
        where = exchanges(self.app.conf)
        return Errand(self.app.transports.write, where, call, gathering, self.app.clock.forward())


class Control(_Colourless):
    """`app.control`."""

    def _say(self, call: Call) -> list[Any] | None:
        return perform(self.app.transports.write.link(), self._errand(call))

    def _say_both(self, first: Call, then: Call) -> list[Any] | None:
        self._say(first)
        return self._say(then)

    def _revoke(self, marks: Sequence[str], command: str, arguments: dict[str, Any], options: dict[str, Any]) -> Any:
        recorded = self.app.transports.write.link().run(self._record(marks, options), DEADLINE)
        return self.broadcast(command, arguments=arguments, recorded=recorded, **options)

    def purge(self, connection: Any = None) -> int:
        """Drop all messages that wait in the queues of the app; returns how many."""
        dropped: int = self.app.purge_queues()
        return dropped

    discard_all = purge


class AsyncControl(_Colourless):
    """`app.acontrol`: the same commands, to be awaited."""

    Inspect = AsyncInspect

    async def _say(self, call: Call) -> list[Any] | None:
        return await aperform(await self.app.asynchronous.link(self.app.transports.write), self._errand(call))

    async def _say_both(self, first: Call, then: Call) -> list[Any] | None:
        await self._say(first)
        return await self._say(then)

    def _revoke(
        self, marks: Sequence[str], command: str, arguments: dict[str, Any], options: dict[str, Any]
    ) -> Coroutine[Any, Any, Any]:
        return self._recorded(marks, command, arguments, options)

    async def _recorded(
        self, marks: Sequence[str], command: str, arguments: dict[str, Any], options: dict[str, Any]
    ) -> Any:
        link = await self.app.asynchronous.link(self.app.transports.write)
        recorded = await link.run(self._record(marks, options), DEADLINE)
        return await self.broadcast(command, arguments=arguments, recorded=recorded, **options)


def _ending(terminate: bool, signal: str | int) -> dict[str, Any]:
    return {"terminate": terminate, "signal": signal}
