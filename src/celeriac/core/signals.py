"""Signals: named events of one process that a program can listen to, and the list of all of them."""

import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar, overload

Receiver = TypeVar("Receiver", bound=Callable[..., Any])
Key = tuple[Any, Any]

logger = logging.getLogger("celeriac.signals")

# A receiver connected with retry=True is called again after these seconds; together they bound how long
# a receiver that always fails can hold up its sender.
RETRY_DELAYS: Final = (0.0, 0.1, 1.0, 2.0, 4.0)


def identity(target: Any) -> Any:
    """What makes two senders or receivers the same: text by value, proxies by what they stand for."""
    if target is None or isinstance(target, str):
        return target
    real = getattr(target, "_get_current_object", None)
    if real is not None:
        target = real()
    bound_to = getattr(target, "__self__", None)
    if bound_to is not None and hasattr(target, "__func__"):
        return id(bound_to), id(target.__func__)
    return id(target)


class Signal:
    """Calls its receivers in the order they were connected; what they raise is logged, never passed on."""

    __slots__ = ("__weakref__", "_entries", "_lock", "has_listeners", "name", "providing_args")

    def __init__(self, providing_args: Iterable[str] = (), name: str | None = None) -> None:
        self.name = name
        self.providing_args = frozenset(providing_args)
        # Senders on a hot path look at this one attribute and build no arguments while it is False.
        self.has_listeners = False
        self._entries: tuple[tuple[Key, Any, bool, Any], ...] = ()  # key, reference, retry, sender
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"<Signal: {self.name} providing_args={set(self.providing_args)!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Signal, (self.providing_args, self.name)

    @overload
    def connect(self, receiver: Receiver, /, *args: Any, **options: Any) -> Receiver: ...

    @overload
    def connect(self, receiver: None = None, /, **options: Any) -> Callable[[Receiver], Receiver]: ...

    def connect(self, receiver: Any = None, /, *args: Any, **options: Any) -> Any:
        """Call `receiver(signal=, sender=, **named)` from now on; works as a decorator, with or without options.

        Options: sender (only its signals), weak (True: do not keep the receiver alive), dispatch_uid
        (the same uid connects once), retry (call again if it raises).
        """
        if receiver is None:
            return lambda fun: self._connect(fun, *args, **options)
        return self._connect(receiver, *args, **options)

    def _connect(
        self,
        receiver: Receiver,
        sender: Any = None,
        weak: bool = True,
        dispatch_uid: Any = None,
        retry: bool = False,
    ) -> Receiver:
        if not callable(receiver):
            raise TypeError(f"a signal receiver must be callable, {receiver!r} is not")
        if not _accepts_keywords(receiver):
            raise ValueError(f"a signal receiver must accept **kwargs, {receiver!r} does not")
        key = (identity(receiver) if dispatch_uid is None else ("uid", dispatch_uid), identity(sender))
        reference = self._weak(receiver, key) if weak else (lambda: receiver)
        with self._lock:
            if all(entry[0] != key for entry in self._entries):
                # The sender is kept, so that its id cannot come to mean another object.
                self._set((*self._entries, (key, reference, retry, sender)))
        return receiver

    def _weak(self, receiver: Any, key: Key) -> Any:
        def gone(_: Any) -> None:
            self._remove(key)

        if hasattr(receiver, "__func__") and hasattr(receiver, "__self__"):
            return weakref.WeakMethod(receiver, gone)
        return weakref.ref(receiver, gone)

    def disconnect(
        self, receiver: Any = None, sender: Any = None, weak: bool | None = None, dispatch_uid: Any = None
    ) -> bool:
        """Stop calling this receiver; True if it was connected."""
        return self._remove((identity(receiver) if dispatch_uid is None else ("uid", dispatch_uid), identity(sender)))

    def _remove(self, key: Key) -> bool:
        with self._lock:
            kept = tuple(entry for entry in self._entries if entry[0] != key)
            removed = len(kept) != len(self._entries)
            self._set(kept)
        return removed

    def _set(self, entries: tuple[tuple[Key, Any, bool, Any], ...]) -> None:
        self._entries = entries
        self.has_listeners = bool(entries)

    @property
    def receivers(self) -> list[tuple[Key, Any]]:
        """The connected receivers as (key, reference)."""
        return [(key, reference) for key, reference, _, _ in self._entries]

    def send(self, sender: Any, **named: Any) -> list[tuple[Any, Any]]:
        """Call every receiver; returns (receiver, what it returned, or the exception it raised)."""
        if not self._entries:
            return []
        wanted = identity(sender)
        responses = []
        for key, reference, retry, _ in self._entries:
            if key[1] is None or key[1] == wanted:
                receiver = reference()
                if receiver is not None:
                    responses.append((receiver, self._call(receiver, retry, sender, named)))
        return responses

    send_robust = send

    def _call(self, receiver: Any, retry: bool, sender: Any, named: dict[str, Any]) -> Any:
        delays = RETRY_DELAYS if retry else (0.0,)
        for turn, delay in enumerate(delays, 1):
            if delay:
                time.sleep(delay)
            try:
                return receiver(signal=self, sender=sender, **named)
            except Exception as exc:
                logger.exception("Receiver %r of signal %s raised: %r", receiver, self.name, exc)
                if turn == len(delays):
                    return exc
        return None


