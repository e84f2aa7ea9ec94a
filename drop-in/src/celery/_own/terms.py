"""celery.utils.term, .threads, .sysinfo and .deprecated: terminals, threads and the machine."""

import os
import sys
import threading
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

from celeriac.cli.types import cpu_budget as _cpu_budget
from celeriac.exceptions import CDeprecationWarning, CPendingDeprecationWarning

AUTO_CONCURRENCY = "auto"
_COLORS = {"black": 30, "red": 31, "green": 32, "yellow": 33, "blue": 34, "magenta": 35, "cyan": 36, "white": 37}


class colored:  # noqa: N801 - Celery's name
    """`colored().red("text")`."""

    def __init__(self, *s: Any, **kwargs: Any) -> None:
        self.s = s
        self.enabled = kwargs.get("enabled", sys.platform != "win32")
        self.op = kwargs.get("op", "")

    def _node(self, s: Any, op: str) -> "colored":
        return type(self)(*s, enabled=self.enabled, op=op)

    def __getattr__(self, name: str) -> Any:
        bright = name.startswith("i") and name[1:] in _COLORS
        code = _COLORS.get(name[1:] if bright else name)
        if code is None and name not in ("bold", "underline", "reverse", "bright", "reset", "blink"):
            raise AttributeError(name)
        styles = {"bold": 1, "bright": 1, "underline": 4, "blink": 5, "reverse": 7, "reset": 0}
        op = f"\x1b[{'1;' if bright or name in _COLORS else ''}{code if code is not None else styles[name]}m"
        return lambda *s: self._node(s, op)

    def no_color(self) -> str:
        """The text alone."""
        return "".join(part.no_color() if isinstance(part, colored) else str(part) for part in self.s)

    def embed(self) -> str:
        """Without the reset at the end."""
        return str(self.op) + "".join(part.embed() if isinstance(part, colored) else str(part) for part in self.s)

    def __str__(self) -> str:
        return f"{self.embed()}\x1b[0m" if self.enabled else self.no_color()

    def __add__(self, other: Any) -> str:
        return str(self) + str(other)


class bgThread(threading.Thread):  # noqa: N801 - Celery's name
    """A thread that calls `body` until it is stopped."""

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(daemon=True, name=name or type(self).__name__)
        self._shutdown = threading.Event()
        self._ended = threading.Event()

    def body(self) -> None:
        """One turn."""
        raise NotImplementedError

    def on_crash(self, msg: str, *fmt: Any, **kwargs: Any) -> None:
        """Called when a turn raised."""
        sys.stderr.write(f"{msg.format(*fmt)}\n")

    def run(self) -> None:
        """Turns until the end."""
        try:
            while not self._shutdown.is_set():
                self.body()
        except Exception as exc:
            self.on_crash("{0!r} crashed: {1!r}", self.name, exc)
            raise
        finally:
            self._ended.set()

    def stop(self) -> None:
        """End, and wait for it."""
        self._shutdown.set()
        self._ended.wait()
        if self.is_alive():
            self.join(threading.TIMEOUT_MAX)


class Local(threading.local):
    """Attributes of this thread."""


class LocalStack:
    """A stack of this thread."""

    def __init__(self) -> None:
        self._local = threading.local()

    @property
    def stack(self) -> list[Any]:
        """All of it."""
        found: list[Any] = self._local.__dict__.setdefault("stack", [])
        return found

    def push(self, obj: Any) -> list[Any]:
        """On top."""
        self.stack.append(obj)
        return self.stack

    def pop(self) -> Any:
        """The top, or None."""
        return self.stack.pop() if self.stack else None

    @property
    def top(self) -> Any:
        """The top, or None."""
        return self.stack[-1] if self.stack else None

    def __len__(self) -> int:
        return len(self.stack)


def cpu_budget() -> int:
    """How many processes this machine (or container) has room for."""
    return int(_cpu_budget())


def available_cpu_count() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def is_auto_concurrency(value: Any) -> bool:
    """True for "auto"."""
    return isinstance(value, str) and value.strip().lower() == AUTO_CONCURRENCY


def load_average() -> tuple[float, ...]:
    """Of the last 1, 5 and 15 minutes."""
    return tuple(round(value, 2) for value in os.getloadavg())


def warn(
    description: Any = None, deprecation: Any = None, removal: Any = None, alternative: Any = None, stacklevel: int = 2
) -> None:
    """Say that something is going to be removed."""
    when = f"is scheduled for deprecation in version {deprecation} and" if deprecation else "is deprecated and is"
    text = f"{description} {when} scheduled for removal in version {removal}. {alternative or ''}"
    kind = CPendingDeprecationWarning if deprecation else CDeprecationWarning
    warnings.warn(text.rstrip(), kind, stacklevel=stacklevel)


def Callable_(  # noqa: N802 - Celery's name
    deprecation: Any = None, removal: Any = None, alternative: Any = None, description: Any = None
) -> Callable[..., Any]:
    """A decorator: who calls the function is warned."""

    def decorate(fun: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(fun)
        def warned(*args: Any, **kwargs: Any) -> Any:
            warn(description or f"{fun.__module__}.{fun.__qualname__}", deprecation, removal, alternative, 3)
            return fun(*args, **kwargs)

        return warned

    return decorate


Property = property  # a deprecated property is a property
