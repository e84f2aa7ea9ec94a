"""The commands beside the worker, as people use them in a shell."""

import json
import signal
from pathlib import Path

from .commands import CELERIAC, Home, Running


def test_wrong_words_are_answered_with_a_sentence_and_exit_code_2(home: Home) -> None:
    for words, said in {
        ("wroker",): "Did you mean 'worker'?",
        ("-A", "nope", "worker"): "there is no module 'nope'",
        ("-A", "tasks:nope", "report"): "tasks has no 'nope'",
        ("-A", "tasks", "call", "tasks.add", "-a", "5"): "5 is no JSON array",
        ("-A", "tasks", "worker", "-P", "nope"): "no 'nope' (it has:",
        ("-A", "tasks", "worker", "--", "worker.prefetch=3"): "worker_prefetch_multiplier",
        ("settings", "show", "broker_ulr"): "did you mean broker_url",
    }.items():
        done = home.run(*words)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
        assert "Traceback" not in done.stderr


def test_a_broker_that_is_away_is_told_with_exit_code_69(home: Home) -> None:
    for words in (("call", "t"), ("queues",), ("purge", "-f"), ("dead", "list"), ("result", "x")):
        url = "redis://:secret@127.0.0.1:1/0"
        done = home.run("-b", url, "--result-backend", url, *words)
        assert done.returncode == 69, (words, done.stderr)
        assert "127.0.0.1:1" in done.stderr
        assert "secret" not in done.stderr


def test_result_tells_failures_and_unknown_ids(home: Home) -> None:
    with home.worker() as worker:
        failed = home.out("-A", "tasks", "call", "tasks.fail")
        done = home.run("-A", "tasks", "result", failed)
        assert (done.returncode, done.stdout) == (1, "ValueError: no such luck\n")
        assert "raise ValueError" in home.out("-A", "tasks", "result", failed, "--traceback")
        unknown = home.run("-A", "tasks", "result", "nobody", "--timeout", "0.2")
        assert unknown.returncode == 1
        assert "nobody is PENDING" in unknown.stderr
        assert worker.stop() == 0


def test_purge_asks_and_then_deletes(home: Home) -> None:
    home.out("-A", "tasks", "call", "tasks.add", "-a", "[1, 1]")
    refused = home.run("-A", "tasks", "purge", given="n\n")
    assert refused.returncode == 1
    assert "There is no undo" in refused.stdout
    assert home.out("-A", "tasks", "purge", "-f") == "Purged 1 message from 1 queue."
    assert home.out("-A", "tasks", "purge", "-f") == "No messages purged from 1 queue."


def test_dead_letters_are_listed_shown_replayed_and_discarded(any_home: Home) -> None:
    any_home.write(TASKS_WITHOUT_LATE)
    task_id = any_home.out("-A", "tasks", "call", "tasks.late", "-a", '["\\u001b[31mred"]')
    with any_home.start("-A", "tasks", "worker", "-l", "INFO", "-c", "2") as worker:
        worker.wait_for("unregistered task")
        _until_dead(any_home)
        assert worker.stop() == 0
    (letter,) = [json.loads(line) for line in any_home.out("-A", "tasks", "dead", "list", "--json").splitlines()]
    assert (letter["task"], letter["task_id"], letter["queue"]) == ("tasks.late", task_id, "celery")
    assert "no task named 'tasks.late' is registered" in letter["reason"]
    shown = any_home.out("-A", "tasks", "dead", "show", task_id)
    assert letter["reason"] in shown
    assert "\x1b" not in shown
    any_home.write(TASKS_WITHOUT_LATE + LATE)
    assert any_home.out("-A", "tasks", "dead", "replay", letter["id"]) == "Replayed 1 dead letter."
    with any_home.worker() as worker:
        worker.wait_for("on time")
        assert worker.stop() == 0
    assert any_home.out("-A", "tasks", "dead", "list") == "No dead letters."
    assert any_home.run("-A", "tasks", "dead", "discard", "-f", letter["id"]).returncode == 1


TASKS_WITHOUT_LATE = "from celeriac import Celeriac\napp = Celeriac('tasks')\n"
LATE = "@app.task\ndef late(text):\n    print('on time')\n"


def _until_dead(home: Home) -> None:
    """The letter is there when the worker has settled it, a moment after it has logged it."""
    for _ in range(40):
        if "No dead letters" not in home.out("-A", "tasks", "dead", "list"):
            return
    raise AssertionError("no dead letter came")


def test_settings_are_listed_explained_and_checked(home: Home) -> None:
    home.write(
        "from celeriac import Celeriac\napp = Celeriac('t', broker='redis://:secret@h/0', task_track_started=True)"
    )
    listed = home.out("-A", "tasks", "settings", "list", "--changed")
    assert "* task_track_started = True" in listed
    assert "secret" not in listed
    assert "* broker_url" in listed
    shown = home.out("-A", "tasks", "settings", "show", "CELERY_ACKS_LATE")
    assert "task_acks_late" in shown
    assert "Celery's False" in shown
    assert home.out("-A", "tasks", "settings", "check") == "2 settings are set, and all are understood."
    home.write("from celeriac import Celeriac\napp = Celeriac('t')\napp.config_from_object('wrong')\n")
    home.write("task_ack_late = True\n", "wrong.py")
    wrong = home.run("-A", "tasks", "settings", "check")
    assert wrong.returncode == 2
    assert "did you mean task_acks_late" in wrong.stderr


