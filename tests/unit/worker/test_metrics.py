"""What Prometheus is told, and where."""

import pytest

from celeriac.core.errors import ImproperlyConfigured
from celeriac.worker.health import metrics
from celeriac.worker.health.metrics import Metric, Sample
from celeriac.worker.health.server import address
from celeriac.worker.health.tally import BOUNDS, Runtimes, Tally


def test_a_metric_is_its_help_its_type_and_a_line_for_each_sample() -> None:
    told = metrics.text([Metric("a_total", "counter", "So many.", [Sample(12345678), Sample(0.5, {"b": 'x"\\\n'})])])
    assert told.splitlines() == [
        "# HELP a_total So many.",
        "# TYPE a_total counter",
        "a_total 12345678",
        r'a_total{b="x\"\\\n"} 0.5',
    ]
    assert told.endswith("\n")


def test_buckets_add_up() -> None:
    tally = Tally()
    runtimes = tally.runtimes["t"] = Runtimes()
    for seconds in (0.0001, BOUNDS[0], 0.3, 1000):
        runtimes.note(seconds)
    told = metrics.text(metrics.of_tally(tally)).splitlines()
    assert 'celeriac_task_runtime_seconds_bucket{task="t",le="0.001"} 2' in told
    assert 'celeriac_task_runtime_seconds_bucket{task="t",le="0.5"} 3' in told
    assert 'celeriac_task_runtime_seconds_bucket{task="t",le="+Inf"} 4' in told
    assert 'celeriac_task_runtime_seconds_count{task="t"} 4' in told


def test_an_address_is_a_port_or_a_host_and_a_port() -> None:
    assert address("8080") == (None, 8080)
    assert address("127.0.0.1:8080") == ("127.0.0.1", 8080)
    assert address("[::1]:80") == ("::1", 80)


@pytest.mark.parametrize("text", ["", "here", "host:", "1:99999", "8080/live"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="neither PORT nor HOST:PORT"):
        address(text)
