"""Some two hundred workflows run by real Celery and by us: values, states, trees, arguments and counts must agree.

INTEROP_GENERATED and INTEROP_SEED make it another number of generated ones, from another seed.
"""

import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from patience import stretched
from servers.redis_server import RedisServer

from . import agreeing, canvases
from .differences import OTHERWISE
from .fleet import SIDES, Client, Side, start_worker
from .observing import Observed

GENERATED = int(os.environ.get("INTEROP_GENERATED", "80"))
SEED = int(os.environ.get("INTEROP_SEED", "1"))
SPECS = {**canvases.by_hand(), **{f"g{number}": canvases.generated(number, SEED) for number in range(GENERATED)}}
MIXED = {name: spec for name, spec in canvases.by_hand().items() if name not in OTHERWISE}

WITHIN = 100.0  # seconds, for all of them, on a machine that is not slow
# What is at work can be seen from outside only if it is acknowledged after it ran.
SETTINGS = {"task_acks_late": True}


class Run:
    """Workers of some sides on a Redis of their own, and a client that sends workflows to them."""

    def __init__(self, folder: Path, client: Side, workers: tuple[Side, ...], specs: dict[str, Any]) -> None:
        self._specs = specs
        self._within = stretched(WITHIN)
        with ExitStack() as closing:  # if one of them does not start, the others end
            self._server = closing.enter_context(RedisServer())
            for side in workers:
                options = ("-c", "2", "-n", f"{side}@here")
                closing.enter_context(start_worker(side, self._server.url, folder, *options, settings=SETTINGS))
            arguments = {"specs": list(specs.values()), "within": self._within, "of_celery": "celery" in workers}
            self._client = Client(client, self._server.url, "sending:workflows", SETTINGS, arguments)
            closing.callback(self._client.end)
            self.close = closing.pop_all().close

    def seen(self) -> dict[str, Any]:
        """What there is to see when all is quiet."""
        answers = dict(zip(self._specs, self._client.answer(self._within + 60), strict=True))
        with self._server.client() as client:
            return Observed(client, answers).workflows()


def seen_by(runs: Iterable[tuple[str, Side, tuple[Side, ...]]], folder: Path, specs: Any) -> dict[str, Any]:
    """What was seen in each of the runs, by name; they go on at the same time."""
    with ExitStack() as closing:
        # they are ended together as well, for a worker takes its time
        pool = closing.enter_context(ThreadPoolExecutor())
        started = {}
        for name, client, workers in runs:
            started[name] = Run(folder, client, workers, specs)
            closing.callback(pool.submit, started[name].close)
        return {name: run.seen() for name, run in started.items()}


@pytest.fixture(scope="module")
def alone(home: Path) -> dict[str, Any]:
    """What was seen of all workflows with Celery alone, and with us alone."""
    return seen_by([(side, side, (side,)) for side in SIDES], home, SPECS)


@pytest.fixture(scope="module")
def crossing(home: Path) -> dict[str, Any]:
    """What was seen of the workflows made by hand, sent by one side, and run by the other or by a fleet of both."""
    ways: list[tuple[str, Side, tuple[Side, ...]]] = [
        ("celery to celeriac", "celery", ("celeriac",)),
        ("celeriac to celery", "celeriac", ("celery",)),
        ("celery to both", "celery", SIDES),
        ("celeriac to both", "celeriac", SIDES),
    ]
    return seen_by(ways, home, MIXED)


@pytest.mark.timeout(1000)  # the first of each waits for all of them
@pytest.mark.parametrize("name", SPECS)
def test_a_workflow_comes_to_the_same(name: str, alone: dict[str, Any]) -> None:
    theirs, ours = alone["celery"][name], alone["celeriac"][name]
    assert ours["client"].get("value") != "timeout", f"it never ended: {SPECS[name]}"
    if theirs["client"].get("value") == "timeout":
        assert "i.fail" in json.dumps(SPECS[name]), f"Celery never ended it, and nothing failed: {SPECS[name]}"
        return
    found = list(agreeing.disagreements(name, theirs, ours))
    assert bool(found) == (name in OTHERWISE), f"{SPECS[name]}\n" + "\n".join(found)


@pytest.mark.timeout(1000)  # the first of each waits for all of them
@pytest.mark.parametrize("way", ["celery to celeriac", "celeriac to celery", "celery to both", "celeriac to both"])
def test_workflows_of_one_side_are_run_by_the_other(way: str, crossing: dict[str, Any], alone: dict[str, Any]) -> None:
    """Every task may run on either side; what comes of all is what one side alone makes of it."""
    wrong = {}
    for name, seen in crossing[way].items():
        outcomes = [alone[side][name]["client"].get("value") for side in SIDES]
        if seen["client"].get("value") not in outcomes:
            wrong[name] = {"came to": seen["client"].get("value"), "alone": outcomes}
    assert not wrong, json.dumps(wrong, indent=1)
