"""After an interruption the interpreter looks for no other: under a tracer it would hang at the next call."""

import subprocess
import sys

PROGRAM = """
import sys, threading
from celeriac.core.errors import SoftTimeLimitExceeded
from celeriac.execution import limits

inside, told = threading.Event(), []

def spin():
    while True:
        pass

def run():
    body = limits.enter()
    try:
        inside.set()
        spin()
    except SoftTimeLimitExceeded:
        limits.leave(body)
        told.append("interrupted")

thread = threading.Thread(target=run)
thread.start()
inside.wait()
assert limits.interrupt(limits.body_in(thread.ident))
thread.join()
calls = []
sys.settrace(lambda frame, what, about: calls.append(what))
spin.__repr__()
(lambda: None)()
sys.settrace(None)
print(told, calls)
"""


def test_code_that_is_traced_goes_on_after_a_thread_was_interrupted() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False)
    assert (ran.stdout, ran.stderr) == ("['interrupted'] ['call']\n", "")
