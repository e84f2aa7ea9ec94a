"""Renders a run: as a table for the terminal and as the page docs/benchmarks.md."""

import json
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from bench.figures import KINDS, Figures, Kind
from bench.others import DISTURBED
from bench.systems import (
    CELERIAC,
    CELERY,
    FLOOR,
    OVERLAPPED,
    RABBIT,
    RABBIT_CELERY,
    RABBIT_CONFIRMED,
    RPC,
    RPC_CELERY,
    SYSTEMS,
    TUNED,
)

Run = dict[str, Any]

# (heading, of, against)
RATIOS = (
    ("vs Celery", CELERIAC.key, CELERY.key),
    ("vs Celery 64", CELERIAC.key, TUNED.key),
    ("vs floor", CELERIAC.key, FLOOR.key),
    ("vs overlapped", CELERIAC.key, OVERLAPPED.key),
    ("RabbitMQ: vs Celery", RABBIT.key, RABBIT_CELERY.key),
    ("RabbitMQ: vs confirmed", RABBIT.key, RABBIT_CONFIRMED.key),
    ("rpc://: vs Celery", RPC.key, RPC_CELERY.key),
)

PAGE = """# Benchmarks

Made by `make bench` on {date}, commit {commit}. {note}

{machine}

Celeriac, Celery and the floor ran in turns on the same machine, {rounds} rounds, each on an empty private
redis-server without persistence, two worker processes (`-c 2`), log level warning. A figure is the median of
its rounds, ± half the distance between the largest and the smallest. A ratio is taken in each round, so that
both sides of it ran within the same minutes; the median of the ratios is shown, and more than 1 is in
Celeriac's favour whatever the unit. How each figure is taken stands in `bench/README.md`.

{table}

{floor}

## Versions

{versions}
"""

FLOOR_NOTE = (
    "The floor is no task queue: one bare loop over the same messages that claims, decodes, calls, stores and "
    "acknowledges in batches (`bench/floor.py`), one thing after the other. It shows how much of the time is the "
    "design's and how much is Python's and Redis's. Overlapped, the server claims and settles while the loop executes: "
    "what one process can reach at most on two cores."
)


def rows(run: Run) -> list[list[str]]:
    """Heading and one row for each kind that was measured."""
    figures = Figures(run["values"])
    shown = [system for system in SYSTEMS if any(figures.of(kind.key, system.key) for kind in KINDS)]
    ratios = [ratio for ratio in RATIOS if any(figures.ratio(kind, *ratio[1:]) for kind in KINDS)]
    table = [["", "unit", *(system.title for system in shown), *(heading for heading, _, _ in ratios)]]
    for kind in KINDS:
        if kind.key in figures.values:
            cells = [cell(figures, kind, system.key) for system in shown]
            table.append([kind.title, kind.unit, *cells, *(times(figures, kind, *ratio[1:]) for ratio in ratios)])
    return table


def cell(figures: Figures, kind: Kind, system: str) -> str:
    middle, spread = figures.median(kind.key, system), figures.spread(kind.key, system)
    if middle is None:
        return ""
    return number(middle) + (
        f" ±{spread / 2:.0%}" if spread is not None and len(figures.of(kind.key, system)) > 1 else ""
    )


def times(figures: Figures, kind: Kind, system: str, against: str) -> str:
    ratio = figures.ratio(kind, system, against)
    return "" if ratio is None else f"{number(ratio)}x"


def number(value: float) -> str:
    """Three digits that matter; whole and grouped from a hundred on."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def terminal(run: Run) -> str:
    """Aligned columns."""
    table = rows(run)
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    lines = ("  ".join(_align(text, widths[i], i) for i, text in enumerate(row)).rstrip() for row in table)
    return "\n".join(lines)


def _align(text: str, width: int, column: int) -> str:
    return text.ljust(width) if column < 2 else text.rjust(width)


def markdown(run: Run) -> str:
    """The whole page."""
    machine, versions = run["machine"], run["versions"]
    note = "A quick run for development: do not quote it." if run["quick"] else ""
    return PAGE.format(
        date=run["date"][:10],
        commit=versions["commit"],
        note=note,
        machine="{cpu}, {cores} cores, {memory}, {system}. ".format(**machine) + quietness(run),
        rounds=run["sizes"]["rounds"],
        table=_markdown_table(rows(run)),
        floor=FLOOR_NOTE,
        versions="\n".join(_versions(versions)),
    )


def quietness(run: Run) -> str:
    """Whether the machine was left alone, said beside the figures it decides about."""
    shares = run["others"]
    spoilt = sum(share > DISTURBED for share in shares)
    verdict = "don't quote the figures" if spoilt else "the machine was quiet"
    return (
        f"Other programs used {median(shares):.0%} of the machine in the median, {max(shares):.0%} at worst; "
        f"{spoilt} of {len(shares)} measures were disturbed (more than {DISTURBED:.0%}): {verdict}."
    )


def _markdown_table(table: Sequence[Sequence[str]]) -> str:
    rule = ["---", "---", *("---:" for _ in table[0][2:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in (table[0], rule, *table[1:]))


def _versions(versions: Run) -> Iterable[str]:
    for name, value in versions.items():
        text = (
            ", ".join(f"{package} {version}" for package, version in value.items())
            if isinstance(value, dict)
            else value
        )
        yield f"- {name}: {text}"


def load(path: str) -> Run:
    with open(path, encoding="utf-8") as file:
        run: Run = json.load(file)
    return run
