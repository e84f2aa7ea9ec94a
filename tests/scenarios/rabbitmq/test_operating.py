"""Operating workers on RabbitMQ: commands and events after a broken connection, revocations that only workers keep."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scenarios.workers.notes import notes
from scenarios.workers.running import until
from watched import PATIENCE

from .conftest import Place


def said(place: Place) -> list[str]:
    return [text for what, text, *_ in notes(place.home) if what == "say"]


def answers(place: Place, name: str) -> bool:
    return bool(place.client.control.ping(destination=[name], timeout=1.0))


@contextmanager
def heard(place: Place, name: str) -> Iterator[list[dict[str, Any]]]:
    """What this worker tells, as a monitor hears it."""
    events: list[dict[str, Any]] = []
    hear = place.client.events.Receiver(handlers={"*": lambda event: events.append(event)})

    def listen() -> None:
        hear.capture(wakeup=False)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield events
    finally:
        hear.should_stop = True
        listener.join(PATIENCE)
    assert {event["hostname"] for event in events} == {name}


def test_commands_and_events_come_through_again_after_all_connections_were_closed(place: Place) -> None:
    name = "cut@here"
    place.worker("-c", "1", "-n", name)
    until(lambda: answers(place, name), PATIENCE)
    with heard(place, name) as events:
        until(lambda: events, PATIENCE)
        place.node.control("close_all_connections", "a test of ours")
        before = len(events)
        until(lambda: answers(place, name), PATIENCE)
        until(lambda: len(events) > before, PATIENCE)


def test_nobody_there_is_known_at_once(place: Place) -> None:
    """RabbitMQ tells that a command reached nobody: the time for replies need not be waited out."""
    place.client.conf.control_exchange = place.queue
    assert place.client.control.ping(timeout=3600.0) == []


def test_a_state_file_keeps_what_was_revoked_over_a_restart(place: Place) -> None:
    options = ("-c", "1", "-n", "keeper@here", "--statedb", "%n.state")
    first = place.worker(*options)
    replies = place.client.control.revoke("refused", reply=True, timeout=PATIENCE, destination=["keeper@here"])
    assert [list(reply) for reply in replies or []] == [["keeper@here"]]
    assert first.stop() == 0
    place.send("say", "no", task_id="refused")
    place.send("say", "yes")
    place.worker(*options)
    until(lambda: "yes" in said(place), PATIENCE)
    assert said(place) == ["yes"]
