"""Proxies: the current app and task, once there is a way to make an app."""

from celeriac.current import current_app, current_task

from . import Celeriac  # a program that asks for the current app before making one gets a default app

__all__ = ["Celeriac", "current_app", "current_task"]
