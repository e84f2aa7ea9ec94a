"""For all tests: a hang is explained, even one after the last test."""

import faulthandler
import sys

_PATIENCE = 120.0


def pytest_sessionfinish() -> None:
    """What no test's own limit sees: threads and processes that keep the run from ending. Shows where they are."""
    faulthandler.dump_traceback_later(_PATIENCE, exit=True, file=sys.__stderr__)
