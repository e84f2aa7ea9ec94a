"""The pattern of Flask's documentation, as the example has it, run by the drop-in."""

from pathlib import Path

from servers.redis_server import RedisServer

from .running import ROOT, python, worker

PROGRAM = """
import time
from webapp import create_app

client = create_app().test_client()
id = client.post("/greet", data={"name": "World"}).json["result_id"]
end = time.monotonic() + 30
while not (answer := client.get(f"/result/{id}").json)["ready"] and time.monotonic() < end:
    time.sleep(0.02)
print(answer["value"], answer["successful"])
"""


def test_tasks_run_inside_of_the_applications_context(redis: RedisServer) -> None:
    folder: Path = ROOT / "examples" / "flask_project"
    environ = {"STORE_URL": redis.url, "FLASK_GREETING": "Good morning", "PYTHONDONTWRITEBYTECODE": "1"}
    with worker(folder, "-A", "make_celery", "worker", "-l", "INFO", "-c", "1", environ=environ):
        assert python(folder, PROGRAM, environ) == "Good morning, World! True"
