"""A worker's events: made of what its parent process knows anyway, sent in batches."""

from .step import Events, Heart

__all__ = ["Events", "Heart"]
