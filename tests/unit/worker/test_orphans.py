"""Runs that outlive the claim of their message: whose it is when it comes again."""

from typing import Any

import msgspec

from celeriac.core.delivery import Action, Delivery, Settlement
from celeriac.core.message import Message
from celeriac.wire import envelope
from celeriac.worker.hands import Hands
from celeriac.worker.orphans import Orphans


def delivery(tag: str, id: str = "a", retries: int = 0) -> Delivery:
    raw = envelope.encode_packed(Message({"task": "t", "id": id, "retries": retries}, {}, b"[]"))
    return Delivery(tag, "celery", raw)


class Plan:
    """What Hands looks at."""

    flags = 0


def taken(hands: Hands, one: Delivery) -> Any:
    plan: Any = Plan()
    return hands.take(one, envelope.peek(one.raw), plan, 0.0)


def come(orphans: Orphans, one: Delivery) -> Any:
    plan: Any = Plan()
    return orphans(one, envelope.peek(one.raw), plan)


def test_a_message_that_comes_again_is_given_to_the_run_that_goes_on() -> None:
    hands = Hands()
    orphans = Orphans(hands)
    hand = taken(hands, delivery("old.1"))
    orphans.disowned()
    assert come(orphans, delivery("new.1")) is True
    assert hand.delivery.tag == "new.1"
    assert come(orphans, delivery("new.2")) is None  # once: the next one is somebody else's


def test_what_has_ended_meanwhile_is_settled_as_it_ended() -> None:
    hands = Hands()
    orphans = Orphans(hands)
    hand = taken(hands, delivery("old.1"))
    orphans.disowned()
    hands.end(hand.run)
    ended = Settlement(hand.delivery, Action.ACK, reason="done")
    orphans.ended(ended)
    again = delivery("new.1")
    assert come(orphans, again) == msgspec.structs.replace(ended, delivery=again)
    assert come(orphans, again) is None


def test_another_try_of_the_same_task_is_another_message() -> None:
    hands = Hands()
    orphans = Orphans(hands)
    taken(hands, delivery("old.1"))
    orphans.disowned()
    assert come(orphans, delivery("new.1", retries=1)) is None
    assert come(orphans, delivery("new.2", id="b")) is None


def test_what_was_given_back_or_put_off_is_run_when_it_comes_again() -> None:
    hands = Hands()
    orphans = Orphans(hands)
    for action in (Action.REQUEUE, Action.DEFER):
        orphans.ended(Settlement(delivery("old.1"), action))
        assert come(orphans, delivery("new.1")) is None


def test_what_was_acknowledged_when_it_began_is_nobodys_orphan() -> None:
    hands = Hands()
    orphans = Orphans(hands)
    taken(hands, delivery("old.1")).settled = True
    orphans.disowned()
    assert come(orphans, delivery("new.1")) is None
