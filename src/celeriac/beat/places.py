"""Where the book of an app is: in its broker, in a journal of the broker's, or in its result store."""

from typing import Any, Final

from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.ports import Transport
from celeriac.core.ports.seat import seats_of

from .ledger import Ledger
from .register import Register, holds_books

RESULTS: Final = "results"

AnyRegister = Register | Ledger


def register_of(app: Any) -> AnyRegister:
    """Raises ImproperlyConfigured if no place fits."""
    found = find_register(app)
    if found is None:
        raise ImproperlyConfigured(
            f"{app.transports.write.describe()} can't hold schedules and a leader's lease. Periodic tasks run there "
            "with -S persistent (from a file, by exactly one beat). Changes while beat runs need SQLite, Redis, "
            "RabbitMQ or PostgreSQL as the broker, or as a result_backend that beat_store names."
        )
    return found


def find_register(app: Any) -> AnyRegister | None:
    """In the broker, where a tick is one step with its messages; in the result store only if beat_store says so."""
    if app.conf.beat_store == RESULTS:
        return Register(app, _results(app))
    broker: Transport = app.transports.write
    if holds_books(broker):
        return Register(app, broker)
    seats = seats_of(broker)
    return None if seats is None else Ledger(app, broker, seats)


def _results(app: Any) -> Transport:
    found: Transport | None = app.transports.results
    if found is None or not holds_books(found):
        where = "there is none" if found is None else f"{found.describe()} can't"
        raise ImproperlyConfigured(
            f"beat_store is 'results': result_backend must hold schedules and a leader's lease, but {where}. Redis can."
        )
    return found
