"""Fixtures of beat's tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .desk import Desk


@pytest.fixture
def make_desk() -> Iterator[Callable[..., Desk]]:
    """Makes desks, closed at the end."""
    made: list[Desk] = []

    def make(schedule: Any = None, **settings: Any) -> Desk:
        made.append(Desk(schedule, **settings))
        return made[-1]

    yield make
    for desk in made:
        desk.close()
