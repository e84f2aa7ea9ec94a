"""A worker's events: made of what its parent process knows anyway, sent in batches."""

from .gossip import Gossip
from .mingle import Mingle
from .step import Events, Heart

__all__ = ["Events", "Gossip", "Heart", "Mingle"]
