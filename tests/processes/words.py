"""A runner whose messages are words: enough of a task to die, hang, sleep, grow and answer."""

import asyncio
import faulthandler
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from celeriac.core.errors import SoftTimeLimitExceeded, Terminated, TimeLimitExceeded
from celeriac.core.outcome import Ending, Outcome
from celeriac.execution import limits
from celeriac.pools.pool import Begun, PoolSettings

HOARD: list[bytes] = []


def _exit(argument: str) -> str:
    os._exit(int(argument))


def _kill(argument: str) -> str:
    faulthandler.disable()  # pytest turns it on, and a segmentation fault on purpose is no news
    os.kill(os.getpid(), int(argument))
    time.sleep(60)
    return "survived"


def _over(argument: str) -> Callable[[], bool]:
    """Have so many seconds passed, or is the file there by which the test lets it end? There a file beside it says
    that the body has been entered.
    """
    if argument.startswith("/"):
        descriptor, _ = tempfile.mkstemp(prefix="inside", dir=os.path.dirname(argument))
        os.close(descriptor)
        return lambda: os.path.exists(argument)
    end = time.monotonic() + float(argument)
    return lambda: time.monotonic() >= end


def _sleep(argument: str) -> str:
    over = _over(argument)
    while not over():  # many short sleeps: another thread's exception is felt between them
        time.sleep(0.005)
    return "slept"


def _stubborn(argument: str) -> str:
    """Catches every exception for that long."""
    over = _over(argument)
    while not over():
        try:
            time.sleep(0.005)
        except Exception:
            continue
    return "stubborn"


def _clean_up(argument: str) -> str:
    try:
        _sleep(argument)
    except SoftTimeLimitExceeded:
        return "cleaned up"
    return "no limit came"


def _patient(argument: str) -> str:
    """Lets the soft limit pass."""
    try:
        _sleep(argument)
    except SoftTimeLimitExceeded:
        _sleep(argument)
    return "no limit came"


def _hold_gil(argument: str) -> str:
    """One call into C that does not let go: a sum over so many million numbers."""
    return str(sum(range(int(argument) * 1_000_000)))


def _hoard(argument: str) -> str:
    HOARD.append(os.urandom(int(argument) * 1024 * 1024))
    return "hoarded"


def _big(argument: str) -> str:
    return "x" * int(argument)


def _big_when(argument: str) -> str:
    """A large result, when the file is there."""
    _sleep(argument)
    return _big("80000000")


def _length(argument: str) -> str:
    return str(len(argument))


def _pid(argument: str) -> str:
    return str(os.getpid())


def _program(argument: str) -> str:
    """How a program that a task starts answers to SIGTERM and SIGINT."""
    code = "import signal; print(signal.getsignal(signal.SIGTERM).name, signal.getsignal(signal.SIGINT).__name__)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def _fork(argument: str) -> str:
    """Leave a process behind that lives on with all that was inherited; tell its number."""
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(tell, b"!")
            time.sleep(float(argument))
        finally:
            os._exit(0)
    os.read(ready, 1)
    os.close(ready)
    os.close(tell)
    return str(pid)


def _on_term(argument: str) -> str:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("asked"))
    return _sleep(argument)


def _stdin(argument: str) -> str:
    return repr(os.read(0, 100))


WORDS: dict[str, Callable[[str], str]] = {
    "exit": _exit,
    "kill": _kill,
    "sleep": _sleep,
    "stubborn": _stubborn,
    "clean_up": _clean_up,
    "patient": _patient,
    "hold_gil": _hold_gil,
    "hoard": _hoard,
    "big": _big,
    "big_when": _big_when,
    "length": _length,
    "pid": _pid,
    "program": _program,
    "fork": _fork,
    "on_term": _on_term,
    "stdin": _stdin,
    "echo": str,
}


class WordRunner:
    """A runner as the executor is one: the body is marked, what it raises is an outcome."""

    def run(self, raw: bytes, *, redelivered: bool, deliveries: int, begun: Begun = None) -> Outcome:
        if begun is not None:
            begun()
        word, _, argument = raw.decode().partition(" ")
        try:
            body = limits.enter()
            try:
                result = WORDS[word](argument)
            finally:
                limits.leave(body)
        except (Exception, SystemExit) as exc:
            return Outcome(Ending.RAISED, reason=type(exc).__name__)
        return Outcome(Ending.RETURNED, result=result)

    async def arun(self, raw: bytes, *, redelivered: bool, deliveries: int, begun: Begun = None) -> Outcome:
        if begun is not None:
            begun()
        word, _, argument = raw.decode().partition(" ")
        body: limits.Body = [None]
        task = limits.register_task(body)
        try:
            result = await limits.drive(_aword(word, argument), body)
        except Exception as exc:
            return Outcome(Ending.RAISED, reason=type(exc).__name__)
        finally:
            body.clear()
            limits.forget_task(task)
        return Outcome(Ending.RETURNED, result=result)


async def _aword(word: str, argument: str) -> str:
    if word == "sleep":
        await _asleep(argument)
        return "slept"
    if word == "clean_up":
        try:
            await _asleep(argument)
        except SoftTimeLimitExceeded:
            return "cleaned up"
        return "no limit came"
    if word == "patient":
        try:
            await _asleep(argument)
        except SoftTimeLimitExceeded:
            await _asleep(argument)
        return "no limit came"
    if word == "stubborn":
        end = time.monotonic() + float(argument)
        while time.monotonic() < end:
            try:
                await asyncio.sleep(0.005)
            except (TimeLimitExceeded, Terminated, SoftTimeLimitExceeded):
                continue
        return "stubborn"
    if word == "block":
        time.sleep(float(argument))  # noqa: ASYNC251 - the fault that is tested
        return "blocked"
    return WORDS[word](argument)


async def _asleep(argument: str) -> None:
    """One wait if it is for seconds: ten thousand of them are nothing."""
    if not argument.startswith("/"):
        await asyncio.sleep(float(argument))
        return
    over = _over(argument)
    while not over():  # noqa: ASYNC110 - it is another process that ends it
        await asyncio.sleep(0.005)


def spawned_settings(argument: str) -> PoolSettings:
    """The entry of spawned children."""
    assert argument == "the argument"
    return PoolSettings(concurrency=1, make_runner=WordRunner)
