"""Writes tests/wire/vectors/*.json by asking real Celery; run by hand with a Python that has celery[redis] 5.7.

    /path/to/python tests/wire/record.py

yaml and msgpack must be importable there as well, and redis-server be on the PATH.
"""

import base64
import gc
import json
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import cases
import redis
from celery import Celery, chain, chord, group
from celery.app.task import Context
from celery.exceptions import ChordError, NotRegistered, Retry, SoftTimeLimitExceeded, TaskRevokedError
from celery.utils.saferepr import saferepr
from kombu.serialization import dumps, enable_insecure_serializers
from kombu.utils import json as kombu_json

HERE = Path(__file__).parent / "vectors"


def write(name, document):
    (HERE / f"{name}.json").write_text(json.dumps(document, indent=1, ensure_ascii=True) + "\n")
    print(name, len(document))


def b64(data):
    return base64.b64encode(data).decode()


class Redis:
    """A private server that goes when we go."""

    def __enter__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = tempfile.TemporaryDirectory()
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir"]
        self.process = subprocess.Popen([*command, self.folder.name], stdout=subprocess.DEVNULL)
        self.client = redis.Redis(port=self.port)
        for _ in range(100):
            try:
                self.client.ping()
                return self
            except redis.ConnectionError:
                time.sleep(0.05)
        raise SystemExit("redis-server does not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def taken(self):
        lists = [key for key in self.client.scan_iter() if self.client.type(key) == b"list"]
        return [raw.decode() for key in sorted(lists) for raw in iter(lambda key=key: self.client.rpop(key), None)]


def make_app(port, **conf):
    app = Celery("x", broker=f"redis://127.0.0.1:{port}/0", backend=f"redis://127.0.0.1:{port}/1", set_as_current=False)
    app.conf.update(accept_content=["json", "pickle", "yaml", "msgpack"], **conf)
    return app


def record_messages(server):
    app = make_app(server.port)
    made = {}
    for name, (task, args, kwargs, options, _) in cases.CALLS.items():
        app.send_task(task, args, kwargs, **options)
        made[name] = server.taken()

    @app.task(name="add")
    def add(x, y):
        return x + y

    add.delay(4, 4)
    made["task.delay"] = server.taken()
    add.apply_async((4, 4), link=add.s(1), link_error=[add.si(2, 2)])
    made["links"] = server.taken()
    chain(add.s(1, 2), add.s(3), add.s(4)).apply_async()
    made["chain"] = server.taken()
    group(add.s(1, 2), add.s(3, 4)).apply_async()
    made["group"] = server.taken()
    chord([add.s(1, 2), add.s(3, 4)])(add.si(5, 6))
    made["chord"] = server.taken()
    add.s(1, 2).stamp(customer="c1").apply_async()
    made["stamps"] = server.taken()
    old = make_app(server.port, task_protocol=1)
    old.send_task("add", (4, 4), {"k": 1}, countdown=10, expires=60, link=add.s(1), time_limit=3, group_id="g")
    made["protocol 1"] = server.taken()
    old.send_task("add", (4, 4), compression="gzip", serializer="pickle", priority=3)
    made["protocol 1, compressed pickle"] = server.taken()
    write("messages", made)


def record_results(server):
    app = make_app(server.port)
    request = {"id": "tid", "task": "add", "args": [1], "kwargs": {"a": 2}, "hostname": "h", "retries": 1}
    request |= {"delivery_info": {"routing_key": "rk"}, "group": "g", "parent_id": "p"}
    stamped = request | {"stamped_headers": ["foo"], "stamps": {"foo": ["bar"]}}
    states = {
        "success": ("SUCCESS", 4, None, None),
        "success text": ("SUCCESS", "é\n", None, {"id": "tid"}),
        "success rich": ("SUCCESS", {"d": cases.dt.date(2020, 1, 2), "l": [1.5, None, True]}, None, {"id": "tid"}),
        "failure": ("FAILURE", ValueError("x", 5), "Traceback ...", request),
        "retry": ("RETRY", Retry("m", ValueError("z"), when=5), "Traceback ...", request),
        "revoked": ("REVOKED", TaskRevokedError("terminated"), None, None),
        "started": ("STARTED", {"pid": 1, "hostname": "h"}, None, request),
        "custom": ("PROGRESS", {"done": 5}, None, request),
    }
    made = {}
    for extended in (False, True):
        app.conf.result_extended = extended
        for name, (state, result, traceback, fields) in states.items():
            context = None if fields is None else Context(stamped if extended and fields is request else fields)
            app.backend.store_result("tid", result, state, traceback=traceback, request=context)
            raw = server.client.execute_command("SELECT", 1) and server.client.getdel("celery-task-meta-tid")
            server.client.execute_command("SELECT", 0)
            made[name + (" extended" if extended else "")] = raw.decode()
    write("results", made)


def record_exceptions(app):
    class Local(Exception):
        pass

    values = {
        "ValueError": ValueError("x"),
        "no arguments": KeyError(),
        "rich": ValueError(5, cases.dt.date(2020, 1, 1), None, (1, [2]), b"y", {"x": 1}),
        "unwritable": ValueError(ValueError("inner"), {1}),
        "OSError": OSError(2, "No such file"),
        "ExceptionGroup": ExceptionGroup("g", [ValueError(1)]),
        "local": Local("loc"),
        "Retry": Retry("m", ValueError("z"), when=5),
        "ChordError": ChordError("Dependency x raised y"),
        "SoftTimeLimitExceeded": SoftTimeLimitExceeded(5),
        "NotRegistered": NotRegistered("n"),
        "SystemExit": SystemExit(3),
    }
    write("exceptions", {k: app.backend.encode(app.backend.prepare_exception(v)) for k, v in values.items()})


def main():
    enable_insecure_serializers()
    write("json", {name: kombu_json.dumps(value) for name, value in cases.JSON.items()})
    write("repr", {name: saferepr(v, maxlen=n, maxlevels=d) for name, (v, n, d) in cases.REPR.items()})
    names = ("json", "pickle", "yaml", "msgpack", "raw")
    serialized = {name: dumps(b"bytes" if name == "raw" else [1, "\xe9", {"a": 1.5}], name) for name in names}
    write(
        "serializers",
        {k: [t, e, b64(b if isinstance(b, bytes) else b.encode())] for k, (t, e, b) in serialized.items()},
    )
    with Redis() as server:
        record_messages(server)
        record_results(server)
        record_exceptions(make_app(server.port))
        gc.collect()  # results say good-bye to the server, so they go before it does


if __name__ == "__main__":
    main()
