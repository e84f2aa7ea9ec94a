"""celery.worker.state: what the worker of this process has in hand, as it is at the moment of looking."""

import platform
from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any

import msgspec

from celeriac import __version__

from .living import consumers

SOFTWARE_INFO = {"sw_ident": "py-celery", "sw_ver": __version__, "sw_sys": platform.system()}


class InHand(msgspec.Struct, frozen=True):
    """A request that a worker has in hand."""

    id: str
    name: str
    queue: str
    acknowledged: bool

    @property
    def task_id(self) -> str:
        return self.id

    @property
    def task_name(self) -> str:
        return self.name


class Requests(Set[InHand]):
    """Those in hand, looked up anew each time."""

    def __init__(self, look: Callable[[], list[Any]]) -> None:
        self._look = look

    @classmethod
    def _from_iterable(cls, it: Any) -> Any:
        return set(it)

    def _found(self) -> list[InHand]:
        return [InHand(hand.head.id, hand.head.task, hand.delivery.queue, hand.settled) for hand in self._look()]

    def __iter__(self) -> Iterator[InHand]:
        return iter(self._found())

    def __len__(self) -> int:
        return len(self._look())

    def __contains__(self, request: Any) -> bool:
        return getattr(request, "id", request) in {one.id for one in self._found()}

    def __repr__(self) -> str:
        return repr(self._found())


class Totals(Mapping[str, int]):
    """How often each task has ended here."""

    def _now(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for consumer in consumers():
            for name, count in dict(consumer.hands.totals).items():
                found[name] = found.get(name, 0) + count
        return found

    def __getitem__(self, name: str) -> int:
        return self._now().get(name, 0)

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def __repr__(self) -> str:
        return repr(self._now())


class Revoked(Set[str]):
    """The ids of revoked tasks."""

    @classmethod
    def _from_iterable(cls, it: Any) -> Any:
        return set(it)

    def _ids(self) -> list[str]:
        return [id for consumer in consumers() for id in consumer.revoker.revoked.ids()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids())

    def __len__(self) -> int:
        return len(self._ids())

    def __contains__(self, id: object) -> bool:
        return id in self._ids()

    def __repr__(self) -> str:
        return repr(self._ids())


def _active() -> list[Any]:
    return [hand for consumer in consumers() for hand in _running(consumer)]


def _running(consumer: Any) -> list[Any]:
    found = (consumer.hands.get(running.run) for running in consumer.pool.running())
    return [hand for hand in found if hand is not None]


def _reserved() -> list[Any]:
    return [hand for consumer in consumers() for hand in list(consumer.hands)]


# As Celery has it: what runs is reserved, too. What waits for its time waits at the broker, not here.
reserved_requests = Requests(_reserved)
active_requests = Requests(_active)
scheduled_requests = Requests(list)
total_count = Totals()
revoked = Revoked()
