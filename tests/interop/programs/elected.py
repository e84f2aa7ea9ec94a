"""Workers of either library that hold elections; the client has them do so, and waits for what is done."""

from typing import Any

from shared_tasks import app, call

__all__ = ["app", "hold"]

PATIENCE = 60.0


def hold(label: str) -> Any:
    """One that is named as what it is about; what came of it."""
    app.finalize()
    app.control.election(label, "task", call.si(label=label).set(task_id=label))
    return app.AsyncResult(label).get(timeout=PATIENCE)
