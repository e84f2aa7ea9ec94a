"""Named points at which a process kills itself when asked to, so that faults can be tested where they hurt.

CELERIAC_CRASH_AT=<name>[:nth] makes the nth pass (default the first) of that point end the process at
once, like kill -9. Unset, a point is an empty call.
"""

import os
import signal
from collections.abc import Callable
from typing import Final

CRASH_POINTS: Final = (
    "after_claim_before_dispatch",
    "after_dispatch",
    "after_count",
    "after_run_before_report",
    "after_report_before_settle",
    "after_result_before_ack",
    "after_fire_before_close",
    "after_settle",
    "before_requeue_on_shutdown",
    "during_recovery",
)


def _nothing(name: str) -> None:
    pass


def _armed(wanted: str, nth: int) -> Callable[[str], None]:
    left = nth

    def crash(name: str) -> None:
        nonlocal left
        if name == wanted:
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return crash


def _from_environment() -> Callable[[str], None]:
    name, _, nth = os.environ.get("CELERIAC_CRASH_AT", "").partition(":")
    if not name:
        return _nothing
    if name not in CRASH_POINTS:
        raise ValueError(f"CELERIAC_CRASH_AT={name}: no such crash point; there are {', '.join(CRASH_POINTS)}")
    return _armed(name, int(nth or 1))


point: Final = _from_environment()
