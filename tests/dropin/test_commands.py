"""The command celery: extensions of other distributions, loaders, celeryconfig.py, and what it says of itself."""

from pathlib import Path

import pytest

from .running import CELERY, python, run

PLUGIN = """
import click
from celery.bin.base import CeleryCommand, CeleryOption, handle_preload_options

@click.command(cls=CeleryCommand, context_settings={"ignore_unknown_options": True})
@click.option("--times", cls=CeleryOption, type=int, default=1, help_group="Greeting")
@click.pass_context
@handle_preload_options
def hello(ctx, times):
    for _ in range(times):
        click.echo(f"hello from {ctx.obj.app.main}")
"""
TASKS = """
import celery
app = celery.Celery("plugged", broker="memory://")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A program, and a distribution that extends the command."""
    info = tmp_path / "plug-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plug\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[celery.commands]\nhello = plug:hello\n")
    (tmp_path / "plug.py").write_text(PLUGIN)
    (tmp_path / "tasks.py").write_text(TASKS)
    return tmp_path


def test_commands_made_for_celery_are_there(folder: Path) -> None:
    environ = {"PYTHONPATH": str(folder)}
    done = run(folder, CELERY, "-A", "tasks", "hello", "--times", "2", environ=environ)
    assert done.stdout.splitlines() == ["hello from plugged"] * 2, done.stderr
    assert "hello" in run(folder, CELERY, "--help", environ=environ).stdout


def test_a_program_without_an_app_reads_celeryconfig(tmp_path: Path) -> None:
    (tmp_path / "celeryconfig.py").write_text("BROKER_URL = 'memory://mine'\nCELERY_TASK_RESULT_EXPIRES = 77\n")
    program = "from celery import current_app as app; print(app.conf.broker_url, app.conf.result_expires, app.loader)"
    said = python(tmp_path, program)
    assert said.startswith("memory://mine 77 <celery.loaders.default.Loader object")


@pytest.mark.parametrize("first", ["shared_task", "current_app", "Task", "group"])
def test_the_current_app_is_one_with_celerys_defaults_whatever_is_imported_first(tmp_path: Path, first: str) -> None:
    program = f"from celery import {first}, current_app as app; print(app.product, app.conf.task_acks_late)"
    assert python(tmp_path, program) == "celery False"


def test_loaders_are_celerys_and_the_environment_may_name_another(folder: Path) -> None:
    assert "loader   -> celery.loaders.app.AppLoader" in run(folder, CELERY, "-A", "tasks", "report").stdout
    (folder / "mine.py").write_text("from celery.loaders.base import BaseLoader\nclass Mine(BaseLoader): pass\n")
    for words, environ in ((("--loader", "mine:Mine"), {}), ((), {"CELERY_LOADER": "mine.Mine"})):
        done = run(folder, CELERY, "-A", "tasks", *words, "report", environ=environ)
        assert "loader   -> mine.Mine" in done.stdout, done.stderr


def test_logs_of_celerys_own_workers_are_read(folder: Path) -> None:
    line = "[2026-11-21 16:00:00,123: INFO/MainProcess] Task proj.add[some-id] received"
    (folder / "worker.log").write_text(f"{line}\n")
    done = run(folder, CELERY, "logtool", "incomplete", "worker.log")
    assert (done.returncode, done.stdout) == (0, f"'some-id': {line}\n"), done.stderr


def test_an_app_that_can_not_be_loaded_is_told_without_a_traceback(folder: Path) -> None:
    done = run(folder, CELERY, "-A", "nowhere", "worker")
    assert done.returncode != 0
    assert "Unable to load the app 'nowhere'" in done.stderr
    assert "Traceback" not in done.stderr
