"""Elections: of workers of both libraries, as of our own alone, exactly one does what they were told."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from scenarios.workers.running import Process
from servers.redis_server import RedisServer

from .fleet import PYTHON, Side, environment, run_client
from .observing import RUNS

HELD = 2
# A worker of Celery's that has one neighbour ends with an error if it hears its own vote first, so there our client
# is needed, which tells ours first.
FLEETS: list[tuple[Side, tuple[Side, ...]]] = [
    ("celeriac", ("celery", "celeriac")),
    ("celery", ("celery", "celeriac", "celeriac")),
    ("celeriac", ("celeriac", "celeriac", "celeriac")),
]


def worker(side: Side, name: str, server: RedisServer, home: Path) -> Process:
    """With all that the others leave out; Celery tells of its neighbours only when it tells of everything."""
    level = "DEBUG" if side == "celery" else "INFO"
    words = ("-m", side, "-A", "elected", "worker", "-l", level, "-n", name, "-c", "1")
    return Process((PYTHON[side], *words), home, environment(side, server.url))


@pytest.mark.parametrize(("client", "fleet"), FLEETS)
def test_one_of_all_workers_is_elected(
    client: Side, fleet: tuple[Side, ...], server: RedisServer, tmp_path: Path
) -> None:
    server.flush()
    labels = [f"election-{number}" for number in range(HELD)]
    names = [f"{side}{number}@here" for number, side in enumerate(fleet)]
    with ExitStack() as stack:
        running = [stack.enter_context(worker(*pair, server, tmp_path)) for pair in zip(fleet, names, strict=True)]
        for one in running:
            one.wait_line(r"\S+@\S+ ready\.", 60)
        for one, side in zip(running, fleet, strict=True):
            for name in names[1:] if side == "celery" else ():
                one.wait_line(f"{name} joined the party", 60)
        held = run_client(client, server.url, "elected:hold", labels=labels)
        for label in labels:
            ends = [one.wait_line(rf"won the election '{label}'|elected for '{label}'", 60) for one in running]
            assert sum("won the election" in line for line in ends) == 1, ends
    assert held == [f"{label}()" for label in labels]
    with server.client() as redis:
        assert redis.hgetall(RUNS) == {label.encode(): b"1" for label in labels}
