"""Workers, their processes, broker and result store as a graph."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click
import msgspec

from celeriac.result import DependencyGraph, GraphFormatter

_WORDS: Final = ("nodes", "threads", "backend", "broker", "wmax", "tmax")
_FLAGS: Final = ("generic", "enumerate")


class Asked(msgspec.Struct):
    """What the words of the command line ask for."""

    nodes: list[str] = []
    threads: list[str] = []
    broker: str = ""
    backend: str | None = None
    wmax: int = 0
    tmax: int = 0
    generic: bool = False
    enumerated: bool = False


class Node(msgspec.Struct, frozen=True):
    """One box of the drawing."""

    key: str
    kind: str  # worker, thread, broker or backend
    label: str = ""  # what stands in it, if that is not the key


_SCHEMES: Final[dict[str, dict[str, str]]] = {
    "worker": {"fillcolor": "lightblue", "color": "steelblue"},
    "thread": {"fillcolor": "lightcyan", "color": "lightsteelblue", "shape": "oval"},
    "broker": {"shape": "circle", "fillcolor": "cadetblue3", "color": "cadetblue4"},
    "backend": {"shape": "circle", "fillcolor": "palegreen3", "color": "seagreen4"},
}


class _Drawn(GraphFormatter):
    def label(self, obj: Any) -> Any:
        return obj.key if isinstance(obj, Node) else obj

    def node(self, obj: Any, **attrs: Any) -> str:
        shown = {"label": obj.label} if obj.label else {}
        return self.draw_node(obj, _SCHEMES[obj.kind], {**shown, **attrs})

    terminal_node = node


def asked(words: Sequence[str]) -> Asked:
    """`nodes:a,b threads:4,8 broker:URL backend:URL wmax:4 tmax:4 generic enumerate`. Raises a usage error."""
    found = Asked()
    for word in words:
        name, _, value = word.partition(":")
        if word in _FLAGS:
            found.generic, found.enumerated = found.generic or word == "generic", found.enumerated or word != "generic"
        elif name not in _WORDS or not value:
            known = ", ".join([*(f"{one}:..." for one in _WORDS), *_FLAGS])
            raise click.UsageError(f"{word!r} says nothing here; there are {known}")
        elif name in ("nodes", "threads"):
            setattr(found, name, [one.strip() for one in value.split(",") if one.strip()])
        elif name in ("wmax", "tmax"):
            setattr(found, name, _number(name, value))
        else:
            setattr(found, name, value)
    if any(not each.isdigit() for each in found.threads):
        raise click.UsageError(f"threads:{','.join(found.threads)}: numbers are needed, one for each node")
    return found


def _number(name: str, value: str) -> int:
    if not value.isdigit():
        raise click.UsageError(f"{name}:{value}: a number is needed")
    return int(value)


def living(app: Any, timeout: float) -> dict[str, list[str]]:
    """The workers that answer, and the processes of each."""
    replies: Mapping[str, Any] = app.control.inspect(timeout=timeout).stats() or {}
    return {name: _processes(stats) for name, stats in sorted(replies.items())}


def _processes(stats: Mapping[str, Any]) -> list[str]:
    pool = stats.get("pool") or {}
    found = pool.get("processes")
    if isinstance(found, list):
        return [str(each) for each in found]
    return [str(number + 1) for number in range(int(pool.get("max-concurrency") or 0))]


def imagined(wanted: Asked) -> dict[str, list[str]]:
    """The workers that were named, and as many processes as were said."""
    counts = [int(each) for each in wanted.threads] or [0]
    found = {}
    for place, name in enumerate(wanted.nodes):
        count = counts[min(place, len(counts) - 1)]
        found[name] = [str(number + 1) for number in range(count)]
    return found


def graph(workers: Mapping[str, Sequence[str]], wanted: Asked, broker: str, backend: str) -> DependencyGraph:
    """`wmax` and `tmax` say how many boxes there are to be at most; the rest is one box with its number."""
    made = DependencyGraph(formatter=_Drawn(root="workers", id="workers"))
    # One server may be both, and is two boxes all the same.
    url, store = wanted.broker or broker, wanted.backend if wanted.backend is not None else backend
    server = Node(f"broker {url}", "broker", url)
    results = Node(f"backend {store}", "backend", store) if store else None
    made.add_arc(server)
    if results is not None:
        made.add_arc(results)
    numbers = itertools.count(1)
    for place, (name, processes) in enumerate(_cut(list(workers.items()), wanted.wmax)):
        worker = Node(name, "worker", _label(name, "Worker", place, wanted))
        made.add_arc(worker)
        for number, (process, _) in enumerate(_cut([(one, ()) for one in processes], wanted.tmax)):
            box = Node(f"thr-{next(numbers)}", "thread", _label(process, "Thread", number, wanted))
            made.add_arc(box)
            made.add_edge(box, worker)
        made.add_edge(worker, server)
        if results is not None:
            made.add_edge(worker, results)
    return made


def _label(name: str, kind: str, place: int, wanted: Asked) -> str:
    if name.startswith("("):
        return name
    if wanted.generic:
        return f"{kind} {place + 1}" if wanted.enumerated else kind
    return f"{place + 1}: {name}" if wanted.enumerated else name


def _cut(found: Sequence[tuple[str, Sequence[str]]], most: int) -> list[tuple[str, Sequence[str]]]:
    if not most or len(found) <= most:
        return list(found)
    return [*found[: most - 1], (f"({len(found) - most + 1} more)", ())]
