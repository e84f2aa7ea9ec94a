"""Every command's reply has the words and the shape that a real Celery worker's was recorded to have."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.worker.control import Panel
from wire.control_cases import CASES, ENDS, NOBODY, SCALING, STAMPS

from ..workers.running import Command, until
from .conftest import NODE, Start, Told

RECORDED = json.loads((Path(__file__).parents[2] / "wire" / "vectors" / "control.json").read_text())

# Replies that are texts or numbers of this product: only their shape is compared.
LOOSE = {"clock", "conf", "hello", "memdump", "report", "stats", "active", "active safe", "scheduled", "query_task"}
LOOSE |= {"query_task one", "conf all", "memsample", "memdump some", "scaling stats", "stamps terminate one"}
SILENT = {"shutdown"}  # nobody replies to these
SCALING_NODE = "scaling@here"
# What Celery says of its own inside, and we do not.
NOT_OURS = {("conf", "deprecated_settings"), ("conf", "include"), ("conf", "worker_disable_prefetch")}
NOT_OURS |= {("conf all", "deprecated_settings"), ("conf all", "result_expires")}  # the latter in words, not seconds
# Celery hides whatever has "database" in its name.
NOT_OURS |= {("conf all", f"database_{name}") for name in ("create_tables_at_setup", "short_lived_sessions")}

OUR_TASKS = {f"control.{name}" for name in ("again", "compute", "early", "pid", "stuck")}  # of our program alone


@pytest.fixture(scope="module")
def replies(client: Celeriac, node: Command, told: Told) -> Iterator[dict[str, Any]]:
    """Ours, to the same commands in the same order."""
    inspect = client.control.inspect([NODE], timeout=20)
    delayed = client.send_task("control.add", (1,), {"y": 2}, countdown=600)
    until(lambda: inspect.scheduled() != {NODE: []}, 20)
    sleeping, other = (client.send_task("control.sleep", (600,)) for _ in range(2))
    told.begun(sleeping, other)
    ids = {"{sleeping}": sleeping.id, "{other}": other.id, "{delayed}": delayed.id}

    def between(label: str) -> None:
        if label == ENDS:
            until(lambda: inspect.active() == {NODE: []}, 20)
            stamped = client.send_task("control.sleep", (600,), headers=STAMPS)
            told.begun(stamped)
            ids["{stamped}"] = stamped.id

    yield asked(client, NODE, CASES, ids, between)
    delayed.revoke()


@pytest.fixture(scope="module")
def scaling(client: Celeriac, start: Start) -> Iterator[dict[str, Any]]:
    """Of a worker that is made as the other one that was recorded; the last command ends it."""
    options = ("-n", SCALING_NODE, "--autoscale", "3,1", "-Q", "nothing", "--", "worker.pool_restarts=false")
    with start(*options) as running:
        yield asked(client, SCALING_NODE, SCALING, {})
        assert running.wait_end() == 0


def asked(
    client: Celeriac, node: str, cases: Any, ids: dict[str, str], between: Callable[[str], None] = lambda label: None
) -> dict[str, Any]:
    """What the node replies to each."""
    found: dict[str, Any] = {}
    for label, command, arguments in cases:
        said = json.loads(_filled(json.dumps(arguments), ids))
        patience = 20 if label not in SILENT else 1
        replies = client.control.broadcast(command, said, reply=True, timeout=patience, destination=[node])
        assert bool(replies) == (label not in SILENT), label
        found[label] = json.loads(_unfilled(json.dumps(replies[0][node] if replies else NOBODY), ids))
        between(label)
    return found


def _filled(text: str, ids: dict[str, str]) -> str:
    for name, id in ids.items():
        text = text.replace(name, id)
    return text


def _unfilled(text: str, ids: dict[str, str]) -> str:
    for name, id in ids.items():
        text = text.replace(id, name)
    return text


@pytest.mark.parametrize("label", [label for label, _, _ in CASES if label not in LOOSE])
def test_a_reply_is_word_for_word_celerys(replies: dict[str, Any], store: str, label: str) -> None:
    if label == "election" and store.startswith("sqlite"):  # Celery has no broker like this
        assert "there is no gossip here" in replies[label]["error"]
        return
    assert _unordered(replies[label]) == _unordered(RECORDED[label])


@pytest.mark.parametrize("label", [label for label, _, _ in SCALING if label not in LOOSE])
def test_a_worker_that_adapts_its_pool_replies_word_for_word(scaling: dict[str, Any], label: str) -> None:
    assert scaling[label] == RECORDED[label]


def test_every_command_of_celerys_is_compared() -> None:
    """`Panel` has our own beside: those of groups and workflows."""
    compared = {command for _, command, _ in (*CASES, *SCALING)}
    assert set(Panel.meta) - compared == {"revoke_by_group", "revoke_by_root", "favourite", "shout"} & set(Panel.meta)


def _unordered(reply: Any) -> Any:
    """Lists in no order, and without the tasks that only our program has."""
    if not isinstance(reply, list):
        return reply
    lines = [one for one in reply if str(one).split(" ")[0] not in OUR_TASKS]
    return sorted(lines, key=lambda one: json.dumps(one, sort_keys=True))


@pytest.mark.parametrize("label", sorted(LOOSE))
def test_a_reply_has_the_shape_of_celerys(replies: dict[str, Any], scaling: dict[str, Any], label: str) -> None:
    found = {**replies, **scaling}[label]
    differences = list(_differences(RECORDED[label], found, (label,)))
    assert differences == []


def _differences(theirs: Any, ours: Any, path: tuple[str, ...]) -> Iterator[str]:
    """Keys we lack, and values of another kind; None stands for any."""
    if path in NOT_OURS or theirs is None or ours is None:
        return
    if isinstance(theirs, bool) or not isinstance(theirs, int | float):
        if type(theirs) is not type(ours):
            yield f"{path}: {type(theirs).__name__}, not {type(ours).__name__}"
            return
    elif not isinstance(ours, int | float):
        yield f"{path}: a number, not {ours!r}"
    if isinstance(theirs, dict):
        if path[-1:] == ("total",) and path[0] == "stats":
            return  # by names of tasks
        for key, value in theirs.items():
            if key in ours or (*path, key) in NOT_OURS:
                yield from _differences(value, ours.get(key), (*path, key))
            else:
                yield f"{path}: no {key}"
    elif isinstance(theirs, list) and theirs and ours:
        yield from _differences(theirs[0], ours[0], (*path, "0"))
