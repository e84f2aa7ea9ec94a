"""Snapshots: a camera that looks at what a monitor remembers, again and again, and keeps what its class wants to."""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any, ClassVar, Final, Self

from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.signals import Signal
from celeriac.current import get_current_app

from .state import State

logger = logging.getLogger("celeriac.evcam")

_SECONDS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}


class Polaroid:
    """Sub-classes say `on_shutter(state)`: called every `freq` seconds, at most `maxrate` times ("10/m")."""

    timer: Any = None
    shutter_signal: ClassVar[Signal] = Signal(providing_args={"state"}, name="shutter_signal")
    cleanup_signal: ClassVar[Signal] = Signal(name="cleanup_signal")
    clear_after = False  # forget tasks that have ended after each look

    def __init__(
        self,
        state: State,
        freq: float = 1.0,
        maxrate: Any = None,
        cleanup_freq: float = 3600.0,
        timer: Any = None,
        app: Any = None,
    ) -> None:
        self.app = app
        self.state = state
        self.freq = freq
        self.cleanup_freq = cleanup_freq
        self.timer = timer or self.timer
        self.maxrate = seconds_between(maxrate)
        self._looked: float | None = None
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def install(self) -> None:
        """Begin: two threads of its own."""
        for pause, action in ((self.freq, self.capture), (self.cleanup_freq, self.cleanup)):
            thread = threading.Thread(target=self._again, args=(pause, action), name="camera", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _again(self, pause: float, action: Any) -> None:
        while not self._over.wait(pause):
            try:
                action()
            except Exception:
                logger.exception("The camera failed; it goes on")

    def on_shutter(self, state: State) -> None:
        """For sub-classes: look at the state, which does not change meanwhile."""

    def on_cleanup(self) -> None:
        """For sub-classes: throw away old snapshots."""

    def cleanup(self) -> None:
        """Once, now."""
        logger.debug("Cleanup: Running...")
        self.cleanup_signal.send(sender=self.state)
        self.on_cleanup()

    def shutter(self) -> None:
        """Once, now, unless the last time was too short ago."""
        now = time.monotonic()
        if self.maxrate and self._looked is not None and now - self._looked < self.maxrate:
            return
        self._looked = now
        logger.debug("Shutter: %s", self.state)
        self.shutter_signal.send(sender=self.state, state=self.state)
        self.on_shutter(self.state)

    def capture(self) -> None:
        """`shutter`, while nothing changes."""
        self.state.freeze_while(self.shutter, clear_after=self.clear_after)

    def cancel(self) -> None:
        """No more."""
        self._over.set()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(5.0)

    def __enter__(self) -> Self:
        self.install()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.cancel()


def seconds_between(rate: Any) -> float:
    """The pause that a rate such as "10/m" leaves; 0: there is no limit."""
    if not rate:
        return 0.0
    count, _, unit = str(rate).partition("/")
    try:
        per_second = float(count) / _SECONDS[unit or "s"]
    except (ValueError, KeyError):
        raise ImproperlyConfigured(f"maxrate={rate!r} is no rate: write 10/s, 10/m or 10/h") from None
    return 1.0 / per_second if per_second > 0 else 0.0


@contextlib.contextmanager
def watching(app: Any, camera: Any, freq: float = 1.0, maxrate: Any = None) -> Iterator[Any]:
    """A receiver whose state the camera looks at while this lasts."""
    state = app.events.State()
    with camera(state, freq=freq, maxrate=maxrate, app=app):
        yield app.events.Receiver(handlers={"*": state.event})


def evcam(camera: Any, freq: float = 1.0, maxrate: Any = None, app: Any = None, **kwargs: Any) -> None:
    """Look until interrupted; `camera` is a class of cameras."""
    logger.info("-> evcam: Taking snapshots with %s (every %s secs.)", camera, freq)
    with (
        watching(app or get_current_app(), camera, freq, maxrate) as receiver,
        contextlib.suppress(KeyboardInterrupt, SystemExit),
    ):
        receiver.capture(limit=None)
