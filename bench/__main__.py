"""The command: `python -m bench [--quick]` measures all systems in turns and writes what it found."""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import others, postgres_server, redis_server, report
from bench.figures import Figures
from bench.machine import machine, versions
from bench.measures import MEASURES, Measure
from bench.rig import FULL, QUICK, Rig, Sizes
from bench.systems import CELERY_BIN, POSTGRES, ROOT, SYSTEMS, System

RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"


def main() -> None:
    options = _options()
    if options.render:
        PAGE.write_text(report.markdown(report.load(options.render)), encoding="utf-8")
        return
    if not (CELERY_BIN / "celery").exists():
        raise SystemExit(f"{CELERY_BIN} has no Celery: run `make bench`, which installs it")
    sizes = QUICK if options.quick else FULL
    if options.rounds:
        sizes = replace(sizes, rounds=options.rounds)
    systems = [system for system in SYSTEMS if system.key in options.systems]
    measures = [measure for measure in MEASURES if measure.key in options.measures]
    run = _run(sizes, systems, measures, options.quick)
    print(report.terminal(run))
    print(f"\n{report.quietness(run)}")
    whole = not options.quick and len(systems) >= len(_there()) and len(measures) == len(MEASURES)
    print(f"\nwritten: {_write(run, whole)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    system_keys, measure_keys = [system.key for system in SYSTEMS], [measure.key for measure in MEASURES]
    parser.add_argument("--quick", action="store_true", help="one round with few messages, for development")
    parser.add_argument("--rounds", type=int, help="how often everything is measured (3, with --quick 1)")
    parser.add_argument(
        "--systems", nargs="+", choices=system_keys, default=_there(), metavar="NAME", help=" ".join(system_keys)
    )
    parser.add_argument(
        "--measures", nargs="+", choices=measure_keys, default=measure_keys, metavar="NAME", help=" ".join(measure_keys)
    )
    parser.add_argument(
        "--render", metavar="JSON", help=f"measure nothing: write {PAGE.relative_to(ROOT)} from this file"
    )
    return parser.parse_args()


def _there() -> list[str]:
    """All systems, without PostgreSQL where there is none: `make bench` installs it, other ways to come here do not."""
    missing = set() if postgres_server.program("initdb") else {POSTGRES.key}
    return [system.key for system in SYSTEMS if system.key not in missing]


def _run(sizes: Sizes, systems: Sequence[System], measures: Sequence[Measure], quick: bool) -> dict[str, Any]:
    RESULTS.mkdir(exist_ok=True)
    figures, date, state = Figures(), datetime.now().astimezone(), machine()
    # the folder is on the disk of the checkout: /tmp may be memory, which would flatter the embedded store
    with tempfile.TemporaryDirectory(dir=RESULTS) as folder, redis_server.running(Path(folder)) as server:
        rig = Rig(server, Path(folder), sizes)
        with rig.servers:
            disturbance = _measure(rig, systems, measures, figures)
        return {
            "date": date.isoformat(timespec="seconds"),
            "quick": quick,
            "machine": state,
            "versions": versions(server.client),
            "sizes": asdict(sizes),
            "values": figures.values,
            "others": disturbance,
        }


def _measure(rig: Rig, systems: Sequence[System], measures: Sequence[Measure], figures: Figures) -> list[float]:
    """In turns: each system once, then the next round. Returns what others used of the machine, for each measure."""
    disturbance = []
    turns = [(t, m, s) for t in range(rig.sizes.rounds) for m in measures for s in systems if s.key in m.systems]
    for turn, measure, system in turns:
        before = others.read(rig.pids())
        found = measure.run(rig, system)
        disturbance.append(others.share(before, others.read(rig.pids())))
        for kind, value in found.items():
            figures.add(kind, system.key, value)
        shown = "  ".join(f"{kind} {report.number(value)}" for kind, value in found.items())
        print(
            f"{turn + 1}/{rig.sizes.rounds}  {system.title:20} {shown}  (others used {disturbance[-1]:.0%})", flush=True
        )
    return disturbance


def _write(run: dict[str, Any], whole: bool) -> str:
    """The JSON always; the page only from a whole run."""
    stamp = run["date"].replace(":", "")[:17]
    path = RESULTS / f"{stamp}{'-quick' if run['quick'] else ''}.json"
    path.write_text(json.dumps(run, indent=1), encoding="utf-8")
    if whole:
        PAGE.write_text(report.markdown(run), encoding="utf-8")
        return f"{path.relative_to(ROOT)} and {PAGE.relative_to(ROOT)}"
    return str(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
