"""What a child and its parent tell each other over the child's report socket, as bytes.

Child to parent, in frames: I am up, this run has begun, this run has ended so, I am leaving.
Parent to child, in asks of fixed size: raise the soft limit in this run, end this run, leave when you are
done (a child that runs one job at a time does not listen here: it is told by signals).
"""

import struct
from typing import Final

import msgspec

from celeriac.core.outcome import Ending, Outcome

UP: Final = 1
BEGUN: Final = 2
ENDED: Final = 3
DONE: Final = 6  # ENDED for a run that returned and left nothing to store or send: its runtime, its result's text
SKIPPED: Final = 5  # a run that was called back from a batch before it began
LEAVING: Final = 4  # the child takes no more jobs and will end when it has reported what it runs

# length of what follows, kind, run. The length counts kind and run too.
_HEAD: Final = struct.Struct("=IBQ")
_HEAD_SIZE: Final = _HEAD.size
_LENGTH_SIZE: Final = 4
_FIXED: Final = _HEAD_SIZE - _LENGTH_SIZE

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Outcome).decode
_pack: Final = _HEAD.pack
_unpack: Final = _HEAD.unpack_from
_RUNTIME: Final = struct.Struct("=d")
_DONE: Final = struct.Struct("=IBQd")
_DONE_SIZE: Final = _DONE.size
_DONE_LENGTH: Final = _DONE_SIZE - _LENGTH_SIZE
_pack_done: Final = _DONE.pack
_unpack_runtime: Final = _RUNTIME.unpack_from
_RETURNED: Final = Ending.RETURNED

Report = tuple[int, int, Outcome | None]  # kind, run, outcome if ENDED


def ended(run: int, outcome: Outcome) -> bytes:
    """A whole frame. A run that returned and left nothing behind needs no more than a few bytes."""
    text, runtime = outcome.result, outcome.runtime
    if outcome.record is None and outcome == Outcome(_RETURNED, None, (), False, "", None, text, runtime):
        said = text.encode("utf-8", "backslashreplace")
        return _pack_done(_DONE_LENGTH + len(said), DONE, run, runtime) + said
    body = _encode(outcome)
    return _pack(_FIXED + len(body), ENDED, run) + body


def note(kind: int, run: int = 0) -> bytes:
    """A whole frame without an outcome."""
    return _pack(_FIXED, kind, run)


class ReportReader:
    """Cuts the stream of frames back into reports; feed it what was received, in any chunks."""

    __slots__ = ("_need", "_rest")

    def __init__(self) -> None:
        self._rest = bytearray()
        self._need = _HEAD_SIZE  # bytes without which there is no next frame

    def feed(self, data: bytes) -> list[Report]:
        """The reports that are complete now."""
        if self._rest:
            self._rest += data
            if len(self._rest) < self._need:
                return []  # a large frame in many chunks is joined once, not once a chunk
            data = bytes(self._rest)
            self._rest.clear()
        found: list[Report] = []
        at, size = 0, len(data)
        self._need = _HEAD_SIZE
        last = size - _HEAD_SIZE
        while at <= last:
            length, kind, run = _unpack(data, at)
            end = at + _LENGTH_SIZE + length
            if end > size:
                self._need = _LENGTH_SIZE + length
                break
            if kind == ENDED:
                found.append((ENDED, run, _decode(data[at + _HEAD_SIZE : end])))
            elif kind == DONE:
                (runtime,) = _unpack_runtime(data, at + _HEAD_SIZE)
                text = data[at + _DONE_SIZE : end].decode()
                found.append((ENDED, run, Outcome(_RETURNED, None, (), False, "", None, text, runtime)))
            else:
                found.append((kind, run, None))
            at = end
        if at < size:
            self._rest += data[at:]
        return found


SOFT: Final = 1
END: Final = 2
RETIRE: Final = 3

_ASK: Final = struct.Struct("=BBQ")
ASK_SIZE: Final = _ASK.size

Ask = tuple[int, int, int]  # kind, signal number, run


def ask(kind: int, run: int = 0, number: int = 0) -> bytes:
    """One ask, ready to send."""
    return _ASK.pack(kind, number, run)


class AskReader:
    """Cuts a stream of asks."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Ask]:
        data = self._rest + data
        whole = len(data) - len(data) % ASK_SIZE
        self._rest = data[whole:]
        return list(_ASK.iter_unpack(data[:whole]))
