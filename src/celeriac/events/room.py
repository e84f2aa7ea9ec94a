"""app.events: receivers, dispatchers and states that belong to an app."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from .dispatching import EventDispatcher
from .receiving import EventReceiver
from .state import State


class Events:
    """What programs and monitors use: `app.events.Receiver(...)`."""

    receiver_cls: Any = EventReceiver
    dispatcher_cls: Any = EventDispatcher
    state_cls: Any = State

    def __init__(self, app: Any) -> None:
        self.app = app

    @cached_property
    def Receiver(self) -> Any:  # noqa: N802 - Celery's name
        """The receiver's class, for this app."""
        return type("EventReceiver", (self.receiver_cls,), {"app": self.app})

    @cached_property
    def Dispatcher(self) -> Any:  # noqa: N802 - Celery's name
        """The dispatcher's class, for this app."""
        return type("EventDispatcher", (self.dispatcher_cls,), {"app": self.app})

    @cached_property
    def State(self) -> Any:  # noqa: N802 - Celery's name
        """The class of what a monitor remembers."""
        return self.state_cls

    @contextmanager
    def default_dispatcher(
        self, hostname: str | None = None, enabled: bool = True, buffer_while_offline: bool = False
    ) -> Iterator[EventDispatcher]:
        """A dispatcher for a moment."""
        with self.Dispatcher(hostname=hostname, enabled=enabled, buffer_while_offline=buffer_while_offline) as found:
            yield found
