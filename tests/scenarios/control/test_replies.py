"""Every command's reply has the words and the shape that a real Celery worker's was recorded to have."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac
from wire.control_cases import CASES

from ..workers.running import Command, until
from .conftest import NODE, Told

RECORDED = json.loads((Path(__file__).parents[2] / "wire" / "vectors" / "control.json").read_text())

# Replies that are texts or numbers of this product: only their shape is compared.
LOOSE = {"clock", "conf", "hello", "memdump", "report", "stats", "active", "active safe", "scheduled", "query_task"}
LOOSE |= {"query_task one"}
# What Celery says of its own inside, and we do not.
NOT_OURS = {("conf", "deprecated_settings"), ("conf", "include"), ("conf", "worker_disable_prefetch")}


@pytest.fixture(scope="module")
def replies(client: Celeriac, node: Command, told: Told) -> Iterator[dict[str, Any]]:
    """Ours, to the same commands in the same order."""
    delayed = client.send_task("control.add", (1,), {"y": 2}, countdown=600)
    until(lambda: client.control.inspect().scheduled() != {NODE: []}, 20)
    sleeping, other = (client.send_task("control.sleep", (60,)) for _ in range(2))
    told.begun(sleeping, other)
    ids = {"{sleeping}": sleeping.id, "{other}": other.id, "{delayed}": delayed.id}
    found: dict[str, Any] = {}
    for label, command, arguments in CASES:
        said = json.loads(_filled(json.dumps(arguments), ids))
        replies = client.control.broadcast(command, said, reply=True, timeout=20, limit=1)
        assert replies is not None and list(replies[0]) == [NODE], label
        found[label] = json.loads(_unfilled(json.dumps(replies[0][NODE]), ids))
        if label == "terminate":
            until(lambda: client.control.inspect().active() == {NODE: []}, 20)
    yield found
    delayed.revoke()


def _filled(text: str, ids: dict[str, str]) -> str:
    for name, id in ids.items():
        text = text.replace(name, id)
    return text


def _unfilled(text: str, ids: dict[str, str]) -> str:
    for name, id in ids.items():
        text = text.replace(id, name)
    return text


@pytest.mark.parametrize("label", [label for label, _, _ in CASES if label not in LOOSE])
def test_a_reply_is_word_for_word_celerys(replies: dict[str, Any], label: str) -> None:
    assert _unordered(replies[label]) == _unordered(RECORDED[label])


def _unordered(reply: Any) -> Any:
    """Lists in no order, and without the tasks that only our program has."""
    if not isinstance(reply, list):
        return reply
    lines = [one for one in reply if not str(one).startswith(("control.again", "control.early", "control.pid"))]
    return sorted(lines, key=lambda one: json.dumps(one, sort_keys=True))


@pytest.mark.parametrize("label", sorted(LOOSE))
def test_a_reply_has_the_shape_of_celerys(replies: dict[str, Any], label: str) -> None:
    differences = list(_differences(RECORDED[label], replies[label], (label,)))
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
