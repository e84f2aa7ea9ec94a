"""What befalls a node, and how workers and clients get over it."""

import time

import pytest

from celeriac.exceptions import OperationalError
from patience import in_time
from scenarios.workers.notes import notes, notes_of, tell
from scenarios.workers.running import until
from watched import PATIENCE

from .conftest import Place


def said(place: Place) -> list[str]:
    return [text for what, text, *_ in notes(place.home) if what == "say"]


def test_a_run_that_outlives_its_connection_is_not_run_twice(place: Place) -> None:
    place.worker("-c", "2")
    task = place.send("hold")
    until(lambda: notes_of(place.home, task) == ["begin"])
    place.node.control("close_all_connections", "a test of ours")
    place.send("say", "after")
    until(lambda: said(place) == ["after"])
    tell(place.home)
    until(lambda: notes_of(place.home, task)[-1:] == ["end"], 40.0)
    place.send("say", "at last")
    until(lambda: said(place) == ["after", "at last"])
    assert notes_of(place.home, task) == ["begin", "end"]


def test_a_run_that_takes_longer_than_consumer_timeout_is_not_run_twice(place: Place) -> None:
    """The node takes unacknowledged messages back after 4 seconds: they come to the run that goes on."""
    worker = place.worker("-c", "2")
    task = place.send("hold")
    worker.wait_line("consumer_timeout")
    tell(place.home)
    until(lambda: notes_of(place.home, task)[-1:] == ["end"], 40.0)
    place.send("say", "after")
    until(lambda: said(place) == ["after"])
    assert notes_of(place.home, task) == ["begin", "end"]


def test_a_delayed_task_is_in_no_workers_hands_and_meets_no_consumer_timeout(place: Place) -> None:
    worker = place.worker("-c", "2")
    place.send("say", "late", countdown=5.5)
    until(lambda: said(place) == ["late"], 40.0)
    assert "consumer_timeout" not in worker.text


def test_publishing_while_the_node_is_short_of_memory_is_an_error_in_time(place: Place) -> None:
    place.send("say", "before")
    place.client.conf.publish_timeout = 3.0
    place.node.control("set_vm_memory_high_watermark", "0.0001")
    try:
        began = time.monotonic()
        with pytest.raises(OperationalError, match="short of memory or disk"):
            place.send("say", "during")
        assert in_time(time.monotonic() - began, 10.0)
    finally:
        place.node.control("set_vm_memory_high_watermark", "0.6")
    place.client.conf.publish_timeout = PATIENCE
    place.send("say", "after")
    place.worker("-c", "2")
    until(lambda: {"before", "after"} <= set(said(place)))


def test_a_node_that_was_killed_and_comes_back_is_served_again(place: Place) -> None:
    place.worker("-c", "2")
    place.send("say", "before")
    until(lambda: said(place) == ["before"])
    place.node.stop()
    place.client.conf.publish_timeout = 1.5
    began = time.monotonic()
    with pytest.raises(OperationalError, match="can't be reached"):
        place.send("say", "during")
    assert in_time(time.monotonic() - began, 10.0)
    place.node.start()
    place.client.conf.publish_timeout = PATIENCE
    place.send("say", "after")
    until(lambda: "after" in said(place), 40.0)
    # What was acknowledged in its last moment it may not have written down: that may run again, nothing else may.
    assert set(said(place)) == {"before", "after"}
