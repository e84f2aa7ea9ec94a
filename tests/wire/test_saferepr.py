"""argsrepr and kwargsrepr read exactly as Celery writes them."""

import pytest

from celeriac.wire.saferepr import saferepr

from . import cases, vectors

RECORDED = vectors.load("repr")


@pytest.mark.parametrize("name", RECORDED)
def test_shows_a_value_as_celery_does(name):
    value, maxlen, levels = cases.REPR[name]
    assert saferepr(value, maxlen, levels) == RECORDED[name]


def test_every_case_was_recorded():
    assert set(RECORDED) == set(cases.REPR)


def test_a_value_that_contains_itself_is_named():
    value = cases.cycle()
    assert saferepr(value) == f"[1, <Recursion on list with id={id(value)}>]"


def test_a_repr_that_raises_does_not_stop_the_message():
    class Broken:
        def __repr__(self):
            raise ValueError("secret")

    shown = saferepr((Broken(), 1))
    assert "Unrepresentable" in shown
    assert shown.endswith(", 1)")
    assert "secret" not in shown


def test_a_very_deep_value_without_a_bound_on_depth_is_still_shown():
    value = []
    for _ in range(5000):
        value = [value]
    assert len(saferepr(value, maxlen=None, maxlevels=0)) < 200