def test_the_shell_has_the_app_and_its_tasks(home: Home) -> None:
    words = ("-A", "tasks", "shell", "--python")
    assert (
        home.out(*words, given="print(app.main, add(2, 5), celeriac is app)\n").split(">>> ")[1].startswith("tasks 7")
    )


def test_a_report_has_versions_and_no_secrets(home: Home) -> None:
    report = home.out("-b", "redis://:secret@127.0.0.1:1/0", "report")
    assert "software -> celeriac:" in report
    assert "secret" not in report


def test_old_names_in_a_file_of_settings_are_renamed(home: Home, tmp_path: Path) -> None:
    home.write("CELERYD_CONCURRENCY = 4  # CELERYD_CONCURRENCY\nBROKER_URL = 'CELERY_IMPORTS'\n", "conf.py")
    assert "2 names changed" in home.out("upgrade", "settings", "conf.py")
    assert (tmp_path / "conf.py").read_text() == (
        "worker_concurrency = 4  # CELERYD_CONCURRENCY\nbroker_url = 'CELERY_IMPORTS'\n"
    )
    assert "BROKER_URL" in (tmp_path / "conf.py.orig").read_text()
    for flag in ("--django", "--compat"):
        home.write("CELERYD_CONCURRENCY = 4\n", "dj.py")
        home.out("upgrade", "settings", "dj.py", flag, "--no-backup")
        assert (tmp_path / "dj.py").read_text() == "CELERY_WORKER_CONCURRENCY = 4\n"


def test_a_loader_is_named_and_djangos_checks_are_skipped_by_global_options(home: Home) -> None:
    home.write("from celeriac.app.loaders import Loader\nclass Mine(Loader): ...\n", "mine.py")
    script = "import os; print(type(app.loader).__name__, os.environ.get('CELERY_SKIP_CHECKS'))\n"
    words = ("-A", "tasks", "shell", "--python")
    assert "Loader None" in home.out(*words, given=script)
    assert "Mine true" in home.out("--loader", "mine.Mine", "--skip-checks", *words, given=script)
    refused = home.run("--loader", "nowhere.Mine", "-A", "tasks", "report")
    assert refused.returncode == 2
    assert "the loader 'nowhere.Mine' can't be imported: No module named 'nowhere'" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_plug_in_commands_take_the_global_options_too(home: Home) -> None:
    info = home.folder / "plug-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plug\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[celeriac.commands]\nhello = plug:hello\n")
    home.write(
        "import click\nfrom celeriac.cli.context import session\n"
        "@click.command()\ndef hello():\n    click.echo(f'hello {session().app.main}')\n",
        "plug.py",
    )
    done = home.run("hello", "-A", "tasks", PYTHONPATH=str(home.folder))
    assert (done.returncode, done.stdout) == (0, "hello tasks\n"), done.stderr


def test_the_demo_runs_from_an_empty_folder_and_leaves_nothing(tmp_path: Path, short: Path) -> None:
    done = Home(tmp_path).run("demo", "-n", "500", TMPDIR=str(short), CELERIAC_BROKER_URL="redis://127.0.0.1:1")
    assert done.returncode == 0, done.stdout + done.stderr
    for word in ("worked at attempt 3", "20 parts", "ms after its time", "ZeroDivisionError", "p50", "a second"):
        assert word in done.stdout
    assert not [*short.iterdir(), *tmp_path.iterdir()]


def test_a_demo_that_fails_shows_the_workers_log(tmp_path: Path, short: Path) -> None:
    done = Home(tmp_path).run("demo", "--broker", "redis://127.0.0.1:1/0", TMPDIR=str(short))
    assert done.returncode == 1
    assert "The demo failed: OperationalError" in done.stdout
    assert "The end of the worker's log" in done.stdout
    assert not list(short.iterdir())


def test_the_demo_ends_in_good_order_on_ctrl_c(tmp_path: Path, short: Path) -> None:
    with Home(tmp_path).start("demo", "-n", "1000000", TMPDIR=str(short)).wait_for("A task for later") as demo:
        demo.signal(signal.SIGINT)
        assert demo.wait() == 130
    assert "the folder is removed" in demo.output
    assert "Traceback" not in demo.output
    assert not list(short.iterdir())


def test_on_a_terminal_the_demo_shows_colours_and_a_moving_bar(tmp_path: Path, short: Path) -> None:
    """script(1) gives the command a terminal of its own."""
    environ = {**Home(tmp_path).environ, "TMPDIR": str(short), "TERM": "xterm-256color"}
    command = f"{' '.join(CELERIAC)} demo -n 500"
    with Running(tmp_path, ["script", "-qec", command, "/dev/null"], environ) as demo:
        assert demo.wait() == 0
    assert "\x1b[36madd.delay(2, 3).get()" in demo.output
    assert "\u2501" in demo.output
