"""Log files are read as entries, and counted: lines of both kinds of workers, JSON, tracebacks, and damage."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from celeriac.cli.logtool.command import command
from celeriac.cli.logtool.reading import entries, step
from celeriac.cli.logtool.tally import Tally

STAMP = "[2026-11-21 16:00:00,123: {}/{}] "
LOG = "\n".join(
    [
        " -------------- celery@host v5.7.0",
        STAMP.format("INFO", "MainProcess") + "Connected to redis://",
        STAMP.format("INFO", "MainProcess") + "Task proj.add[id-1] received",
        STAMP.format("INFO", "ForkPoolWorker-1") + "Task proj.add[id-1] succeeded in 0.01s: 3",
        STAMP.format("INFO", "MainProcess") + "Task proj.fail[id-2] received",
        STAMP.format("ERROR", "ForkPoolWorker-1") + "Task proj.fail[id-2] raised unexpected: ValueError('no')",
        "Traceback (most recent call last):",
        '  File "x.py", line 1, in fail',
        "ValueError: no",
        STAMP.format("INFO", "MainProcess") + "Task proj.again[id-3] received",
        STAMP.format("INFO", "ForkPoolWorker-1") + "Task proj.again[id-3] retry: Retry in 1s",
        STAMP.format("INFO", "MainProcess") + "Task proj.again[id-3] received",
        STAMP.format("INFO", "MainProcess") + "Task proj.add[id-4] received",
        STAMP.format("INFO", "MainProcess") + "Discarding revoked task: proj.add[id-4]",
        STAMP.format("INFO", "MainProcess") + "Task proj.slow[id-5] received",
        STAMP.format("ERROR", "MainProcess") + "Hard time limit (5s) exceeded for proj.slow[id-5]",
        STAMP.format("ERROR", "MainProcess") + "Task proj.slow[id-5] is in the dead letters: it was too slow",
        STAMP.format("WARNING", "ForkPoolWorker-1") + "printed by a task",
    ]
)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "worker.log"
    path.write_text(LOG)
    return str(path)


def said(*words: str) -> str:
    done = CliRunner().invoke(command, list(words))
    assert done.exit_code == 0, done.output
    return done.output


def test_stats_count_what_happened_to_tasks(file: str) -> None:
    lines = said("stats", file).splitlines()
    for line in (
        "Task total: 6",
        "Task errors: 2",
        "Task success: 1",
        "Task completed: 4",
        "Task retries: 1",
        "Task incomplete: 1",
        "proj.add: 2",
        "proj.again: 2",
    ):
        assert line in lines


def test_errors_and_traces_are_of_failures_alone(file: str) -> None:
    assert [line.partition("] ")[2] for line in said("errors", file).splitlines()] == [
        "Task proj.fail[id-2] raised unexpected: ValueError('no')",
        "Hard time limit (5s) exceeded for proj.slow[id-5]",
        "Task proj.slow[id-5] is in the dead letters: it was too slow",
    ]
    assert said("traces", file).splitlines()[-1] == "ValueError: no"


def test_a_task_whose_end_is_not_in_the_files_is_incomplete(file: str) -> None:
    told = said("incomplete", file).splitlines()
    assert len(told) == 1
    assert told[0].startswith("'id-3': [2026-")
    assert told[0].endswith("Task proj.again[id-3] received")


def test_debug_has_what_is_not_about_tasks(file: str) -> None:
    assert [line.partition("] ")[2] for line in said("debug", file).splitlines()] == [
        "Connected to redis://",
        "printed by a task",
    ]


def test_json_lines_are_read_with_their_exceptions() -> None:
    lines = [
        json.dumps({"level": "INFO", "message": "Task proj.add[a] received"}),
        json.dumps({"level": "ERROR", "message": "Task proj.add[a] raised unexpected: X", "exception": "Trace\nX"}),
        json.dumps({"something": "else"}),
        "{broken",
    ]
    first, second = entries(lines)
    assert step(first) is not None
    assert second.level == "ERROR"
    assert second.trace.startswith("Trace\nX")


def test_a_task_can_not_paint_on_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(STAMP.format("WARNING", "MainProcess") + "\x1b]0;title\x07gone")
    assert "\x1b" not in said("debug", str(tmp_path / "log"))


def test_a_file_that_is_not_there_is_told_in_a_sentence() -> None:
    done = CliRunner().invoke(command, ["stats", "/nowhere.log"])
    assert done.exit_code == 2
    assert "/nowhere.log" in done.output


WORDS = st.sampled_from(
    ["received", "succeeded in 1s: 1", "raised unexpected: X", "retry: Retry in 1s", "ignored", "?"]
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), WORDS) | st.text(max_size=40), max_size=30))
def test_counts_never_contradict_each_other(lines: list[tuple[str, str] | str]) -> None:
    tally = Tally()
    text = [
        line if isinstance(line, str) else f"{STAMP.format('INFO', 'MainProcess')}Task t.{line[0]}[{line[0]}] {line[1]}"
        for line in lines
    ]
    for entry in entries(text):
        tally.take(entry)
    assert sum(tally.names.values()) == tally.said["received"]
    assert len(tally.open) <= tally.said["received"]
    assert tally.report()
