"""`celeriac worker` as people start it: what it prints, logs and returns."""

import os
import select
import signal
from pathlib import Path

import pytest

from patience import stretched

from .commands import Home, Running


def test_a_new_user_calls_a_task_and_sees_it_in_the_log(any_home: Home) -> None:
    with any_home.worker() as worker:
        task_id = any_home.out("-A", "tasks", "call", "tasks.add", "-a", "[2, 3]")
        assert any_home.out("-A", "tasks", "result", task_id) == "5"
        worker.wait_for(f"Task tasks.add[{task_id}] received")
        worker.wait_for("succeeded in")
        assert "ForkPoolWorker-" in worker.last
        assert f"Task tasks.add[{task_id}] succeeded in" in worker.last
        assert worker.last.endswith("s: 5")
        assert worker.stop() == 0
    for word in ("[config]", ".> transport:", ".> results:", ".> concurrency: 2 (prefork)", "[queues]", "[tasks]"):
        assert word in worker.output
    assert "  . tasks.add\n" in worker.output
    assert "Connected to " in worker.output
    assert "worker: Warm shutdown (MainProcess)" in worker.output


def test_the_app_may_be_named_behind_the_command_too(home: Home) -> None:
    with home.start("worker", "--app=tasks", "-n", "w1@%h", "-l", "INFO").wait_for(" ready.") as worker:
        assert "w1@" in worker.last
        assert worker.stop() == 0


def test_what_a_task_prints_is_in_the_log_with_its_process(home: Home) -> None:
    with home.worker() as worker:
        home.out("-A", "tasks", "call", "tasks.talk", "-a", '["good morning"]')
        worker.wait_for("good morning")
        assert "WARNING/ForkPoolWorker-" in worker.last


def test_each_process_has_its_log_file_if_the_name_says_so(home: Home, tmp_path: Path) -> None:
    words = ("-A", "tasks", "worker", "-l", "INFO", "-c", "1", "-n", "w@h", "-f", "%n-%h%I.log")
    with home.start(*words) as worker:
        task_id = home.out("-A", "tasks", "call", "tasks.add", "-a", "[1, 1]")
        home.out("-A", "tasks", "result", task_id)
        assert worker.stop() == 0
    assert "w@h ready." in (tmp_path / "w-h.log").read_text()
    assert "succeeded in" not in (tmp_path / "w-h.log").read_text()
    assert f"Task tasks.add[{task_id}] succeeded in" in (tmp_path / "w-h-1.log").read_text()


@pytest.mark.parametrize("pool", ["threads", "asyncio", "solo", "spawn"])
def test_tasks_run_in_every_kind_of_pool(home: Home, pool: str) -> None:
    words = ("--pool-start-method", "spawn") if pool == "spawn" else ("-P", pool)
    with home.worker(*words) as worker:
        task_id = home.out("-A", "tasks", "call", "tasks.add", "-a", "[20, 3]")
        assert home.out("-A", "tasks", "result", task_id) == "23"
        worker.wait_for("SpawnPoolWorker-" if pool == "spawn" else "succeeded in")
        assert worker.stop() == 0


def test_options_can_be_given_in_the_environment_and_settings_behind_dashes(home: Home) -> None:
    environ = {"CELERIAC_APP": "tasks", "CELERIAC_WORKER_CONCURRENCY": "3", "CELERIAC_WORKER_LOGLEVEL": "INFO"}
    with home.start("worker", "--", "task_default_queue=other", **environ).wait_for(" ready.") as worker:
        assert ".> concurrency: 3 (prefork)" in worker.output
        assert ".> other " in worker.output
        assert worker.stop() == 0


def test_only_the_chosen_queues_are_consumed(home: Home) -> None:
    home.out("-A", "tasks", "call", "tasks.add", "-a", "[1, 1]", "--queue", "slow")
    with home.worker("-Q", "fast,faster", "-X", "faster") as worker:
        task_id = home.out("-A", "tasks", "call", "tasks.add", "-a", "[2, 2]", "--queue", "fast")
        assert home.out("-A", "tasks", "result", task_id) == "4"
        assert worker.stop() == 0
    assert home.out("-A", "tasks", "queues", "-Q", "slow,fast", "-j") == '{"slow": 1, "fast": 0}'


