"""`python -m faults.run_worker`: a worker of the subject, without the command line's set-up around it."""

import argparse
import importlib
import logging
import os
import sys
from typing import Any

from celeriac.pools import forked
from celeriac.worker.options import WorkerOptions
from celeriac.worker.selection import select_queues
from celeriac.worker.worker import WorkController


def main() -> int:
    """Runs until told to stop; returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", "--hostname", required=True)
    parser.add_argument("-c", "--concurrency", type=int, default=2)
    parser.add_argument("-P", "--pool", default="prefork")
    parser.add_argument("--max-tasks-per-child", type=int)
    parser.add_argument("-Q", "--queue")
    parser.add_argument("--statedb")
    given: Any = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="[%(asctime)s: %(levelname)s/%(process)d] %(message)s")
    forked.SHARED_GRACE = float(os.environ.get("SUBJECT_GRACE", forked.SHARED_GRACE))  # type: ignore[misc]
    app = importlib.import_module("faults.subject").app
    app.conf.worker_state_db = given.statedb
    if given.queue:
        select_queues(app, given.hostname, (given.queue,), ())
    options = WorkerOptions(
        hostname=given.hostname,
        concurrency=given.concurrency,
        pool=given.pool,
        max_tasks_per_child=given.max_tasks_per_child,
    )
    worker = WorkController(app, options)
    worker.on_ready = lambda: logging.getLogger("celeriac.worker").info("%s ready.", options.hostname)
    return worker.start()


if __name__ == "__main__":
    sys.exit(main())
