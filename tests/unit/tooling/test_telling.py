"""What a failure shows of the processes around it is short, and says what matters."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import telling

TESTS = Path(__file__).parents[2]


class Server:
    """Has said so many lines; may have ended."""

    def __init__(self, name: str, lines: Sequence[str], lives: bool = True) -> None:
        self.name = name
        self.lines = lines
        self.lives = lives

    def last_words(self) -> tuple[str, Sequence[str]]:
        return self.name, self.lines


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "_known", type(telling._known)(maxlen=16))


def remembered(monkeypatch: pytest.MonkeyPatch, test: str, *servers: Server) -> None:
    monkeypatch.setenv("PYTEST_CURRENT_TEST", f"{test} (setup)")
    for server in servers:
        telling.remember(server)


def test_a_short_log_is_shown_whole() -> None:
    assert telling.shortened(["one", "two"], 5) == ["one", "two"]


def test_of_a_long_log_trouble_and_the_end_are_shown() -> None:
    lines = [f"line {number}" for number in range(100)]
    lines[3], lines[7] = "an ERROR", "a WARNING"
    assert telling.shortened(lines, 6) == ["an ERROR", "a WARNING", "line 96", "line 97", "line 98", "line 99"]
    assert telling.shortened(["x WARNING"] * 100, 6) == ["x WARNING"] * 6
    assert telling.shortened(["x" * 1000] * 3, 1) == ["x" * 220]
    assert telling.shortened(["\x1b[38;5;160mred\x1b[0m"], 1) == ["red"]


def test_a_failure_is_told_by_those_of_its_test_and_those_that_live(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered(monkeypatch, "a.py::one", Server("lives", ["on"]), Server("ended", ["gone"], lives=False))
    remembered(monkeypatch, "a.py::two", Server("mine", ["here"], lives=False))
    assert telling.about("a.py::two") == "--- mine\nhere\n--- lives\non"


def test_what_a_whole_file_shared_is_told_though_it_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered(monkeypatch, "a.py::one", Server("shared", ["gone"], lives=False))
    assert telling.about("a.py::two") == "--- shared\ngone"
    assert telling.about("b.py::one") == ""
    remembered(monkeypatch, "b.py::one", Server("other", []))
    assert "shared" not in telling.about("a.py::two")


def test_however_many_there_are_it_stays_short(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [Server(f"server {number}", [f"line {line}" for line in range(500)]) for number in range(30)]
    remembered(monkeypatch, "a.py::one", *many)
    told = telling.about("a.py::one").splitlines()
    assert len(told) <= telling.LINES
    assert told[0] == "--- server 29"
    assert told[5] == "line 499"


def test_the_tail_of_a_file_that_is_gone_is_empty(tmp_path: Path) -> None:
    assert telling.tail(tmp_path / "log") == []
    (tmp_path / "log").write_text("one\ntwo\n")
    assert telling.tail(tmp_path / "log", 4) == ["two"]


FAILS = """
import sys

from watched import Watched


def test_that_fails(tmp_path):
    with Watched([sys.executable, "-c", "print('I am the worker')"], tmp_path, {}) as worker:
        worker.wait_end()
        assert worker.lines == []
"""


def test_a_failing_test_shows_it(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(FAILS)
    (tmp_path / "conftest.py").write_text((TESTS / "conftest.py").read_text())
    words = ("-c", str(TESTS.parent / "pyproject.toml"), "--rootdir", str(tmp_path), "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "-o", f"pythonpath={TESTS}", "test_one.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    told = done.stdout.partition("around the failure")[2]
    assert "ended with code 0" in told
    assert "I am the worker" in told
