"""Links, errbacks and chains."""

import pytest

from celeriac.canvas import chain, group
from celeriac.exceptions import TaskError

from .stage import TIMEOUT, Stage


def test_a_link_is_called_with_the_result(stage: Stage) -> None:
    result = stage.s("add", 1, 1).apply_async(link=[stage.s("noted", about="link 1"), stage.s("noted", about="link 2")])
    assert result.get(TIMEOUT) == 2
    assert stage.wait_noted("noted", "link 1") == stage.wait_noted("noted", "link 2") == [[2]]
    assert len(result.children) == 1


def test_an_errback_of_either_style_is_called_with_what_it_wants(stage: Stage) -> None:
    result = stage.s("fail").apply_async(link_error=[stage.s("old_errback"), stage.s("new_errback")])
    assert stage.wait_noted("old errback", result.id) == [[result.id]]
    assert stage.wait_noted("new errback", result.id) == [["ValueError('as told')", True]]
    assert result.state == "FAILURE"


def test_a_chain_passes_results_on(stage: Stage) -> None:
    result = chain(stage.s("add", 1, 1), stage.s("add", 10), stage.s("aadd", 100)).apply_async()
    assert result.get(TIMEOUT) == 112
    assert [result.parent.get(TIMEOUT), result.parent.parent.get(TIMEOUT)] == [12, 2]


def test_a_chain_knows_its_family(stage: Stage) -> None:
    first, second = stage.s("family"), stage.s("family")
    result = chain(first, second).apply_async(priority=3)
    told = result.get(TIMEOUT)
    begin = result.parent.get(TIMEOUT)
    assert told["root_id"] == begin["root_id"] == begin["id"] == result.parent.id
    assert told["parent_id"] == begin["id"]


def test_a_retry_in_a_chain_keeps_the_rest_of_it(stage: Stage) -> None:
    assert chain(stage.s("patient", 1), stage.s("patient"), stage.s("add", 1)).apply_async().get(TIMEOUT) == 2


def test_after_a_failure_the_rest_of_a_chain_is_failed_and_does_not_run(stage: Stage) -> None:
    errback = stage.s("old_errback")
    last = stage.s("noted", about="after a failure")
    result = chain(stage.s("add", 1), stage.s("fail"), stage.s("add", 2), last).apply_async(link_error=errback)
    with pytest.raises(ValueError, match="as told"):
        result.get(TIMEOUT)
    assert [result.state, result.parent.state, result.parent.parent.state] == ["FAILURE"] * 3
    assert result.parent.parent.parent.state == "SUCCESS"
    assert stage.wait_noted("old errback", result.parent.parent.id)
    assert not stage.noted("old errback", result.id)
    assert not stage.noted("noted", "after a failure")


@pytest.mark.parametrize("how", ["hopeless", "dying", "late", "rejected", "unwritable"])
def test_however_a_link_of_a_chain_fails_whoever_waits_for_the_end_learns_it(stage: Stage, how: str) -> None:
    first = stage.s(how, 1) if how == "hopeless" else stage.s(how)
    result = chain(first, stage.s("add", 1), stage.s("add", 1)).apply_async(link_error=stage.s("old_errback"))
    with pytest.raises(Exception, match=r"."):
        result.get(TIMEOUT)
    assert result.state == result.parent.parent.state == "FAILURE"
    assert len(stage.wait_noted("old errback", result.parent.parent.id)) == 1


def test_an_unknown_task_in_a_chain_is_a_failure_of_it(stage: Stage) -> None:
    result = chain(stage.s("add", 1), stage.s("nobody_knows"), stage.s("add", 1)).apply_async()
    with pytest.raises(TaskError):
        result.get(TIMEOUT)


def test_an_expired_link_of_a_chain_ends_the_chain(stage: Stage) -> None:
    expired = stage.s("add", 1).set(expires=-1)
    result = chain(stage.s("add", 1), expired, stage.s("add", 1)).apply_async()
    with pytest.raises(TaskError):
        result.get(TIMEOUT)
    assert result.state == "REVOKED"


def test_a_group_in_a_chain_gets_the_result_before_it(stage: Stage) -> None:
    flow = chain(stage.s("add", 1), group(stage.s("add", 10), stage.s("add", 20)))
    assert flow.apply_async().get(TIMEOUT) == [11, 21]


def test_a_chain_of_three_hundred(stage: Stage) -> None:
    flow = chain(stage.s("held", 0), *[stage.s("add", 1)] * 300)
    result = flow.apply_async()
    assert len(stage.keys()) == 2  # pieces of links that did not travel
    stage.tell()
    assert result.get(TIMEOUT) == 300
    stage.wait_no_keys()


def test_a_long_chain_that_fails_is_failed_to_its_end(stage: Stage) -> None:
    flow = chain(stage.s("add", 0), stage.s("fail"), *[stage.s("add", 1)] * 300)
    result = flow.apply_async()
    with pytest.raises(ValueError, match="as told"):
        result.get(TIMEOUT)
    assert result.parent.parent.state == "FAILURE"
    stage.wait_no_keys()


@pytest.mark.parametrize(("kind", "value"), [("task", 6), ("chain", 7), ("group", [6, 7]), ("chord", 13)])
def test_a_replaced_task_goes_on_as_what_it_was_replaced_by(stage: Stage, kind: str, value: object) -> None:
    result = chain(stage.s("replaced", kind, 5), stage.s("noted", about=f"after replaced {kind}")).apply_async()
    assert result.get(TIMEOUT) == value
    assert result.parent.get(TIMEOUT) == value
    assert stage.noted("noted", f"after replaced {kind}") == [[value]]
