"""`celeriac inspect`, `control` and `status`: what they print and how they end."""

import json
from pathlib import Path

import pytest

from celeriac import Celeriac

from ..workers.running import Command, run
from .conftest import APP, NODE


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """SQLite alone: the commands are the client's, which the other files see on both."""
    return f"sqlite:///{tmp_path_factory.mktemp('store')}/store.sqlite3"


@pytest.fixture
def call(store: str, home: Path):  # type: ignore[no-untyped-def]
    """Runs `celeriac -A program <words>`."""
    environment = {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(home / "notes")}

    def call(*words: str) -> tuple[int, str]:
        done = run(home, "-A", APP, *words, environment=environment)
        return done.process.returncode, done.text

    return call


def test_a_revocation_is_remembered_though_nobody_listens(  # type: ignore[no-untyped-def]
    call, client: Celeriac
) -> None:
    code, text = call("control", "revoke", "kept", "-t", "0.2")
    assert (code, text) == (0, "No node replied. The broker remembers it for those that come.")
    store = client.transports.write.revocations  # type: ignore[attr-defined]
    found = client.transports.write.link().run(store.since(0), 10)
    assert [entry.mark for entry in found.entries] == ["task:kept"]


def test_status_and_ping_name_the_nodes(call, node: Command) -> None:  # type: ignore[no-untyped-def]
    assert call("status", "-t", "20") == (0, f"->  {NODE}: OK\n\n1 node online.")
    assert call("inspect", "ping", "-t", "20") == (0, f"->  {NODE}: OK\n        pong\n\n1 node online.")


def test_json_is_json(call, node: Command) -> None:  # type: ignore[no-untyped-def]
    code, text = call("inspect", "-j", "-t", "20", "stats")
    assert code == 0
    assert json.loads(text)[NODE]["pid"] == node.process.pid
    code, text = call("control", "--json", "-t", "20", "revoke", "a", "b")
    assert code == 0
    (reply,) = json.loads(text)
    assert reply[NODE]["ok"] in ("tasks {'a', 'b'} flagged as revoked", "tasks {'b', 'a'} flagged as revoked")


def test_nobody_there_is_an_exit_code(call, node: Command) -> None:  # type: ignore[no-untyped-def]
    nobody = (69, "Error: No nodes replied within time constraint")
    assert call("inspect", "-d", "nobody@here", "-t", "0.2", "ping") == nobody
    assert call("status", "-d", "nobody@here", "-t", "0.2") == nobody


def test_wrong_words_are_told_with_the_right_ones(call, node: Command) -> None:  # type: ignore[no-untyped-def]
    code, text = call("inspect", "nonsense")
    assert code == 2
    assert "Command nonsense not recognized. Available inspect commands: active, active_queues, clock" in text
    code, text = call("control", "--list")
    assert code == 0
    assert "revoke_by_stamped_headers [key1=value1" in text
    assert "A command of the program's own." in text
