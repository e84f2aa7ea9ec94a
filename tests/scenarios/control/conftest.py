"""A worker on each kind of store, and a client that knows no task."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac

from ..workers.notes import notes_of
from ..workers.running import Command, until, worker

APP = "scenarios.control.program"
NODE = "node@here"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def client(store: str) -> Iterator[Celeriac]:
    with Celeriac("client", broker=store, backend=store, set_as_current=False) as app:
        yield app


Start = Callable[..., Command]


@pytest.fixture(scope="module")
def start(store: str, home: Path) -> Start:
    """Starts a worker of the program: options of the command line."""
    environment = {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(home / "notes")}

    def start(*options: str) -> Command:
        return worker(home, APP, *(options or ("-c", "2", "-n", NODE)), environment=environment)

    return start


@pytest.fixture(scope="module")
def node(start: Start) -> Iterator[Command]:
    """The worker that most tests share."""
    with start() as running:
        yield running


class Told:
    """What the tasks noted."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def of(self, task_id: str) -> list[Any]:
        return notes_of(self._home, task_id)

    def begun(self, *results: Any) -> None:
        """Wait until all of these have begun."""
        until(lambda: all("begin" in self.of(result.id) for result in results))


@pytest.fixture(scope="module")
def told(home: Path) -> Told:
    return Told(home)
