"""Mingle between real Celery's workers and ours."""

from pathlib import Path

import pytest

from scenarios.workers.running import Process
from servers.redis_server import RedisServer

from .fleet import PYTHON, SIDES, Side, environment, run_client, wait_for_answers

TRIES = 5
LEARNS_IN = 3.0  # seconds: the others have one to answer


def worker(side: Side, url: str, home: Path) -> Process:
    """With all that the others leave out."""
    words = ("-m", side, "-A", "monitored", "worker", "-l", "INFO", "-n", f"{side}@here", "-c", "1", "-Q", "votes")
    running = Process((PYTHON[side], *words), home, environment(side, url))
    running.wait_line(r"\S+@\S+ ready\.", 60)
    wait_for_answers(url, f"{side}@here")
    return running


@pytest.mark.parametrize("first", SIDES)
def test_who_comes_later_learns_what_is_revoked(first: Side, home: Path) -> None:
    (second,) = (side for side in SIDES if side != first)
    with RedisServer() as server, worker(first, server.url, home):
        # Celery's client tells those that are there; nothing is recorded in the broker
        assert run_client("celery", server.url, "monitored:revoked_before", id="gone")
        assert any(_learns(second, server.url, home) for _ in range(TRIES))


def _learns(second: Side, url: str, home: Path) -> bool:
    """Who starts while the other is held up for a second believes itself alone, and learns when it starts again."""
    about = {"node": f"{second}@here", "id": "gone", "patience": LEARNS_IN}
    with worker(second, url, home):
        return bool(run_client("celery", url, "monitored:known_as_revoked", **about))
