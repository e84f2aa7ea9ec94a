"""What a worker's dispatcher keeps, puts together and writes."""

import json
import logging
from datetime import date
from typing import Any

import msgspec
import pytest

from celeriac.app.lamport import LamportClock
from celeriac.events.words import TaskStarted, TaskSucceeded
from celeriac.events.writing import Writer
from celeriac.wire import serializers
from celeriac.wire.envelope import Head
from celeriac.worker.events.notes import Node, Note, Ran, Received, Told
from celeriac.worker.events.outbox import MOST, Outbox


def started(uuid: str, clock: int = 2) -> TaskStarted:
    return TaskStarted("w@here", 0, 1, clock, 3.0, uuid)


def filled(*uuids: str) -> Outbox:
    outbox = Outbox(lambda: None)
    for uuid in uuids:
        outbox.note(Told(TaskStarted, 3.0, (uuid,)))
    return outbox


def uuids(notes: list[Any]) -> list[str]:
    return [note.fields[0] for note in notes]


def test_notes_come_out_together_in_their_order_and_events_alone() -> None:
    outbox = filled("a", "b", "c")
    outbox.keep({"type": "worker-heartbeat"})
    assert outbox.next_event() == {"type": "worker-heartbeat"}
    assert outbox.next_event() is None
    assert uuids(outbox.next_notes(2)) == ["a", "b"]
    assert outbox.notes == 1
    assert uuids(outbox.next_notes(2)) == ["c"]
    assert not outbox


def test_of_each_line_the_oldest_are_forgotten_and_counted() -> None:
    outbox = filled(*map(str, range(MOST + 3)))
    for number in range(MOST + 2):
        outbox.keep({"type": "worker-said", "n": number})
    assert outbox.dropped == 5
    assert len(outbox) == 2 * MOST
    assert outbox.next_event() == {"type": "worker-said", "n": 2}
    assert uuids(outbox.next_notes(1)) == ["3"]


def test_what_nobody_hears_is_passed_over_and_no_more_than_that() -> None:
    outbox = filled("a", "b", "c")
    outbox.pass_over(2)
    assert uuids(outbox.next_notes(10)) == ["c"]
    outbox.pass_over(2)
    assert not outbox and outbox.dropped == 0


def test_whoever_sends_is_woken_when_there_is_something_to_send() -> None:
    woken: list[int] = []
    outbox = Outbox(lambda: woken.append(len(outbox)))
    for uuid in "abcd":
        outbox.note({"uuid": uuid})
        if uuid == "c":
            outbox.next_notes(3)
    assert len(woken) == 2


def test_notes_are_spelled_out_as_events_whose_clocks_tell_their_order() -> None:
    clock = LamportClock(40)
    node = Node("w@here", 1, 0, clock.forward)
    head = Head("t", "a", retries=3, root_id="r", parent_id="p", argsrepr="(1,)", kwargsrepr="{}")
    about = {"hostname": "w@here", "utcoffset": 0, "pid": 1}
    own = {"type": "task-mine", **about, "clock": 7, "timestamp": 3.5, "n": 1}
    blind = {**own, "clock": None}
    notes: list[Note] = [Received(3.0, head), own, blind, Ran(4.0, "a", "'r'", 0.25), Told(TaskStarted, 5.0, ("b",))]
    said = [msgspec.to_builtins(event) for event in node.spelled(notes)]
    clocks = [event.pop("clock") for event in said]
    assert clocks[2] is None
    told = [reading for reading in clocks if reading is not None]
    assert told == sorted(set(told)) and told[0] > 40 and clock.value >= told[-1]
    received = {"name": "t", "args": "(1,)", "kwargs": "{}", "root_id": "r", "parent_id": "p", "retries": 3}
    assert said == [
        {"type": "task-received", **about, "timestamp": 3.0, "uuid": "a", **received, "eta": None, "expires": None},
        {"type": "task-mine", **about, "timestamp": 3.5, "n": 1},
        {"type": "task-mine", **about, "timestamp": 3.5, "n": 1},
        {"type": "task-started", **about, "timestamp": 3.75, "uuid": "a"},
        {"type": "task-succeeded", **about, "timestamp": 4.0, "uuid": "a", "result": "'r'", "runtime": 0.25},
        {"type": "task-started", **about, "timestamp": 5.0, "uuid": "b"},
    ]


@pytest.mark.parametrize("serializer", ["json", "pickle"])
def test_a_message_holds_one_event_or_a_list_of_them(serializer: str) -> None:
    writer = Writer("w@here", serializer)
    event: dict[str, Any] = {"type": "task-mine", "n": 1}
    alone, several = writer.message(event), writer.message([event, started("a")])
    accept = serializers.accept_set([serializer])

    def read(message: Any) -> Any:
        return serializers.loads(message.body, message.content_type, message.content_encoding, accept)

    assert read(alone) == event
    assert read(several)[0] == event
    assert read(several)[1] == {
        "type": "task-started",
        "hostname": "w@here",
        "utcoffset": 0,
        "pid": 1,
        "clock": 2,
        "timestamp": 3.0,
        "uuid": "a",
    }
    assert (alone.headers, alone.properties) == ({"hostname": "w@here"}, {"delivery_mode": 1})


def test_half_a_character_is_written_as_every_reader_of_json_reads_it() -> None:
    said = TaskSucceeded("w@here", 0, 1, 2, 3.0, "a", "\ud800", 0.5)
    (read,) = json.loads(Writer("w@here", "json").message([said]).body)
    assert read["result"] == "\ud800"


def test_dates_of_programs_have_the_form_that_others_give_them() -> None:
    writer = Writer("w@here", "json")
    day = date(2026, 1, 31)
    body = writer.message([writer.plain({"type": "task-mine", "day": day})]).body
    assert serializers.loads(body, "application/json") == [{"type": "task-mine", "day": day}]


def test_what_can_not_be_written_is_left_out_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    writer = Writer("w@here", "json")
    with caplog.at_level(logging.ERROR):
        message = writer.message([started("a"), {"type": "task-mine", "odd": object()}, started("b")])
    assert [event["uuid"] for event in json.loads(message.body)] == ["a", "b"]
    assert "task-mine can't be written" in caplog.text
