"""`celeriac beat` and `worker -B` as users run them."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import patience
from living import alive, family
from scenarios.commands import DEADLINE, Home

PROGRAM = """
from celeriac import Celeriac, chord, signals
from celeriac.schedules import crontab

app = Celeriac("tasks")
app.conf.beat_lease_ttl = 2
app.conf.beat_schedule = {
    "add": {"task": "tasks.note", "schedule": 0.3, "args": ("add",)},
    "nightly": {"task": "tasks.note", "schedule": crontab("0", "4"), "args": ("nightly",)},
}

@app.task
def note(name):
    name = "".join(name)
    with open("notes", "a") as file:
        file.write(name + chr(10))

@app.task
def say(word):
    return word

@app.on_after_configure.connect
def setup_periodic_tasks(sender, **kwargs):
    sender.add_periodic_task(0.5, note, ("later",), name="later")
    sender.add_periodic_task(0.5, chord([say.s("chord")], note.s()), name="chord")

@signals.beat_init.connect
def begun(sender, **kwargs):
    print("BEGUN", type(sender.scheduler).__name__, flush=True)

@signals.beat_embedded_init.connect
def embedded(sender, **kwargs):
    print("EMBEDDED", flush=True)
"""


@pytest.fixture
def home(home: Home) -> Home:
    home.write(PROGRAM)
    return home


def until(true: Callable[[], Any], told: Callable[[], str] = str) -> Any:
    return patience.until(true, DEADLINE, told)


def notes(home: Home) -> list[str]:
    path = home.folder / "notes"
    return path.read_text().split() if path.exists() else []


def test_periodic_tasks_run(any_home: Home) -> None:
    any_home.write(PROGRAM)
    with any_home.start("-A", "tasks", "beat", "-l", "DEBUG") as beat, any_home.worker() as worker:
        beat.wait_for("celeriac beat v").wait_for("LocalTime -> ").wait_for("Configuration ->")
        beat.wait_for(". broker -> ").wait_for(". scheduler -> celeriac.beat.SharedScheduler").wait_for(
            ". maxinterval -> "
        )
        beat.wait_for("beat: Starting...")
        beat.wait_for("BEGUN SharedScheduler")
        beat.wait_for("Scheduler: Sending due task add (tasks.note)")
        beat.wait_for("Scheduler: Sending due task later (tasks.note)")
        until(lambda: {"add", "later", "chord"} <= set(notes(any_home)), lambda: worker.output)
        assert beat.stop() == 0
        assert "beat: Shutting down..." in beat.output
        assert worker.stop() == 0


def test_a_worker_with_b_runs_them_alone_and_replaces_a_beat_that_dies(home: Home) -> None:
    with home.start("-A", "tasks", "worker", "-B", "-l", "INFO", "-c", "1") as worker:
        worker.wait_for("EMBEDDED")
        worker.wait_for("Sending due task add")
        until(lambda: "add" in notes(home), lambda: worker.output)
        beat = leading(home)
        assert beat in family(worker.process.pid)[1:]
        os.kill(beat, signal.SIGKILL)
        worker.wait_for("it is started again")
        worker.wait_for("This beat leads")
        count = len(notes(home))
        until(lambda: len(notes(home)) > count, lambda: worker.output)
        assert worker.stop() == 0
        until(lambda: not alive(beat_pid(home)))


def test_beside_a_broker_in_memory_the_beat_is_a_thread(home: Home) -> None:
    words = ("-A", "tasks", "-b", "memory://", "worker", "-B", "-P", "threads", "-l", "INFO", "-c", "1")
    with home.start(*words) as worker:
        worker.wait_for("Sending due task add")
        until(lambda: "add" in notes(home), lambda: worker.output)
        assert worker.stop() == 0


def test_the_beat_of_a_killed_worker_ends_with_it(home: Home) -> None:
    with home.start("-A", "tasks", "worker", "-B", "-l", "INFO", "-c", "1") as worker:
        worker.wait_for("Sending due task add")
        beat = leading(home)
        assert alive(beat)
        worker.signal(signal.SIGKILL)
        until(lambda: not alive(beat))


def test_it_runs_in_the_background_with_a_pid_file_and_a_log_file(home: Home) -> None:
    words = ("-A", "tasks", "beat", "--detach", "--pidfile", "beat.pid", "-f", "beat.log", "-l", "INFO")
    assert home.run(*words).returncode == 0
    log = home.folder / "beat.log"
    until(lambda: log.exists() and "Sending due task add" in log.read_text())
    pid = int((home.folder / "beat.pid").read_text())
    again = home.run("-A", "tasks", "beat", "--pidfile", "beat.pid")
    assert again.returncode == 73
    assert str(pid) in again.stderr
    os.kill(pid, signal.SIGTERM)
    until(lambda: not alive(pid))
    assert not (home.folder / "beat.pid").exists()


def test_the_persistent_scheduler_keeps_its_file(home: Home) -> None:
    (home.folder / "my-schedule").write_bytes(b"garbage")
    words = ("-A", "tasks", "beat", "-S", "persistent", "-s", "my-schedule", "--max-interval", "5", "-l", "INFO")
    with home.start(*words) as beat:
        beat.wait_for(". scheduler -> celeriac.beat.PersistentScheduler").wait_for(". db -> my-schedule")
        beat.wait_for(". maxinterval -> 5.00 seconds (5.0s)")
        beat.wait_for("my-schedule can't be used: it was not written by Celeriac. It was moved to")
        beat.wait_for("Sending due task add")
        assert beat.stop() == 0
    assert b"celeriac-schedule 1 " in (home.folder / "my-schedule").read_bytes()
    assert [path.read_bytes() for path in home.folder.glob("my-schedule.unreadable-*")] == [b"garbage"]


def test_wrong_words_are_answered_with_a_sentence(home: Home) -> None:
    for words, said in {
        ("beat", "-S", "nope"): "there is no 'nope'; there are persistent, shared",
        (
            "schedule",
            "pause",
            "nope",
        ): "There is no periodic task 'nope'; there are: add, celery.backend_cleanup, chord",
        ("schedule", "add", "x", "tasks.note"): "one of --every, --cron or --solar",
        ("schedule", "add", "x", "tasks.note", "--cron", "61 * * * *"): "61",
        ("schedule", "remove", "add"): "belongs to the program",
    }.items():
        done = home.run("-A", "tasks", *words)
        assert done.returncode in (1, 2), done
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_the_schedule_is_changed_from_the_command_line_while_beat_runs(home: Home) -> None:
    def schedule(*words: str) -> str:
        return home.out("-A", "tasks", "schedule", *words)

    with home.start("-A", "tasks", "beat", "-l", "INFO") as beat:
        beat.wait_for("Sending due task add")
        schedule("pause", "add")
        assert "Added new; first run: " in schedule("add", "new", "tasks.note", "--every", "0.4", "-a", '["new"]')
        beat.wait_for("Sending due task new")
        listed = schedule("list")
        assert re.search(r"^add +tasks.note .* paused .* program$", listed, re.MULTILINE)
        assert re.search(r"^new +tasks.note +every 0.4 s .* stored$", listed, re.MULTILINE), listed
        assert len(schedule("next", "nightly", "-n", "3").splitlines()) == 3
        assert len(schedule("run", "nightly")) == 36
        schedule("remove", "new")
        schedule("resume", "add")
        seen = len(beat.output)
        beat.wait_for("Sending due task add")
        beat.wait_for("Sending due task add")
        assert "Sending due task new" not in beat.output[seen:].partition("due task add")[2]
        assert '"name":"add"' in schedule("list", "--json")
        assert beat.stop() == 0


def test_a_schedule_in_a_file_is_not_changed_from_the_command_line(home: Home) -> None:
    home.write(PROGRAM + 'app.conf.beat_scheduler = "persistent"')
    done = home.run("-A", "tasks", "schedule", "list")
    assert done.returncode == 2
    assert "beat_scheduler is persistent: its schedule is not kept in the broker" in done.stderr


def test_a_broker_that_is_away_is_told_with_exit_code_69(home: Home) -> None:
    done = home.run("-A", "tasks", "-b", "redis://:secret@127.0.0.1:1/0", "schedule", "list")
    assert done.returncode == 69
    assert "127.0.0.1:1" in done.stderr
    assert "secret" not in done.stderr


def leading(home: Home) -> int:
    """The same, as soon as it is there: it may have been lost for a moment."""
    return int(until(lambda: beat_pid(home)))


def beat_pid(home: Home) -> int:
    """The process that leads, as its lease says."""
    code = (
        "from tasks import app; from celeriac.beat.register import Register; r = Register(app);"
        "print(r.link.run(r.lease.holder('beat/tasks'), 10))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=home.folder, env=home.environ, capture_output=True, text=True, check=True
    )
    holder = done.stdout.strip()
    return 0 if holder == "None" else int(holder.split("/")[1])
