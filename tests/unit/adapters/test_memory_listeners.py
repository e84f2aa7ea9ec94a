"""A mailbox that nobody reads stays small and says so."""

import pytest

from celeriac.adapters.memory.ears import MemoryEar
from celeriac.adapters.memory.listeners import MAILBOX_LIMIT, Listeners
from celeriac.core.errors import OperationalError


def test_an_ear_that_was_told_too_much_says_so_once() -> None:
    listeners = Listeners()
    ear = MemoryEar(listeners)
    ear.add(["news"])
    for number in range(MAILBOX_LIMIT + 5):
        assert listeners.tell("news", b"%d" % number) == 1
    with pytest.raises(OperationalError, match="read again"):
        ear.next(0.0)
    assert ear.next(0.0) == ("news", b"0")


def test_a_closed_ear_is_not_told_any_more() -> None:
    listeners = Listeners()
    ear = MemoryEar(listeners)
    ear.add(["news"])
    ear.close()
    assert listeners.tell("news", b"x") == 0
