"""How events are told: by programs and by workers, over a transport in memory."""

import asyncio
import json
import logging
import time
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from celeriac import Celeriac
from celeriac.events import Events, State, words
from celeriac.events.buswire import newswire
from celeriac.worker.connection import Connection, Tries
from celeriac.worker.events.dispatcher import EventDispatcher
from celeriac.worker.events.outbox import MOST, PAGE


@pytest.fixture
def app() -> Celeriac:
    return Celeriac("telling", broker="memory://", backend="memory://", set_as_current=False)


def heard(app: Celeriac, tell: Any, limit: int, routing_key: str = "#") -> list[dict[str, Any]]:
    """What a receiver hears of it, in so many messages."""
    found: list[dict[str, Any]] = []
    receiver = app.events.Receiver(handlers={"*": found.append}, routing_key=routing_key)
    steps = receiver.itercapture(limit=limit, timeout=20, wakeup=False)
    next(steps)
    tell()
    for _ in steps:
        pass
    return found


def test_a_dispatcher_says_who_when_and_what(app: Celeriac) -> None:
    dispatcher = app.events.Dispatcher(hostname="me@here")
    (event,) = heard(app, lambda: dispatcher.send("my-event", number=3), 1)
    assert {**event, "timestamp": 0, "local_received": 0, "clock": 0, "pid": 0, "utcoffset": 0} == {
        "type": "my-event",
        "hostname": "me@here",
        "number": 3,
        **dict.fromkeys(("timestamp", "local_received", "clock", "pid", "utcoffset"), 0),
    }


def test_many_events_travel_in_one_message(app: Celeriac) -> None:
    dispatcher = app.events.Dispatcher()
    found = heard(app, lambda: dispatcher.publish_many("task-mine", [{"n": 1}, {"n": 2}]), 1)
    assert [event["n"] for event in found] == [1, 2]


def test_what_is_buffered_goes_out_in_order_when_it_is_flushed(app: Celeriac) -> None:
    dispatcher, other = app.events.Dispatcher(), app.events.Dispatcher()
    for number in (2, 3):
        other.buffer("x-said", n=number)

    def tell() -> None:
        dispatcher.buffer("x-said", n=1)
        dispatcher.extend_buffer(other)
        dispatcher.flush()

    assert [event["n"] for event in heard(app, tell, 3)] == [1, 2, 3]


def test_groups_and_switches_are_heeded(app: Celeriac) -> None:
    dispatcher = app.events.Dispatcher(groups=["worker"])

    def tell() -> None:
        dispatcher.send("task-mine")
        dispatcher.disable()
        dispatcher.send("worker-off")
        dispatcher.enable()
        dispatcher.send("worker-on")

    assert [event["type"] for event in heard(app, tell, 1)] == ["worker-on"]


def test_a_receiver_hears_what_its_pattern_asks_for(app: Celeriac) -> None:
    dispatcher = app.events.Dispatcher()

    def tell() -> None:
        dispatcher.send("task-mine")
        dispatcher.send("worker-online")

    assert [event["type"] for event in heard(app, tell, 2, "worker.#")] == ["worker-online"]


def test_what_can_not_be_read_is_logged_and_the_next_is_heard(app: Celeriac, caplog: Any) -> None:
    transport = app.transports.read
    channel = "events/celeryev"

    def tell() -> None:
        for payload in (b"", b"\xff\x00", b"{}"):
            transport.link().run(transport.bus.tell(channel, payload), 5)
        app.events.Dispatcher().send("x-fine")

    assert [event["type"] for event in heard(app, tell, 4)] == ["x-fine"]
    assert "can't be read" in caplog.text


def test_nothing_heard_for_so_long_is_an_error(app: Celeriac) -> None:
    with pytest.raises(TimeoutError):
        app.events.Receiver(handlers={}).capture(limit=1, timeout=0.05, wakeup=False)


def test_calls_are_told_of_in_their_order_once_somebody_listens(app: Celeriac) -> None:
    app.conf.task_send_sent_event = True
    found: list[dict[str, Any]] = []
    for _ in range(2):  # the second time it is known that nobody listens
        app.send_many([("unheard", (n,)) for n in range(500)])
    app.send_task("unheard")
    receiver = app.events.Receiver(handlers={"*": found.append})
    steps = receiver.itercapture(timeout=20, wakeup=False)
    next(steps)
    for _ in range(2):
        sent = app.send_many([("heard", (n,)) for n in range(500)])
        found.clear()
        while len(found) < 500:
            next(steps)
        assert [event["uuid"] for event in found] == [result.id for result in sent]
        assert {event["name"] for event in found} == {"heard"}
        clocks = [event["clock"] for event in found]
        assert clocks == sorted(set(clocks))


async def test_calls_of_async_code_are_told_of_as_well(app: Celeriac) -> None:
    app.conf.task_send_sent_event = True
    await app.asend_many([("unheard", (n,)) for n in range(3)])
    async with Telling(app) as listening:
        await listening.listen()
        sent = await app.asend_many([("heard", (n,), {}, {"task_id": str(n)}) for n in range(200)])
        assert await listening.heard(199) == [int(result.id) for result in sent]
    await app.aclose()


def test_a_clock_runs_ahead_of_what_was_heard(app: Celeriac) -> None:
    receiver = app.events.Receiver(handlers={})
    receiver.event_from_message({"type": "task-started", "clock": 1000})
    assert app.clock.value > 1000
    kind, sent = receiver.event_from_message({"type": "task-sent", "clock": 5})
    assert (kind, sent["clock"] > 1000) == ("task-sent", True)


