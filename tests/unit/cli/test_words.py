"""What words on the command line mean."""

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from celeriac import Celeriac
from celeriac.cli.context import Session, said_behind
from celeriac.cli.daemon import set_umask
from celeriac.cli.main import BUILT_IN, celeriac, run
from celeriac.cli.options import with_options
from celeriac.cli.privileges import become, refuse_root_with_pickle
from celeriac.cli.types import (
    COMMA_LIST,
    CONCURRENCY,
    ISO_DATE,
    JSON_ARRAY,
    JSON_OBJECT,
    LOG_LEVEL,
    SECONDS_OR_DATE,
    cpu_budget,
)
from celeriac.cli.upgrade import renamed
from celeriac.core.signals import user_preload_options


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["-A", "proj"], {"app": "proj"}),
        (["-l", "INFO", "-Aproj"], {"app": "proj"}),
        (["--app=proj", "--workdir", "/srv"], {"app": "proj", "workdir": "/srv"}),
        (["-c", "2", "--", "-A", "proj"], {}),
        (["-A"], {}),
        (
            ["-b", "redis://one", "--result-backend=redis://two"],
            {"broker": "redis://one", "result_backend": "redis://two"},
        ),
        (["-bredis://one", "--config", "proj.conf"], {"broker": "redis://one", "config": "proj.conf"}),
        (["--skip-checks", "-q"], {"skip_checks": True}),
        (["--", "--skip-checks", "-b", "redis://one"], {}),
    ],
)
def test_what_an_app_needs_to_be_made_is_found_behind_a_command(words: list[str], found: dict[str, Any]) -> None:
    assert said_behind(words) == found


def test_an_option_of_the_commands_own_is_not_a_global_one() -> None:
    assert said_behind(["-b", "redis://one", "-A", "proj"], own={"-b", "--broker"}) == {"app": "proj"}


@pytest.mark.parametrize("words", [["-b", "memory://mine", "report"], ["report", "-b", "memory://mine"]])
def test_a_broker_is_the_same_before_and_behind_the_command(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The app is loaded before the words behind the command are parsed."""
    (tmp_path / "of_a_shop.py").write_text(
        "from celeriac import Celeriac\napp = Celeriac('shop')\napp.conf.broker_url\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "of_a_shop", raising=False)
    monkeypatch.setenv("CELERIAC_BROKER_URL", "")
    done = CliRunner().invoke(celeriac, [*words, "-A", "of_a_shop"])
    assert done.exit_code == 0, done.output
    assert "transport:memory://mine" in done.output


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (COMMA_LIST, "a, b,,c", ("a", "b", "c")),
        (LOG_LEVEL, "info", logging.INFO),
        (LOG_LEVEL, "FATAL", logging.CRITICAL),
        (LOG_LEVEL, "15", 15),
        (CONCURRENCY, "8", 8),
        (CONCURRENCY, "auto", cpu_budget()),
        (JSON_ARRAY, "[1, null]", [1, None]),
        (JSON_OBJECT, '{"a": 1}', {"a": 1}),
        (ISO_DATE, "2030-01-01T00:00:00Z", datetime(2030, 1, 1, tzinfo=UTC)),
        (SECONDS_OR_DATE, "2.5", 2.5),
        (SECONDS_OR_DATE, "2030-01-01T00:00:00Z", datetime(2030, 1, 1, tzinfo=UTC)),
    ],
)
def test_values_are_understood(kind: Any, text: str, value: Any) -> None:
    assert kind.convert(text, None, None) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [(LOG_LEVEL, "loud"), (CONCURRENCY, "-1"), (JSON_ARRAY, "{}"), (JSON_OBJECT, "["), (SECONDS_OR_DATE, "soon")],
)
def test_values_that_make_no_sense_are_refused(kind: Any, text: str) -> None:
    with pytest.raises(click.BadParameter):
        kind.convert(text, None, None)


def test_a_call_into_memory_is_warned_of_for_no_worker_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERIAC_BROKER_URL", "")
    done = CliRunner().invoke(celeriac, ["call", "shop.sell"], obj=Session(Celeriac("shop", broker="memory://")))
    assert done.exit_code == 0, done.output
    assert "no worker will ever see this call" in done.stderr


def test_every_command_explains_itself() -> None:
    for name in BUILT_IN:
        done = CliRunner().invoke(celeriac, [name, "--help"])
        assert done.exit_code == 0, done.output
        assert done.output.startswith(f"Usage: celeriac {name}")


def test_an_app_that_is_there_runs_the_command_line_itself(capsys: pytest.CaptureFixture[str]) -> None:
    app = Celeriac("here", set_as_current=False, task_track_started=True)
    assert run(app, ["settings", "list", "--changed"]) == 0
    assert capsys.readouterr().out == "* task_track_started = True\n"
    with pytest.raises(click.UsageError):
        run(app, ["nonsense"])


def test_preload_options_of_the_program_are_told_by_a_signal() -> None:
    app = Celeriac("here", set_as_current=False)
    app.user_options["preload"].add(click.Option(["-Z", "--zone"], default="none"))
    seen: list[Any] = []
    ran: list[Any] = []

    @user_preload_options.connect
    def receive(sender: Any = None, options: Any = None, **given: Any) -> None:
        seen.append((given["app"], options))

    @click.command("thing")
    @click.option("--own")
    def thing(own: str) -> None:
        ran.append(own)

    command = with_options(thing, Session(app), load_app=True)
    command.main(["-Z", "east", "--own", "x"], standalone_mode=False)
    user_preload_options.disconnect(receive)
    assert seen == [(app, {"zone": "east"})]
    assert ran == ["x"]
    assert len(thing.params) == 1


def test_root_must_not_take_pickle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    for name in ("C_FORCE_ROOT", "CELERIAC_FORCE_ROOT"):
        monkeypatch.delenv(name, raising=False)
    refuse_root_with_pickle(["json"])
    for pickle in ("pickle", "application/x-python-serialize"):
        with pytest.raises(click.ClickException, match="runs as root and accept_content has pickle"):
            refuse_root_with_pickle(["json", pickle])
    monkeypatch.setenv("C_FORCE_ROOT", "1")
    refuse_root_with_pickle(["pickle"])
    monkeypatch.delenv("C_FORCE_ROOT")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    refuse_root_with_pickle(["pickle"])


def test_unknown_users_groups_and_umasks_are_refused_by_name() -> None:
    become(None, None)
    with pytest.raises(click.BadParameter, match="there is no user 'nobody-at-all'"):
        become("nobody-at-all", None)
    with pytest.raises(click.BadParameter, match="there is no group 'no-such-group'"):
        become(None, "no-such-group")
    with pytest.raises(click.BadParameter, match="'9z' is no octal number"):
        set_umask("9z")


def test_old_names_are_renamed_in_code_only() -> None:
    source = 'CELERY_ACKS_LATE = True  # CELERY_ACKS_LATE\nx = "BROKER_URL"\nBROKER_URL = y if BROKER_URL else z\n'
    after, count = renamed(source, django=False)
    assert after == 'task_acks_late = True  # CELERY_ACKS_LATE\nx = "BROKER_URL"\nbroker_url = y if broker_url else z\n'
    assert count == 3
    assert renamed("CELERIACD_CONCURRENCY = 1\n", django=True) == ("CELERY_WORKER_CONCURRENCY = 1\n", 1)
    assert renamed(after, django=False) == (after, 0)
