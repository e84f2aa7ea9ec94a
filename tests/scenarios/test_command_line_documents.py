"""The way from Celery that the README shows."""

import re
import subprocess
from pathlib import Path

from .commands import DEADLINE, Home

ROOT = Path(__file__).resolve().parents[2]


def test_a_celery_program_runs_after_the_readmes_sed(home: Home) -> None:
    script = re.search(
        r"^sed -i -E '(.*)' \$\(git ls-files '\*\.py'\)$", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    assert script is not None
    home.write(
        "import celery\n"
        "from celery import Celery, shared_task\n"
        "from celery.exceptions import Reject\n"
        "from celery.utils.log import get_task_logger\n"
        "from kombu import Exchange, Queue\n"
        "from kombu.common import Broadcast\n"
        "logger = get_task_logger(__name__)\n"
        "app = Celery('tasks')\n"
        "app.conf.task_default_queue = 'celery'\n"
        "app.conf.task_queues = [Queue('celery', Exchange('celery')), Broadcast('all')]\n"
        "@shared_task\n"
        "def add(x, y):\n"
        "    logger.info('adding')\n"
        "    return x + y\n"
    )
    subprocess.run(["sed", "-i", "-E", script[1], "tasks.py"], cwd=home.folder, check=True, timeout=DEADLINE)
    with home.worker() as worker:
        task_id = home.out("-A", "tasks", "call", "tasks.add", "-a", "[1, 2]")
        assert home.out("-A", "tasks", "result", task_id) == "3"
        worker.wait_for(f"tasks.add[{task_id}]: adding")
        assert worker.stop() == 0