def _accepts_keywords(receiver: Any) -> bool:
    """Looks at the code object: importing inspect for this would slow every program's start."""
    fun = getattr(receiver, "__func__", receiver)
    code = getattr(fun, "__code__", None)
    if code is None:
        code = getattr(type(receiver).__call__, "__code__", None)
    return code is None or bool(code.co_flags & 0x08)  # CO_VARKEYWORDS


_TASK = ("task_id", "task", "args", "kwargs")
_PUBLISHED = ("headers", "body", "exchange", "routing_key")
_LOGGER = ("logger", "loglevel", "logfile", "format", "colorize")

before_task_publish = Signal((*_PUBLISHED, "properties", "declare", "retry_policy"), "before_task_publish")
after_task_publish = Signal(_PUBLISHED, "after_task_publish")
task_received = Signal(("request",), "task_received")
task_prerun = Signal(_TASK, "task_prerun")
task_postrun = Signal((*_TASK, "retval", "state"), "task_postrun")
task_success = Signal(("result", "runtime"), "task_success")
task_retry = Signal(("request", "reason", "einfo"), "task_retry")
task_failure = Signal(("task_id", "exception", "args", "kwargs", "traceback", "einfo"), "task_failure")
task_internal_error = Signal(
    ("task_id", "args", "kwargs", "request", "exception", "traceback", "einfo"), "task_internal_error"
)
task_revoked = Signal(("request", "terminated", "signum", "expired"), "task_revoked")
task_rejected = Signal(("message", "exc"), "task_rejected")
task_unknown = Signal(("message", "exc", "name", "id"), "task_unknown")
task_sent = Signal((*_TASK, "eta", "taskset"), "task_sent")  # nobody sends it any more; old programs connect to it

celeryd_init = Signal(("instance", "conf", "options"), "celeryd_init")
celeryd_after_setup = Signal(("instance", "conf"), "celeryd_after_setup")
import_modules = Signal((), "import_modules")
worker_init = Signal((), "worker_init")
worker_before_create_process = Signal((), "worker_before_create_process")
worker_process_init = Signal((), "worker_process_init")
worker_process_shutdown = Signal(("pid", "exitcode"), "worker_process_shutdown")
worker_ready = Signal((), "worker_ready")
worker_shutdown = Signal((), "worker_shutdown")
worker_shutting_down = Signal(("sig", "how", "exitcode"), "worker_shutting_down")
heartbeat_sent = Signal((), "heartbeat_sent")

setup_logging = Signal(("loglevel", "logfile", "format", "colorize"), "setup_logging")
after_setup_logger = Signal(_LOGGER, "after_setup_logger")
after_setup_task_logger = Signal(_LOGGER, "after_setup_task_logger")

beat_init = Signal((), "beat_init")
beat_embedded_init = Signal((), "beat_embedded_init")

eventlet_pool_started = Signal((), "eventlet_pool_started")
eventlet_pool_preshutdown = Signal((), "eventlet_pool_preshutdown")
eventlet_pool_postshutdown = Signal((), "eventlet_pool_postshutdown")
eventlet_pool_apply = Signal(("target", "args", "kwargs"), "eventlet_pool_apply")

user_preload_options = Signal(("app", "options"), "user_preload_options")
