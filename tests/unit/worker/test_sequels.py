"""What the worker owes for runs that ended in no child is made good before their deliveries are settled."""

import logging
from typing import Any

import pytest

from celeriac.core.delivery import Action, Delivery, Settlement
from celeriac.core.join import Sequel
from celeriac.core.message import Message, Post, Route
from celeriac.current import Context
from celeriac.execution import Followed, Unfinished
from celeriac.worker.sequels import Payer, owe

DELIVERY = Delivery("tag", "celery", b"raw")
POST = Post(Message({}, {}, b""), Route("celery"))
CLOSING = Sequel(group="g", owner="me")
REQUEST = Context(id="me", task="t")


def owed(action: Action = Action.ACK) -> Settlement:
    """The end of a run that was lost, say."""
    followed = owe(REQUEST, "FAILURE", ValueError("lost"))
    return Settlement(DELIVERY, action, posts=(POST,), sequels=tuple(followed.sequels))


async def test_what_is_owed_is_followed_and_takes_its_place_in_the_settlement() -> None:
    asked: list[Any] = []

    def follow(request: Context, state: str, value: Any) -> Followed:
        asked.append((request, state, repr(value)))
        return Followed((POST,), (CLOSING,))

    (paid,) = await Payer(follow).paid([owed()])
    assert asked == [(REQUEST, "FAILURE", "ValueError('lost')")]
    assert paid == Settlement(DELIVERY, Action.ACK, posts=(POST, POST), sequels=(CLOSING,))


async def test_others_are_left_as_they_are() -> None:
    def follow(request: Context, state: str, value: Any) -> Followed:
        raise AssertionError("nobody is owed anything")

    batch = [Settlement(DELIVERY, Action.ACK), Settlement(DELIVERY, Action.ACK, sequels=(CLOSING,))]
    assert await Payer(follow).paid(batch) == batch


async def test_a_run_that_is_to_be_repeated_has_not_ended() -> None:
    def follow(request: Context, state: str, value: Any) -> Followed:
        raise AssertionError("it has not ended")

    (paid,) = await Payer(follow).paid([owed(Action.REQUEUE)])
    assert (paid.action, paid.sequels) == (Action.REQUEUE, ())


async def test_what_cannot_be_told_goes_back_to_its_queue() -> None:
    def follow(request: Context, state: str, value: Any) -> Followed:
        raise Unfinished("the store is away")

    assert await Payer(follow).paid([owed()]) == [Settlement(DELIVERY, Action.REQUEUE)]


async def test_an_error_in_what_follows_is_logged_and_the_delivery_settled(caplog: pytest.LogCaptureFixture) -> None:
    def follow(request: Context, state: str, value: Any) -> Followed:
        raise KeyError("broken")

    with caplog.at_level(logging.ERROR, "celeriac.worker"):
        (paid,) = await Payer(follow).paid([owed()])
    assert (paid.action, paid.posts, paid.sequels) == (Action.ACK, (POST,), ())
    assert "its callbacks were not sent" in caplog.text


async def test_of_an_acknowledged_message_it_is_the_last_chance() -> None:
    chances: list[bool] = []

    def follow(request: Context, state: str, value: Any) -> Followed:
        chances.append(request.acknowledged)
        return Followed((POST,), (CLOSING,))

    request = Context(id="me", task="t")
    sequels = (*owe(request, "FAILURE", ValueError("lost")).sequels, Sequel(group="other"))
    assert await Payer(follow).paid_afterwards(sequels) == ([POST], [CLOSING, Sequel(group="other")])
    assert chances == [True]
