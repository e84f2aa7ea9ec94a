"""The job socket: whole packets in order, large ones in files, taken back by the parent."""

import contextlib
import gc
import os
import socket
from collections.abc import Iterator

import pytest

from celeriac.process.packets import REDELIVERED, WAKE, Job, PacketQueue, receive

pytestmark = pytest.mark.usefixtures("same_descriptors")


@pytest.fixture
def same_descriptors() -> Iterator[None]:
    """No test leaves a descriptor behind."""
    gc.collect()  # what earlier tests have left must not go in the middle of this one
    before = os.listdir("/proc/self/fd")
    yield
    assert set(os.listdir("/proc/self/fd")) <= set(before)


@contextlib.contextmanager
def opened() -> Iterator[PacketQueue]:
    packets = PacketQueue()
    try:
        yield packets
    finally:
        packets.close()


@pytest.mark.parametrize("size", [0, 1, 700, 64 * 1024, 64 * 1024 + 1, 5_000_000])
def test_a_job_arrives_as_it_was_put(size):
    with opened() as packets:
        raw = os.urandom(size)
        assert packets.put(7, REDELIVERED, 3, raw)
        assert receive(packets.reading_end) == Job(7, REDELIVERED, 3, raw)


def test_jobs_arrive_in_order_and_then_there_is_none():
    with opened() as packets:
        for run in range(1, 6):
            packets.put(run, 0, 0, b"x" * run * 20_000)
        far = packets.reading_end
        assert [receive(far).run for _ in range(5)] == [1, 2, 3, 4, 5]
        assert receive(far, socket.MSG_DONTWAIT) is None


def test_a_full_socket_refuses_and_takes_again_after_a_read():
    with opened() as packets:
        run = 0
        while packets.put(run + 1, 0, 0, b"x" * 10_000):
            run += 1
        assert 5 < run < 1000
        assert not packets.short
        receive(packets.reading_end)
        receive(packets.reading_end)
        assert packets.put(run + 1, 0, 0, b"x" * 10_000)


def test_what_nobody_took_is_taken_back_without_the_wakes():
    with opened() as packets:
        packets.put(1, 0, 0, b"one")
        packets.put_wake()
        packets.put(2, 0, 9, b"t" * 100_000)
        assert packets.take_back() == [Job(1, 0, 0, b"one"), Job(2, 0, 9, b"t" * 100_000)]
        assert packets.take_back() == []


def test_the_oldest_packet_tells_what_has_been_taken():
    with opened() as packets:
        assert packets.next_run() is None
        packets.put(4, 0, 0, b"x" * 100_000)
        packets.put(5, 0, 0, b"")
        assert packets.next_run() == 4
        receive(packets.reading_end)
        assert packets.next_run() == 5
        receive(packets.reading_end)
        packets.put_wake()
        assert packets.next_run() == 6
        assert receive(packets.reading_end).flags == WAKE


def test_readers_find_the_end_behind_the_last_job():
    with opened() as packets:
        packets.put(1, 0, 0, b"last")
        packets.close_near()
        assert receive(packets.reading_end).raw == b"last"
        with pytest.raises(EOFError):
            receive(packets.reading_end)
        assert packets.take_back() == []


def test_a_closed_queue_gives_nothing_back_and_has_no_descriptor():
    packets = PacketQueue()
    packets.close()
    assert packets.take_back() == []
    assert packets.next_run() is None
    assert packets.fileno() == -1


def test_a_count_of_deliveries_beyond_the_field_is_cut():
    with opened() as packets:
        packets.put(1, 0, 1_000_000, b"")
        assert receive(packets.reading_end).deliveries == 65535
