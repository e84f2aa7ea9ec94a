"""Events between real Celery and us: either monitor hears the same of both kinds of workers and of either client."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from scenarios.workers.running import Process
from servers.redis_server import RedisServer

from .fleet import PYTHON, SIDES, Side, environment, run_client

# what depends on the moment, the process or the library, and on nothing else
_OWN = {"timestamp", "local_received", "clock", "pid", "hostname", "runtime", "traceback", "uuid", "root_id", "expires"}


@pytest.fixture(scope="module", autouse=True)
def workers(server: RedisServer, home: Path) -> Iterator[None]:
    """One of each side, each on a queue of its own; task events are switched on from afar."""
    with ExitStack() as stack:
        for side in SIDES:
            words = ("-m", side, "-A", "monitored", "worker", "-l", "INFO", "-n", f"{side}@here", "-c", "2", "-Q", side)
            running = stack.enter_context(Process((PYTHON[side], *words), home, environment(side, server.url)))
            running.wait_line(r"\S+@\S+ ready\.", 60)
        yield


@pytest.mark.parametrize("monitor", SIDES)
def test_either_monitor_hears_the_same_of_both_kinds_of_workers(monitor: Side, server: RedisServer) -> None:
    heard = run_client(monitor, server.url, "monitored:heard", queues=list(SIDES))
    assert heard["alive"] == ["celeriac@here", "celery@here"]
    theirs, ours = heard["workers"]["celery@here"], heard["workers"]["celeriac@here"]
    assert set(ours) == set(theirs)
    assert {type(ours[name]) for name in ("freq", "clock")} == {type(theirs[name]) for name in ("freq", "clock")}
    names = sorted(id.removeprefix("celery-") for id in heard["tasks"] if id.startswith("celery-"))
    assert names == sorted(id.removeprefix("celeriac-") for id in heard["tasks"] if id.startswith("celeriac-"))
    for name in names:
        theirs, ours = heard["tasks"][f"celery-{name}"], heard["tasks"][f"celeriac-{name}"]
        assert set(ours) == set(theirs)
        for kind, event in ours.items():
            assert _said(event, "celeriac") == _said(theirs[kind], "celery"), (name, kind)
        if name == "i.again":  # Celery's worker tells of a retry after the next try has been sent
            continue
        assert heard["states"][f"celeriac-{name}"] == heard["states"][f"celery-{name}"]


def _said(event: dict[str, Any], side: Side) -> dict[str, Any]:
    """What is a run's own is only there or not; queues are named after the sides. A traceback may be none."""
    told = {name: value for name, value in event.items() if name != "traceback" or value is not None}
    return {name: "own" if name in _OWN or value == side else value for name, value in told.items()}
