"""Who is elected: of what all workers heard, each finds the same one."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from celeriac.worker.events.elections import ACK, IDENT, Vote, read_vote, winner


def vote(who: str, clock: int = 1, ours: bool = True) -> Vote:
    return Vote(clock, who, "task", None, ours)


OURS, OTHER, THEIRS, FOREIGN = vote("a", 9), vote("b", 5), vote("c", 7, ours=False), vote("d", 3, ours=False)


def test_the_first_by_clock_and_name_wins_whatever_comes_first() -> None:
    for heard in permutations([OURS, OTHER, vote("z", 5), ACK, ACK]):
        assert winner(heard) == OTHER


def test_with_one_of_celerys_it_is_who_that_one_takes_it_to_be() -> None:
    """It knows one neighbour, so it decides at the first acknowledgement."""
    assert winner([OTHER, THEIRS, ACK, ACK]) == OTHER
    assert winner([THEIRS, OURS, ACK]) == THEIRS
    assert winner([ACK, THEIRS, OTHER, ACK]) == OTHER  # what was acknowledged before it voted it does not count


def test_one_of_celerys_that_has_heard_itself_alone_is_gone() -> None:
    assert winner([THEIRS, ACK, OURS]) == OURS
    assert winner([FOREIGN, ACK, OURS, ACK]) == OURS


def test_votes_that_come_behind_the_last_counted_acknowledgement_are_too_late_for_all() -> None:
    heard = [THEIRS, OURS, ACK, ACK, OTHER, ACK]
    assert winner(heard) == THEIRS
    assert winner([THEIRS, ACK, OURS, OTHER, ACK]) == OTHER  # it knows two neighbours


def test_of_celerys_alone_one_of_them_wins() -> None:
    assert winner([THEIRS, FOREIGN, ACK, ACK]) == FOREIGN
    assert winner([THEIRS, ACK]) == THEIRS


@given(st.lists(st.sampled_from([OURS, OTHER, THEIRS, FOREIGN, ACK]), min_size=1).filter(any))
def test_somebody_who_has_voted_always_wins(heard: list[Vote | None]) -> None:
    assert winner(heard) in heard


def test_a_vote_says_whether_it_is_of_ours() -> None:
    event = {"hostname": "w@h", "pid": 3, "clock": 7, "topic": "task", "action": {"task": "t"}}
    assert read_vote({**event, "sw_ident": IDENT}) == Vote(7, "w@h.3", "task", {"task": "t"}, ours=True)
    assert not read_vote(event).ours
