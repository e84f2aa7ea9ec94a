"""Chords: bodies called once, with every result in its place, or failed once."""

import pytest

from celeriac.canvas import chain, chord, group
from celeriac.exceptions import ChordError

from .stage import TIMEOUT, Stage


def test_the_body_is_called_with_the_results_in_the_order_of_the_header(stage: Stage) -> None:
    header = [stage.s("slow", 1, 0.2), stage.s("add", 2), stage.s("aadd", 3)]
    result = chord(header)(stage.s("gather"))
    assert result.get(TIMEOUT) == [1, 2, 3]
    assert stage.noted("body", result.id) == [[[1, 2, 3]]]
    stage.wait_no_keys()


@pytest.mark.parametrize("size", [1, 1000])
def test_a_chord_of_any_size(stage: Stage, size: int) -> None:
    result = chord([stage.s("add", number) for number in range(size)])(stage.s("total"))
    assert result.get(TIMEOUT) == sum(range(size))


def test_an_empty_header_calls_the_body_at_once(stage: Stage) -> None:
    assert chord([], stage.s("gather")).apply_async().get(TIMEOUT) == []


def test_members_may_be_chains_groups_and_chords(stage: Stage) -> None:
    inner = chord([stage.s("add", 1), stage.s("add", 2)], stage.s("total"))
    members = [chain(stage.s("add", 1), stage.s("add", 10)), group(stage.s("add", 2), stage.s("add", 3)), inner]
    assert chord(members)(stage.s("gather")).get(TIMEOUT) == [11, 2, 3, 3]
    stage.wait_no_keys()


def test_chords_in_chords_in_chords(stage: Stage) -> None:
    flow = chord([stage.s("add", 1), stage.s("add", 1)], stage.s("total"))
    for _ in range(4):
        flow = chord([flow, stage.s("add", 1)], stage.s("total"))
    assert flow.apply_async().get(TIMEOUT) == 6
    stage.wait_no_keys()


def test_chords_one_after_the_other(stage: Stage) -> None:
    flow = group(stage.s("add", 1), stage.s("add", 2)) | stage.s("total")
    for _ in range(3):
        flow = flow | group(stage.s("add", 1), stage.s("add", 2)) | stage.s("total")
    assert flow.apply_async().get(TIMEOUT) == 45
    stage.wait_no_keys()


def test_the_body_may_be_a_chain_a_group_or_a_chord(stage: Stage) -> None:
    header = group(stage.s("add", 1), stage.s("add", 2))
    assert chord(header)(chain(stage.s("total"), stage.s("add", 1))).get(TIMEOUT) == 4
    assert chord(header)(group(stage.s("total"), stage.s("gather"))).get(TIMEOUT) == [3, [1, 2]]
    assert chord(header)(chord([stage.s("total"), stage.s("total")], stage.s("gather"))).get(TIMEOUT) == [3, 3]
    stage.wait_no_keys()


def test_members_that_try_again_or_are_replaced_count_once(stage: Stage) -> None:
    header = [stage.s("patient", 1), *(stage.s("replaced", kind, 1) for kind in ("task", "chain", "group", "chord"))]
    assert chord(header)(stage.s("gather")).get(TIMEOUT) == [1, 2, 3, [2, 3], 5]
    stage.wait_no_keys()


def test_parts_can_be_added_by_a_running_member(stage: Stage) -> None:
    result = chord([stage.s("growing", 100, 3), stage.s("add", 1)])(stage.s("total"))
    assert result.get(TIMEOUT) == 100 + 1 + 101 + 102 + 103
    stage.wait_no_keys()


def test_an_added_part_does_not_end_a_join_whose_adder_is_tried_again(stage: Stage) -> None:
    result = chord([stage.s("growing_patiently", 100), stage.s("add", 1)])(stage.s("total"))
    assert result.get(TIMEOUT) == 100 + 1 + 101
    stage.wait_no_keys()


