"""Some two hundred workflows run by real Celery and by us: values, states, trees, arguments and counts must agree.

INTEROP_GENERATED and INTEROP_SEED make it another number of generated ones, from another seed.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servers.redis_server import RedisServer

from . import agreeing, canvases
from .differences import OTHERWISE
from .fleet import Client, Side, start_worker
from .observing import Observed

GENERATED = int(os.environ.get("INTEROP_GENERATED", "110"))
SEED = int(os.environ.get("INTEROP_SEED", "1"))
SPECS = {**canvases.by_hand(), **{f"g{number}": canvases.generated(number, SEED) for number in range(GENERATED)}}
MIXED = {name: spec for name, spec in canvases.by_hand().items() if name not in OTHERWISE}

WITHIN = 100.0  # seconds, for all of them
# What is at work can be seen from outside only if it is acknowledged after it ran.
SETTINGS = {"task_acks_late": True}


class Run:
    """Workers of some sides on a Redis of their own, and a client that sends workflows to them."""

    def __init__(self, folder: Path, client: Side, workers: tuple[Side, ...], specs: dict[str, Any]) -> None:
        self._specs = specs
        self._server = RedisServer().start()
        self._workers = [
            start_worker(side, self._server.url, folder, "-c", "2", "-n", f"{side}@here", settings=SETTINGS)
            for side in workers
        ]
        arguments = {"specs": list(specs.values()), "within": WITHIN}
        self._client = Client(client, self._server.url, "sending:workflows", SETTINGS, arguments)

    def seen(self) -> dict[str, Any]:
        """What there is to see when all is quiet."""
        answers = dict(zip(self._specs, self._client.answer(WITHIN + 30), strict=True))
        with self._server.client() as client:
            return Observed(client, answers).workflows()

    def close(self) -> None:
        for worker in self._workers:
            worker.__exit__()
        self._server.__exit__(None, None, None)


@pytest.fixture(scope="module")
def both(home: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What was seen of all workflows: with Celery, with us. They run at the same time."""
    runs: list[Run] = []
    try:
        for side in ("celery", "celeriac"):
            runs.append(Run(home, side, (side,), SPECS))
        yield runs[0].seen(), runs[1].seen()
    finally:
        for run in runs:
            run.close()


@pytest.fixture(scope="module", params=["celery", "celeriac"])
def mixed(request: pytest.FixtureRequest, home: Path) -> Iterator[dict[str, Any]]:
    """What was seen of the workflows made by hand, sent by one side to a fleet of both."""
    run = Run(home, request.param, ("celery", "celeriac"), MIXED)
    try:
        yield run.seen()
    finally:
        run.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SPECS)
def test_a_workflow_comes_to_the_same(name: str, both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    theirs, ours = both[0][name], both[1][name]
    assert ours["client"].get("value") != "timeout", f"it never ended: {SPECS[name]}"
    if theirs["client"].get("value") == "timeout":
        assert "i.fail" in json.dumps(SPECS[name]), f"Celery never ended it, and nothing failed: {SPECS[name]}"
        return
    found = list(agreeing.disagreements(name, theirs, ours))
    assert bool(found) == (name in OTHERWISE), f"{SPECS[name]}\n" + "\n".join(found)


@pytest.mark.timeout(300)
def test_a_mixed_fleet_comes_to_the_same(mixed: dict[str, Any], both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Every task of a workflow may run on either side; what comes of it is what one side alone makes of it."""
    wrong = {}
    for name, seen in mixed.items():
        outcomes = [run[name]["client"].get("value") for run in both]
        if seen["client"].get("value") not in outcomes:
            wrong[name] = (seen["client"].get("value"), *outcomes)
    assert wrong == {}
