"""When a periodic task is due: intervals, crontabs, the sun, and schedules of your own."""

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from .ambient import find_app_by
    from .choosing import maybe_schedule
    from .cron import crontab
    from .expressions import ParseException, cronfield, crontab_parser
    from .kind import BaseSchedule, schedstate
    from .periods import schedule
    from .plain import from_plain, to_plain
    from .preview import foresees, upcoming
    from .sun import solar

# Names that are imported when they are first used: most programs have no periodic tasks.
_LAZY = {
    "BaseSchedule": "kind",
    "ParseException": "expressions",
    "cronfield": "expressions",
    "crontab": "cron",
    "crontab_parser": "expressions",
    "find_app_by": "ambient",
    "foresees": "preview",
    "from_plain": "plain",
    "maybe_schedule": "choosing",
    "schedstate": "kind",
    "schedule": "periods",
    "solar": "sun",
    "to_plain": "plain",
    "upcoming": "preview",
}

__all__ = [
    "BaseSchedule",
    "ParseException",
    "cronfield",
    "crontab",
    "crontab_parser",
    "find_app_by",
    "foresees",
    "from_plain",
    "maybe_schedule",
    "schedstate",
    "schedule",
    "solar",
    "to_plain",
    "upcoming",
]


def __getattr__(name: str) -> "Any":
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module 'celeriac.schedules' has no attribute {name!r}")
    # As importlib.import_module does, without importing importlib.
    found = globals()[name] = getattr(__import__(f"{__name__}.{module}", fromlist=(name,)), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
