"""What can be seen of workflows in Redis after they ended, with ids replaced by labels, so that two runs compare."""

import json
import re
from collections import defaultdict
from typing import Any

import redis

RUNS = b"interop:runs"
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|own-\w+")


class Observed:
    """Everything that one side left in its database."""

    def __init__(self, client: "redis.Redis", answers: dict[str, Any]) -> None:
        found = list(client.scan_iter("celery-task-meta-*", count=1000))
        payloads = client.mget(found) if found else []
        self._metas = [json.loads(payload) for payload in payloads if payload]
        self._names = {meta["task_id"]: _name(meta) for meta in self._metas}
        self._answers = answers
        self._runs = {key.decode(): int(count) for key, count in client.hgetall(RUNS).items()}

    def workflows(self) -> dict[str, Any]:
        """By the workflow's name: what its client got, what is stored of its tasks, how often each ran."""
        seen: dict[str, Any] = {
            name: {"client": self._answer(answer), "tasks": {}, "runs": {}} for name, answer in self._answers.items()
        }
        groups = self._groups()
        for meta in self._metas:
            label = self._names[meta["task_id"]]
            owner = self._owner(meta)
            if owner in seen:
                seen[owner]["tasks"].setdefault(label, []).append(self._task(meta, groups))
        for key, count in self._runs.items():
            owner = key.partition(".")[0]
            if owner in seen:
                seen[owner]["runs"][self._said(key)] = count
        for found in seen.values():
            found["tasks"] = {label: sorted(tasks, key=repr) for label, tasks in found["tasks"].items()}
        return seen

    def _owner(self, meta: Any) -> str:
        """The workflow of a task; one without a label has that of its parent, or of whoever shares its arguments."""
        label = _label(meta)
        if label:
            return label.partition(".")[0]
        text = json.dumps([meta.get("args"), meta.get("kwargs"), meta.get("result")])
        found = re.search(r"([a-z][a-z0-9-]*)\.\d+", text)
        return found[1] if found else "?"

    def _groups(self) -> dict[str, list[str]]:
        members = defaultdict(list)
        for meta in self._metas:
            if meta.get("group_id"):
                members[meta["group_id"]].append(self._names[meta["task_id"]])
        return {group: sorted(labels) for group, labels in members.items()}

    def _task(self, meta: Any, groups: dict[str, list[str]]) -> dict[str, Any]:
        return {
            "state": meta["status"],
            "result": self._result(meta),
            "traceback": meta["traceback"] is not None,
            "parent": self._named(meta.get("parent_id")),
            "group": groups.get(meta.get("group_id")),
            "children": [self._shape(child) for child in meta.get("children") or ()],
            "name": meta.get("name"),
            "args": self._said(_text(meta.get("args"))),
            "kwargs": self._said(_text(meta.get("kwargs"))),
            "retries": meta.get("retries"),
            "queue": meta.get("queue"),
        }

    def _result(self, meta: Any) -> Any:
        return self._said(_text(meta["result"]))

    def _shape(self, plain: Any) -> Any:
        """A result tuple: [label, parent, members]; the ids of groups say nothing."""
        if plain is None:
            return None
        (id, parent), members = plain
        shown = "group" if members is not None else self._named(id)
        return [shown, self._shape(parent), None if members is None else [self._shape(one) for one in members]]

    def _answer(self, answer: Any) -> Any:
        if "refused" in answer:
            return {"refused": self._said(answer["refused"])}
        return {
            "value": self._said(answer["value"]),
            "state": answer["state"],
            "shape": self._shape(answer["tuple"]),
        }

    def _named(self, id: str | None) -> str | None:
        return None if id is None else self._names.get(id, "unknown")

    def _said(self, text: str) -> str:
        return _ID.sub(lambda match: f"<{self._names.get(match[0], 'id')}>", text)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _label(meta: Any) -> str:
    kwargs = meta.get("kwargs")
    return str(kwargs["label"]) if isinstance(kwargs, dict) and "label" in kwargs else ""


def _name(meta: Any) -> str:
    return _label(meta) or str(meta.get("name"))
