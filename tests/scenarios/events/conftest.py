"""A client whose receiver listens all the time, and workers of the program."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac

from ..workers.running import Command, until, worker

APP = "scenarios.events.program"
PATIENCE = 30.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def client(store: str) -> Iterator[Celeriac]:
    with Celeriac("client", broker=store, backend=store, set_as_current=False) as app:
        app.conf.task_send_sent_event = True
        yield app


class Monitor:
    """A receiver in a thread of its own, with all it has heard."""

    def __init__(self, app: Celeriac) -> None:
        self.events: list[dict[str, Any]] = []
        self.state = app.events.State()
        self._receiver = app.events.Receiver(handlers={"*": self._hear})
        self._listens = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> "Monitor":
        self._thread.start()
        assert self._listens.wait(PATIENCE)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._receiver.should_stop = True
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _listen(self) -> None:
        for _ in self._receiver.itercapture(wakeup=False):
            self._listens.set()

    def _hear(self, event: dict[str, Any]) -> None:
        self.state.event(dict(event))
        self.events.append(event)

    def of(self, task_id: str) -> list[dict[str, Any]]:
        """What was told of one task, in the order it came."""
        return [event for event in list(self.events) if event.get("uuid") == task_id]

    def kinds(self, task_id: str) -> list[str]:
        return [event["type"] for event in self.of(task_id)]

    def wait(self, task_id: str, kind: str) -> dict[str, Any]:
        """The first such event of the task."""
        until(lambda: kind in self.kinds(task_id), PATIENCE)
        return next(event for event in self.of(task_id) if event["type"] == kind)

    def wait_worker(self, hostname: str, kind: str, after: int = 0) -> dict[str, Any]:
        """The first such event of a worker, behind so many events."""

        def found() -> list[dict[str, Any]]:
            return [one for one in self.events[after:] if one["type"] == kind and one["hostname"] == hostname]

        until(lambda: bool(found()), PATIENCE)
        return found()[0]

    def beats(self, hostname: str) -> list[dict[str, Any]]:
        """The heartbeats of a worker so far."""
        return [one for one in list(self.events) if one["type"] == "worker-heartbeat" and one["hostname"] == hostname]

    def processed(self, hostname: str) -> int:
        """How many tasks a worker has run, as it said last."""
        return int(self.beats(hostname)[-1]["processed"])


@pytest.fixture(scope="module")
def monitor(client: Celeriac) -> Iterator[Monitor]:
    with Monitor(client) as listening:
        yield listening


Start = Callable[..., Command]


@pytest.fixture(scope="module")
def start(store: str, home: Path) -> Start:
    """Starts a worker of the program: options of the command line."""
    environment = {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(home / "notes")}

    def start(*options: str, level: str = "INFO") -> Command:
        return worker(home, APP, *options, environment=environment, level=level)

    return start
