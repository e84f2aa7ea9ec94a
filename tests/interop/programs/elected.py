"""Workers of either library that hold elections; the client has them do so, and waits for what is done."""

from typing import Any

from shared_tasks import app, call

__all__ = ["app", "hold"]

PATIENCE = 60.0


def hold(labels: list[str]) -> list[Any]:
    """One after the other, named as what they are about; what came of each."""
    app.finalize()
    held = []
    for label in labels:
        app.control.election(label, "task", call.si(label=label).set(task_id=label))
        held.append(app.AsyncResult(label).get(timeout=PATIENCE))
    return held
