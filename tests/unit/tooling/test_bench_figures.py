"""The benchmark's arithmetic and its tables."""

import os

from bench.figures import KINDS, Figures, Kind, percentile
from bench.messages import Mould
from bench.others import Reading, share
from bench.report import markdown, terminal

FASTER = Kind("drain", "drained", "tasks/s", more_is_better=True)
SHORTER = Kind("start", "started", "s")

RAW = (
    b'{"body": "W10=", "headers": {"id": "old-id", "task": "bench.noop", "root_id": "old-id"},'
    b' "properties": {"correlation_id": "old-id", "delivery_tag": "old-tag"}}'
)


def test_a_ratio_is_taken_in_each_round_before_the_median() -> None:
    figures = Figures({"drain": {"ours": [100.0, 10.0, 60.0], "theirs": [10.0, 2.0, 2.0]}})
    assert figures.ratio(FASTER, "ours", "theirs") == 10.0


def test_more_than_one_is_in_our_favour_whatever_the_unit() -> None:
    figures = Figures({"start": {"ours": [1.0], "theirs": [4.0]}, "drain": {"ours": [4.0], "theirs": [1.0]}})
    assert figures.ratio(SHORTER, "ours", "theirs") == 4.0
    assert figures.ratio(FASTER, "ours", "theirs") == 4.0


def test_the_spread_is_a_share_of_the_median() -> None:
    figures = Figures({"drain": {"ours": [90.0, 100.0, 120.0]}})
    assert figures.median("drain", "ours") == 100.0
    assert figures.spread("drain", "ours") == 0.3


def test_what_was_not_measured_has_no_figure_and_no_ratio() -> None:
    figures = Figures()
    assert figures.median("drain", "ours") is None
    assert figures.ratio(FASTER, "ours", "theirs") is None


def test_the_99th_percentile_of_a_hundred_values_is_exceeded_by_one_of_them() -> None:
    assert percentile([float(i) for i in range(100, 0, -1)], 0.99) == 99.0
    assert percentile([float(i) for i in range(1, 1001)], 0.5) == 500.0


def test_messages_from_one_mould_differ_in_id_and_tag_only() -> None:
    (first, one), (second, two) = Mould(RAW).many(2)
    assert first != second
    assert one.count(first.encode()) == 3
    assert b"old-" not in one + two
    assert len(one) == len(two)


def test_a_mould_can_name_another_task() -> None:
    assert b'"task": "bench.nap"' in Mould(RAW).naming("bench.nap").raw


def a_run() -> dict[str, object]:
    values = {kind.key: {"celeriac": [30.0, 30.0], "celery": [2.0, 2.0]} for kind in KINDS}
    return {
        "date": "2026-01-02T03:04:05+00:00",
        "quick": False,
        "machine": {"cpu": "A chip", "cores": 2, "memory": "8 GB", "system": "Linux"},
        "versions": {"commit": "abc", "python": "3.11", "for Celery": {"celery": "5.7.0"}},
        "sizes": {"rounds": 2},
        "values": values,
        "others": [0.01, 0.02, 0.4],
    }


def test_the_terminal_shows_every_kind_with_its_ratio() -> None:
    text = terminal(a_run())
    assert len(text.splitlines()) == len(KINDS) + 1
    assert "vs Celery" in text
    assert "15.0x" in text


def test_the_page_names_date_machine_and_versions() -> None:
    page = markdown(a_run())
    for part in ("2026-01-02", "A chip, 2 cores", "celery 5.7.0", "| vs Celery |", "30.0 ±0%"):
        assert part in page


def test_a_disturbed_run_says_so_on_the_page() -> None:
    assert "1 of 3 measures were disturbed" in markdown(a_run())
    assert "don't quote the figures" in markdown(a_run())


def test_what_others_used_is_all_less_our_own_over_all_cores() -> None:
    cores = os.cpu_count() or 1
    before, after = Reading(0.0, 100.0, 10.0), Reading(10.0, 100.0 + 6.0 * cores, 10.0 + 1.0 * cores)
    assert share(before, after) == 0.5
