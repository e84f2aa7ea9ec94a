"""The tree of results: the tasks that a task sent, and those that they sent in turn."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from celeriac.core.errors import IncompleteStream

from .graph import DependencyGraph, GraphFormatter


class ResultTree:
    """What can be asked of every result that may have others below it."""

    __slots__ = ()

    def iterdeps(self, intermediate: bool = False) -> Iterator[tuple[Any, Any]]:
        """(parent, result) for this result and all below it; raises IncompleteStream where one is not ready."""
        waiting: deque[tuple[Any, Any]] = deque([(None, self)])
        while waiting:
            parent, node = waiting.popleft()
            yield parent, node
            if node.ready():
                children = node.children or ()
                look_together(children)
                waiting.extend((node, child) for child in children)
            elif not intermediate:
                raise IncompleteStream

    def collect(self, intermediate: bool = False, **kwargs: Any) -> Iterator[tuple[Any, Any]]:
        """(result, value) for this result and all below it, waiting for each."""
        for _, node in self.iterdeps(intermediate=intermediate):
            yield node, node.get(**kwargs)

    def get_leaf(self) -> Any:
        """The value of the last result of the tree."""
        value = None
        for _, node in self.iterdeps():
            value = node.get()
        return value

    def build_graph(self, intermediate: bool = False, formatter: Any = None) -> DependencyGraph:
        """The tree as a graph that can be written in DOT; with `intermediate` also one that is not ready yet."""
        shown: Any = self
        graph = DependencyGraph(formatter=formatter or GraphFormatter(root=shown.id, shape="oval"))
        for parent, node in self.iterdeps(intermediate=intermediate):
            graph.add_arc(node)
            if parent is not None:
                graph.add_edge(parent, node)
        return graph

    @property
    def graph(self) -> DependencyGraph:
        """The graph of a tree that is complete; raises IncompleteStream otherwise."""
        return self.build_graph()


def first_of(result: Any) -> Any:
    """What a task that sends a workflow remembers among its children: the result of what runs first."""
    while result.parent is not None:
        result = result.parent
    return result


def leaves(members: Iterable[Any]) -> Iterator[Any]:
    """The results of single tasks, from groups within groups too."""
    stack = [iter(members)]
    while stack:
        for member in stack[-1]:
            inner = getattr(member, "results", None)
            if inner is not None:
                stack.append(iter(inner))
                break
            yield member
        else:
            stack.pop()


def unknown(members: Iterable[Any]) -> dict[int, tuple[Any, dict[str, list[Any]]]]:
    """Leaves whose end is not known here, by id and by their result store (stores by their identity)."""
    found: dict[int, tuple[Any, dict[str, list[Any]]]] = {}
    for leaf in leaves(members):
        if leaf._cache is None:
            backend = leaf.backend
            _, ids = found.setdefault(id(backend), (backend, defaultdict(list)))
            ids[leaf.id].append(leaf)
    return found


def look_together(members: Iterable[Any]) -> dict[str, Any]:
    """Read all that is not known yet in few round trips; returns the documents of those that are not ready."""
    unready: dict[str, Any] = {}
    for backend, ids in unknown(members).values():
        unready.update(_kept(ids, backend.read_many(list(ids))))
    return unready


async def alook_together(members: Iterable[Any]) -> dict[str, Any]:
    """look_together, from async code."""
    unready: dict[str, Any] = {}
    for backend, ids in unknown(members).values():
        unready.update(_kept(ids, await backend.aread_many(list(ids))))
    return unready


def _kept(ids: Mapping[str, list[Any]], metas: Mapping[str, Any]) -> dict[str, Any]:
    for task_id, meta in metas.items():
        for leaf in ids[task_id]:
            leaf._keep(meta)
    return {task_id: meta for task_id, meta in metas.items() if ids[task_id][0]._cache is None}
