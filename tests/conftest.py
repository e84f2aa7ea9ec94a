"""For all tests: a failure shows what the processes around it said; a hang is explained, even one after the last."""

import faulthandler
import sys
from collections.abc import Generator

import pytest

import telling

_PATIENCE = 120.0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """While whatever the test has started is still there."""
    report = yield
    if report.failed and report.when != "teardown":
        told = telling.about(item.nodeid)
        if told:
            report.sections.append(("around the failure", told))
    return report


def pytest_sessionfinish() -> None:
    """What no test's own limit sees: threads and processes that keep the run from ending. Shows where they are."""
    faulthandler.dump_traceback_later(_PATIENCE, exit=True, file=sys.__stderr__)
