"""The names of kombu that programs use beside Celery, on Celeriac's own connections and wire formats.

Nothing here is needed by Celeriac itself; where the real kombu is installed, its objects are accepted too.
"""

from .connection import Connection
from .consuming import Consumer, Message
from .entities import Broadcast, Exchange, Queue, binding
from .producing import Producer

__all__ = ["Broadcast", "Connection", "Consumer", "Exchange", "Message", "Producer", "Queue", "binding"]
