"""Shared memory: what a child writes the parent reads, and the other way round."""

import os

import pytest

from celeriac.process.slots import END, NONE, SOFT, Slots


def test_a_slot_shows_the_run_it_is_in_and_since_when():
    slots = Slots(4)
    slots.begin(2, 77, 12.5)
    assert slots.look(2) == (77, 12.5)
    assert slots.occupied(0, 4) == [(2, 77)]
    slots.end(2)
    assert slots.look(2)[0] == 0
    assert slots.occupied(0, 4) == []


def test_occupied_looks_only_where_it_is_told():
    slots = Slots(100)
    for index in (0, 10, 49, 50, 99):
        slots.begin(index, index + 1000, 0.0)
    assert slots.occupied(10, 40) == [(10, 1010), (49, 1049)]
    assert slots.occupied(50, 50) == [(50, 1050), (99, 1099)]
    assert slots.where(10, 40, 1049) == 49
    assert slots.where(10, 40, 1050) is None


def test_a_wish_holds_for_its_run_and_no_other():
    slots = Slots(2)
    slots.begin(1, 5, 0.0)
    slots.wish(1, 5, SOFT)
    assert slots.wished(1) == SOFT
    assert slots.wished(0) == NONE
    slots.wish(1, 5, END)
    assert slots.wished(1) == END
    slots.begin(1, 6, 0.0)
    assert slots.wished(1) == NONE
    slots.end(1)
    slots.wish(1, 0, END)
    assert slots.wished(1) == NONE


def test_a_cleared_slot_is_like_new():
    slots = Slots(2)
    slots.begin(1, 5, 1.0)
    slots.wish(1, 5, END)
    slots.retire(1)
    assert slots.retired(1)
    assert not slots.retired(0)
    slots.clear(1)
    assert (slots.look(1), slots.retired(1), slots.wished(1)) == ((0, 0.0), False, NONE)


@pytest.mark.parametrize("make", [Slots, Slots.in_file])
def test_a_forked_process_writes_what_the_parent_reads(make):
    slots = make(3)
    pid = os.fork()
    if pid == 0:
        slots.begin(0, 9, 3.0)
        os._exit(0)
    os.waitpid(pid, 0)
    assert slots.look(0) == (9, 3.0)
    slots.close()


def test_slots_in_a_file_are_shared_by_descriptor():
    slots = Slots.in_file(3)
    other = Slots(3, os.dup(slots.fd))
    other.begin(1, 8, 2.0)
    assert slots.look(1) == (8, 2.0)
    slots.close()
    other.close()
    assert slots.look(1) == (8, 2.0)
