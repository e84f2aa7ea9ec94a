"""Remote control between real Celery and us: either client asks and tells both kinds of workers at once."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from servers.redis_server import RedisServer

from .fleet import SIDES, Side, run_client, start_worker, wait_for_answers

NODES = {"celery@here", "celeriac@here"}


@pytest.fixture(scope="module", autouse=True)
def workers(server: RedisServer, home: Path) -> Iterator[None]:
    """One of each side, each on a queue of its own."""
    with ExitStack() as stack:
        for side in SIDES:
            options = ("-n", f"{side}@here", "-c", "2", "-Q", side)
            stack.enter_context(start_worker(side, server.url, home, *options, app="remote"))
        wait_for_answers(server.url, *NODES)
        yield


def ask(client: Side, server: RedisServer, function: str, **arguments: Any) -> Any:
    return run_client(client, server.url, f"remote:{function}", **arguments)


@pytest.mark.parametrize("client", SIDES)
def test_both_kinds_answer_every_question(client: Side, server: RedisServer) -> None:
    questions = [
        *("ping", "active", "reserved", "scheduled", "registered", "stats", "active_queues", "clock", "conf"),
        *("report", "revoked", "memdump"),
    ]
    answers = ask(client, server, "inspected", questions=questions, nodes=2)
    assert {question: set(answers[question]) for question in questions} == dict.fromkeys(questions, NODES)
    assert answers["ping"] == {node: {"ok": "pong"} for node in NODES}
    theirs, ours = ({line.split()[0] for line in answers["registered"][node]} for node in sorted(NODES, reverse=True))
    assert theirs == ours
    for node, side in (("celery@here", "celery"), ("celeriac@here", "celeriac")):
        assert [queue["name"] for queue in answers["active_queues"][node]] == [side]
    missing = set(answers["stats"]["celery@here"]) - set(answers["stats"]["celeriac@here"])
    assert not missing


@pytest.mark.parametrize("client", SIDES)
def test_both_kinds_do_what_they_are_told(client: Side, server: RedisServer) -> None:
    queue = f"more-for-{client}"
    commands: list[Any] = [
        ["rate_limit", {"task_name": "i.call", "rate_limit": "100/s"}, None],
        ["time_limit", {"task_name": "i.call", "soft": 10, "hard": 20}, None],
        ["add_consumer", {"queue": queue}, None],
        ["cancel_consumer", {"queue": queue}, None],
        ["pool_grow", {"n": 1}, None],
        ["pool_shrink", {"n": 1}, None],
        ["revoke", {"task_id": "nobody"}, None],
        ["ping", {}, ["celeriac@here"]],
        ["no_such_command", {}, None],
    ]
    answers = ask(client, server, "told", commands=commands, nodes=2)
    for (command, _, to), replies in zip(commands, answers, strict=True):
        found = {node: reply for some in replies for node, reply in some.items()}
        assert set(found) == set(to or NODES), command
        assert len({str(reply) for reply in found.values()}) == 1, found


@pytest.mark.parametrize("client", SIDES)
@pytest.mark.parametrize("worker", SIDES)
def test_tasks_are_revoked_and_terminated(client: Side, worker: Side, server: RedisServer) -> None:
    assert ask(client, server, "ended", queue=worker) == {
        "refused": [False, False, False],
        "running": ["REVOKED", "TaskRevokedError"],
        "delayed": ["REVOKED", "TaskRevokedError"],
        "other": "slept",
    }
