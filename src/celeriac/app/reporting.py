"""Reporting: what the reader of a bug report needs to know of an app."""

import platform
from typing import Any

from celeriac.version import __version__


def bugreport(app: Any) -> str:
    """Versions, platform, addresses and the settings that are not defaults (secrets censored)."""
    return (
        f"software -> celeriac:{__version__} py:{platform.python_version()}\n"
        f"platform -> system:{platform.system()} arch:{platform.machine()} "
        f"kernel version:{platform.release()} imp:{platform.python_implementation()}\n"
        f"loader   -> {type(app.loader).__module__}.{type(app.loader).__qualname__}\n"
        f"settings -> transport:{app.transports.write.describe()} results:{app.backend.as_uri()}\n\n"
        f"{app.conf.humanize(with_defaults=False)}"
    )
