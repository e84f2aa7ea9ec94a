"""One packet socket that many children read: each packet is one job, and whoever is idle takes the next.

The kernel's queue is the whole of the work-sharing: no job can wait behind a busy child while another is
idle, a dying child takes nothing with it but what it runs, and the parent takes back what nobody started
by reading the socket's far end itself.
"""

import array
import contextlib
import errno
import os
import socket
import struct
import sys
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from .files import open_unnamed, read_all

# run number, flags, deliveries so far
_HEADER: Final = struct.Struct("=QBH")
_HEADER_SIZE: Final = _HEADER.size
_pack: Final = _HEADER.pack
_unpack: Final = _HEADER.unpack_from
# What fits a packet; anything larger travels as an open file in the packet's ancillary data.
_INLINE: Final = 64 * 1024
_LONGEST: Final = _INLINE + _HEADER_SIZE
LONGEST_BATCH: Final = 32 * 1024  # bytes of messages
_BUFFER: Final = 1024 * 1024
_FD_SPACE: Final = socket.CMSG_SPACE(array.array("i").itemsize)
_MOST_DELIVERIES: Final = 0xFFFF

REDELIVERED: Final = 1  # the message was handed out before
REPORT_START: Final = 2  # tell the parent when the run begins (early acknowledgement)
IN_FILE: Final = 4  # the message is in the file that comes with the packet
BATCH: Final = 8  # several jobs in one packet, for one reader
WAKE: Final = 128  # no job: the reader looks whether it is to leave

# SEQPACKET keeps packets whole, in order, and is bounded by bytes; macOS has only datagrams, which do too.
_KIND: Final = socket.SOCK_SEQPACKET if sys.platform.startswith("linux") else socket.SOCK_DGRAM
# There is no room, but the socket will not say when there is: files or kernel memory are short.
_SHORTAGES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ETOOMANYREFS})


# the same and the message's length, once for each job of a batch
_ITEM: Final = struct.Struct("=QBHI")


class Job(msgspec.Struct, gc=False):
    """One run to be done: its number, the message as received, and what the runner must know of it."""

    run: int
    flags: int
    deliveries: int
    raw: bytes


class Offered(Protocol):
    """What can be put: a Job, or whatever else has these four."""

    @property
    def run(self) -> int: ...

    @property
    def flags(self) -> int: ...

    @property
    def deliveries(self) -> int: ...

    @property
    def raw(self) -> bytes: ...


class PacketQueue:
    """Both ends of the socket; the parent keeps both open, a child only reads."""

    def __init__(self) -> None:
        self._near, self._far = socket.socketpair(socket.AF_UNIX, _KIND)
        self._near.setblocking(False)
        with contextlib.suppress(OSError):
            self._near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        self._send = self._near.send
        self._next = 1  # higher than every run sent
        self.short = False  # the last put was refused for want of files or memory, not of room

    def fileno(self) -> int:
        """The parent's end, to be watched for writability; -1 when it is closed."""
        return self._near.fileno()

    @property
    def reading_end(self) -> socket.socket:
        return self._far

    def put(self, run: int, flags: int, deliveries: int, raw: bytes) -> bool:
        """False when there is no room now. Runs are put in the order of their numbers."""
        if deliveries > _MOST_DELIVERIES:
            deliveries = _MOST_DELIVERIES
        try:
            if len(raw) > _INLINE:
                self._put_file(run, flags | IN_FILE, deliveries, raw)
            else:
                self._send(_pack(run, flags, deliveries) + raw)
        except BlockingIOError:
            self.short = False
            return False
        except OSError as exc:
            if exc.errno not in _SHORTAGES:
                raise
            self.short = True
            return False
        self._next = run + 1
        return True

    def put_batch(self, jobs: Sequence[Offered]) -> bool:
        """All of them in one packet, or none; together at most LONGEST_BATCH bytes."""
        parts = [_pack(jobs[0].run, BATCH, 0)]
        for job in jobs:
            parts.append(_ITEM.pack(job.run, job.flags, min(job.deliveries, _MOST_DELIVERIES), len(job.raw)))
            parts.append(job.raw)
        try:
            self._send(b"".join(parts))
        except BlockingIOError:
            self.short = False
            return False
        self._next = jobs[-1].run + 1
        return True

    def put_wake(self) -> bool:
        """Some idle reader will look whether it is to leave. May get lost: put it again if it matters."""
        try:
            # The number says "all before me were taken" to whoever finds it at the head (see next_run).
            self._near.send(_pack(self._next, WAKE, 0))
        except OSError:
            return False
        return True

    def _put_file(self, run: int, flags: int, deliveries: int, raw: bytes) -> None:
        fd = open_unnamed(raw, "celeriac-job")
        try:
            socket.send_fds(self._near, [_pack(run, flags, deliveries)], [fd])
        finally:
            os.close(fd)

    def take_back(self) -> list[Job]:
        """Everything no child has taken yet, oldest first. WAKE packets among it are dropped."""
        jobs: list[Job] = []
        if self._far.fileno() < 0:
            return jobs
        with contextlib.suppress(EOFError):
            while (found := receive_some(self._far, socket.MSG_DONTWAIT)) is not None:
                jobs += found
        return jobs

    def next_run(self) -> int | None:
        """Every run below this has been taken; None: every run has."""
        if self._far.fileno() < 0:
            return None
        try:
            data = self._far.recv(_HEADER_SIZE, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None
        return int(_unpack(data)[0]) if data else None

    def close_near(self) -> None:
        """Only the parent may hold this end. When it closes it, readers find the end behind the last job."""
        self._near.close()

    def close(self) -> None:
        self._near.close()
        self._far.close()


def receive_some(far: socket.socket, flags: int = 0) -> list[Job] | None:
    """The jobs of the next packet, none for a WAKE; None if there is no packet now. EOFError like `receive`."""
    job = receive(far, flags)
    if job is None:
        return None
    if job.flags & BATCH:
        return _split(job.raw)
    return [] if job.flags & WAKE else [job]


def _split(data: bytes) -> list[Job]:
    jobs, at, size = [], 0, len(data)
    while at < size:
        run, bits, deliveries, length = _ITEM.unpack_from(data, at)
        at += _ITEM.size
        jobs.append(Job(run, bits, deliveries, data[at : at + length]))
        at += length
    return jobs


def receive(far: socket.socket, flags: int = 0) -> Job | None:
    """The next job; None if there is none now (MSG_DONTWAIT). EOFError: there never will be another."""
    try:
        data, ancillary, _, _ = far.recvmsg(_LONGEST, _FD_SPACE, flags)
    except BlockingIOError:
        return None
    if not data:
        raise EOFError
    run, bits, deliveries = _unpack(data)
    if bits & IN_FILE:
        return Job(run, bits & ~IN_FILE, deliveries, _read_file(ancillary))
    return Job(run, bits, deliveries, data[_HEADER_SIZE:])


def _read_file(ancillary: list[tuple[int, int, bytes]]) -> bytes:
    fds = array.array("i")
    for _, _, content in ancillary:
        fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
    return read_all(fds[0])