def test_purge_deletes_what_waits_before_the_worker_starts(home: Home) -> None:
    for _ in range(3):
        home.out("-A", "tasks", "call", "tasks.talk", "-a", '["never"]')
    with home.worker("--purge") as worker:
        assert worker.stop() == 0
    assert "purge: Erased 3 messages from the queue." in worker.output
    assert "never" not in worker.output


def test_usr1_shows_what_every_thread_and_coroutine_does(home: Home) -> None:
    with home.worker() as worker:
        worker.signal(signal.SIGUSR1)
        worker.wait_for("(most recent call first)")
        worker.wait_for("name='claimer'")
        assert worker.stop() == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGQUIT, 1)])
def test_a_worker_that_still_looks_for_its_broker_ends_when_told_to(home: Home, number: int, code: int) -> None:
    home.write('from celeriac import Celeriac\napp = Celeriac("t", broker="redis://127.0.0.1:1")\n')
    with home.start("-A", "tasks", "worker").wait_for("Cannot connect to") as worker:
        worker.signal(number)
        assert worker.wait() == code


def test_a_pid_file_keeps_a_second_worker_from_starting(home: Home, tmp_path: Path) -> None:
    with home.worker("--pidfile", "w.pid") as worker:
        assert (tmp_path / "w.pid").read_text() == f"{worker.process.pid}\n"
        second = home.run("-A", "tasks", "worker", "--pidfile", "w.pid")
        assert second.returncode == 73
        assert f"names process {worker.process.pid}, which is running" in second.stderr
        assert worker.stop() == 0
    assert not (tmp_path / "w.pid").exists()


def test_a_detached_worker_starts_over_on_hangup_and_ends_on_term(home: Home, tmp_path: Path) -> None:
    log, pidfile = tmp_path / "w.log", tmp_path / "celeriac.pid"
    log.touch()
    with Running(tmp_path, ["tail", "-f", "-n", "+1", str(log)], home.environ) as watched:
        started = home.run("-A", "tasks", "worker", "-D", "-l", "INFO", "-f", "w.log", "--pidfile", "%n.pid")
        assert started.returncode == 0, started.stderr
        watched.wait_for(" ready.")
        pid = int(pidfile.read_text())
        try:
            assert os.getsid(pid) != os.getsid(0)
            os.kill(pid, signal.SIGHUP)
            watched.wait_for("Warm shutdown").wait_for(" ready.")
            assert int(pidfile.read_text()) == pid
            task_id = home.out("-A", "tasks", "call", "tasks.add", "-a", "[4, 4]")
            assert home.out("-A", "tasks", "result", task_id) == "8"
            descriptor = os.pidfd_open(pid)
        finally:
            os.kill(pid, signal.SIGTERM)
        os.set_blocking(descriptor, True)
        _wait_gone(descriptor)
    assert not pidfile.exists()


@pytest.mark.parametrize("option", ["--pidfile", "--logfile"])
@pytest.mark.parametrize("command", ["worker", "beat"])
def test_a_file_that_can_not_be_written_is_told_before_the_terminal_is_left(
    home: Home, command: str, option: str
) -> None:
    ended = home.run("-A", "tasks", command, "--detach", option, "nowhere/%n.file")
    assert ended.returncode
    assert "nowhere/cel" in ended.stderr and "can't be written" in ended.stderr
    assert "Traceback" not in ended.stderr


def _wait_gone(descriptor: int) -> None:
    """A process that is not our child: its descriptor becomes readable when it has ended."""
    readable, _, _ = select.select([descriptor], [], [], stretched(60.0))
    os.close(descriptor)
    assert readable, "the worker did not end"


def test_steps_and_options_of_the_program_reach_the_worker(home: Home) -> None:
    home.write(
        "import click\n"
        "from celeriac import Celeriac\n"
        "from celeriac.worker.blueprint import StartStopStep\n"
        "app = Celeriac('tasks')\n"
        "app.user_options['worker'].add(click.Option(['--colour'], default='grey'))\n"
        "class Painter(StartStopStep):\n"
        "    def __init__(self, parent, colour=None, **options):\n"
        "        self.colour = colour\n"
        "    def start(self, parent):\n"
        "        print('painted', self.colour)\n"
        "app.steps['worker'].add(Painter)\n"
    )
    words = ("worker", "-A", "tasks", "-l", "INFO", "--colour", "blue")
    with home.start(*words).wait_for("painted blue").wait_for(" ready.") as worker:
        assert worker.stop() == 0
