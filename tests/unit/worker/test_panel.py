"""The table of commands: programs add their own, and the command line reads their arguments by it."""

from collections.abc import Iterator
from typing import Any

import click
import pytest

from celeriac.cli import remote
from celeriac.worker.control import CommandInfo, Panel, control_command, inspect_command
from celeriac.worker.control.revoking import signal_number


@pytest.fixture(autouse=True)
def own_panel() -> Iterator[None]:
    data, meta = dict(Panel.data), dict(Panel.meta)
    yield
    Panel.data.clear()
    Panel.data.update(data)
    Panel.meta.clear()
    Panel.meta.update(meta)


def test_a_command_is_found_by_name_and_alias() -> None:
    @inspect_command(alias="dump_luck", args=[("n", int)], signature="[N=1]", default_timeout=3.0)
    def luck(state: Any, n: int = 1) -> int:
        """How lucky it is.

        More than one line.
        """
        return n

    assert Panel.data["luck"] is Panel.data["dump_luck"] is luck
    info = Panel.meta["luck"]
    assert (info.type, info.help, info.default_timeout) == ("inspect", "How lucky it is.", 3.0)
    assert remote.arguments(info, ["7"]) == {"n": 7}


def test_a_decorator_needs_no_options() -> None:
    @control_command
    def jump(state: Any) -> None:
        """Jump."""

    assert Panel.meta["jump"].type == "control"
    assert "jump" in [info.name for info in remote.commands("control")]


def test_every_command_of_celery_is_there() -> None:
    inspect = (
        *("active", "active_queues", "clock", "conf", "hello", "memdump", "memsample", "objgraph", "ping"),
        *("query_task", "registered", "report", "reserved", "revoked", "scheduled", "stats"),
    )
    control = (
        *("add_consumer", "autoscale", "cancel_consumer", "disable_events", "election", "enable_events", "heartbeat"),
        *("pool_grow", "pool_restart", "pool_shrink", "rate_limit", "revoke", "revoke_by_stamped_headers"),
        *("shutdown", "terminate", "time_limit"),
    )
    assert {name for name in inspect if Panel.meta[name].type == "inspect"} == set(inspect)
    assert {name for name in control if Panel.meta[name].type == "control"} == set(control)
    aliases = {"dump_active", "dump_reserved", "dump_schedule", "dump_revoked", "dump_tasks", "dump_conf"}
    assert aliases <= set(Panel.data)


@pytest.mark.parametrize(
    ("command", "words", "arguments"),
    [
        ("revoke", ["a"], {"task_id": ["a"]}),
        ("terminate", ["KILL", "a", "b"], {"signal": "KILL", "task_id": ["a", "b"]}),
        ("time_limit", ["t", "1", "2.5"], {"task_name": "t", "soft": 1.0, "hard": 2.5}),
        ("add_consumer", ["q", "e", "topic"], {"queue": "q", "exchange": "e", "exchange_type": "topic"}),
        ("pool_grow", [], {}),
        ("conf", ["true"], {"with_defaults": True}),
        ("registered", ["rate_limit", "queue"], {"taskinfoitems": ["rate_limit", "queue"]}),
    ],
)
def test_words_become_arguments(command: str, words: list[str], arguments: dict[str, Any]) -> None:
    assert remote.arguments(Panel.meta[command], words) == arguments


@pytest.mark.parametrize(
    ("command", "words", "why"), [("pool_grow", ["x"], "n can't be 'x'"), ("ping", ["x"], "takes no argument 'x'")]
)
def test_words_that_do_not_fit_are_refused(command: str, words: list[str], why: str) -> None:
    with pytest.raises(click.UsageError, match=why):
        remote.arguments(Panel.meta[command], words)


def test_an_unknown_command_is_answered_with_the_known_ones() -> None:
    with pytest.raises(click.UsageError, match=r"Command shutdown not recognized\. Available inspect commands: active"):
        remote.command_named("inspect", "shutdown")


@pytest.mark.parametrize("signal", ["SIGTERM", "TERM", "term", 15, "15"])
def test_a_signal_is_named_in_any_way(signal: Any) -> None:
    assert signal_number(signal) == 15


@pytest.mark.parametrize("signal", ["NOPE", "SIG_DFL", 4711, "sigaction"])
def test_what_is_no_signal_is_refused(signal: Any) -> None:
    with pytest.raises(ValueError, match=str(signal)):
        signal_number(signal)


def test_a_description_is_a_value() -> None:
    assert CommandInfo(name="a", type="control") == CommandInfo(name="a", type="control")
