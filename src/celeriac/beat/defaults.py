"""The entries that every program has without naming them."""

from typing import Any, Final

from celeriac.schedules import crontab

CLEANUP: Final = "celery.backend_cleanup"


def default_entries(app: Any) -> dict[str, dict[str, Any]]:
    """Old results are deleted each night, if they expire and the store does not delete them itself."""
    if not app.conf.result_expires or app.backend.supports_autoexpire:
        return {}
    return {
        CLEANUP: {
            "task": CLEANUP,
            "schedule": crontab("0", "4", "*"),
            "options": {"expires": 12 * 3600},
        }
    }
