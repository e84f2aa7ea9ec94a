"""beat: periodic tasks that are sent once, on time, by one of any number of beats."""

from .embedded import EmbeddedService
from .entry import BeatLazyFunc, ScheduleEntry, SchedulingError
from .persistent import PersistentScheduler
from .pidbox import BeatPidbox
from .scheduler import DEFAULT_MAX_INTERVAL, Scheduler, event_t
from .service import Service
from .shared import SharedScheduler

__all__ = [
    "DEFAULT_MAX_INTERVAL",
    "BeatLazyFunc",
    "BeatPidbox",
    "EmbeddedService",
    "PersistentScheduler",
    "ScheduleEntry",
    "Scheduler",
    "SchedulingError",
    "Service",
    "SharedScheduler",
    "event_t",
]
