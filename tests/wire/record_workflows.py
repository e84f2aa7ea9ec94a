"""Writes tests/wire/vectors/workflows.json by asking real Celery; run by hand with a Python that has celery[redis] 5.7.

/path/to/python tests/wire/record_workflows.py
"""

import json

import workflows
from celery import canvas
from record import Redis, make_app, write


def form(text, known):
    try:
        return json.loads(json.dumps(eval(text, known)))
    except TypeError as exc:
        return f"TypeError: {exc}"


def call(text, known, server):
    result = eval(text, known)
    sent = server.taken()
    keys = {}
    server.client.execute_command("SELECT", 1)
    for key in sorted(server.client.keys()):
        if server.client.type(key) == b"string":
            keys[key.decode()] = server.client.get(key).decode()
    server.client.flushdb()
    server.client.execute_command("SELECT", 0)
    return {"sent": sent, "keys": keys, "result": None if result is None else result.as_tuple()}


def main():
    with Redis() as server:
        app = make_app(server.port)
        app.set_current()

        @app.task(name="add")
        def add(x, y=0): ...

        @app.task(name="total")
        def total(numbers): ...

        known = workflows.names(canvas, add, total)
        write(
            "workflows",
            {
                "forms": {name: form(text, known) for name, text in workflows.FORMS.items()},
                "calls": {name: call(text, known, server) for name, text in workflows.CALLS.items()},
            },
        )


if __name__ == "__main__":
    main()
