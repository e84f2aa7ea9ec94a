"""For all tests: a failure shows what the processes around it said; a hang is explained, even one after the last;
properties are tried with the same examples in every run.
"""

import faulthandler
import os
import sys
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

import telling

_PATIENCE = 120.0
# An example takes as long as it takes: hypothesis gives each 200 ms, which a busy machine exceeds now and then. And a
# run fails for what was changed, not for what chance brings up; --hypothesis-profile=search goes and looks for that.
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("search"), derandomize=True)
settings.load_profile("same")


@pytest.fixture(autouse=True)
def environment_as_it_was() -> Iterator[None]:
    """What commands that ran in this process put into its environment is not for the programs of later tests."""
    before = dict(os.environ)
    yield
    for name in {*before, *os.environ}:
        if name.startswith("CELER") and os.environ.get(name) != before.get(name):
            os.environ.pop(name, None)
            os.environ.update({name: before[name]} if name in before else {})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """While whatever the test has started is still there."""
    report = yield
    if report.failed and report.when != "teardown":
        told = telling.about(item.nodeid)
        if told:
            report.sections.append(("around the failure", told))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What no test's own limit sees: threads and processes that keep the run from ending. Shows where they are."""
    if hasattr(session.config, "workerinput"):
        return  # one of several, and waits for the others
    faulthandler.dump_traceback_later(_PATIENCE, exit=True, file=sys.__stderr__)
