"""The settings of a measured app, from the environment: the same names and values for both systems."""

import os
from typing import Any


def settings() -> dict[str, Any]:
    """What `app.conf.update` gets; whatever is not here has the system's own default."""
    broker, results = os.environ["BENCH_BROKER"], os.environ["BENCH_RESULTS"] == "1"
    chosen: dict[str, Any] = {
        "broker_url": broker,
        "result_backend": os.environ.get("BENCH_BACKEND", broker) if results else None,
        "task_ignore_result": not results,
        "task_acks_late": os.environ["BENCH_LATE"] == "1",
        "task_default_queue": "bench",
        "broker_connection_retry_on_startup": True,
    }
    if os.environ["BENCH_EVENTS"] == "1":
        chosen["worker_send_task_events"] = chosen["task_send_sent_event"] = True
    if "BENCH_PREFETCH" in os.environ:
        chosen["worker_prefetch_multiplier"] = int(os.environ["BENCH_PREFETCH"])
    if "BENCH_CONFIRM" in os.environ:
        chosen["broker_transport_options"] = {"confirm_publish": True}
    if "BENCH_TRANSIENT" in os.environ:
        chosen["result_persistent"] = False
    return chosen
