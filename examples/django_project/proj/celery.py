"""The Celery app of the project: `celery -A proj worker -l INFO`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "proj.settings")

app = Celery("proj")
# With the namespace, all settings of Celery have a `CELERY_` prefix in Django's settings.
app.config_from_object("django.conf:settings", namespace="CELERY")
# tasks.py of all installed apps.
app.autodiscover_tasks()


@app.task(bind=True, ignore_result=True)
def debug_task(self):
    """Shows what a task knows of itself."""
    print(f"Request: {self.request!r}")
