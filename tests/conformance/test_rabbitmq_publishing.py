"""Publishing to RabbitMQ at the same time: what the server refuses does no harm to what is sent beside it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import pytest
from pamqp import commands

from celeriac import Celeriac
from celeriac.adapters.rabbitmq import RabbitTransport, requests
from celeriac.adapters.rabbitmq.async_link import RabbitAsyncLink, _Turn
from celeriac.adapters.rabbitmq.contents import parcel
from celeriac.core.errors import OperationalError
from celeriac.core.ids import uuid
from celeriac.core.message import Exchange, Post, Queue, Route
from celeriac.testing.conformance.harness import ids, message, post
from servers.rabbitmq_node import rabbitmq
from servers.rabbitmq_server import LARGEST

from .rabbitmq_clients import Make, claim_until, make, queue, run

__all__ = ["make", "queue", "rabbitmq"]
_TIME = 60.0
_SENDERS = 100
_TOPICS = Exchange("publishing-topics", "topic")


async def _together(transport: RabbitTransport, link: RabbitAsyncLink, *posts: Post) -> list[BaseException | None]:
    """Each is sent by itself, all at the same time; what became of each."""
    sent = (link.run(transport.broker.publish([one]), _TIME) for one in posts)
    return await asyncio.gather(*sent, return_exceptions=True)


def _between(queue: Queue, guilty: Post) -> list[Post]:
    """One among many others."""
    innocent = [post(f"innocent-{number}", queue.name) for number in range(_SENDERS)]
    return [*innocent[:50], guilty, *innocent[50:]]


def _delete_exchanges(transport: RabbitTransport, *names: str) -> None:
    line = transport.link().connect()
    for name in names:
        line.ask(commands.Exchange.Delete(exchange=name), time.monotonic() + _TIME)
    line.close()


def _come(transport: RabbitTransport, queue: Queue, least: int) -> Counter[str]:
    found: Counter[str] = Counter()
    while len(found) < least:
        found.update(ids(claim_until(transport, queue, _TIME)))
    return found


@pytest.mark.parametrize("kind", ["missing exchange", "too large"])
async def test_a_message_that_is_refused_does_no_harm_to_those_sent_at_the_same_time(
    make: Make, queue: Queue, kind: str
) -> None:
    transport = make()
    link = await transport.alink()
    large = Post(message("guilty", b"x" * (LARGEST + 1)), Route(queue.name))
    lost = Post(message("guilty"), Route("key", nowhere := f"publishing-{uuid()}", "direct"))
    became = await _together(transport, link, *_between(queue, large if kind == "too large" else lost))
    assert [place for place, one in enumerate(became) if one is not None] == [50]
    assert isinstance(became[50], OperationalError)
    await link.close()
    _delete_exchanges(transport, nowhere)
    assert run(transport, transport.broker.count([queue.name])) == {queue.name: _SENDERS}  # and none twice


@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_what_was_taken_is_not_sent_again_with_what_was_not(make: Make, queue: Queue, colour: str) -> None:
    """A program's publish is tried several times."""
    transport = make()
    app = Celeriac("publishing", broker=str(transport.place).replace("**", "guest"), set_as_current=False)
    app.conf.publish_timeout = _TIME
    run(transport, transport.broker.declare([Queue("publishing-heard", _TOPICS, "heard", expires=60.0)]))
    unheard = Post(message("unheard"), Route("unheard", _TOPICS.name, "topic"))
    posts = [post("a", queue.name), unheard, post("b", queue.name), unheard]
    policy = {"retry_policy": {"max_retries": 3, "interval_start": 0, "interval_step": 0}}
    with pytest.raises(OperationalError, match="no queue is bound"):
        if colour == "sync":
            app.publisher.publish(posts, policy)
        else:
            await app.asynchronous.publish(posts, policy)
    await app.aclose()
    assert run(transport, transport.broker.count([queue.name])) == {queue.name: 2}


async def test_an_exchange_that_was_deleted_meanwhile_costs_the_others_no_message(make: Make, queue: Queue) -> None:
    """Nobody expected a refusal, so all were sent over one channel: what was not confirmed is sent once more."""
    transport = make()
    link = await transport.alink()
    ear = Queue("publishing-ear", _TOPICS, "news.#", expires=60.0)
    run(transport, transport.broker.declare([ear]))
    news = Post(message("news"), Route("news.sport", _TOPICS.name, "topic"))
    assert await _together(transport, link, news) == [None]
    _delete_exchanges(transport, _TOPICS.name)
    became = await _together(transport, link, *_between(queue, news))
    assert [one for one in became if one is not None] == [became[50]]
    assert "no queue is bound" in str(became[50])  # it was made again, as the route says it is
    await link.close()
    assert set(_come(transport, queue, _SENDERS)) == {f"innocent-{number}" for number in range(_SENDERS)}


async def test_a_sender_that_gives_up_leaves_its_channel_to_the_next(make: Make, queue: Queue) -> None:
    transport = make()
    link = await transport.alink()
    for _ in range(10):
        large = Post(message("large", b"x" * (1 << 20)), Route(queue.name))
        sending = asyncio.ensure_future(link.run(transport.broker.publish([large]), _TIME))
        await asyncio.sleep(0)
        sending.cancel()
        await asyncio.wait([sending])
        assert await _together(transport, link, large) == [None]
    assert link._pipe is not None and link._pipe.number() < 15
    await link.close()


async def test_of_many_messages_each_part_that_is_confirmed_gives_the_others_more_time(
    make: Make, queue: Queue
) -> None:
    transport = make()
    parcels = [parcel(message(str(number)), "", queue.name) for number in range(2500)]
    link = await transport.alink()
    turn = _Turn(link, patience=600.0)
    async with asyncio.timeout(_TIME) as turn.limit:
        before = turn.limit.when()
        assert await turn.perform(requests.Send(parcels)) == {}
        after = turn.limit.when()
    assert before is not None and after is not None and after > before + 300.0
    await link.close()
    line = transport.link().connect()
    deadline = time.monotonic() + _TIME
    assert line.publish(parcels, deadline, patience=600.0) == ({}, pytest.approx(deadline + 540.0, abs=_TIME))
    line.close()
    assert run(transport, transport.broker.count([queue.name])) == {queue.name: 5000}


async def test_a_part_that_is_refused_is_sent_again_and_those_before_it_are_not(make: Make, queue: Queue) -> None:
    """Many are sent in parts of a thousand, of which the former are confirmed before the next goes out."""
    transport = make()
    posts = [post(str(number), queue.name) for number in range(3000)]
    late = Post(message("late"), Route("key", nowhere := f"publishing-{uuid()}", "fanout"))
    link = await transport.alink()
    await link.run(transport.broker.publish([*posts[:2000], late, *posts[2000:]]), _TIME)
    await link.close()
    _delete_exchanges(transport, nowhere)
    assert 3000 <= run(transport, transport.broker.count([queue.name]))[queue.name] <= 4000


def test_in_sync_code_a_part_that_is_refused_is_sent_again_too(make: Make, queue: Queue) -> None:
    """Here several parts are on their way at a time: those that are not confirmed may arrive twice."""
    transport = make()
    posts = [post(str(number), queue.name) for number in range(3000)]
    late = Post(message("late"), Route("key", nowhere := f"publishing-{uuid()}", "fanout"))
    run(transport, transport.broker.publish([*posts[:1000], late, *posts[1000:]]), _TIME)
    _delete_exchanges(transport, nowhere)
    assert 3000 <= run(transport, transport.broker.count([queue.name]))[queue.name] <= 6000
