"""Events: what workers and clients tell monitors, and what monitors make of it."""

from .dispatching import EventDispatcher
from .receiving import EventReceiver
from .room import Events
from .state import State

__all__ = ["EventDispatcher", "EventReceiver", "Events", "State"]
