"""The table of names: which object of Celeriac each name of Celery's (and kombu's) public modules means.

A new name is one more word in a line of one of the files here. Whether a name leads somewhere is not checked
until it is used; the tests use every one. A name that leads nowhere, because this release does not have what it
means, raises an ImportError that says so.
"""

from . import absent, application, messaging, running, tools
from .writing import Table

MODULES: Table = application.MODULES | running.MODULES | tools.MODULES

# What is served where the real kombu is not installed.
KOMBU: Table = messaging.MODULES

# "module" or "module:name" of Celery's that has no counterpart, and why.
NOT_HERE: dict[str, str] = absent.NOT_HERE

__all__ = ["KOMBU", "MODULES", "NOT_HERE"]
