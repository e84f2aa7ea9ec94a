"""Writes tests/wire/vectors/control.json: what a real Celery worker replies to remote control commands.

    /path/to/python tests/wire/record_control.py

Run it by hand with a Python that has celery[redis] 5.7; redis-server must be on the PATH.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
NODE, SCALING_NODE = "node@here", "scaling@here"


def filled(value, ids):
    if isinstance(value, dict):
        return {key: filled(one, ids) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, ids) for one in value]
    return ids.get(value, value) if isinstance(value, str) else value


def wait_for(true, seconds=30):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise SystemExit("it took too long")
        time.sleep(0.1)


def ask(app, node, cases, ids, between=lambda label: None):
    """What the node replies to each."""
    from control_cases import NOBODY

    found = {}
    for label, command, arguments in cases:
        options = {"reply": True, "timeout": 2 if label == "shutdown" else 30, "destination": [node]}
        replies = app.control.broadcast(command, arguments=filled(arguments, ids), **options)
        text = json.dumps(replies[0][node] if replies else NOBODY)
        for name, value in ids.items():
            text = text.replace(value, name)
        found[label] = json.loads(text)
        between(label)
    return found


def record():
    from control_cases import CASES, ENDS, SCALING, STAMPS
    from control_program import add, app, sleep

    wait_for(lambda: len(app.control.ping(timeout=0.5)) == 2)
    ids = {"{sleeping}": sleep.delay(60).id, "{other}": sleep.delay(60).id}
    ids["{delayed}"] = add.apply_async((1,), {"y": 2}, countdown=600).id
    inspect = app.control.inspect([NODE])
    wait_for(lambda: len(inspect.active()[NODE]) == 2 and inspect.scheduled()[NODE])

    def between(label):
        if label == ENDS:
            wait_for(lambda: not inspect.active()[NODE])
            ids["{stamped}"] = sleep.apply_async((60,), headers=STAMPS).id
            wait_for(lambda: inspect.active()[NODE])

    return {**ask(app, NODE, CASES, ids, between), **ask(app, SCALING_NODE, SCALING, {})}


def main():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CONTROL_URL"] = f"redis://127.0.0.1:{port}/0"
        server = subprocess.Popen(["redis-server", "--port", str(port), "--save", "", "--dir", folder])
        time.sleep(1)
        words = [sys.executable, "-m", "celery", "-A", "control_program", "worker", "--without-mingle"]
        scaling = ["-n", SCALING_NODE, "--autoscale", "3,1", "-Q", "nothing", "--without-gossip"]
        workers = [
            subprocess.Popen([*words, "-n", NODE, "-c", "2"], cwd=HERE),
            subprocess.Popen([*words, *scaling], cwd=HERE, env={**os.environ, "CONTROL_RESTARTS": "no"}),
        ]
        try:
            found = record()
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
            server.kill()
            server.wait()
    (HERE / "vectors" / "control.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
