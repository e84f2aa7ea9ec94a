"""The ports: what the upper storeys ask of any broker, result store, lease and bus; one file each."""

from .broker import Broker, DeadLetters, Touch
from .bus import AsyncEar, Bus, Ear
from .chains import Chains
from .joins import Joins
from .lease import Lease
from .link import AsyncLink, Bell, Link
from .pidbox import Pidbox
from .results import ResultStore
from .revocations import Revocations
from .seeker import Seeker
from .transport import Transport, TransportOptions

__all__ = [
    "AsyncEar",
    "AsyncLink",
    "Bell",
    "Broker",
    "Bus",
    "Chains",
    "DeadLetters",
    "Ear",
    "Joins",
    "Lease",
    "Link",
    "Pidbox",
    "ResultStore",
    "Revocations",
    "Seeker",
    "Touch",
    "Transport",
    "TransportOptions",
]
