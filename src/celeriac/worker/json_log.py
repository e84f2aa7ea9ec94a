"""Log lines as JSON objects, one a line, for machines that collect them: `worker_log_json`."""

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

from celeriac.current import get_current_task

# what every record has; the rest was given by whoever logged it
_PLAIN: Final = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """time, level, logger, message, process and pid; the running task; what was raised; what else was told."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.processName,
            "pid": record.process,
            **_task(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = self.formatStack(record.stack_info)
        line.update((name, value) for name, value in record.__dict__.items() if name not in _PLAIN)
        return json.dumps(line, default=repr, ensure_ascii=False)


def _task() -> dict[str, str]:
    task = get_current_task()
    request = getattr(task, "request", None)
    if request is None or not request.id:
        return {}
    return {"task": str(task.name), "task_id": str(request.id)}
