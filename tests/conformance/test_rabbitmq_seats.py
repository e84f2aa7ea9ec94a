"""Seats on RabbitMQ: one has it, and whoever is gone or cut off is missed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from celeriac.adapters.rabbitmq import RabbitTransport
from celeriac.core.errors import OperationalError
from celeriac.core.ports.seat import Seat
from patience import until
from servers.gate import Gate
from servers.rabbitmq_node import RabbitNode, rabbitmq

from .rabbitmq_clients import Make, make

__all__ = ["make", "rabbitmq"]


@pytest.fixture
def name() -> str:
    return f"seat-{uuid4()}"


@pytest.fixture
def seat(make: Make, name: str) -> Iterator[Callable[..., Seat]]:
    """One more process that wants the seat, so to speak."""
    made: list[Seat] = []

    def another(transport: RabbitTransport | None = None, ttl: float = 30.0) -> Seat:
        made.append((transport or make()).seats.seat(name, ttl))
        return made[-1]

    yield another
    for one in made:
        one.leave()


def test_one_of_many_has_the_seat(seat: Callable[..., Seat]) -> None:
    seats = [seat() for _ in range(4)]
    assert [one.take() for one in seats] == [True, False, False, False]
    assert [one.take() for one in seats] == [True, False, False, False]
    assert [one.held for one in seats] == [True, False, False, False]


def test_who_leaves_makes_room_for_another(seat: Callable[..., Seat]) -> None:
    first, second = seat(), seat()
    assert first.take()
    assert not second.take()
    first.leave()
    assert not first.held
    until(second.take)
    assert not first.take()


def test_seats_of_other_names_are_others(make: Make, seat: Callable[..., Seat]) -> None:
    other = make().seats.seat(f"other-{uuid4()}", 6.0)
    assert seat().take()
    assert other.take()
    other.leave()


def test_a_holder_that_is_cut_off_is_missed_and_knows_it_himself(
    rabbitmq: RabbitNode, make: Make, seat: Callable[..., Seat]
) -> None:
    with Gate(rabbitmq.port) as gate:
        url = rabbitmq.url().replace(f":{rabbitmq.port}/", f":{gate.port}/")
        first, second = seat(make(url), 2.0), seat()

        def taken() -> bool:
            if first.take() and not second.take():
                return True
            second.leave()  # who stands still for two seconds is missed, too
            return False

        until(taken)
        gate.shut()
        until(second.take)
        until(lambda: not first.held)
        gate.open()
        until(lambda: not first.take())
        assert second.held


def test_a_server_that_is_away_is_an_error(make: Make, seat: Callable[..., Seat]) -> None:
    nowhere = seat(make("amqp://guest:guest@127.0.0.1:1//"))
    with pytest.raises(OperationalError, match="can't be reached"):
        nowhere.take()
    assert not nowhere.held
