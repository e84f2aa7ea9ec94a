"""Workers that share a node name: whoever asks them is told."""

import warnings

import pytest

from celeriac.cli.remote import show
from celeriac.control.inspect import prepared
from celeriac.core.errors import DuplicateNodenameWarning


def test_two_answers_under_one_name_are_warned_of_for_only_one_is_kept() -> None:
    with pytest.warns(DuplicateNodenameWarning, match="called w1@a, w3@a: start each under a name of its own"):
        merged = prepared([{"w3@a": 0}, {"w1@a": 1}, {"w2@a": 2}, {"w1@a": 3}, {"w3@a": 4}])
    assert merged == {"w1@a": 3, "w2@a": 2, "w3@a": 4}


def test_nodes_with_names_of_their_own_are_not_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert prepared([{"w1@a": 1}, {"w2@a": 2}]) == {"w1@a": 1, "w2@a": 2}
        assert prepared([]) is None


def test_the_command_shows_both_and_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"w1@a": None}, {"w1@a": None}])
    shown = capsys.readouterr()
    assert shown.out.count("w1@a: OK") == 2
    assert "-n w1@%h" in shown.err
