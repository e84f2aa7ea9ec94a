"""What a worker's dispatcher keeps, puts together and writes."""

import json
import logging
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
import pytest

from celeriac.app.lamport import LamportClock
from celeriac.core.message import Message
from celeriac.events.words import TaskStarted, TaskSucceeded
from celeriac.events.writing import Writer
from celeriac.wire import serializers
from celeriac.wire.envelope import Head
from celeriac.worker.events.notes import Node, Note, Ran, Received, Told
from celeriac.worker.events.outbox import MOST, PAGE, Outbox, Page


def started(uuid: str, clock: int = 2) -> TaskStarted:
    return TaskStarted("w@here", 0, 1, clock, 3.0, uuid)


class Written(Outbox):
    """Writes the uuids, on pages of so many notes."""

    def __init__(self, fit: int = 2) -> None:
        self.woken = 0
        super().__init__(self._count, self._page, room=fit)

    def _count(self) -> None:
        self.woken += 1

    @staticmethod
    def _page(notes: Sequence[Any]) -> Page:
        key = "task.multi" if len(notes) > 1 else "task.started"
        body = b"".join(note.fields[0][:1] for note in notes)
        return Page(key, Message({}, {}, body, "text/plain", "utf-8"), len(notes))

    def tell(self, *uuids: bytes) -> "Written":
        for uuid in uuids:
            self.note(Told(TaskStarted, 3.0, (uuid,)))
        return self

    def read(self, most: int = 100) -> list[bytes]:
        return [page.message.body for page in self.next_pages(self.turned, most)]


def test_notes_come_out_by_pages_in_their_order_and_events_alone() -> None:
    outbox = Written().tell(b"a")  # how large they are is known from the first page on
    outbox.end_page()
    outbox.tell(b"b", b"c", b"d")
    outbox.keep({"type": "worker-heartbeat"})
    assert outbox.next_event() == {"type": "worker-heartbeat"}
    assert outbox.next_event() is None
    assert len(outbox) == 4
    assert outbox.read() == [b"a"]  # it has another routing key
    assert outbox.read() == [b"bc"]
    assert outbox.read() == []
    outbox.end_page()
    outbox.end_page()
    assert outbox.read() == [b"d"]
    assert not outbox


def test_pages_that_were_turned_later_than_what_is_due_wait() -> None:
    outbox = Written().tell(*[b"a"] * 9)
    due = outbox.turned
    outbox.tell(b"b", b"b")
    assert [page.message.body for page in outbox.next_pages(due, 3)] == [b"a"]
    outbox.pass_over(due)
    assert outbox.read() == [b"bb"]
    assert outbox.dropped == 0


def test_of_each_line_the_oldest_are_forgotten_and_counted() -> None:
    outbox = Written().tell(*(b"%d" % (number % 10) for number in range(MOST + 20)))
    for number in range(MOST + 2):
        outbox.keep({"type": "worker-said", "n": number})
    assert outbox.next_event() == {"type": "worker-said", "n": 2}
    outbox.end_page()
    left = b"".join(body for _ in range(3 * MOST) for body in outbox.read(1))
    assert MOST - 2 * PAGE <= len(left) <= MOST
    assert left == (b"0123456789" * (MOST // 10 + 2))[-len(left) :]
    assert outbox.dropped == MOST + 20 - len(left) + 2


def test_whoever_sends_is_woken_when_there_is_something_to_send() -> None:
    outbox = Written(fit=1_000_000)
    outbox.tell(b"a", b"b")
    assert outbox.woken == 1
    outbox.end_page()
    outbox.tell(b"c", b"d")
    assert outbox.woken == 2


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
