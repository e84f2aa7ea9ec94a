"""Chains: each task gets the result of the one before it."""

from typing import Any

from .compound import Compound, app_of, signatures
from .kinds import CHAIN, GROUP, chain_of, kind_of, tasks_of
from .operators import folded, joined, unchained
from .signature import Signature, maybe_signature


@Signature.register_type("chain")
class _chain(Compound):  # noqa: N801 - Celery's name
    """Tasks one after the other."""

    def __init__(self, *tasks: Any, **options: Any) -> None:
        app = options.pop("app", None)
        steps = signatures(tasks, app)
        super().__init__("celery.chain", (), {"tasks": steps}, subtask_type=CHAIN, app=app_of(app, steps), **options)

    def set_immutable(self, immutable: bool) -> None:
        """Whether it takes further arguments."""
        self["immutable"] = immutable

    def unchain_tasks(self) -> list[Any]:
        """Its tasks as they stand alone: the chain's callbacks are the last one's, its errbacks every one's."""
        return [maybe_signature(task, app=self._app, clone=True) for task in unchained(self)]

    def run(self, args: Any = (), kwargs: Any = None, **options: Any) -> Any:
        """apply_async by its old name."""
        return self.apply_async(args, kwargs, **options)

    def __repr__(self) -> str:
        if not self["kwargs"].get("tasks"):
            return f"<{type(self).__name__}@{id(self):#x}: empty>"
        return " | ".join(map(repr, self.tasks))


class chain(_chain):  # noqa: N801 - Celery's name
    """chain(a, b, c): as a | b | c. With options it is a chain as it stands, and nothing is upgraded before it runs."""

    def __new__(cls, *tasks: Any, **kwargs: Any) -> Any:
        if kwargs or not tasks:
            return super().__new__(cls)
        steps = signatures(tasks)
        if len(steps) == 1:
            return super().__new__(cls)
        made = Signature.from_dict(_united(steps))
        made._app = app_of(None, steps)
        return made


def _united(steps: list[Any]) -> Any:
    """The left fold of `|`, in one pass."""
    tasks = [step for step in steps if kind_of(step) != GROUP or tasks_of(step)]
    header = bool(tasks) and kind_of(tasks[0]) == GROUP and len(tasks_of(tasks[0])) > 1
    if header and len(tasks) > 1:
        tasks[:2] = [joined(*tasks[:2])]
    found = folded(tasks)
    return found[0] if header and len(found) == 1 else chain_of(found)
