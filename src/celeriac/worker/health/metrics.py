"""Metrics: what is counted, in the text format that Prometheus reads."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from .tally import BOUNDS, ENDS, Tally

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, str]


class Sample(NamedTuple):
    """One number and what it is about."""

    value: float
    labels: Labels = {}
    suffix: str = ""


class Metric(NamedTuple):
    """A family of samples."""

    name: str
    kind: str  # counter | gauge | histogram
    help: str
    samples: Iterable[Sample]


def text(metrics: Iterable[Metric]) -> str:
    """All of them, one sample a line."""
    lines: list[str] = []
    for metric in metrics:
        lines += (f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}")
        lines += (f"{metric.name}{each.suffix}{_labels(each.labels)} {each.value!r}" for each in metric.samples)
    return "\n".join([*lines, ""])


def of_tally(tally: Tally) -> Iterator[Metric]:
    """Counters of ends and histograms of runtimes."""
    yield Metric("celeriac_tasks_received_total", "counter", "Tasks taken in hand.", [Sample(tally.received_count)])
    yield Metric(
        "celeriac_tasks_total",
        "counter",
        "Runs by task and end.",
        [Sample(count, {"task": task, "end": ENDS[end]}) for (task, end), count in tally.ends.items() if end in ENDS],
    )
    yield Metric("celeriac_task_runtime_seconds", "histogram", "How long runs took.", _buckets(tally))


def _buckets(tally: Tally) -> Iterator[Sample]:
    for task, runtimes in tally.runtimes.items():
        so_far = 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), runtimes.counts, strict=True):
            so_far += count
            yield Sample(so_far, {"task": task, "le": bound}, "_bucket")
        yield Sample(runtimes.total, {"task": task}, "_sum")
        yield Sample(so_far, {"task": task}, "_count")


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
