"""Journals on RabbitMQ: all of a step or nothing, in order, whole for each who reads, and fenced by the seat."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from uuid import uuid4

import pytest

from celeriac.adapters.rabbitmq import RabbitTransport, methods
from celeriac.adapters.rabbitmq.broker import RabbitBroker
from celeriac.adapters.rabbitmq.journal import RabbitJournal
from celeriac.core.errors import LeaseLost, OperationalError
from celeriac.core.flow import Flow
from celeriac.core.message import Exchange, Message, Post, Queue, Route
from patience import until
from servers.gate import Gate
from servers.rabbitmq_node import RabbitNode, rabbitmq

from .rabbitmq_clients import Make, make, run

__all__ = ["make", "rabbitmq"]


@pytest.fixture
def name(make: Make) -> Iterator[str]:
    yield f"book-{uuid4()}"


def post(key: str, exchange: str = "", kind: str = "direct", queue: Queue | None = None) -> Post:
    message = Message(
        {"id": uuid4().hex, "task": "t"}, {"delivery_mode": 2}, b"[[],{},{}]", "application/json", "utf-8"
    )
    return Post(message, Route(key, exchange, kind, queue))


def count(transport: RabbitTransport, queue: str) -> int:
    return int(run(transport, transport.broker.count([queue]))[queue])


def test_what_was_written_is_read_in_order_by_all_and_again(make: Make, name: str) -> None:
    one, two = make().seats.journal(name), make().seats.journal(name)
    assert one.read() == []
    assert one.length() == 0
    one.append([b"1", b"2"])
    two.append([b"", b"x" * 1_000_000])
    for _ in range(3):
        assert one.read() == two.read() == [b"1", b"2", b"", b"x" * 1_000_000]
    assert one.length() == 4


@pytest.mark.parametrize("kind", ["classic", "quorum"])
def test_entries_and_messages_are_one_step(make: Make, name: str, kind: str) -> None:
    transport = make()
    queue = f"q-{uuid4()}"
    run(transport, transport.broker.declare([Queue(queue, queue_arguments={"x-queue-type": kind})]))
    journal = transport.seats.journal(name)
    journal.append([b"1"], [post(queue), post(queue)])
    assert journal.read() == [b"1"]
    until(lambda: count(transport, queue) == 2)
    huge = Post(Message({}, {}, b"x" * 9_000_000, "text/plain", "utf-8"), Route(queue))
    with pytest.raises(OperationalError, match="too large"):
        journal.append([b"2"], [post(queue), huge])
    assert journal.read() == [b"1"]
    until(lambda: count(transport, queue) == 2)
    journal.append([b"3"], [post(queue)])
    assert journal.read() == [b"1", b"3"]
    until(lambda: count(transport, queue) == 3)


def test_queues_and_exchanges_that_are_gone_are_made_anew_and_what_reaches_none_is_a_dead_letter(
    make: Make, name: str
) -> None:
    transport = make()
    queue = Queue(f"q-{uuid4()}", Exchange(f"x-{uuid4()}", "topic"), "to.#")
    nowhere = f"nowhere-{uuid4()}"
    posts = [post("to.us", queue.exchange.name, "topic", queue), post(nowhere), post("a", f"x-{uuid4()}", "fanout")]
    transport.seats.journal(name).append([b"1"], posts)
    assert transport.seats.journal(name).read() == [b"1"]
    until(lambda: count(transport, queue.name) == 1)
    until(lambda: any(nowhere in letter.reason for letter in run(transport, transport.dead.letters(1000))))


class Dies(RabbitBroker):
    """As if its process did, when it is to send something that is not part of the step."""

    def publish_or_bury(self, posts: Sequence[Post]) -> Flow[None]:
        raise SystemExit("died")


@pytest.mark.parametrize("what", ["queue", "exchange", "both"])
def test_a_step_to_what_is_gone_is_still_one_step(make: Make, name: str, what: str) -> None:
    """Who dies right after it has lost nothing: neither is anything sent later than the entries."""
    transport = make()
    queue = Queue(f"q-{uuid4()}", Exchange(f"x-{uuid4()}", "topic"), "to.#")
    journal = RabbitJournal(name, transport.seats._visit, transport.link(), Dies("classic"))
    for turn in range(3):
        journal.append([str(turn).encode()], [post("to.us", queue.exchange.name, "topic", queue)] * 2)
        until(lambda: count(transport, queue.name) == 2)
        line = transport.link().connect()
        deadline = time.monotonic() + 60.0
        if what != "exchange":
            line.ask(methods.Delete(queue=queue.name), deadline)
        else:
            line.ask(methods.Purge(queue=queue.name), deadline)
        if what != "queue":
            line.ask(methods.DeleteExchange(exchange=queue.exchange.name), deadline)
        line.close()
    assert journal.read() == [b"0", b"1", b"2"]


def test_a_rewritten_journal_keeps_what_came_meanwhile(make: Make, name: str) -> None:
    mine, yours = make().seats.journal(name), make().seats.journal(name)
    assert mine.rewrite(lambda entries: [b"first"]) == []
    mine.append([b"1", b"2"])

    def joined(entries: list[bytes]) -> list[bytes]:
        yours.append([b"meanwhile"])
        return [b"+".join(entries)]

    assert mine.rewrite(joined) == [b"first", b"1", b"2"]
    assert sorted(yours.read()) == [b"first+1+2", b"meanwhile"]
    yours.append([b"3"])
    assert mine.read()[-1] == b"3"


def test_a_rewrite_that_fails_changes_nothing(make: Make, name: str) -> None:
    journal = make().seats.journal(name)
    journal.append([b"1", b"2"])
    with pytest.raises(ZeroDivisionError):
        journal.rewrite(lambda entries: [b"x" * (1 // 0)])
    assert make().seats.journal(name).read() == [b"1", b"2"]


def test_many_read_and_write_at_once_and_each_sees_all_there_was(make: Make, name: str) -> None:
    troubles: list[str] = []

    def go(journal: RabbitJournal, number: int) -> None:
        mine = []
        journal.patience = 100.0
        for turn in range(8):
            mine.append(f"{number}.{turn}".encode())
            journal.append(mine[-1:])
            read = journal.rewrite(lambda entries: entries) if number == 0 else journal.read()
            # What is rewritten may come to lie after what was written meanwhile, so that only the writing keeps order.
            if sorted(entry for entry in read if entry.startswith(b"%d." % number)) != mine:
                troubles.append(f"{mine} but {read}")

    threads = [threading.Thread(target=go, args=(make().seats.journal(name), number)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120.0)
    assert not troubles
    every = {f"{number}.{turn}".encode() for number in range(4) for turn in range(8)}
    assert sorted(make().seats.journal(name).read()) == sorted(every)


def test_one_who_reads_and_hangs_is_told_to_the_others(make: Make, name: str) -> None:
    one, other = make().seats.journal(name), make().seats.journal(name)
    one.append([b"1"])

    def refused() -> str:
        other.patience = 0.3
        with pytest.raises(OperationalError) as caught:
            other.read()
        return str(caught.value)

    def hang(entries: list[bytes]) -> list[bytes]:
        assert other.length() is None
        until(lambda: "was read by others" in refused())  # the server itself may not have answered in this time
        return []

    one.rewrite(hang)
    other.patience = 60.0
    assert other.read() == [b"1"]


def test_who_has_lost_the_seat_writes_nothing_not_even_late(rabbitmq: RabbitNode, make: Make, name: str) -> None:
    with Gate(rabbitmq.port) as gate:
        cut = make(rabbitmq.url().replace(f":{rabbitmq.port}/", f":{gate.port}/"))
        seat, journal = cut.seats.seat(f"{name}.seat", 6.0), make().seats.journal(name)
        assert seat.take()
        mine = seat.journal(name)
        mine.append([b"1"])
        gate.shut()
        heir = make().seats.seat(f"{name}.seat", 120.0)
        # On its way when the connection is cut: nobody knows, and the seat is left.
        with pytest.raises(OperationalError):
            mine.append([b"late"])
        until(heir.take)
        assert not seat.held
        with pytest.raises(LeaseLost):
            mine.append([b"later"])
        gate.open()
        heir.journal(name).append([b"2"])
        seat.leave()
        assert journal.read() == [b"1", b"2"]
        heir.leave()
        with pytest.raises(LeaseLost):
            heir.journal(name).read()
