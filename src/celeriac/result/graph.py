"""A graph of what depends on what, and how it is drawn in DOT, the language of Graphviz."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TextIO


class CycleError(Exception):
    """The graph can't be brought into an order: something depends on itself."""


class GraphFormatter:
    """How nodes and edges are drawn; the attributes are Graphviz's."""

    scheme: dict[str, Any] = {"shape": "box", "arrowhead": "vee", "style": "filled", "fontname": "Helvetica"}
    edge_scheme: dict[str, Any] = {"color": "gray40", "arrowsize": 0.8}
    node_scheme: dict[str, Any] = {"fillcolor": "lightblue", "color": "steelblue"}
    term_scheme: dict[str, Any] = {"fillcolor": "aliceblue", "color": "lightsteelblue"}
    graph_scheme: dict[str, Any] = {"bgcolor": "white"}

    def __init__(
        self, root: Any = None, type: str | None = None, id: str | None = None, indent: int = 0, inw: str = "    ",
        **scheme: Any,
    ) -> None:  # fmt: skip
        self.root = root
        self.type = type or "digraph"
        self.id = id or "dependencies"
        self.indent = indent
        self.inw = inw
        self.scheme = {**self.scheme, **scheme}
        self.graph_scheme = {**self.graph_scheme, "root": self.label(root)}

    def attr(self, name: str, value: Any) -> str:
        """One attribute."""
        return f"{name}={quoted(value)}"

    def attrs(self, d: Any, scheme: Any = None) -> str:
        """Attributes, over those of a scheme, over those of everything."""
        return ", ".join(self.attr(*pair) for pair in {**self.scheme, **(scheme or {}), **(d or {})}.items())

    def head(self, **attrs: Any) -> str:
        """The first line, and what holds for the whole graph."""
        first = self._line(f"{self.type} {self.id} {{")
        return first + "\n" + self._inner(f"graph [{self.attrs(attrs, self.graph_scheme)}]")

    def tail(self) -> str:
        """The last line."""
        return self._line("}")

    def label(self, obj: Any) -> Any:
        """What stands for the object in the drawing."""
        return obj

    def node(self, obj: Any, **attrs: Any) -> str:
        """A node on which others depend."""
        return self.draw_node(obj, self.node_scheme, attrs)

    def terminal_node(self, obj: Any, **attrs: Any) -> str:
        """A node with nothing below it."""
        return self.draw_node(obj, self.term_scheme, attrs)

    def edge(self, a: Any, b: Any, **attrs: Any) -> str:
        """From a to b."""
        return self.draw_edge(a, b, **attrs)

    def draw_node(self, obj: Any, scheme: Any = None, attrs: Any = None) -> str:
        """The line of a node."""
        return self._inner(f"{quoted(self.label(obj))} [{self.attrs(attrs, scheme)}]")

    def draw_edge(self, a: Any, b: Any, scheme: Any = None, attrs: Any = None, **more: Any) -> str:
        """The line of an edge."""
        both = {**(attrs or {}), **more}
        return self._inner(
            f"{quoted(self.label(a))} -> {quoted(self.label(b))} [{self.attrs(both, scheme or self.edge_scheme)}]"
        )

    def _line(self, text: str) -> str:
        return self.inw * self.indent + text

    def _inner(self, text: str) -> str:
        return self.inw * (self.indent + 1) + text


_QUOTES: Final = str.maketrans({'"': '\\"', "\\": "\\\\", "\n": "\\n"})


def quoted(value: Any) -> str:
    """Any value as a string of DOT."""
    return f'"{str(value).translate(_QUOTES)}"'


class DependencyGraph:
    """Nodes, and the nodes that each depends on: `DependencyGraph([("a", ["b", "c"]), ("b", [])])`."""

    def __init__(self, it: Iterable[tuple[Any, Sequence[Any]]] | None = None, formatter: Any = None) -> None:
        self.formatter = formatter or GraphFormatter()
        self.adjacent: dict[Any, list[Any]] = {}
        if it is not None:
            self.update(it)

    def add_arc(self, obj: Any) -> None:
        """A node."""
        self.adjacent.setdefault(obj, [])

    def add_edge(self, A: Any, B: Any) -> None:  # noqa: N803 - Celery's names
        """A depends on B."""
        self[A].append(B)

    def connect(self, graph: "DependencyGraph") -> None:
        """Take over another graph's nodes and edges."""
        self.adjacent.update(graph.adjacent)

    def update(self, it: Iterable[tuple[Any, Sequence[Any]]]) -> None:
        """Add (node, nodes it depends on)."""
        found = list(it)
        for obj, _ in found:
            self.add_arc(obj)
        for obj, below in found:
            for other in below:
                self.add_edge(obj, other)

    def topsort(self) -> list[Any]:
        """Every node after those that it depends on. Raises CycleError."""
        above = dict.fromkeys(self.adjacent, 0)
        for below in self.adjacent.values():
            for other in below:
                above[other] = above.get(other, 0) + 1
        free = deque(obj for obj, count in above.items() if not count)
        order = []
        while free:
            obj = free.popleft()
            order.append(obj)
            for other in self.adjacent.get(obj, ()):
                above[other] -= 1
                if not above[other]:
                    free.append(other)
        if len(order) < len(above):
            raise CycleError(f"among these is a cycle: {[obj for obj, count in above.items() if count]}")
        return order[::-1]

    def valency_of(self, obj: Any) -> int:
        """How many edges lie below the node; 0 for one that is not there."""
        count, stack = 0, [obj]
        while stack:
            below = self.adjacent.get(stack.pop(), ())
            count += len(below)
            stack.extend(below)
        return count

    def edges(self) -> list[Any]:
        """The nodes that depend on others."""
        return [obj for obj, below in self.adjacent.items() if below]

    def to_dot(self, fh: TextIO, formatter: Any = None) -> None:
        """Write the graph into a file that is open for text."""
        draw, drawn = formatter or self.formatter, set()
        print(draw.head(), file=fh)
        for obj, below in self.adjacent.items():
            if not below:
                drawn.add(obj)
                print(draw.terminal_node(obj), file=fh)
        for obj, below in self.adjacent.items():
            if below:
                print(draw.node(obj), file=fh)
            for other in below:
                if other not in self.adjacent and other not in drawn:
                    drawn.add(other)
                    print(draw.terminal_node(other), file=fh)
                print(draw.edge(obj, other), file=fh)
        print(draw.tail(), file=fh)

    def format(self, obj: Any) -> Any:
        """What stands for the object in the drawing."""
        return self.formatter.label(obj) if self.formatter else obj

    def items(self) -> Iterable[tuple[Any, list[Any]]]:
        """(node, the nodes it depends on)."""
        return self.adjacent.items()

    iteritems = items

    def repr_node(self, obj: Any, level: int = 1, fmt: str = "{0}({1})") -> str:
        """The node and what is below it, as indented lines."""
        lines, stack = [], [(obj, level)]
        while stack:
            one, depth = stack.pop()
            text = fmt.format(one, self.valency_of(one))
            lines.append(text if depth == level else f"{'     ' * (depth - level)}{text}")
            stack.extend((other, depth + 1) for other in reversed(self.adjacent.get(one, ())))
        return "\n".join(lines)

    def __getitem__(self, node: Any) -> list[Any]:
        return self.adjacent[node]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.adjacent)

    def __len__(self) -> int:
        return len(self.adjacent)

    def __contains__(self, obj: Any) -> bool:
        return obj in self.adjacent

    def __repr__(self) -> str:
        return "\n".join(self.repr_node(obj) for obj in self)