def test_results_that_nobody_keeps_still_count(stage: Stage) -> None:
    assert chord([stage.s("silent", 1), stage.s("silent", 2)])(stage.s("gather")).get(TIMEOUT) == [1, 2]


def test_two_bodies_of_one_header_are_two_chords(stage: Stage) -> None:
    header = group(stage.s("add", 1), stage.s("add", 2))
    results = [chord(header)(stage.s("gather")) for _ in range(2)]
    assert [result.get(TIMEOUT) for result in results] == [[1, 2], [1, 2]]


@pytest.mark.parametrize("how", ["fail", "hopeless", "dying", "late", "rejected", "unwritable", "nobody_knows"])
def test_however_a_member_fails_the_body_fails_once_and_its_errbacks_run_once(stage: Stage, how: str) -> None:
    bad = stage.s(how, 1) if how == "hopeless" else stage.s(how)
    body = stage.s("gather").on_error(stage.s("old_errback")).on_error(stage.s("new_errback"))
    result = chord([stage.s("add", 1), bad, stage.s("add", 2)])(body)
    with pytest.raises(ChordError, match=r"^Dependency \S+ raised "):
        raise result.get(TIMEOUT, propagate=False)
    assert result.state == "FAILURE"
    assert len(stage.wait_noted("old errback", result.id)) == 1
    (told,) = stage.wait_noted("new errback", result.id)
    assert told[0].startswith("ChordError('Dependency") or told[0].startswith('ChordError("Dependency')
    assert not stage.noted("body", result.id)
    stage.wait_no_keys()


def test_an_expired_member_fails_the_body(stage: Stage) -> None:
    result = chord([stage.s("add", 1), stage.s("add", 2).set(expires=-1)])(stage.s("gather"))
    assert isinstance(result.get(TIMEOUT, propagate=False), ChordError)
    stage.wait_no_keys()


def test_a_chain_in_a_header_that_fails_early_fails_the_body(stage: Stage) -> None:
    member = chain(stage.s("fail"), stage.s("add", 1), stage.s("add", 1))
    result = chord([stage.s("add", 1), member])(stage.s("gather"))
    assert "ValueError" in str(result.get(TIMEOUT, propagate=False))
    stage.wait_no_keys()


def test_what_comes_after_a_failed_body_is_failed(stage: Stage) -> None:
    between = stage.s("add", 1).set(task_id="between a failed body and the end")
    flow = chain(group(stage.s("add", 1), stage.s("fail")), stage.s("total"), between, stage.s("add", 1))
    result = flow.apply_async()
    assert isinstance(result.get(TIMEOUT, propagate=False), ChordError)
    assert stage.app.AsyncResult("between a failed body and the end").state == "FAILURE"
    stage.wait_no_keys()


def test_the_failure_of_an_inner_chord_fails_the_outer_one(stage: Stage) -> None:
    inner = chord([stage.s("add", 1), stage.s("fail")], stage.s("total"))
    for _ in range(3):
        inner = chord([stage.s("add", 1), inner], stage.s("total"))
    error = inner.apply_async().get(TIMEOUT, propagate=False)
    assert isinstance(error, ChordError)
    assert str(error).count("Dependency") == 4
    stage.wait_no_keys()


def test_the_tasks_of_a_group_as_body_all_fail(stage: Stage) -> None:
    result = chord([stage.s("fail"), stage.s("add", 1)])(group(stage.s("total"), stage.s("gather")))
    errors = result.get(TIMEOUT, propagate=False)
    assert [type(error) for error in errors] == [ChordError, ChordError]
    stage.wait_no_keys()


def test_a_body_with_a_task_nobody_knows_fails_for_whoever_waits(stage: Stage) -> None:
    result = chord([stage.s("add", 1)])(stage.s("nobody_knows"))
    assert isinstance(result.get(TIMEOUT, propagate=False), Exception)
    stage.wait_no_keys()
