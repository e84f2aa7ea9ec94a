"""Workers that know of each other: who comes, leaves and is lost; elections; what is revoked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from celeriac import Celeriac
from servers.redis_server import RedisServer

from ..workers.notes import notes, notes_of
from ..workers.running import Command, until, worker
from .conftest import PATIENCE

APP = "scenarios.events.neighbours"
FIRST, SECOND = "first@here", "second@here"


@pytest.fixture(scope="module", params=["redis"])
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    """Redis alone: on SQLite there is no gossip."""
    with RedisServer() as server:
        yield server.url


@pytest.fixture
def environment(store: str, home: Path) -> dict[str, str]:
    return {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(home / "notes")}


def neighbour(home: Path, name: str, environment: dict[str, str], *options: str) -> Command:
    return worker(home, APP, "-c", "1", "-n", name, "--heartbeat-interval", "2", *options, environment=environment)


def mingled(home: Path, environment: dict[str, str]) -> bool:
    """The second comes, hears of the first, and leaves. It waits for an answer a second, then goes on without."""
    with neighbour(home, SECOND, environment) as second:
        line = second.wait_line("mingle: (sync with|all alone)")
        until(lambda: ["join", FIRST, SECOND] in notes(home), PATIENCE)
        second.stop()
    return "sync with 1 nodes complete" in line


def test_neighbours_come_leave_and_are_lost(client: Celeriac, home: Path, environment: dict[str, str]) -> None:
    with neighbour(home, FIRST, environment) as first:
        first.wait_line("mingle: all alone")
        until(lambda: mingled(home, environment), PATIENCE)
        until(lambda: ["join", FIRST, SECOND] in notes(home), PATIENCE)
        until(lambda: ["leave", FIRST, SECOND] in notes(home), PATIENCE)
        with neighbour(home, "third@here", environment) as third:
            until(lambda: ["join", FIRST, "third@here"] in notes(home), PATIENCE)
            third.kill()
            until(lambda: ["lost", FIRST, "third@here"] in notes(home), PATIENCE)


def test_one_of_all_workers_is_elected(client: Celeriac, home: Path, environment: dict[str, str]) -> None:
    with neighbour(home, FIRST, environment) as first, neighbour(home, SECOND, environment) as second:
        client.control.ping(timeout=20, limit=2)

        def elects_one() -> bool:
            """False if a worker stood still for so long that its vote came when the other had decided."""
            result = client.signature("neighbours.once").election()
            until(lambda: "once" in notes_of(home, result.id), PATIENCE)
            ended = [
                one.wait_line(rf"I won the election '{result.id}'|node \S+ elected for '{result.id}'")
                for one in (first, second)
            ]
            return sum("I won" in line for line in ended) == 1 and notes_of(home, result.id) == ["once"]

        until(elects_one)


def test_who_does_not_want_gossip_has_none(client: Celeriac, home: Path, environment: dict[str, str]) -> None:
    with worker(
        home, "scenarios.events.program", "-c", "1", "--without-gossip", "--without-mingle", environment=environment
    ) as running:
        (reply,) = client.control.broadcast("election", {"id": "a", "topic": "task"}, reply=True, timeout=20, limit=1)
        assert "there is no gossip here" in next(iter(reply.values()))["error"]
        assert "mingle" not in running.text
