"""Gevent and eventlet: one process (or several) with N green threads, made by patching the standard library.

The patching concerns the children alone, each of which starts from a fresh interpreter and patches before it
imports anything else; the worker's parent knows nothing of it. In a patched child a thread is a green thread, so
its life is the one of the pool `threads`. What differs stands here: how an exception reaches a green thread, and
where coroutines run.

How far limits go here. As in the pool `threads`, but what is raised reaches a green thread where it waits, at once. One
that does not wait, because it computes or blocks in C, holds all the others up too, and feels nothing.
"""

import contextvars
import socket
import threading
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any, Final

import msgspec

from celeriac.core import signals
from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.outcome import Outcome
from celeriac.execution import limits, loops

from .births import Life
from .child import ChildKit
from .pool import Begun, PoolSettings, Runner
from .spread import SpreadPool
from .threads import threads_child

_CHILD: Final = "celeriac.pools.green_child"


class GreenPool(SpreadPool):
    """Green threads."""

    def __init__(self, settings: PoolSettings, life: Life) -> None:
        try:
            import_module(self.name)
        except ImportError as exc:
            raise ImproperlyConfigured(
                f"The pool {self.name!r} needs the library {self.name}: pip install {self.name}"
            ) from exc
        super().__init__(msgspec.structs.replace(settings, start_method="spawn"), life, (_CHILD, self.name))


class GeventPool(GreenPool):
    """Green threads of gevent."""

    name = "gevent"

    def __init__(self, settings: PoolSettings) -> None:
        super().__init__(settings, gevent_child)


class EventletPool(GreenPool):
    """Green threads of eventlet."""

    name = "eventlet"

    def __init__(self, settings: PoolSettings) -> None:
        super().__init__(settings, eventlet_child)


class Greens:
    """The green threads of this process, and how to raise in one."""

    def __init__(self, soon: Callable[..., Any]) -> None:
        self._soon = soon  # call this in the hub, where no green thread runs
        self._current: Callable[[], Any] = import_module("greenlet").getcurrent
        self._greens: dict[int, Any] = {}  # by the number that threading knows it by
        self._pending: dict[int, type[BaseException]] = {}

    def note(self) -> None:
        """The calling green thread may be raised in."""
        self._greens[threading.get_ident()] = self._current()

    def raise_in(self, ident: int, kind: type[BaseException] | None) -> None:
        """As PyThreadState_SetAsyncExc: None takes back what was not felt yet."""
        if kind is None:
            self._pending.pop(ident, None)
        else:
            self._pending[ident] = kind
            self._soon(self._deliver, ident)

    def _deliver(self, ident: int) -> None:
        kind = self._pending.pop(ident, None)
        green = self._greens.get(ident)
        if kind is not None and green is not None and not green.dead:
            green.throw(kind)


class _Noting:
    """The runner of a green thread: it makes itself known first."""

    def __init__(self, runner: Runner, greens: Greens) -> None:
        self._runner = runner
        self._greens = greens
        self.arun = runner.arun

    def run(self, raw: bytes, *, redelivered: bool, deliveries: int, begun: Begun = None) -> Outcome:
        self._greens.note()
        if signals.eventlet_pool_apply.has_listeners:
            signals.eventlet_pool_apply.send(sender=self, target=self._runner.run, args=(raw,), kwargs={})
        return self._runner.run(raw, redelivered=redelivered, deliveries=deliveries, begun=begun)


def gevent_child(kit: ChildKit, index: int, sock: socket.socket) -> None:
    """In a child that gevent has patched."""
    hub = import_module("gevent").get_hub()

    def in_thread(function: Callable[..., Any], *args: Any) -> Any:
        return hub.threadpool.apply(function, args)

    _live(kit, index, sock, Greens(hub.loop.run_callback), in_thread)


def eventlet_child(kit: ChildKit, index: int, sock: socket.socket) -> None:
    """In a child that eventlet has patched."""
    hub = import_module("eventlet.hubs").get_hub()

    def soon(function: Callable[..., Any], *args: Any) -> Any:
        return hub.schedule_call_global(0, function, *args)

    signals.eventlet_pool_started.send(sender=None)
    _live(kit, index, sock, Greens(soon), import_module("eventlet.tpool").execute)
    signals.eventlet_pool_postshutdown.send(sender=None)


def _live(kit: ChildKit, index: int, sock: socket.socket, greens: Greens, in_thread: Callable[..., Any]) -> None:
    limits.raise_by(greens.raise_in)
    loops.run_by(lambda coroutine: in_thread(_complete, contextvars.copy_context(), coroutine))
    make_runner = kit.settings.make_runner
    kit.settings = msgspec.structs.replace(kit.settings, make_runner=lambda: _Noting(make_runner(), greens))
    threads_child(kit, index, sock)


def _complete(context: contextvars.Context, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """In a real thread, which several coroutines of as many green threads need: each has a loop of its own."""
    try:
        return context.run(loops.this_threads_loop().run_until_complete, coroutine)
    finally:
        loops.close_loop()
