"""Something that is done again and again in a thread of its own, until it is told to stop."""

import threading


class Turning(threading.Thread):
    """Calls `turn` every so many seconds; what it raises comes out of `stop`."""

    def __init__(self, every: float) -> None:
        super().__init__(daemon=True, name=type(self).__name__)
        self._every = every
        self._over = threading.Event()
        self._broken: BaseException | None = None

    def turn(self) -> None:
        raise NotImplementedError

    def run(self) -> None:
        try:
            while not self._over.wait(self._every):
                self.turn()
        except BaseException as error:
            self._broken = error

    def pause(self, seconds: float) -> None:
        """Less if it is told to stop."""
        self._over.wait(seconds)

    def stop(self) -> None:
        self._over.set()
        if self.ident is not None:
            self.join(60)
        assert not self.is_alive(), f"{self.name} does not stop"
        if self._broken is not None:
            raise self._broken
