"""From commands to the bytes that go to the server, by hiredis where it is installed."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from redis.connection import PythonRespSerializer
from redis.utils import HIREDIS_AVAILABLE

_PYTHON: Any = PythonRespSerializer  # not typed

# What a flow yields: commands whose arguments are text, bytes or numbers. The reply is the list of answers.
Argument = str | bytes | int | float
Command = tuple[Argument, ...]
Commands = Sequence[Command]


def _pack_python(command: Command) -> bytes:
    serializer: Any = _PYTHON(1 << 31, _encode)
    return b"".join(serializer.pack(*command))


def _encode(value: Argument) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _packer() -> Callable[[Command], bytes]:
    if not HIREDIS_AVAILABLE:
        return _pack_python
    from hiredis import pack_command

    packer: Any = pack_command
    return cast(Callable[[Command], bytes], packer)


_pack = _packer()


def pack(commands: Commands) -> bytes:
    """One piece of bytes for a whole pipeline, so that it is one write."""
    if len(commands) == 1:
        return _pack(commands[0])
    return b"".join(map(_pack, commands))
