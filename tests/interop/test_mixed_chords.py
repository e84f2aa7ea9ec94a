"""Chords whose headers are run by workers of both kinds at once, on one queue, sent by clients of both."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from servers.redis_server import RedisServer

from .fleet import SIDES, Client, Side, start_worker

CHORDS = 25
SIZE = 8


def test_every_body_is_called_once_whoever_runs_the_header(server: RedisServer, home: Path) -> None:
    with ExitStack() as stack:
        for side in SIDES:
            stack.enter_context(start_worker(side, server.url, home, "-n", f"{side}@mixed", "-c", "2"))
        clients = {side: Client(side, server.url, "mixed:chords", None, _work(side)) for side in SIDES}
        answers = {side: client.answer(90) for side, client in clients.items()}
    for side, answer in answers.items():
        for number, (value, runs) in enumerate(answer):
            failing = number % 10 == 9
            assert runs == 1, (side, number)
            if failing:
                assert value.startswith("ChordError("), (side, number, value)
            else:
                assert value == expected(f"{side}{number}"), (side, number)
    with server.client() as client:
        left = {key.rpartition(b".")[2] for key in client.keys("celery-taskset-meta-*")}
    # Celery leaves the parts of failed headers to their time, and five minutes of `done` everywhere
    assert left <= {b"c", b"d", b"j"}


def _work(side: Side) -> dict[str, Any]:
    return {"names": [f"{side}{number}" for number in range(CHORDS)], "size": SIZE}


def expected(name: str, size: int = SIZE) -> str:
    """What the body says it got."""
    return f"{name}([{','.join(f'{name}.{number}({number})' for number in range(size))}])"
