"""The library of this process, Celery or Celeriac, as INTEROP_SIDE says: programs here run under both, unchanged."""

import importlib
import json
import os
from typing import Any

SIDE = os.environ["INTEROP_SIDE"]  # celery | celeriac
library = importlib.import_module(SIDE)
exceptions = importlib.import_module(f"{SIDE}.exceptions")
result = importlib.import_module(f"{SIDE}.result")


def make_app(name: str, **settings: Any) -> Any:
    """An app on the server that the tests started; settings may be added in INTEROP_SETTINGS as JSON."""
    url = os.environ["INTEROP_URL"]
    more = json.loads(os.environ.get("INTEROP_SETTINGS", "{}"))
    broker, backend = more.pop("broker_url", url), more.pop("result_backend", url)
    app = (library.Celery if SIDE == "celery" else library.Celeriac)(name, broker=broker, backend=backend)
    app.conf.update(broker_connection_retry_on_startup=True, **settings, **more)
    return app
