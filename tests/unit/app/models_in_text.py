"""A task whose hints are text: `from __future__ import annotations` makes them so."""

from __future__ import annotations

from pydantic import BaseModel

from celeriac import shared_task


class Order(BaseModel):
    """Something to be delivered."""

    number: int


@shared_task(name="deliver", pydantic=True)
def deliver(order: Order) -> Order:
    """Works on a model."""
    assert isinstance(order, Order)
    return order