async def test_while_nothing_can_be_sent_the_oldest_are_forgotten_and_counted(app: Celeriac, caplog: Any) -> None:
    dispatcher = EventDispatcher(app, "w@here", Connection(app.transports.read, Tries(1, 1)))
    with caplog.at_level(logging.WARNING):
        for number in range(10_050):
            dispatcher.tell(words.TaskStarted, time.time(), str(number))
    left = 10_050 - dispatcher.dropped
    assert 0 <= MOST - left <= 2 * PAGE and len(dispatcher.outbox) == left
    assert [each.message for each in caplog.records] == [
        "Events can't be sent as fast as they come: the oldest are forgotten"
    ]
    (page,) = dispatcher.outbox.next_pages(dispatcher.outbox.turned, 1)
    first, second, *_ = json.loads(page.message.body)
    assert (first["uuid"], second["uuid"]) == (str(dispatcher.dropped), str(dispatcher.dropped + 1))
    await dispatcher.close()


class Telling:
    """A worker's dispatcher, and an ear that may be added."""

    def __init__(self, app: Celeriac) -> None:
        self.connection = Connection(app.transports.read, Tries(1, 1))
        self.dispatcher = EventDispatcher(app, "w@here", self.connection)
        wire = newswire(app.transports.read, app.transports.read.bus)
        assert wire is not None
        self._wire = wire
        self._ear: Any = None

    async def __aenter__(self) -> "Telling":
        await self.connection.open()
        self.dispatcher.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.dispatcher.close()
        await self.connection.close()

    def tell(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.dispatcher.tell(words.TaskStarted, time.time(), str(number))

    async def all_sent(self) -> None:
        async with asyncio.timeout(30):
            while self.dispatcher.outbox:  # noqa: ASYNC110 - the dispatcher tells nobody
                await asyncio.sleep(0.001)

    async def listen(self) -> None:
        self._ear = await self.connection.link.listen()
        await self._ear.add([self._wire.channel("celeryev", "#")])

    async def heard(self, last: int) -> list[int]:
        """Up to this one."""
        return [number for message in await self.messages(last) for number in message]

    async def messages(self, last: int) -> list[list[int]]:
        """The same, by message."""
        found: list[list[int]] = []
        while not found or found[-1][-1] < last:
            letter = await self._ear.next(30)
            assert letter is not None
            said = json.loads(self._wire.read(letter[1]).body)
            found.append([int(event["uuid"]) for event in (said if isinstance(said, list) else [said])])
        return found


async def test_who_listens_hears_everything_in_its_order(app: Celeriac) -> None:
    async with Telling(app) as node:
        await node.listen()
        node.tell(range(5_000))
        assert await node.heard(4_999) == list(range(5_000))
        assert node.dispatcher.dropped == 0


async def test_who_begins_to_listen_hears_everything_from_then_on(app: Celeriac) -> None:
    async with Telling(app) as node:
        for start in (0, 3_000):  # the second time it is known that nobody listens
            node.tell(range(start, start + 3_000))
            await node.all_sent()
        await node.listen()
        node.tell(range(6_000, 9_000))
        assert await node.heard(8_999) == list(range(6_000, 9_000))


async def test_who_begins_to_listen_while_events_are_on_their_way_misses_none_of_those_to_come(app: Celeriac) -> None:
    async with Telling(app) as node:
        node.tell(range(2_000))
        await node.all_sent()
        for number in range(2_000, 2_500):
            node.tell([number])
            await asyncio.sleep(0)
            if number == 2_250:
                await node.listen()
        found = await node.heard(2_499)
        assert found == list(range(found[0], 2_500))
        assert found[0] <= 2_251


async def test_of_large_events_fewer_travel_together(app: Celeriac) -> None:
    async with Telling(app) as node:
        await node.listen()
        for number in range(200):
            node.dispatcher.tell(words.TaskFailed, time.time(), str(number), "E()", "x" * 20_000)
        first, *others = await node.messages(199)
        assert len(others) > 0 and max(map(len, others)) <= 2  # their size is known from the first message on
        assert [*first, *(number for message in others for number in message)] == list(range(200))


async def test_a_single_event_is_told_by_its_own_name_whether_or_not_others_were_heard(app: Celeriac) -> None:
    async with Telling(app) as node:
        node.tell(range(10))
        await node.all_sent()
        await node.listen()
        node.tell([10])
        assert await node.heard(10) == [10]


def test_events_of_workers_are_written_with_their_type_first() -> None:
    event = words.TaskStarted("w@here", 0, 1, 2, 3.0, "id")
    assert msgspec.to_builtins(event) == {
        "type": "task-started",
        "hostname": "w@here",
        "utcoffset": 0,
        "pid": 1,
        "clock": 2,
        "timestamp": 3.0,
        "uuid": "id",
    }
    assert words.kind_of(event) == "task-started"
    assert words.routing_key_of("worker-elect-ack") == "worker.elect.ack"


class Own(State):
    """A monitor's own."""


class OwnEvents(Events):
    state_cls = Own


@pytest.mark.parametrize("events", [OwnEvents, f"{__name__}:OwnEvents"])
def test_an_app_may_have_events_of_its_own_kind(events: Any) -> None:
    app = Celeriac("own", broker="memory://", events=events, set_as_current=False)
    assert isinstance(app.events.State(), Own)
