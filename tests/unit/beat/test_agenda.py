"""The agenda: what is due, in order."""

import pytest

from celeriac.beat import ScheduleEntry
from celeriac.beat.agenda import Agenda
from celeriac.core.ports.plans import Mark, Plan

S = 1_000_000


@pytest.fixture
def agenda() -> Agenda:
    return Agenda(lambda: 0.0)


def put(agenda: Agenda, name: str, every: float, last: int = 0, paused: bool = False):
    return agenda.put(ScheduleEntry(name=name, task="t", schedule=every), Plan(name, b"", paused), Mark(last))


def names(items) -> list[str]:
    return [item.name for item in items]


def test_the_earliest_comes_first(agenda: Agenda) -> None:
    for name, every in (("c", 3), ("a", 1), ("b", 2)):
        put(agenda, name, every)
    assert agenda.first() == 1 * S
    assert names(agenda.due(2 * S, 10)) == ["a", "b"]
    assert agenda.first() == 3 * S


def test_what_is_followed_comes_again_at_its_next_tick(agenda: Agenda) -> None:
    item = put(agenda, "a", 2)
    assert agenda.due(2 * S, 1) == [item]
    agenda.follow(item, Mark(2 * S))
    assert agenda.first() == 4 * S


def test_a_replaced_entry_is_due_once(agenda: Agenda) -> None:
    put(agenda, "a", 2)
    new = put(agenda, "a", 3)
    assert agenda.due(10 * S, 10) == [new]


def test_what_is_paused_or_dropped_is_never_due(agenda: Agenda) -> None:
    put(agenda, "a", 1, paused=True)
    gone = put(agenda, "b", 1)
    agenda.drop("b")
    agenda.at(gone, 0)
    assert agenda.first() is None
    assert len(agenda) == 1


def test_looking_again_and_again_does_not_fill_the_memory(agenda: Agenda) -> None:
    item = put(agenda, "a", 1)
    for when in range(10_000):
        agenda.at(item, when)
    assert len(agenda._heap) < 200
