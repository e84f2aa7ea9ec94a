"""Messages go from one broker to another: copied or moved, some or all, and nothing is lost when it breaks off."""

from collections.abc import Sequence
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.contrib.moving import Hold, Transfer
from celeriac.core.errors import OperationalError
from celeriac.core.flow import Flow
from celeriac.core.ids import uuid
from celeriac.core.message import Message, Post, Queue, Route
from celeriac.core.ports import Transport
from celeriac.wire import envelope


class Move:
    """An app with an old broker, to which it sends, and a new one."""

    def __init__(self) -> None:
        name = uuid()
        self.old_url, self.new_url = f"memory://old-{name}", f"memory://new-{name}"
        self.app = Celeriac("moving", broker=self.old_url, backend="disabled://", set_as_current=False)
        self.old: Transport = self.app.transports.broker(self.old_url)
        self.new: Transport = self.app.transports.broker(self.new_url)

    def call(self, count: int, name: str = "t.one", **options: Any) -> list[str]:
        return [self.app.send_task(name, args=[number], **options).id for number in range(count)]

    def run(self, *words: str) -> int:
        return int(self.app.start(["migrate", self.old_url, self.new_url, "-t", "0", *words]))


def waiting(transport: Transport, queue: str = "celery") -> list[str]:
    """The ids of what is ready there, in its order; it stays."""
    with Hold(transport) as hold:
        return [envelope.peek(delivery.raw).id for delivery in hold.take([Queue(queue)], 1000)]


@pytest.fixture
def move() -> Move:
    return Move()


def test_messages_are_copied_unless_they_are_to_be_taken(move: Move, capsys: pytest.CaptureFixture[str]) -> None:
    ids = move.call(25)
    assert move.run() == 0
    assert waiting(move.new) == ids
    assert waiting(move.old) == ids
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"Migrating task 1/25: t.one[{ids[0]}]"
    assert said[-1] == "25 messages copied."


def test_moved_messages_are_gone_from_the_source_and_unchanged(move: Move) -> None:
    (id,) = move.call(1, priority=3, headers={"mine": "x"})
    with Hold(move.old) as hold:
        before = envelope.decode(hold.take([Queue("celery")], 1)[0].raw)
    assert move.run("-a") == 0
    assert waiting(move.old) == []
    with Hold(move.new) as hold:
        (delivery,) = hold.take([Queue("celery")], 10)
        after = envelope.decode(delivery.raw)
    assert (after.body, after.headers, after.content_type) == (before.body, before.headers, before.content_type)
    assert after.properties["priority"] == 3
    assert after.properties["correlation_id"] == id


def test_queues_may_have_another_name_there(move: Move) -> None:
    mails, images = move.call(2, queue="mails"), move.call(3, queue="images")
    left = move.call(1)
    assert move.run("-a", "-Q", "mails,images:pictures") == 0
    assert waiting(move.new, "mails") == mails
    assert waiting(move.new, "pictures") == images
    assert waiting(move.old) == left


def test_only_some_tasks_and_only_so_many(move: Move) -> None:
    ones, twos = move.call(4), move.call(4, "t.two")
    assert move.run("-a", "-T", "t.two", "-n", "3") == 0
    assert waiting(move.new) == twos[:3]
    assert waiting(move.old) == [*ones, twos[3]]


def test_what_can_not_be_read_stays_and_is_told(move: Move, capsys: pytest.CaptureFixture[str]) -> None:
    ids = move.call(1)
    store: Any = move.old
    store.store.items[max(store.store.items)].raw = b"\x00nonsense"
    more = move.call(1)
    assert move.run("-a") == 1
    assert waiting(move.new) == more
    assert len(store.store.items) == len(ids)
    assert "1 message can't be read" in capsys.readouterr().err


def test_delayed_messages_are_told_of_and_stay(move: Move, capsys: pytest.CaptureFixture[str]) -> None:
    move.call(2, countdown=600)
    assert move.run("-a") == 0
    assert "2 delayed at the source" in capsys.readouterr().out


class Failing:
    """A broker in front of another one, that takes no more than some messages."""

    def __init__(self, broker: Any, room: int) -> None:
        self._broker = broker
        self.room = room

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)

    def publish(self, posts: Sequence[Post]) -> Flow[None]:
        if len(posts) > self.room:
            raise OperationalError("it is full")
        self.room -= len(posts)
        yield from self._broker.publish(posts)


def test_a_target_that_fails_takes_nothing_from_the_source(move: Move) -> None:
    ids = move.call(30)
    move.new.broker = Failing(move.new.broker, 12)  # type: ignore[assignment]
    transfer = Transfer(move.old, move.new, {"celery": Queue("celery")})
    transfer.wait = 0
    with pytest.raises(OperationalError, match="full"):
        transfer.run()
    arrived = waiting(move.new)
    assert arrived == ids[: len(arrived)]
    assert arrived
    assert waiting(move.old) == ids[len(arrived) :]


def test_one_broker_is_no_way_to_go(move: Move, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exception, match="same broker"):
        move.app.start(["migrate", move.old_url, move.old_url])


def test_what_is_held_goes_back_in_its_order(move: Move) -> None:
    link, broker = move.old.link(), move.old.broker
    assert broker is not None
    link.run(broker.publish([Post(Message({}, {}, b"%d" % n), Route("q")) for n in range(5)]), 5)
    for _ in range(2):
        with Hold(move.old) as hold:
            bodies = [envelope.decode(hold.take([Queue("q")], 1)[0].raw).body for _ in range(5)]
        assert bodies == [b"0", b"1", b"2", b"3", b"4"]
