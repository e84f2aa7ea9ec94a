"""Celery's loggers are Celeriac's: a level or handler that a program sets on "celery.app.trace" takes effect."""

import logging

_NAMES = (
    "",
    ".app",
    ".app.trace",
    ".beat",
    ".bootsteps",
    ".redirected",
    ".task",
    ".worker",
    ".worker.consumer",
)


def share() -> None:
    """From now on `logging.getLogger("celery...")` gives the logger that Celeriac writes to."""
    known = logging.Logger.manager.loggerDict
    for name in _NAMES:
        before = known.get(f"celery{name}")
        if not isinstance(before, logging.Logger):
            known[f"celery{name}"] = logging.getLogger(f"celeriac{name}")
        elif before is not logging.getLogger(f"celeriac{name}"):
            _adopt(before, logging.getLogger(f"celeriac{name}"))


def _adopt(before: logging.Logger, ours: logging.Logger) -> None:
    """The program has asked for Celery's logger before: what it set there holds for ours."""
    if before.level:
        ours.setLevel(before.level)
    for handler in before.handlers:
        ours.addHandler(handler)
    before.manager.loggerDict[before.name] = ours
