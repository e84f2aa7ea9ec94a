"""A running task is replaced, or adds members to its chord."""

from typing import Any

import pytest

from celeriac import Celeriac, chain, chord, group
from celeriac.core.errors import ImproperlyConfigured


def replaced(app: Celeriac, make: Any, name: str = "becomes") -> Any:
    @app.task(name=name, bind=True)
    def becomes(self: Any, *args: Any) -> Any:
        return self.replace(make(*args))

    return becomes


def test_whoever_waits_for_the_task_gets_what_the_other_returns(app: Celeriac, add: Any, worker: Any) -> None:
    result = replaced(app, lambda n: add.s(n, 10)).delay(1)
    worker.work()
    assert result.get(timeout=5) == 11


def test_a_chain_goes_on_behind_what_replaced_its_link(app: Celeriac, add: Any, total: Any, worker: Any) -> None:
    becomes = replaced(app, lambda n: chain(add.s(n, 1), group(add.s(1), add.s(2)), total.s()))
    result = chain(becomes.s(1), add.s(100)).apply_async()
    worker.work()
    assert result.get(timeout=5) == 107
    assert result.parent.get(timeout=5) == 7


def test_a_group_in_the_place_of_a_task_gives_the_list_of_its_results(app: Celeriac, add: Any, worker: Any) -> None:
    result = replaced(app, lambda n: group(add.s(n, i) for i in range(3))).delay(1)
    worker.work()
    assert result.get(timeout=5) == [1, 2, 3]


def test_a_member_of_a_header_counts_once_whatever_replaced_it(app: Celeriac, add: Any, mark: Any, worker: Any) -> None:
    single = replaced(app, lambda n: add.s(n, 10), "single")
    several = replaced(app, lambda n: group(add.s(n, 10), add.s(n, 20)), "several")
    longer = replaced(app, lambda n: add.s(n, 10) | add.s(100), "longer")
    result = chord([several.s(1), longer.s(2), single.s(3), add.s(0, 0)], mark.s()).apply_async()
    worker.work()
    assert result.get(timeout=5) == [[[11, 21], 112, 13, 0]]


def test_callbacks_and_errbacks_go_over_to_it(app: Celeriac, add: Any, fail: Any, worker: Any) -> None:
    seen: list[Any] = []

    @app.task(name="note")
    def note(value: Any) -> None:
        seen.append(value)

    replaced(app, lambda: add.s(1, 1), "well").apply_async(link=note.s())
    lost = replaced(app, lambda: fail.s() | add.s(1), "ill").apply_async(link_error=note.s())
    worker.work()
    assert (len(seen), seen.count(2)) == (2, 1)
    assert lost.state == "FAILURE"


def test_how_often_a_task_was_replaced_is_counted(app: Celeriac, worker: Any) -> None:
    @app.task(name="again", bind=True)
    def again(self: Any, left: int) -> Any:
        if left:
            return self.replace(again.s(left - 1))
        return self.request.replaced_task_nesting

    result = again.delay(3)
    worker.work()
    assert result.get(timeout=5) == 3


def test_each_task_of_a_chain_that_took_a_place_says_so(app: Celeriac, worker: Any) -> None:
    @app.task(name="nesting", bind=True)
    def nesting(self: Any, *before: Any) -> Any:
        return [*before, self.request.replaced_task_nesting, self.request.stamps]

    result = replaced(app, lambda: nesting.s() | nesting.s()).s().stamp(a=1).delay()
    worker.work()
    assert result.get(timeout=5) == [[1, {}], 1, {}]


def test_a_task_may_be_made_again_from_its_own_request(app: Celeriac, worker: Any) -> None:
    @app.task(name="anew", bind=True)
    def anew(self: Any, left: int, keep: str = "") -> Any:
        if left:
            return self.replace(self.signature_from_request(args=(left - 1,)).set(task_id=None))
        return keep

    result = anew.delay(2, keep="kept")
    worker.work()
    assert result.get(timeout=5) == "kept"


def test_nothing_is_sent_if_the_run_does_not_end(app: Celeriac, add: Any, worker: Any) -> None:
    @app.task(name="breaks", bind=True)
    def breaks(self: Any) -> Any:
        try:
            self.replace(add.s(1, 1))
        finally:
            assert worker.transport.link().run(worker.transport.broker.count(("celery",)), 1) == {"celery": 0}

    result = breaks.delay()
    worker.work()
    assert result.get(timeout=5) == 2


def test_what_can_take_no_ones_place_is_refused(app: Celeriac, add: Any, worker: Any) -> None:
    for name, make, error in (
        ("empty", lambda: chain(), ImproperlyConfigured),
        ("chorded", lambda: add.s(1, 1).set(chord=add.s()), ImproperlyConfigured),
        ("plain", lambda: 5, TypeError),
    ):
        result = replaced(app, make, name).delay()
        worker.work()
        with pytest.raises(error):
            result.get(timeout=5)


def test_replaced_when_run_here_and_now(app: Celeriac, add: Any) -> None:
    assert replaced(app, lambda n: add.s(n, 10)).apply((1,)).get() == 11
    assert replaced(app, lambda n: group(add.s(n, 10)), "grouped").apply((1,)).get() == [11]


def test_added_members_are_parts_of_the_chord(app: Celeriac, add: Any, mark: Any, worker: Any) -> None:
    @app.task(name="grows", bind=True)
    def grows(self: Any, n: int) -> int:
        self.add_to_chord(add.s(n, 100))
        self.add_to_chord(add.s(n, 200), lazy=True).delay()
        return n

    result = chord([grows.s(1), add.s(2, 2)], mark.s()).apply_async()
    worker.work()
    (parts,) = result.get(timeout=5)
    assert (parts[:2], sorted(parts[2:])) == ([1, 4], [101, 201])


def test_a_task_outside_a_chord_has_nothing_to_add_to(app: Celeriac, add: Any, worker: Any) -> None:
    @app.task(name="lonely", bind=True)
    def lonely(self: Any) -> None:
        self.add_to_chord(add.s(1, 1))

    result = lonely.delay()
    worker.work()
    with pytest.raises(ValueError, match="not member of any chord"):
        result.get(timeout=5)
