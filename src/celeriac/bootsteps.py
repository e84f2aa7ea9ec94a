"""Bootsteps: the parts of a worker, for adding your own; under the module name that Celery programs know."""

from typing import Any

from .core.absent import absent
from .worker.blueprint import CLOSE, RUN, TERMINATE, Blueprint, StartStopStep, Step


class ConsumerStep(StartStopStep):
    """In Celery: consumers of one's own on the worker's connection."""

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        absent("celeriac.bootsteps.ConsumerStep")


__all__ = ["CLOSE", "RUN", "TERMINATE", "Blueprint", "ConsumerStep", "StartStopStep", "Step"]
