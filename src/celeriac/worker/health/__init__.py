"""Health: what a worker tells orchestrators and Prometheus by HTTP."""

from .step import Health

__all__ = ["Health"]
