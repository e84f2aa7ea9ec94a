"""Waking other processes in microseconds: UNIX datagram sockets beside the database file.

Every process that waits has a Listener: a socket, and a small shared map of what it waits for. Who commits looks
into these maps (plain memory, no system call) and sends a datagram only to those whose map has the name's place.
"""

from .board import Board, queue_channel, result_channel
from .ground import SUPPORTED
from .listener import Listener

__all__ = ["SUPPORTED", "Board", "Listener", "queue_channel", "result_channel"]
