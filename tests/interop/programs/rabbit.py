"""What the client of an interop test on RabbitMQ does: it sends everything, then waits for all of it."""

import time
from typing import Any

from sending import outcome_of
from shared_tasks import app
from specs import build

PATIENCE = 60


def everything(delayed: list[Any], calls: list[Any], workflows: list[Any]) -> dict[str, Any]:
    """[value, state] of each call and workflow; and when the delayed ones were sent."""
    began = time.time()
    late = [send(one) for one in delayed]
    answers: dict[str, Any] = {
        "began": began,
        "calls": [outcome_of(found, PATIENCE) for found in [send(one) for one in calls]],
    }
    sent = [build(app, spec).apply_async() for spec in workflows]
    answers["workflows"] = [outcome_of(found, PATIENCE) for found in sent]
    answers["delayed"] = [outcome_of(found, PATIENCE) for found in late]
    return answers


def send(call: list[Any]) -> Any:
    name, args, kwargs, options = call
    return app.send_task(name, args, kwargs, **options)
