"""Where the book of an app is: in its broker, in its result store, or in a journal of the broker's."""

from typing import Any, Final

from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.ports import Transport
from celeriac.core.ports.seat import seats_of

from .ledger import Ledger
from .register import Register, holds_books

BROKER: Final = "broker"
RESULTS: Final = "results"
# Stores that one machine, or one process, has to itself: beats elsewhere would not see them.
_LOCAL: Final = ("sqlite", "memory")

AnyRegister = Register | Ledger


def register_of(app: Any) -> AnyRegister:
    """Raises ImproperlyConfigured if no place fits."""
    found = find_register(app)
    if found is None:
        raise ImproperlyConfigured(
            f"{app.transports.write.describe()} can't hold schedules and a leader's lease. Periodic tasks run there "
            "with -S persistent (from a file, by exactly one beat). Changes while beat runs need SQLite, Redis or "
            "RabbitMQ as the broker, or a result_backend on Redis; see beat_store."
        )
    return found


def find_register(app: Any) -> AnyRegister | None:
    """beat_store says where; else it is the broker, the result store if that is a server, the broker's journal."""
    broker: Transport = app.transports.write
    wanted = app.conf.beat_store
    if wanted == RESULTS:
        return Register(app, _results(app))
    if holds_books(broker):
        return Register(app, broker)
    results = app.transports.results
    if wanted is None and results is not None and holds_books(results) and not _is_local(app.transports.results_url):
        return Register(app, results)
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


def _is_local(url: Any) -> bool:
    first = url.split(";")[0] if isinstance(url, str) else ""
    return first.startswith(_LOCAL)
