"""Rate limits: kept by each worker, without holding up other tasks and without losing what waits."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from celeriac import Celeriac

from .notes import notes
from .running import Command, run, until, worker

TIMEOUT = 60
RATE = 25  # a second, as the program says
MANY = 75


@pytest.fixture
def environment(store: str, tmp_path: Path) -> dict[str, str]:
    return {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(tmp_path / "notes")}


@pytest.fixture
def rated(tmp_path: Path, environment: dict[str, str], client: Celeriac) -> Iterator[Command]:
    with worker(tmp_path, "scenarios.workers.rated", "-c", "2", environment=environment) as running:
        yield running


def ran(home: Path) -> list[int]:
    return [number for _, number, _ in notes(home)]


def test_a_limited_task_keeps_to_its_pace_and_others_pass_it_by(
    rated: Command, client: Celeriac, tmp_path: Path
) -> None:
    began = time.time()
    limited = [("rated.slow", (number,)) for number in range(MANY)]
    free = client.send_many([*limited, *[("rated.free", ())] * 10])[MANY:]
    until(lambda: len(ran(tmp_path)) == MANY, 30)
    assert sorted(ran(tmp_path)) == list(range(MANY))
    times = sorted(when for _, _, when in notes(tmp_path))
    assert times[-1] - began > 0.9 * (MANY - 1) / RATE
    assert max(result.get(TIMEOUT) for result in free) < times[-1], "they did not wait for the limited ones"


def test_what_waits_for_its_turn_is_given_back_when_the_worker_ends(
    rated: Command, client: Celeriac, tmp_path: Path, environment: dict[str, str]
) -> None:
    many = 12 * RATE
    client.send_many([("rated.slow", (number,)) for number in range(many)])
    until(lambda: ran(tmp_path))
    assert rated.stop() == 0
    assert len(ran(tmp_path)) < many
    without = ("--", "worker.disable_rate_limits=true")
    with worker(tmp_path, "scenarios.workers.rated", "-c", "2", *without, environment=environment):
        until(lambda: len(ran(tmp_path)) == many, 30, told=lambda: sorted(ran(tmp_path)))
    assert sorted(ran(tmp_path)) == list(range(many)), "each ran once"


def test_one_that_may_not_run_for_long_waits_in_the_broker(rated: Command, client: Celeriac) -> None:
    first, second = (client.send_task("rated.hourly") for _ in range(2))
    assert first.get(TIMEOUT) is None
    assert client.send_task("rated.free").get(TIMEOUT)
    assert second.state == "PENDING"
    assert rated.stop() == 0


def test_a_limit_that_is_none_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "from celeriac import Celeriac\napp = Celeriac('broken')\n@app.task(rate_limit='10 a day')\ndef often(): pass\n"
    )
    ended = run(tmp_path, "-A", "broken", "worker")
    assert ended.process.returncode
    assert "rate_limit of the task broken.often: '10 a day' is no rate limit" in ended.text
    assert "Traceback" not in ended.text
