"""Steps of Celery's workers that have no counterpart here: a step of a program's own may still require them."""

from celeriac.worker.blueprint import StartStopStep


class Timer(StartStopStep):
    """Celery's timer; here the event loop has timers."""


class Agent(StartStopStep):
    """Celery's agent."""


class Evloop(StartStopStep):
    """Celery's event loop."""


class DelayedDelivery(StartStopStep):
    """Celery's native delayed delivery."""
