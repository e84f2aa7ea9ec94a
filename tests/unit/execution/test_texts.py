"""Reprs and tracebacks that never fail."""

import pickle
from typing import Any

import pytest

from celeriac.execution import ExceptionInfo
from celeriac.execution.texts import safe_repr


@pytest.mark.parametrize("value", [1, "x", None, 2.5, [1, "a"], {"k": (1,)}, b"b", ValueError("x")])
def test_ordinary_values_have_their_own_repr(value: Any) -> None:
    assert safe_repr(value) == repr(value)


def test_long_values_are_cut() -> None:
    assert safe_repr("x" * 99, 10) == "'xxxxxx..."
    assert len(safe_repr(list(range(100_000)))) <= 1024


def test_a_repr_that_raises_is_described() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError

    assert safe_repr(Odd()) == "<Odd whose repr raised RuntimeError>"


def test_exception_info_survives_pickling_with_its_text() -> None:
    try:
        raise ValueError("no")
    except ValueError as exc:
        info = ExceptionInfo(exc)
    again = pickle.loads(pickle.dumps(info))
    assert (repr(again.exception), str(again)) == ("ValueError('no')", str(info))
    assert info.exc_info == (ValueError, info.exception, info.tb)
