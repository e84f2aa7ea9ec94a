"""The sync driver of a gathering: one ear and batched reads for any number of results."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from celeriac.core.errors import OperationalError
from celeriac.core.ports import ResultStore, Transport

from .ears import Ears, Listener
from .gathering import Found, Gathering, GiveUp, Hear, Leave, Listen, Pause, Read, Step
from .patience import Patience
from .source import Meta

_AT_ONCE: Final = 1000  # things heard before they are looked at


class Many:
    """Performs the steps of gatherings, each with an ear that other waiting threads have used before."""

    def __init__(self, transport: Transport, store: ResultStore, ears: Ears | None) -> None:
        self._transport = transport
        self._store = store
        self._ears = ears

    def gather(self, gathering: Gathering, patience: Patience) -> Iterator[tuple[str, Meta]]:
        """(id, document) of each result as it becomes ready."""
        hearing = _Hearing(self._ears)
        steps = gathering.steps(patience)
        act: Callable[[Any], Step] = steps.send
        reply: Any = None
        try:
            while True:
                try:
                    step = act(reply)
                except StopIteration:
                    break
                act, reply = steps.send, None
                if type(step) is Found:
                    yield from step.pairs
                    continue
                try:
                    reply = self._perform(step, hearing)
                except OperationalError as trouble:
                    act, reply = steps.throw, trouble
        except BaseException:
            # Interrupted, or left half-way: what is still said on the ear's channels is for nobody.
            hearing.close()
            raise
        hearing.give_back()

    def _perform(self, step: Step, hearing: "_Hearing") -> Any:
        match step:
            case Read(ids, timeout):
                return self._transport.link().run(self._store.fetch(ids), timeout)
            case Listen(channels, _):
                hearing.listener.ear.add(channels)
            case Leave(channels):
                hearing.leave(channels)
            case Hear(seconds):
                return hearing.heard(seconds)
            case Pause(seconds):
                time.sleep(seconds)
            case GiveUp():
                hearing.close()
        return None


class _Hearing:
    """The ear of one gathering, taken when it is first needed."""

    def __init__(self, ears: Ears | None) -> None:
        self._ears = ears
        self._listener: Listener | None = None

    @property
    def listener(self) -> Listener:
        if self._listener is None:
            assert self._ears is not None
            self._listener = self._ears.take()
        return self._listener

    def heard(self, seconds: float) -> Sequence[tuple[str, bytes]]:
        """What is said within the time: the first thing, and whatever is there with it."""
        ear = self.listener.ear
        found = []
        heard = ear.next(seconds)
        while heard is not None:
            found.append(heard)
            heard = ear.next(0) if len(found) < _AT_ONCE else None
        return found

    def leave(self, channels: Sequence[str]) -> None:
        try:
            self.listener.ear.discard(channels)
        except OperationalError:
            self.close()  # the next look at it takes another ear, and misses nothing: that one has left everything
            raise

    def give_back(self) -> None:
        if self._listener is not None and self._ears is not None:
            self._ears.give(self._listener)

    def close(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.ear.close()
