"""Drawings, bindings and the shell of AMQP, by the command itself, in this process."""

import re

import pytest
from click.testing import CliRunner, Result

from celeriac import Celeriac
from celeriac.cli.context import Session
from celeriac.cli.main import command_line
from celeriac.core.ids import uuid
from celeriac.worker.blueprint import StartStopStep


@pytest.fixture
def app() -> Celeriac:
    return Celeriac("by_hand", broker=f"memory://{uuid()}", backend="disabled://", set_as_current=False)


def say(app: Celeriac, *words: str, given: str = "") -> Result:
    return CliRunner().invoke(command_line("celeriac"), list(words), obj=Session(app), input=given)


def test_the_shell_takes_line_after_line_and_goes_on_after_mistakes(app: Celeriac) -> None:
    lines = (
        'basic.publish "hello there" "" letters',
        "basic.get letters",
        "basic.get letters",
        "basic.ack 7",
        "basic.ack 1",
        "queue.bind a b c",
        "nonsense",
        'basic.publish "no end',
        "help",
        "queue.purge letters",
        "exit",
    )
    done = say(app, "amqp", given="\n".join(lines) + "\n")
    assert done.exit_code == 0, done.output
    for told in (
        "  hello there",
        "No messages in queue",
        "No message 7 is in hand (there are: 1)",
        "is no AMQP broker",
        "No such command 'nonsense'",
        "Can't read that",
        "basic.publish",
        "0 messages deleted.",
    ):
        assert told in done.output


def test_what_was_got_and_not_acknowledged_goes_back(app: Celeriac) -> None:
    assert say(app, "amqp", "basic.publish", "kept", "", "letters").output == "OK\n"
    for _ in range(2):
        assert "  kept" in say(app, "amqp", "basic.get", "letters").output
    assert "  kept" in say(app, "amqp", "basic.get", "letters", "true").output
    assert "No messages in queue" in say(app, "amqp", "basic.get", "letters").output


def test_a_message_can_not_paint_on_the_terminal(app: Celeriac) -> None:
    say(app, "amqp", "basic.publish", "\x1b[31mred", "", "letters")
    shown = say(app, "amqp", "basic.get", "letters").output
    assert "\x1b" not in shown
    assert "\\x1b[31mred" in shown


class Mine(StartStopStep):
    requires = ("celeriac.worker.components:Pool",)


def test_the_steps_of_a_worker_are_drawn_with_those_of_the_app(app: Celeriac) -> None:
    app.steps["worker"].add(Mine)
    drawn = say(app, "graph", "bootsteps").output
    assert drawn.startswith("digraph bootsteps {")
    assert drawn.endswith("}\n")
    for edge in ('"Pool" -> "Hub"', '"Mine" -> "Pool"', '"Consumer" -> "Mine"', '"Tasks" -> "Connection"'):
        assert edge in drawn


def test_workers_that_do_not_run_are_drawn_by_their_names(app: Celeriac) -> None:
    drawn = say(app, "graph", "workers", "nodes:a@x,b@y", "threads:1,2", "backend:redis://store").output
    edges = re.findall(r'"(.*?)" -> "(.*?)"', drawn)
    assert len(edges) == 2 * 2 + 3
    broker = app.transports.read.describe()
    assert {target for _, target in edges} == {"a@x", "b@y", f"broker {broker}", "backend redis://store"}
    assert 'label="redis://store"' in drawn


def test_more_boxes_than_are_wanted_are_one(app: Celeriac) -> None:
    drawn = say(app, "graph", "workers", "nodes:a,b,c,d", "threads:9", "wmax:2", "tmax:3").output
    assert '"(3 more)"' in drawn
    assert "(7 more)" in drawn
    plain = say(app, "graph", "workers", "nodes:a,b", "threads:2", "generic").output
    assert len(re.findall(r'^ +"[^"]*" \[', plain, re.MULTILINE)) == 1 + 2 + 4


@pytest.mark.parametrize("word", ["thread:4", "threads:x", "wmax:many", "nonsense", "nodes:"])
def test_words_that_say_nothing_are_refused(app: Celeriac, word: str) -> None:
    done = say(app, "graph", "workers", word)
    assert done.exit_code == 2
    assert word.partition(":")[0] in done.output


def test_nobody_to_be_drawn_is_told(app: Celeriac) -> None:
    done = say(app, "graph", "workers", "-t", "0.05")
    assert done.exit_code == 69
    assert "No nodes replied" in done.output


def test_bindings_are_listed(app: Celeriac) -> None:
    app.send_task("t", queue="mails")
    lines = [line.split() for line in say(app, "list", "bindings").output.splitlines()]
    assert lines[0] == ["Queue", "Exchange", "Routing", "Key"]
    assert lines[2:] == [["mails", "mails", "mails"]]
    assert '"queue":"mails"' in say(app, "list", "bindings", "--json").output
