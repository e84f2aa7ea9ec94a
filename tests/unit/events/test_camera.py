"""Cameras and lines, without a broker."""

import io
import threading
from typing import Any

import pytest

from celeriac.core.errors import ImproperlyConfigured
from celeriac.events.dumper import Dumper
from celeriac.events.snapshot import Polaroid, seconds_between
from celeriac.events.state import State


def test_a_camera_looks_again_and_again_until_it_is_cancelled() -> None:
    looked = threading.Semaphore(0)

    class Camera(Polaroid):
        def on_shutter(self, state: State) -> None:
            looked.release()
            raise ValueError("a picture that failed keeps the next from nothing")

    with Camera(State(), freq=0.001) as camera:
        assert all(looked.acquire(timeout=20) for _ in range(3))
    assert not any(thread.is_alive() for thread in camera._threads)


def test_a_camera_looks_no_more_often_than_it_may() -> None:
    seen: list[State] = []

    class Camera(Polaroid):
        def on_shutter(self, state: State) -> None:
            seen.append(state)

    camera = Camera(State(), maxrate="1/h")
    camera.capture()
    camera.capture()
    assert len(seen) == 1


@pytest.mark.parametrize(("rate", "pause"), [(None, 0.0), ("10/m", 6.0), ("2/s", 0.5), (4, 0.25), ("1/h", 3600.0)])
def test_rates_are_pauses(rate: Any, pause: float) -> None:
    assert seconds_between(rate) == pause


def test_nonsense_is_no_rate() -> None:
    for rate in ("many", "1/day"):
        with pytest.raises(ImproperlyConfigured, match="is no rate"):
            seconds_between(rate)


def test_lines_name_the_task_that_was_told_before() -> None:
    out = io.StringIO()
    dumper = Dumper(out)
    dumper.on_event(
        {"type": "task-received", "hostname": "w@h", "timestamp": 0, "uuid": "a", "name": "t", "args": "()"}
    )
    dumper.on_event({"type": "task-started", "hostname": "w@h", "timestamp": 0.5, "uuid": "a"})
    dumper.on_event({"type": "worker-offline", "hostname": "w@h", "timestamp": 1})
    assert out.getvalue().splitlines() == [
        "w@h [1970-01-01 00:00:00+00:00] task received: t(a): args=()",
        "w@h [1970-01-01 00:00:00.500000+00:00] task started: t(a)",
        "w@h [1970-01-01 00:00:01+00:00] shutdown",
    ]
