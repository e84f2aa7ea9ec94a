"""Where the book is kept: in the broker, in a journal of the broker's, or in the result store that was asked for."""

from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.beat.ledger import Ledger
from celeriac.beat.places import find_register
from celeriac.beat.register import Register

RABBIT, REDIS = "amqp://guest:guest@127.0.0.1:1//", "redis://127.0.0.1:1/0"


@pytest.mark.parametrize(
    ("broker", "backend", "store", "kind", "where"),
    [
        (REDIS, REDIS, None, Register, "broker"),
        (REDIS, "redis://127.0.0.1:2/0", None, Register, "broker"),
        (REDIS, "redis://127.0.0.1:2/0", "results", Register, "results"),
        (RABBIT, "disabled://", None, Ledger, "broker"),
        (RABBIT, "rpc://", None, Ledger, "broker"),
        (RABBIT, REDIS, None, Ledger, "broker"),
        (RABBIT, REDIS, "broker", Ledger, "broker"),
        (RABBIT, REDIS, "results", Register, "results"),
        (RABBIT, "sqlite:///{folder}/results.sqlite3", None, Ledger, "broker"),
        (RABBIT, "sqlite:///{folder}/results.sqlite3", "results", Register, "results"),
    ],
)
def test_the_book_is_where_all_beats_see_it(
    tmp_path: Path, broker: str, backend: str, store: str | None, kind: Any, where: str
) -> None:
    app = Celeriac("places", broker=broker, backend=backend.format(folder=tmp_path), set_as_current=False)
    app.conf.beat_store = store
    register = find_register(app)
    assert type(register) is kind
    assert register.transport is (app.transports.write if where == "broker" else app.transports.results)
    assert register.one_step == (kind is Register and where == "broker")
    app.close()
