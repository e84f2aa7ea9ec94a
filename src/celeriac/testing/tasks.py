"""The task that test workers answer to: celery.ping."""

from typing import Final

from celeriac.app import shared_task

PING: Final = "celery.ping"


@shared_task(name=PING)
def ping() -> str:
    """Answers."""
    return "pong"
