"""Workflows of any shape come to what plain evaluation says: run eagerly, and by a worker."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings

from celeriac import signature
from celeriac.canvas.kinds import kind_of
from celeriac.canvas.launching import planned

from .trees import workflows, worth

unhurried = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@unhurried
@given(tree=workflows)
def test_run_here_and_now(app: Any, tree: Any) -> None:
    assert tree.apply().get() == worth(tree)


@unhurried
@given(tree=workflows)
def test_run_by_a_worker(app: Any, worker: Any, tree: Any) -> None:
    result = tree.apply_async()
    worker.work()
    assert result.get(timeout=10) == worth(tree)


@unhurried
@given(tree=workflows)
def test_run_by_a_worker_after_a_journey_as_json(app: Any, worker: Any, tree: Any) -> None:
    result = signature(json.loads(json.dumps(tree)), app=app).apply_async()
    worker.work()
    assert result.get(timeout=10) == worth(tree)


@unhurried
@given(tree=workflows)
def test_a_plan_changes_nothing_of_the_workflow_it_is_made_of(app: Any, tree: Any) -> None:
    before = json.dumps(tree)
    planned(app, tree, (), {}, {})
    assert json.dumps(tree) == before


@unhurried
@given(tree=workflows)
def test_a_workflow_sent_twice_has_ids_of_its_own_each_time(app: Any, tree: Any) -> None:
    first, second = (planned(app, tree, (), {}, {}) for _ in range(2))
    ids = [{call.options["task_id"] for call in flight.calls} for flight in (first, second)]
    assert not ids[0] & ids[1]
    assert sum(map(len, ids)) == len(first.calls) + len(second.calls)


@unhurried
@given(tree=workflows)
def test_a_frozen_workflow_has_the_result_it_said_it_would_have(app: Any, worker: Any, tree: Any) -> None:
    expected, foretold = worth(tree), tree.freeze()
    result = tree.apply_async()
    if kind_of(tree) == "chord":  # once it is sent, its header is its parent whatever the body is
        assert foretold.id == result.id
    else:
        assert foretold.as_tuple() == result.as_tuple()
    worker.work()
    assert foretold.get(timeout=10) == expected
