"""Runs that a dead child took from the socket before it could say so."""

from collections.abc import Iterator

import pytest

from celeriac.pools.missing import MissingRuns
from celeriac.process.packets import PacketQueue, receive


@pytest.fixture
def packets() -> Iterator[PacketQueue]:
    packets = PacketQueue()
    yield packets
    packets.close()


def sent(packets: PacketQueue, count: int) -> MissingRuns:
    missing = MissingRuns(packets)
    for run in range(1, count + 1):
        packets.put(run, 0, 0, b"")
        missing.sent(run)
    return missing


def test_what_was_taken_and_shows_nowhere_is_missing(packets):
    missing = sent(packets, 5)
    for _ in range(3):
        receive(packets.reading_end)
    suspects = missing.suspect({1})
    assert suspects == {2, 3}
    assert missing.confirm(suspects, {1, 3}) == [2]
    assert 2 not in missing
    assert not missing.settled(2)


def test_what_is_reported_meanwhile_is_not_missing(packets):
    missing = sent(packets, 2)
    packets.take_back()
    suspects = missing.suspect(set())
    assert missing.settled(1)
    assert missing.confirm(suspects, set()) == [2]


def test_what_waits_in_the_socket_is_not_suspected(packets):
    missing = sent(packets, 3)
    assert missing.suspect(set()) == set()
    assert len(missing) == 3


def test_one_death_does_not_shorten_the_patience_with_what_another_made_suspect(packets):
    missing = sent(packets, 2)
    receive(packets.reading_end)
    first = missing.suspect(set())
    receive(packets.reading_end)
    second = missing.suspect(set())
    assert missing.confirm(first, set()) == [1]
    assert 2 in missing
    assert missing.confirm(second, {2}) == []


def test_when_nobody_is_left_all_that_is_out_is_missing(packets):
    missing = sent(packets, 3)
    assert missing.settled(2)
    assert missing.clear() == [1, 3]
    assert len(missing) == 0
