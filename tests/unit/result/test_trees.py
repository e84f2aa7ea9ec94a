"""Trees of results: walking them, with few reads, and drawing them."""

import io
import shutil
import subprocess

import pytest

from celeriac.core.errors import IncompleteStream
from celeriac.core.states import FAILURE, SUCCESS
from celeriac.current import Context
from celeriac.result import CycleError, DependencyGraph, GraphFormatter, first_of


@pytest.fixture
def root(app):
    """r sent a and the group g of b and bad; b sent c."""
    group = app.GroupResult("g", [app.AsyncResult("b"), app.AsyncResult("bad")])
    sent = {"r": [app.AsyncResult("a"), group], "a": [], "b": [app.AsyncResult("c")], "c": []}
    for task_id, children in sent.items():
        app.backend.store_result(task_id, task_id * 2, SUCCESS, request=Context(_children=children))
    app.backend.store_result("bad", ValueError("no"), FAILURE)
    return app.AsyncResult("r")


def test_a_tree_is_walked_level_by_level(root) -> None:
    found = [(parent and parent.id, node.id) for parent, node in root.iterdeps()]
    assert found == [(None, "r"), ("r", "a"), ("r", "g"), ("g", "b"), ("g", "bad"), ("b", "c")]


def test_a_tree_is_collected(root) -> None:
    found = {node.id: value for node, value in root.collect(propagate=False)}
    assert (found["r"], found["a"], found["c"], found["g"][0]) == ("rr", "aa", "cc", "bb")
    assert isinstance(found["bad"], ValueError)


def test_the_leaf_is_the_last_of_the_tree(app) -> None:
    app.backend.store_result("c", "leaf", SUCCESS)
    app.backend.store_result("r", "root", SUCCESS, request=Context(_children=[app.AsyncResult("c")]))
    assert app.AsyncResult("r").get_leaf() == "leaf"


def test_a_level_of_many_is_one_read(app, monkeypatch) -> None:
    children = [app.AsyncResult(f"c{number}") for number in range(500)]
    for child in children:
        app.backend.store_result(child.id, 1, SUCCESS)
    app.backend.store_result("r", 1, SUCCESS, request=Context(_children=children))
    store, asked = app.transports.results.results, []
    real = store.fetch
    monkeypatch.setattr(store, "fetch", lambda ids, kind="task": asked.append(len(ids)) or real(ids, kind))
    assert len(list(app.AsyncResult("r").iterdeps())) == 501
    assert asked == [1, 500]


def test_a_tree_that_is_not_complete_says_so(app) -> None:
    waiting = app.AsyncResult("unknown")
    with pytest.raises(IncompleteStream):
        waiting.graph  # noqa: B018
    assert repr(waiting.build_graph(intermediate=True)) == "unknown(0)"


def test_a_tree_is_drawn(root) -> None:
    text = io.StringIO()
    root.graph.to_dot(text)
    lines = text.getvalue().splitlines()
    assert lines[0] == "digraph dependencies {"
    assert lines[-1] == "}"
    assert 'root="r"' in lines[1]
    for a, b in ("ra", "rg", "gb", "bc"):
        assert any(line.strip().startswith(f'"{a}" -> "{b}" [') for line in lines)
    assert sum('"g" -> "bad"' in line for line in lines) == 1
    if dot := shutil.which("dot"):  # the text is checked above; where Graphviz is there, it must agree
        subprocess.run([dot, "-Tplain"], input=text.getvalue(), text=True, check=True, capture_output=True)


def test_the_graph_is_a_graph(root) -> None:
    graph = root.graph
    assert (len(graph), "a" in graph, "nobody" in graph, graph.valency_of("r")) == (6, True, False, 5)
    order = graph.topsort()
    assert order.index("c") < order.index("b") < order.index("g") < order.index("r")
    assert [node.id for node in graph.edges()] == ["r", "g", "b"]
    assert graph["g"] == ["b", "bad"]
    assert repr(graph).splitlines()[0] == "r(5)"
    assert graph.repr_node("g").splitlines() == ["g(3)", "     b(1)", "          c(0)", "     bad(0)"]


def test_graphs_are_made_from_plain_data() -> None:
    graph = DependencyGraph([("a", ["b", "c"]), ("b", ["c"]), ("c", [])])
    assert graph.topsort() == ["c", "b", "a"]
    graph.connect(DependencyGraph([("d", [])]))
    assert dict(graph.items())["d"] == []
    with pytest.raises(CycleError, match="cycle"):
        DependencyGraph([("a", ["b"]), ("b", ["a"])]).topsort()


def test_what_is_drawn_can_be_changed() -> None:
    class Loud(GraphFormatter):
        def label(self, obj):
            return str(obj).upper() if obj is not None else "none"

    graph, text = DependencyGraph([('say "a"', ["b"])], formatter=Loud(shape="oval")), io.StringIO()
    graph.to_dot(text)
    assert '"SAY \\"A\\"" -> "B"' in text.getvalue()
    assert 'shape="oval"' in text.getvalue()
    assert graph.format("x") == "X"


def test_the_wait_is_over_with_the_tree(app) -> None:
    """collect waits for each result of the tree, iterdeps does not."""
    app.backend.store_result("r", 1, SUCCESS, request=Context(_children=[app.AsyncResult("late")]))
    found = app.AsyncResult("r").collect(timeout=60)
    assert next(found)[1] == 1
    app.backend.store_result("late", 2, SUCCESS)
    assert next(found)[1] == 2


def test_what_a_task_remembers_of_a_workflow_is_what_runs_first(app) -> None:
    header = app.GroupResult("g", [], parent=app.AsyncResult("a"))
    assert first_of(app.AsyncResult("body", parent=header)) == "a"
    assert first_of(app.AsyncResult("alone")) == "alone"
