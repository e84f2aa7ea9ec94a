"""A worker of a cluster takes up work while the node that the dead letters lie on is away."""

import pytest

from celeriac.adapters.rabbitmq import requests
from celeriac.adapters.rabbitmq.broker import RabbitBroker
from celeriac.adapters.rabbitmq.lease import RabbitLease
from celeriac.adapters.rabbitmq.refusals import Refused


def test_dead_letters_whose_node_is_away_keep_nobody_from_working() -> None:
    flow = RabbitLease(RabbitBroker("classic"), lambda owner: True).acquire("worker/w", "w", 60.0)
    assert isinstance(next(flow), requests.Ask)
    asked = flow.throw(Refused(404, "NOT_FOUND - home node of durable queue 'celeriac.dead' is down or inaccessible"))
    assert asked == requests.Open("w", 60.0)
    with pytest.raises(StopIteration):
        flow.send(None)


def test_who_may_not_have_dead_letters_is_told() -> None:
    flow = RabbitLease(RabbitBroker("classic"), lambda owner: True).acquire("worker/w", "w", 60.0)
    next(flow)
    with pytest.raises(Refused, match="403"):
        flow.throw(Refused(403, "ACCESS_REFUSED"))
