"""What becomes of delayed messages when the last worker of a queue leaves: others find them, whole and once."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from celeriac.core.delivery import Action
from celeriac.core.message import Message, Post, Route
from celeriac.core.ports.attendance import Attendance, attendance_of
from celeriac.wire import envelope

from .delayed import waiting
from .harness import Harness, ids, message, present

_LATER = 600.0  # seconds; nothing here waits for so long


def attend(harness: Harness, owner: str, *queues: str) -> int:
    return harness.run(_port(harness).attend(owner, queues))


def _port(harness: Harness) -> Attendance:
    return present(attendance_of(harness.peer.transport))


def server_of(harness: Harness, *queues: str) -> str:
    """A worker that serves these queues."""
    owner = harness.worker()
    assert attend(harness, owner, *queues) == 0
    return owner


def put_off(harness: Harness, owner: str, id: str, seconds: float = _LATER, queue: str = "celery") -> None:
    """As a worker does with a message that says when it is due, which has been in the hands of a dead one before."""
    due = harness.now() + seconds
    plain = message(id)
    headers = {**plain.headers, "eta": datetime.fromtimestamp(due, UTC).isoformat(), envelope.DELIVERIES: 2}
    harness.run(harness.broker.publish([Post(Message(headers, plain.properties, plain.body), Route(queue))]))
    assert harness.settle(owner, harness.take(owner, queue), Action.DEFER, due=due)


def put_off_all(harness: Harness, owner: str, ids: Sequence[str]) -> None:
    """One after the other."""
    for place, id in enumerate(ids):
        put_off(harness, owner, id, _LATER + place)


class AttendanceContract:
    def test_the_last_to_leave_a_queue_puts_its_delayed_messages_back(self, harness: Harness) -> None:
        owner = server_of(harness, "celery")
        put_off(harness, owner, "a")
        assert attend(harness, owner) == 1
        harness.expect_ready(1)
        assert waiting(harness, "celery") == []

    def test_while_another_serves_the_queue_they_stay(self, harness: Harness) -> None:
        owner, other = server_of(harness, "celery"), server_of(harness, "other", "celery")
        put_off(harness, owner, "a")
        assert attend(harness, owner) == 0
        assert len(waiting(harness, "celery")) == 1
        assert attend(harness, other) == 1
        harness.expect_ready(1)

    def test_others_that_serve_other_queues_do_not_keep_them(self, harness: Harness) -> None:
        owner = server_of(harness, "celery")
        server_of(harness, "other")
        put_off(harness, owner, "a")
        assert attend(harness, owner) == 1

    def test_a_dead_worker_serves_nothing(self, harness: Harness) -> None:
        owner, dead = server_of(harness, "celery"), server_of(harness, "celery")
        put_off(harness, owner, "a")
        harness.outlive(dead)
        assert attend(harness, owner) == 1

    def test_what_a_dead_worker_alone_served_comes_back_when_it_is_recovered_from(self, harness: Harness) -> None:
        dead, other = server_of(harness, "celery", "both"), server_of(harness, "both")
        put_off(harness, dead, "a")
        put_off(harness, dead, "b", queue="both")
        harness.outlive(dead)
        harness.run(harness.broker.recover(envelope.redelivered))
        harness.expect_ready(1)
        harness.expect_ready(0, "both")
        assert attend(harness, other) == 1

    def test_a_queue_that_is_served_no_more_is_left(self, harness: Harness) -> None:
        owner = server_of(harness, "celery", "other")
        put_off(harness, owner, "a")
        put_off(harness, owner, "b", queue="other")
        assert attend(harness, owner, "other") == 1
        harness.expect_ready(1)
        harness.expect_ready(0, "other")
        assert attend(harness, owner, "other") == 0

    def test_leaving_twice_is_nothing(self, harness: Harness) -> None:
        owner = server_of(harness, "celery")
        put_off(harness, owner, "a")
        assert (attend(harness, owner), attend(harness, owner)) == (1, 0)
        assert attend(harness, harness.worker()) == 0

    def test_a_message_that_does_not_say_itself_when_it_is_due_waits_on(self, harness: Harness) -> None:
        """Whoever took it from its queue would run it at once."""
        owner = server_of(harness, "celery")
        harness.publish("a")
        assert harness.settle(owner, harness.take(owner), Action.DEFER, due=harness.now() + _LATER)
        put_off(harness, owner, "b", seconds=60.0)
        assert attend(harness, owner) == 1
        assert ids(harness.claim(owner)) == ["b"]
        assert [id for _, id in waiting(harness, "celery")] == ["a"]

    def test_a_message_that_says_an_earlier_time_waits_on(self, harness: Harness) -> None:
        owner = server_of(harness, "celery")
        put_off(harness, owner, "a", seconds=1.0)
        assert attend(harness, owner) == 1
        assert attend(harness, owner, "celery") == 0
        assert harness.settle(owner, harness.take(owner), Action.DEFER, due=harness.now() + _LATER)
        assert attend(harness, owner) == 0
        assert len(waiting(harness, "celery")) == 1

    def test_they_come_back_as_they_were_the_soonest_first(self, harness: Harness) -> None:
        owner = server_of(harness, "celery")
        put_off_all(harness, owner, ["first", "second", "third"])
        harness.publish("ready")
        attend(harness, owner)
        found = harness.claim(owner).deliveries
        heads = [envelope.peek(delivery.raw) for delivery in found]
        assert [head.id for head in heads] == ["first", "second", "third", "ready"]
        assert [head.deliveries for head in heads] == [2, 2, 2, 0]

    def test_who_takes_them_puts_them_off_again_until_their_time(self, harness: Harness) -> None:
        owner = server_of(harness, "celery")
        put_off(harness, owner, "a", seconds=12 * harness.tick)
        due = waiting(harness, "celery")[0][0]
        attend(harness, owner)
        heir = server_of(harness, "celery")
        assert harness.settle(heir, harness.take(heir), Action.DEFER, due=due)
        ((again, id),) = waiting(harness, "celery")
        assert id == "a"
        assert again == pytest.approx(due)
        harness.until(due)
        assert ids(harness.claim(heir)) == ["a"]

    def test_of_many_that_leave_at_once_one_puts_them_back(self, harness: Harness) -> None:
        owners = [server_of(harness, "celery") for _ in range(4)]
        put_off_all(harness, owners[0], [f"n{number}" for number in range(20)])
        back: list[int] = []
        peers = [harness.another() for _ in owners]

        def leave(place: int) -> None:
            back.append(peers[place].run(present(attendance_of(peers[place].transport)).attend(owners[place], ())))

        threads = [threading.Thread(target=leave, args=(place,)) for place in range(len(owners))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60.0)
        assert sorted(back) == [0, 0, 0, 20]
        harness.expect_ready(20)
