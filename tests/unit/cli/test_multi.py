"""What the words behind `celeriac multi VERB` mean."""

import socket
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from celeriac.cli.main import celeriac
from celeriac.cli.multi import words
from celeriac.cli.multi.command import takes_value
from celeriac.cli.multi.words import NodeSpec

HOST = socket.gethostname()


def nodes(*said: str) -> dict[str, tuple[str, ...]]:
    found = words.nodes(words.read(said, takes_value, ("TERM", "KILL")), "celeriac")
    return {node.name: node.options for node in found}


@pytest.mark.parametrize("verb", [["show", "w1"], ["get", f"w1@{HOST}", "w1", "w2"]])
def test_global_options_before_multi_are_the_workers(verb: list[str], tmp_path: Path) -> None:
    said = ["-A", "proj", "-b", "redis://there", "multi", *verb]
    files = [f"--pidfile={tmp_path}/%n.pid", f"--logfile={tmp_path}/%n.log"]
    shown = CliRunner().invoke(celeriac, [*said, *files])
    assert shown.exit_code == 0, shown.output
    assert "-A proj -b redis://there" in shown.output
    assert shown.output.count("-A proj") == 1


def test_nodes_are_names_or_a_number_of_them() -> None:
    assert list(nodes("w1", "w2@there")) == [f"w1@{HOST}", "w2@there"]
    assert list(nodes("3")) == [f"celeriac{n}@{HOST}" for n in (1, 2, 3)]
    assert list(nodes("2", "--range-prefix=box")) == [f"box1@{HOST}", f"box2@{HOST}"]
    assert list(nodes("2-3")) == [f"celeriac2@{HOST}", f"celeriac3@{HOST}"]
    assert list(nodes("a", "-n", "there", "--prefix", "x")) == ["xa@there"]


def test_options_are_for_all_unless_they_name_nodes() -> None:
    found = nodes("w1", "-A", "proj", "w2", "w3", "-E", "-c:1-2", "4", "-Q:w3", "a,b", "--pidfile=/x/%n.pid", "-c:3=8")
    common = ("-A", "proj", "-E")
    assert found == {
        f"w1@{HOST}": (*common, "--pidfile=/x/w1.pid", "-c", "4"),
        f"w2@{HOST}": (*common, "--pidfile=/x/w2.pid", "-c", "4"),
        f"w3@{HOST}": (*common, "--pidfile=/x/w3.pid", "-Q", "a,b", "-c=8"),
    }


def test_an_option_takes_the_next_word_if_the_workers_option_does() -> None:
    assert nodes("--loglevel", "INFO", "w1", "--purge", "w2") == {
        f"w1@{HOST}": ("--loglevel", "INFO", "--purge"),
        f"w2@{HOST}": ("--loglevel", "INFO", "--purge"),
    }


def test_a_signal_may_be_named() -> None:
    assert words.read(["w1", "-KILL"], takes_value, ("TERM", "KILL")).signal == "KILL"
    assert words.read(["w1", "-SIGTERM"], takes_value, ("TERM", "KILL")).signal == "TERM"


def test_an_option_for_a_node_that_is_not_meant_is_a_mistake() -> None:
    with pytest.raises(click.UsageError, match="'w9', which is not among these: w1"):
        nodes("w1", "-c:w9", "3")


def test_the_last_value_of_an_option_counts() -> None:
    node = NodeSpec("w1@h", ("--pidfile=/a", "-f", "/log", "--pidfile", "/b"))
    assert node.option("--pidfile") == "/b"
    assert node.option("--logfile", "-f") == "/log"
    assert node.option("--uid") is None
