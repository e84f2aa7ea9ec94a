"""A worker's steps and what each needs, as a graph."""

from typing import Any, Final

from celeriac.result import DependencyGraph, GraphFormatter
from celeriac.worker.blueprint import Blueprint
from celeriac.worker.components import WORKER_STEPS
from celeriac.worker.consumer_steps import CONSUMER_STEPS

_LAST: Final = {"fillcolor": "darkseagreen3", "color": "darkseagreen4"}


class _Drawn(GraphFormatter):
    """Steps by their names; what comes last is coloured."""

    def label(self, obj: Any) -> Any:
        return getattr(obj, "name", "") or obj.__name__ if isinstance(obj, type) else obj

    def node(self, obj: Any, **attrs: Any) -> str:
        return self.draw_node(obj, _LAST if getattr(obj, "last", False) else self.node_scheme, attrs)


def graph(app: Any) -> DependencyGraph:
    """The steps of the worker and those of its consumer, the app's own among them."""
    worker = Blueprint("Worker", {*WORKER_STEPS, *app.steps["worker"]})
    consumer = Blueprint("Consumer", {*CONSUMER_STEPS, *app.steps["consumer"]})
    made = DependencyGraph(formatter=_Drawn(root="worker", id="bootsteps"))
    for blueprint in (worker, consumer):
        edges = blueprint.edges()
        made.update((step, sorted(needs, key=_name)) for step, needs in sorted(edges.items(), key=_named))
    return made


def _name(step: type) -> str:
    return step.__name__


def _named(item: tuple[type, Any]) -> str:
    return item[0].__name__
